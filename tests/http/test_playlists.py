"""Saved playlists over HTTP: saving, versions, names, the bin, and saves that meet."""

from collections import Counter

import anyio
import pytest
from falcon.testing import Result

from playlist_adapters.kv.memory import Lost, MemoryKV
from playlist_app.tasks import background
from playlist_core.errors import Unavailable
from tests.http.house import (
    ADMIN,
    BLESSED,
    GENERAL,
    GROMIT,
    NIGHT,
    NOW,
    OUTPOST,
    SOULS,
    VIEWER,
    House,
    refusal,
)

pytestmark = pytest.mark.anyio

GONE = (404, "playlist_not_found", {})


def body(name: str, *ids: str) -> dict[str, object]:
    return {"name": name, "items": [{"video_id": each} for each in ids]}


async def read(house: House, playlist_id: str) -> Result:
    return await house.call("GET", f"playlists/{playlist_id}", by=VIEWER)


async def write(
    house: House, playlist_id: str, name: str, *ids: str, by: str = ADMIN, match: str | None = None
) -> Result:
    headers = {} if match is None else {"If-Match": match}
    return await house.call("PUT", f"playlists/{playlist_id}", body(name, *ids), by=by, headers=headers)


async def test_a_saved_playlist_comes_back_as_it_was_sent(house: House) -> None:
    made = await house.call(
        "POST", "playlists", body("Night", "night1968", "outpost02", "gone", "night1968"), by=BLESSED
    )
    playlist_id = made.json["playlist_id"]
    assert (made.status_code, made.json) == (201, {"playlist_id": playlist_id, "version": 1})
    assert made.headers["location"] == f"/api/v1/playlists/{playlist_id}"
    assert made.headers["etag"] == '"1"'
    night = {
        "video_id": "night1968",
        "title": "Night.of.the.Living.Dead.[1968].mp4",
        "display_title": "Night of the Living Dead (1968)",
        "duration_seconds": 5760,
        "available": True,
        "unavailable_reason": None,
        "season": None,
        "episode": None,
    }
    answer = await house.call("GET", made.headers["location"], by=VIEWER)
    assert answer.headers["etag"] == '"1"'
    assert answer.json == {
        "playlist_id": playlist_id,
        "name": "Night",
        "version": 1,
        "items": [
            night,
            {
                "video_id": "outpost02",
                "title": "Cygnus.Outpost.S01E02.mkv",
                "display_title": "Cygnus Outpost S01E02",
                "duration_seconds": 1502,
                "available": True,
                "unavailable_reason": None,
                "season": 1,
                "episode": 2,
            },
            {
                "video_id": "gone",
                "title": None,
                "display_title": "gone",
                "duration_seconds": None,
                "available": False,
                "unavailable_reason": "This title is not in the catalogue any more.",
                "season": None,
                "episode": None,
            },
            night,
        ],
        "duration_seconds": 5760 + 1502 + 5760,
        "unknown_durations": 1,
        "created_by": "bob",
        "created_at": NOW,
        "updated_by": "bob",
        "updated_at": NOW,
    }


async def test_the_list_tells_each_playlist_in_short_by_name(house: House) -> None:
    second = await house.save("owls", NIGHT, GROMIT, by=BLESSED)
    first = await house.save("Bats")
    answer = await house.call("GET", "playlists", by=VIEWER)
    living = {"updated_at": NOW, "version": 1, "deleted_at": None, "deleted_by": None}
    assert answer.json == {
        "playlists": [
            {
                "playlist_id": first,
                "name": "Bats",
                "item_count": 0,
                "duration_seconds": 0,
                "unknown_durations": 0,
                "updated_by": "alice",
                **living,
            },
            {
                "playlist_id": second,
                "name": "owls",
                "item_count": 2,
                "duration_seconds": 5760,
                "unknown_durations": 1,
                "updated_by": "bob",
                **living,
            },
        ]
    }


async def listed(house: House) -> list[dict[str, object]]:
    return (await house.call("GET", "playlists", by=VIEWER)).json["playlists"]


@pytest.mark.parametrize("followed", [False, True], ids=["read", "followed"])
async def test_the_list_tells_of_every_change_what_the_playlists_themselves_tell(
    house: House, followed: bool
) -> None:
    async with background() as tasks:
        if followed:
            tasks.start_soon(house.services.library.playlists.summaries.run)
        night, owls = await house.save("Night", NIGHT), await house.save("Owls", GROMIT, SOULS)
        house.clock.advance(60)
        for change in (
            write(house, night, "Zombies", "night1968", "souls1962", by=BLESSED),
            write(house, owls, "owls"),
            house.call("DELETE", f"playlists/{night}", by=ADMIN),
            house.save("Bats"),
            house.call("POST", f"playlists/{night}/restore", {"version": 1}, by=ADMIN),
        ):
            await change
            told = await listed(house)
            for each in told:
                whole = (await read(house, str(each["playlist_id"]))).json
                assert each.pop("item_count") == len(whole["items"])
                assert (each.pop("deleted_at"), each.pop("deleted_by")) == (None, None)
                assert each == {name: whole[name] for name in each}
        assert [each["name"] for each in told] == ["Bats", "owls", "Zombies"]
        assert [each["version"] for each in told] == [1, 2, 3]


async def test_while_the_store_is_away_there_is_no_list(house: House) -> None:
    token = await house.token(VIEWER)
    store = house.services.library.playlists.records.store
    assert isinstance(store, MemoryKV)
    async with background() as tasks:
        tasks.start_soon(house.services.library.playlists.summaries.run)
        await house.save("Night", NIGHT)
        assert len(await listed(house)) == 1
        store.fail_with = Unavailable("the store is away", dependency="store")
        answer = await house.call("GET", "playlists", cookies={"kryten_playlist_session": token})
        assert refusal(answer) == (503, "store_unavailable", {"dependency": "store"})
        store.fail_with = None
        assert len(await listed(house)) == 1


async def test_a_save_makes_the_next_version(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    house.clock.advance(60)
    saved = await write(house, playlist_id, "Day", "souls1962", by=BLESSED)
    assert saved.headers["etag"] == '"2"'
    assert (saved.status_code, saved.json) == (
        200,
        {"playlist_id": playlist_id, "version": 2, "updated_at": "2026-11-20T23:01:00.000000Z"},
    )
    answer = (await read(house, playlist_id)).json
    assert (answer["name"], answer["version"], answer["created_by"], answer["updated_by"]) == (
        "Day",
        2,
        "alice",
        "bob",
    )
    assert [item["video_id"] for item in answer["items"]] == ["souls1962"]


@pytest.mark.parametrize("match", ['"1"', 'W/"1"', "1", ' "1" '])
async def test_a_save_over_another_one_is_refused_where_the_version_is_named(
    house: House, match: str
) -> None:
    playlist_id = await house.save("Night", NIGHT)
    assert (await write(house, playlist_id, "Night", "souls1962", match=match)).status_code == 200
    stale = await write(house, playlist_id, "Mine", by=BLESSED, match=match)
    assert refusal(stale) == (412, "stale_version", {"current_version": 2})
    deletion = await house.call("DELETE", f"playlists/{playlist_id}", by=BLESSED, headers={"If-Match": match})
    assert refusal(deletion) == (412, "stale_version", {"current_version": 2})
    assert (await read(house, playlist_id)).json["name"] == "Night"


@pytest.mark.parametrize("match", [None, "*"])
async def test_without_a_version_a_save_goes_over_the_current_one(house: House, match: str | None) -> None:
    playlist_id = await house.save("Night", NIGHT)
    await write(house, playlist_id, "Night", "souls1962")
    answer = await write(house, playlist_id, "Night", "genrl1926", match=match)
    assert (answer.status_code, answer.json["version"]) == (200, 3)


async def test_of_two_saves_of_one_version_one_counts(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    answers: list[Result] = []

    async def save(video_id: str) -> None:
        answers.append(await write(house, playlist_id, "Night", video_id, match='"1"'))

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(save, f"video{number}")
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 7}


async def test_a_name_is_taken_whatever_its_case_and_another_is_suggested(house: House) -> None:
    taken = await house.save("Straße")
    await house.save("STRASSE 2")
    house.clock.advance(60)  # long after anybody could still be in the middle of creating it
    refused = await house.call("POST", "playlists", body("  strasse "), by=BLESSED)
    details = {"name": "Straße", "playlist_id": taken, "suggestion": "strasse 3"}
    assert refusal(refused) == (409, "name_taken", details)
    other = await house.save("Other")
    renamed = await write(house, other, "STRASSE")
    assert refusal(renamed)[:2] == (409, "name_taken")
    assert (await read(house, other)).json["version"] == 1


async def test_a_name_may_change_its_case_and_becomes_free_when_left(house: House) -> None:
    playlist_id = await house.save("night")
    assert (await write(house, playlist_id, "NIGHT")).status_code == 200
    assert (await write(house, playlist_id, "Day")).status_code == 200
    await house.save("Night")


async def test_32_creations_at_once_keep_32(house: House) -> None:
    answers: list[Result] = []

    async def create(number: int) -> None:
        answers.append(await house.call("POST", "playlists", body(f"List {number}", "night1968"), by=BLESSED))

    async with anyio.create_task_group() as tasks:
        for number in range(32):
            tasks.start_soon(create, number)
    assert [answer.status_code for answer in answers] == [201] * 32
    kept = (await house.call("GET", "playlists", by=VIEWER)).json["playlists"]
    assert {each["name"] for each in kept} == {f"List {number}" for number in range(32)}
    assert {each["playlist_id"] for each in kept} == {answer.json["playlist_id"] for answer in answers}


async def test_of_8_creations_of_one_name_at_once_one_is_kept(house: House) -> None:
    answers: list[Result] = []

    async def create(name: str) -> None:
        answers.append(await house.call("POST", "playlists", body(name), by=BLESSED))

    async with anyio.create_task_group() as tasks:
        for name in ("Night", "NIGHT", "night", "nIGHT", "Night ", " Night", "NiGhT", "NIGHt"):
            tasks.start_soon(create, name)
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"name_taken"}
    (kept,) = (await house.call("GET", "playlists", by=VIEWER)).json["playlists"]
    (made,) = [answer.json["playlist_id"] for answer in answers if answer.status_code == 201]
    assert kept["playlist_id"] == made


async def test_a_deleted_playlist_is_gone_can_be_found_in_the_bin_and_restored(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT, SOULS)
    house.clock.advance(60)
    deleted = await house.call("DELETE", f"playlists/{playlist_id}", by=BLESSED)
    assert (deleted.status_code, deleted.text) == (204, "")
    assert refusal(await read(house, playlist_id)) == GONE
    assert refusal(await write(house, playlist_id, "Night")) == GONE
    assert refusal(await house.call("DELETE", f"playlists/{playlist_id}", by=BLESSED)) == GONE
    assert (await house.call("GET", "playlists", by=VIEWER)).json == {"playlists": []}
    bin_ = await house.call("GET", "playlists", by=VIEWER, query="deleted=true")
    assert bin_.json == {
        "playlists": [
            {
                "playlist_id": playlist_id,
                "name": "Night",
                "item_count": 2,
                "duration_seconds": 10440,
                "unknown_durations": 0,
                "updated_at": NOW,
                "updated_by": "alice",
                "version": 1,
                "deleted_at": "2026-11-20T23:01:00.000000Z",
                "deleted_by": "bob",
            }
        ]
    }
    restored = await house.call("POST", f"playlists/{playlist_id}/restore", {"version": 1}, by=BLESSED)
    assert (restored.status_code, restored.headers["etag"]) == (200, '"2"')
    assert restored.json == {
        "playlist_id": playlist_id,
        "version": 2,
        "updated_at": "2026-11-20T23:01:00.000000Z",
    }
    items = (await read(house, playlist_id)).json["items"]
    assert [item["video_id"] for item in items] == ["night1968", "souls1962"]
    bin_ = await house.call("GET", "playlists", by=VIEWER, query="deleted=true")
    assert bin_.json == {"playlists": []}


async def test_a_deleted_playlist_whose_name_was_taken_meanwhile_waits_for_another(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    await house.call("DELETE", f"playlists/{playlist_id}", by=BLESSED)
    second = await house.save("NIGHT")
    refused = await house.call("POST", f"playlists/{playlist_id}/restore", {"version": 1}, by=BLESSED)
    details = {"name": "NIGHT", "playlist_id": second, "suggestion": "Night 2"}
    assert refusal(refused) == (409, "name_taken", details)


async def test_after_30_days_a_deleted_playlist_is_gone_for_good(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    await house.call("DELETE", f"playlists/{playlist_id}", by=BLESSED)
    house.clock.advance(30 * 24 * 3600)
    await house.fresh_token(ADMIN)
    refused = await house.call("POST", f"playlists/{playlist_id}/restore", {"version": 1}, by=ADMIN)
    assert refusal(refused) == GONE


async def test_the_last_20_versions_can_be_looked_at_and_brought_back(house: House) -> None:
    playlist_id = await house.save("Version 1", NIGHT)
    for number in range(2, 23):
        await write(house, playlist_id, f"Version {number}", *["souls1962"] * number)
    answer = await house.call("GET", f"playlists/{playlist_id}/versions", by=VIEWER)
    assert answer.json == {
        "versions": [
            {
                "version": number,
                "name": f"Version {number}",
                "item_count": number,
                "updated_at": NOW,
                "updated_by": "alice",
            }
            for number in range(22, 2, -1)
        ]
    }
    back = await house.call("POST", f"playlists/{playlist_id}/restore", {"version": 3}, by=BLESSED)
    assert (back.status_code, back.json["version"]) == (200, 23)
    after = (await read(house, playlist_id)).json
    assert (after["name"], len(after["items"])) == ("Version 22", 3)
    for version in (1, 2, 24, 0, -1, 2**40):
        order = {"version": version}
        lost = await house.call("POST", f"playlists/{playlist_id}/restore", order, by=BLESSED)
        assert refusal(lost) == (404, "version_not_found", {})


@pytest.mark.parametrize("path", ["playlists/none", "playlists/none/versions"])
async def test_a_playlist_that_never_was_is_not_found(house: House, path: str) -> None:
    assert refusal(await house.call("GET", path, by=VIEWER)) == GONE
    restored = await house.call("POST", "playlists/none/restore", {"version": 1}, by=BLESSED)
    assert refusal(restored) == GONE


async def test_5000_items_are_kept_and_5001_refused(house: House) -> None:
    full = await house.call("POST", "playlists", body("Full", *["night1968"] * 5000), by=BLESSED)
    assert full.status_code == 201
    assert len((await read(house, full.json["playlist_id"])).json["items"]) == 5000
    over = await house.call("POST", "playlists", body("Over", *["night1968"] * 5001), by=BLESSED)
    assert refusal(over) == (413, "too_large", {"limit": "5000 items"})
    saved = await write(house, full.json["playlist_id"], "Full", *["night1968"] * 5001)
    assert refusal(saved) == (413, "too_large", {"limit": "5000 items"})


async def test_more_than_900_kib_are_refused_as_stored(house: House) -> None:
    ids = [f"{number:04}{'ü' * 146}" for number in range(3000)]
    answer = await house.call("POST", "playlists", body("Long ids", *ids), by=BLESSED)
    assert refusal(answer) == (413, "too_large", {"limit": f"{900 * 1024} bytes"})
    assert (await house.call("GET", "playlists", by=VIEWER)).json == {"playlists": []}


async def test_a_title_that_leaves_the_catalogue_keeps_its_name_in_the_playlist(house: House) -> None:
    playlist_id = await house.save("Mix", NIGHT, *OUTPOST, GENERAL)
    assert house.source is not None
    house.source.items = (NIGHT, *OUTPOST)
    await house.services.library.refreshing.refresh(allow_shrink=True)
    last = (await read(house, playlist_id)).json["items"][-1]
    assert last == {
        "video_id": "genrl1926",
        "title": "The.General.[1926].mp4",
        "display_title": "The General (1926)",
        "duration_seconds": 4500,
        "available": False,
        "unavailable_reason": "This title is not in the catalogue any more.",
        "season": None,
        "episode": None,
    }


async def test_a_save_whose_fate_is_unknown_says_so(house: House) -> None:
    store = house.services.library.playlists.records.store
    assert isinstance(store, MemoryKV)
    token = await house.token(BLESSED)
    store.next_writes = [Lost() for _ in range(20)]
    answer = await house.call("POST", "playlists", body("Night"), cookies={"kryten_playlist_session": token})
    assert refusal(answer) == (504, "outcome_unknown", {})
