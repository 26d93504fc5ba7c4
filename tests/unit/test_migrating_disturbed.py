"""A migration that is killed, loses answers, or has others writing beside it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import anyio
import pytest

from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_core.domain.playlists import PlaylistItem
from playlist_core.errors import OutcomeUnknown, Unavailable
from tests.unit.legacy_world import (
    INDEX,
    OVER_OURS,
    PLAYLISTS,
    WRITTEN,
    Killed,
    OldHouse,
    index_of,
    new_playlist,
    old_playlist,
    told,
)

pytestmark = pytest.mark.anyio

P1 = PLAYLISTS + "p1"


def meanwhile(house: OldHouse, operation: str, key: str, act: Callable[[], Awaitable[None]]) -> None:
    """Let this happen right before the operation on that key, once."""

    async def before(coming: str, upon: str) -> None:
        if (coming, upon) == (operation, key):
            house.playlists.before_operation = None
            await act()

    house.playlists.before_operation = before


async def test_a_save_of_the_earlier_service_in_between_is_carried() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    later = old_playlist("p1", items=[{"video_id": "c"}])
    meanwhile(house, "update", P1, lambda: house.put(house.playlists, P1, later))
    assert told(await house.migrate())[0] == ("carried", "Night", "")
    assert (await house.living())["p1"].items == (PlaylistItem("c"),)


async def test_another_name_given_in_between_is_carried_and_the_first_one_is_free() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    meanwhile(house, "update", P1, lambda: house.put(house.playlists, P1, old_playlist("p1", "Day")))
    await house.migrate()
    assert (await house.living())["p1"].name == "Day"
    claims = house.process().playlists.names.claims
    assert [each.value.name for each in await claims.all()] == ["Day"]


async def test_a_playlist_deleted_in_between_stays_deleted() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    seen = await house.playlists.get(P1)
    meanwhile(house, "update", P1, lambda: house.playlists.delete(P1, revision=seen.revision))
    assert told(await house.migrate())[0] == ("left", "Night", "the earlier service has just deleted it")
    assert await house.living() == {}


async def test_a_document_broken_in_between_is_told_and_stays() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    meanwhile(house, "update", P1, lambda: house.put(house.playlists, P1, []))
    assert told(await house.migrate())[0] == ("refused", "Night", "document: is no JSON object")


async def test_what_never_stops_changing_is_left_and_the_rest_is_carried() -> None:
    busy, block = old_playlist("p1", "Busy"), WRITTEN["kryten_playlist_auth"]["ns/default/ipblock/192.0.2.66"]
    house = await OldHouse().hold(busy, old_playlist("p2"))
    held = {
        house.playlists: (P1, busy),
        house.buckets.acl: ("ns/default/admins", {"admins": ["Alice"]}),
        house.buckets.auth: ("ns/default/ipblock/192.0.2.66", block),
    }
    for store, (key, plain) in held.items():
        await house.put(store, key, plain)

        async def write(
            operation: str, upon: str, store: MemoryKV = store, key: str = key, plain: object = plain
        ) -> None:
            if (operation, upon) == ("update", key):
                hook, store.before_operation = store.before_operation, None
                await house.put(store, key, plain)
                store.before_operation = hook

        store.before_operation = write
    still = "somebody keeps changing it: stop the earlier service, then run this again"
    assert told(await house.migrate()) == [
        ("left", "admins", still),
        ("left", "192.0.2.66", still),
        ("left", "Busy", still),
        ("carried", "Night", ""),
        ("left", "index", "it lists what was not carried"),
    ]


async def test_a_name_taken_in_between_is_left_to_who_took_it() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    other = house.process().playlists.names
    meanwhile(house, "create", "ns/default/names/night", lambda: other.create(new_playlist("o1")))
    assert told(await house.migrate())[0] == ("renamed", "Night", "Night 2")
    assert {each.name for each in (await house.living()).values()} == {"Night", "Night 2"}


async def test_an_index_that_changes_in_between_stays() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    both = (old_playlist("p1"), old_playlist("p2", "New"))

    async def list_another() -> None:
        await house.hold(both[1], listed=False)
        await house.put(house.playlists, INDEX, index_of(*both))

    meanwhile(house, "delete", INDEX, list_another)
    assert told(await house.migrate())[-1][:2] == ("left", "index")
    assert told(await house.migrate()) == [("carried", "New", ""), ("removed", "index", "")]


async def test_the_claim_of_a_broken_run_is_nobody_elses_and_its_document_is_safe() -> None:
    house = await OldHouse().hold(old_playlist("p1"))

    async def die() -> None:
        raise Killed

    meanwhile(house, "update", P1, die)
    with pytest.raises(Killed):
        await house.migrate()
    house.clock.advance(3600)
    before = await house.playlists.get(P1)
    with pytest.raises(Unavailable):
        await house.process().playlists.names.create(new_playlist("o1"))
    assert await house.playlists.get(P1) == before
    assert told(await house.migrate())[0] == ("carried", "Night", "")


async def test_a_claim_that_leads_to_a_private_playlist_is_passed_by() -> None:
    """Left by a run that was broken off while it carried private ones, too."""
    house = await OldHouse().hold(old_playlist("p1", visibility="private"))

    async def die() -> None:
        raise Killed

    meanwhile(house, "update", P1, die)
    with pytest.raises(Killed):
        await house.migrate(include_private=True)
    house.clock.advance(3600)
    await house.hold(old_playlist("p1", visibility="private"), old_playlist("p2"))
    assert told(await house.migrate())[:2] == [("renamed", "Night", "Night 2"), ("left", "Night", "")]
    assert told(await house.migrate(include_private=True))[0] == ("carried", "Night", "")


async def whole_house() -> OldHouse:
    """Everything that can be carried: as recorded, over ours, odd ids, lists in odd shapes."""
    house = await OldHouse().fill(WRITTEN)
    written = OVER_OURS["kryten_playlist_playlists"]
    await house.fill({"kryten_playlist_playlists": {key: written[key] for key in written if key != INDEX}})
    await house.hold(old_playlist("a=b", "Friday Night"), listed=False)
    await house.put(house.buckets.acl, "ns/default/blessed", {"blessed": [" Erin "]})
    for refused in ("63f_ZQFZ5stHImeT", "cZA5lqQ7OccGGkV1"):
        await house.hold(old_playlist(refused, "Night"), listed=False)
    return house


async def finished(house: OldHouse) -> dict[str, object]:
    """What stands when nothing is left to do; a run may have left something to the next one."""
    while (await house.migrate(include_private=True)).changes:
        pass
    return await house.contents()


def disturb(house: OldHouse, act: Callable[[MemoryKV, str], None] | None) -> None:
    """Have this called before each operation on any bucket, with the bucket and the operation's name."""
    for store in house.stores:

        async def before(operation: str, _: str, store: MemoryKV = store) -> None:
            assert act is not None
            act(store, operation)

        store.fail_with = None
        store.before_operation = None if act is None else before


async def test_killed_at_any_step_and_run_again_it_ends_the_same() -> None:
    undisturbed = await whole_house()
    steps: list[str] = []
    disturb(undisturbed, lambda _, operation: steps.append(operation))
    migration = await undisturbed.migrate(include_private=True)
    disturb(undisturbed, None)
    expected = await undisturbed.contents()
    assert [each for each in migration.findings if each.fate in ("left", "refused")] == []
    for fatal in range(1, len(steps) + 1):
        house, passed = await whole_house(), list[str]()

        def die(_: MemoryKV, operation: str, passed: list[str] = passed, fatal: int = fatal) -> None:
            passed.append(operation)
            if len(passed) == fatal:
                raise Killed

        disturb(house, die)
        with pytest.raises(Killed):
            await house.migrate(include_private=True)
        disturb(house, None)
        house.clock.advance(60)
        assert await finished(house) == expected, f"killed before step {fatal}: {steps[fatal - 1]}"


@pytest.mark.parametrize("fate", [Lost(), Landed(), Late(), Unavailable("The store is away.")])
async def test_whichever_write_fails_it_ends_the_same(fate: Lost | Landed | Late | Unavailable) -> None:
    expected = await finished(await whole_house())
    failing = 1
    while await _fails_at(fate, failing, expected):
        failing += 1
    assert failing > 20


async def _fails_at(
    fate: Lost | Landed | Late | Unavailable, failing: int, expected: dict[str, object]
) -> bool:
    """Whether a migration has so many writes; if so, that one fails."""
    house, writes = await whole_house(), list[str]()

    def fail(store: MemoryKV, operation: str) -> None:
        store.fail_with = None
        if operation in ("create", "update", "delete"):
            writes.append(operation)
            if len(writes) == failing and isinstance(fate, Unavailable):
                store.fail_with = fate
            elif len(writes) == failing:
                store.next_writes.append(fate)

    disturb(house, fail)
    with suppress(Unavailable, OutcomeUnknown):
        await house.migrate(include_private=True)
    disturb(house, None)
    for store in house.stores:
        store.deliver_late()
    assert await finished(house) == expected, f"write {failing}: {writes[failing - 1 :][:1]}"
    return len(writes) >= failing


async def test_several_at_once_do_it_together() -> None:
    expected = await finished(await whole_house())
    house = await whole_house()
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(lambda: house.migrate(include_private=True))
    assert await finished(house) == expected
