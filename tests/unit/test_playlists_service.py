"""Saved playlists as use-cases: versions, the bin, races, what the catalogue adds."""

from collections.abc import AsyncGenerator

import anyio
import pytest

from playlist_core.domain.playlists import MAX_ITEMS, VERSIONS_KEPT, PlaylistItem
from playlist_core.errors import (
    InvalidInput,
    NameTaken,
    NotFound,
    PlaylistError,
    StaleVersion,
    TooLarge,
    Unavailable,
)
from playlist_core.services.playlists import Playlists
from tests.unit.cinema import ADMIN, BLESSED, LENGTH, Cinema, cinema, items

pytestmark = pytest.mark.anyio

DAY = 24 * 3600


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


@pytest.fixture
def playlists(house: Cinema) -> Playlists:
    return house.services.library.playlists


async def test_a_new_playlist_knows_titles_and_lengths_of_the_catalogue(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "  Film Night ", items(["a", "nowhere", "a"]))
    assert made == await playlists.get(made.playlist_id)
    assert (made.name, made.version, made.created_by, made.updated_by) == ("Film Night", 1, "bob", "bob")
    film = PlaylistItem("a", "Film a.mp4", LENGTH)
    assert made.items == (film, PlaylistItem("nowhere"), film)
    assert (made.total_duration_seconds, made.unknown_durations) == (2 * LENGTH, 1)


async def test_saving_keeps_what_stood_there_before(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Night", items("ab"))
    saved = await playlists.save(ADMIN, made.playlist_id, name="Night", items=items("b"), if_version=1)
    assert (saved.version, saved.updated_by, saved.created_by) == (2, "alice", "bob")
    assert [state.version for state in await playlists.versions(made.playlist_id)] == [2, 1]
    again = await playlists.restore(BLESSED, made.playlist_id, 1)
    assert (again.version, again.items) == (3, made.items)


async def test_an_item_that_left_the_catalogue_keeps_its_title(house: Cinema, playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Night", items("ab"))
    house.services.library.refreshing.source.items = house.services.library.refreshing.source.items[1:]
    await house.services.library.refreshing.refresh(allow_shrink=True)
    saved = await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("ba"))
    assert saved.items == tuple(reversed(made.items))


async def test_a_save_on_an_older_version_is_refused_and_one_without_goes_over(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Night", items("a"))
    await playlists.save(ADMIN, made.playlist_id, name="Night", items=items("b"), if_version=1)
    with pytest.raises(StaleVersion) as caught:
        await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("c"), if_version=1)
    assert caught.value.details == {"current_version": 2}
    with pytest.raises(StaleVersion):
        await playlists.delete(BLESSED, made.playlist_id, if_version=1)
    assert (await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("c"))).version == 3


async def test_twenty_states_are_kept_and_no_more(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Night", items("a"))
    for _ in range(VERSIONS_KEPT + 4):
        await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("b"))
    versions = [state.version for state in await playlists.versions(made.playlist_id)]
    assert versions == list(range(VERSIONS_KEPT + 5, 5, -1))
    assert len(await playlists.history.states.all(made.playlist_id)) == VERSIONS_KEPT - 1
    with pytest.raises(NotFound) as caught:
        await playlists.restore(BLESSED, made.playlist_id, 5)
    assert caught.value.code == "version_not_found"


async def test_a_deleted_playlist_can_be_restored_for_thirty_days(
    house: Cinema, playlists: Playlists
) -> None:
    made = await playlists.create(BLESSED, "Night", items("ab"))
    await playlists.delete(ADMIN, made.playlist_id)
    with pytest.raises(NotFound):
        await playlists.get(made.playlist_id)
    (buried,) = await playlists.deleted()
    assert (buried.playlist, buried.deleted_by) == (made, "alice")
    house.clock.advance(29 * DAY)
    await playlists.sweep()
    back = await playlists.restore(BLESSED, made.playlist_id, 1)
    assert (back.name, back.items, back.version) == ("Night", made.items, 2)
    assert list(await playlists.deleted()) == []
    assert [state.version for state in await playlists.versions(made.playlist_id)] == [2, 1]


async def test_after_thirty_days_a_deleted_playlist_is_gone_with_its_versions(
    house: Cinema, playlists: Playlists
) -> None:
    made = await playlists.create(BLESSED, "Night", items("ab"))
    await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("b"))
    await playlists.delete(ADMIN, made.playlist_id)
    house.clock.advance(31 * DAY)
    assert list(await playlists.deleted()) == []
    with pytest.raises(NotFound):
        await playlists.restore(BLESSED, made.playlist_id, 1)
    await playlists.sweep()
    assert list(await playlists.history.states.all()) == []
    assert list(await playlists.history.bin.all()) == []


async def test_a_name_is_taken_whatever_its_case_and_another_is_suggested(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Straße", items("a"))
    await playlists.create(BLESSED, "STRASSE 2", items("a"))
    with pytest.raises(NameTaken) as caught:
        await playlists.create(ADMIN, "strasse", items("b"))
    assert caught.value.details == {
        "name": "Straße",
        "playlist_id": made.playlist_id,
        "suggestion": "strasse 3",
    }


async def test_a_deleted_or_renamed_name_can_be_claimed_again(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "One", items("a"))
    await playlists.save(BLESSED, made.playlist_id, name="Two", items=items("a"))
    again = await playlists.create(BLESSED, "One", items("b"))
    await playlists.delete(BLESSED, again.playlist_id)
    third = await playlists.create(BLESSED, "one", items("c"))
    with pytest.raises(NameTaken):
        await playlists.restore(BLESSED, again.playlist_id, 1)
    assert [each.name for each in await playlists.all()] == ["one", "Two"]
    assert await playlists.find(" ONE ") == third


async def test_only_the_case_of_a_name_can_be_changed(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "night", items("a"))
    assert (await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("a"))).name == "Night"


async def test_thirty_two_concurrent_creates_keep_thirty_two(playlists: Playlists) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(32):
            tasks.start_soon(playlists.create, BLESSED, f"List {number}", items("a"))
    assert len(await playlists.all()) == 32


async def test_of_eight_creates_with_one_name_one_is_kept(playlists: Playlists) -> None:
    refusals: list[PlaylistError] = []

    async def create() -> None:
        try:
            await playlists.create(BLESSED, "Same", items("a"))
        except NameTaken as exc:
            refusals.append(exc)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(create)
    assert (len(await playlists.all()), len(refusals)) == (1, 7)


async def test_concurrent_saves_on_one_version_let_one_through(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Night", items("a"))
    outcomes: list[str] = []

    async def save(letter: str) -> None:
        try:
            await playlists.save(BLESSED, made.playlist_id, name="Night", items=items(letter), if_version=1)
            outcomes.append("saved")
        except StaleVersion:
            outcomes.append("stale")

    async with anyio.create_task_group() as tasks:
        for letter in "bcdefgh":
            tasks.start_soon(save, letter)
    assert sorted(outcomes) == ["saved", *["stale"] * 6]
    assert (await playlists.get(made.playlist_id)).version == 2


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "a\nb", "a\x7fb", "\ud800"])
async def test_a_name_that_cannot_be_one_is_refused(playlists: Playlists, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await playlists.create(BLESSED, name, items("a"))
    assert caught.value.details["field"] == "name"
    assert list(await playlists.all()) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Robert'); DROP TABLE playlists;--", id="sql"),
        pytest.param("<b>x</b>", id="markup"),
        pytest.param("%_*", id="wildcards"),
        pytest.param("\u202eright to left", id="rtl"),
        pytest.param("🎬" * 100, id="emoji"),
        pytest.param("é", id="accent"),
    ],
)
async def test_any_other_name_comes_back_unchanged(playlists: Playlists, name: str) -> None:
    made = await playlists.create(BLESSED, name, items("a"))
    assert (await playlists.get(made.playlist_id)).name == name


async def test_the_limits_of_a_playlist_are_told(playlists: Playlists) -> None:
    with pytest.raises(TooLarge) as caught:
        await playlists.create(BLESSED, "Long", items(["a"] * (MAX_ITEMS + 1)))
    assert caught.value.details["limit"] == "5000 items"
    with pytest.raises(TooLarge) as caught:
        await playlists.create(BLESSED, "Large", items([f"{n:0150}" for n in range(MAX_ITEMS)]))
    assert caught.value.details["limit"] == "921600 bytes"
    assert len((await playlists.create(BLESSED, "Full", items(["a"] * MAX_ITEMS))).items) == MAX_ITEMS
    for video_id in ["", "x" * 151, "a\x00"]:
        with pytest.raises(InvalidInput) as refused:
            await playlists.create(BLESSED, "Odd", items(["a", video_id]))
        assert refused.value.details["field"] == "items[1].video_id"


async def test_before_the_first_snapshot_playlists_can_be_saved_all_the_same() -> None:
    async with cinema(titles="a") as made:
        playlists = made.services.library.playlists
        playlists.index._current = None  # as a fresh installation has it
        playlist = await playlists.create(BLESSED, "Early", items("a"))
        assert playlist.items == (PlaylistItem("a"),)


async def test_a_restore_in_a_race_with_a_deletion_never_loses_the_playlist(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Night", items("ab"))
    await playlists.delete(BLESSED, made.playlist_id)
    past = playlists.history.bin.store

    async def deleted_again_first(operation: str, key: str) -> None:
        if operation == "delete" and "/deleted/" in key:
            past.before_operation = None
            await playlists.delete(ADMIN, made.playlist_id)

    past.before_operation = deleted_again_first
    await playlists.restore(BLESSED, made.playlist_id, 1)
    (buried,) = await playlists.deleted()
    assert (buried.deleted_by, buried.playlist.version) == ("alice", 2)
    assert (await playlists.restore(BLESSED, made.playlist_id, 2)).version == 3


@pytest.mark.parametrize("clean_up", ["rename", "trim", "delete", "restore"])
async def test_a_store_that_fails_while_tidying_up_does_not_deny_the_change(
    playlists: Playlists, clean_up: str
) -> None:
    made = await playlists.create(BLESSED, "Night", items("a"))
    kv = playlists.records.store
    past = playlists.history.bin.store

    async def fail_on(operation: str, key: str) -> None:
        if (operation == "delete" and "/playlists/" not in key) or (
            "/versions/" in key and operation == "get"
        ):
            raise Unavailable("the store is away")

    match clean_up:
        case "rename":
            kv.before_operation = fail_on
            await playlists.save(BLESSED, made.playlist_id, name="Noon", items=items("a"))
            assert (await playlists.get(made.playlist_id)).name == "Noon"
        case "trim":
            for _ in range(VERSIONS_KEPT):
                await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("b"))
            past.before_operation = fail_on
            assert (
                await playlists.save(BLESSED, made.playlist_id, name="Night", items=items("c"))
            ).version == VERSIONS_KEPT + 2
        case "delete":
            kv.before_operation = fail_on
            await playlists.delete(BLESSED, made.playlist_id)
            assert list(await playlists.all()) == []
        case "restore":
            await playlists.delete(BLESSED, made.playlist_id)
            past.before_operation = fail_on
            assert (await playlists.restore(BLESSED, made.playlist_id, 1)).version == 2


async def test_a_restore_keeps_the_name_somebody_gives_meanwhile(playlists: Playlists) -> None:
    made = await playlists.create(BLESSED, "Old", items("a"))
    await playlists.save(BLESSED, made.playlist_id, name="Old", items=items("b"))
    past = playlists.history.bin.store

    async def renamed_first(operation: str, key: str) -> None:
        past.before_operation = None
        await playlists.save(ADMIN, made.playlist_id, name="New", items=items("b"))

    past.before_operation = renamed_first
    assert (await playlists.restore(BLESSED, made.playlist_id, 1)).name == "New"


async def test_one_document_that_cannot_be_read_does_not_take_the_others_along(playlists: Playlists) -> None:
    await playlists.create(BLESSED, "Night", items("a"))
    await playlists.records.store.create("ns/default/playlists/zz", b'{"visibility": "private"}')
    assert [playlist.name for playlist in await playlists.all()] == ["Night"]
    with pytest.raises(Unavailable):
        await playlists.get("zz")


async def test_a_claim_whose_playlist_cannot_be_read_is_left_to_who_can(
    house: Cinema, playlists: Playlists
) -> None:
    made, other = [await playlists.create(BLESSED, name, items("a")) for name in ("Night", "Day")]
    records = playlists.records.store
    for playlist in (made, other):
        seen = await records.get(playlists.records.key(playlist.playlist_id))
        assert seen is not None
        if playlist is made:
            await records.update(seen.key, b'{"name":"Night"}', revision=seen.revision)
        else:
            await records.delete(seen.key, revision=seen.revision)
    house.clock.advance(DAY)
    await playlists.sweep()
    assert [claim.value.name for claim in await playlists.names.claims.all()] == ["Night"]


@pytest.mark.parametrize("twin", ["\u200bFriday", "ＦＲＩＤＡＹ", "Fri\u00adday", "\u202efriday"])
async def test_names_that_look_alike_are_one_name(playlists: Playlists, twin: str) -> None:
    await playlists.create(BLESSED, "Friday", items("a"))
    with pytest.raises(NameTaken):
        await playlists.create(BLESSED, twin, items("a"))


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u200d", "\ufeff"])
async def test_a_name_that_nobody_sees_is_refused(playlists: Playlists, name: str) -> None:
    with pytest.raises(InvalidInput):
        await playlists.create(BLESSED, name, items("a"))
