"""One catalogue on all replicas: the others build what one publishes, and an outage leaves no trace."""

import json
from collections.abc import AsyncGenerator, Callable

import pytest
from attrs import evolve

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_adapters.testing.time import ManualClock
from playlist_app.tasks import background
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import Phase, RefreshState
from playlist_core.errors import OutcomeUnknown, PlaylistError, Unavailable
from tests.unit.replicas import Replica, WaitingSource, keys, rebuilt, replica

pytestmark = pytest.mark.anyio

Another = Callable[..., Replica]
AWAY = Unavailable("the store is away")


@pytest.fixture
def store() -> MemoryKV:
    return MemoryKV()


@pytest.fixture
async def another(store: MemoryKV, clock: ManualClock) -> AsyncGenerator[Another, None]:
    """Makes replicas, by name."""
    async with background() as tasks:
        yield lambda name, **choice: replica(store, tasks.start_soon, clock=clock, name=name, **choice)


@pytest.fixture
def one(another: Another) -> Replica:
    return another("one")


@pytest.fixture
def two(another: Another) -> Replica:
    return another("two")


async def reconcile(*replicas: Replica) -> None:
    for each in replicas:
        await each.following.reconcile()


# -- following -----------------------------------------------------------------------


async def test_what_one_replica_refreshed_the_other_has_too(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    announced: list[str] = []

    async def announce() -> None:
        announced.append((await two.has())[0])

    two.refreshing.catalog.refreshed = announce
    first = await one.refresh("abcdefghij")
    await reconcile(two)
    second = await one.refresh("bcdefghijk")
    await reconcile(two)
    assert await two.index.state() == await one.index.state()
    assert await two.has() == await one.has() == (second, "bcdefghijk")
    assert announced == [first, second]
    old = await two.refreshing.catalog.search("", snapshot_id=first)
    assert (old.snapshot_id, old.total) == (first, 10)


async def test_every_item_comes_over_as_it_is(another: Another, store: MemoryKV) -> None:
    one, two = another("one"), another("two")
    one.refreshing.shared.part_bytes = 9_000
    one.source.items = [
        CatalogItem(
            video_id=f"v{number} \ud800\0",
            title=f"{number} «é\ud83d\ude00»\n" + str(number) * 40,
            categories=("10.TV", f"\udfff{number % 7}"),
            duration_seconds=None if number % 3 else number,
            thumbnail_url=None if number % 2 else "https://media.example/ü.jpg",
        )
        for number in range(3_000)
    ]
    report = await one.refreshing.refresh()
    note = await one.refreshing.shared.current()
    assert (report.shared, note.item_count, note.parts > 3) == (True, 3_000, True)
    await reconcile(two)
    ids = [item.video_id for item in one.source.items]
    assert await two.index.get_many(ids) == {item.video_id: item for item in one.source.items}
    assert await two.index.state() == await one.index.state()


async def test_a_replica_that_has_what_counts_asks_the_store_once(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    await one.refresh()
    await reconcile(two)
    asked: list[tuple[str, str]] = []

    async def note_down(operation: str, key: str) -> None:
        asked.append((operation, key))

    store.before_operation = note_down
    await reconcile(one, two)
    assert asked == [("get", "ns/default/current")] * 2


async def test_before_the_first_refresh_there_is_nothing_to_do(one: Replica, store: MemoryKV) -> None:
    await reconcile(one)
    assert (await one.index.state(), await keys(store)) == (None, [])


async def test_a_new_replica_begins_with_what_the_others_have(one: Replica, another: Another) -> None:
    await one.refresh("abc")
    late = another("late")
    await reconcile(late)
    assert await late.has() == await one.has()


class DamagedIndex(MemoryIndex):
    """A file that nobody can read, until it is made anew."""

    async def state(self):
        if self._current is None:
            raise Unavailable("the index is damaged", code="index_unreadable")
        return await super().state()


async def test_a_damaged_index_is_mended_from_the_store(one: Replica, another: Another) -> None:
    await one.refresh("abc")
    damaged = another("two", index=DamagedIndex())
    await reconcile(damaged)
    assert await damaged.has() == await one.has()


async def test_a_refresh_under_way_is_not_disturbed(one: Replica, two: Replica, store: MemoryKV) -> None:
    await one.refresh("abcdefghij")
    source = two.refreshing.source = WaitingSource(two.source.items)
    store.fail_with = AWAY  # so that both can
    await two.refreshing.begin()
    await source.reached.wait()
    store.fail_with = None
    await reconcile(two)
    assert (await two.index.state(), two.refreshing.state.phase) == (None, Phase.READING)
    two.clock.advance(1)
    source.go_on.set()
    await two.refreshing.turn.acquire()
    two.refreshing.turn.release()
    await reconcile(two, one)
    assert await two.has() == await one.has()


@pytest.mark.parametrize("broken", ["gone", "of another", "no part"])
async def test_a_snapshot_with_a_part_that_is_missing_or_wrong_is_not_built(
    one: Replica, two: Replica, store: MemoryKV, broken: str
) -> None:
    await one.refresh("abcdefghij")
    await reconcile(two)
    before = await two.has()
    await one.refresh("bcdefghijk")
    (key,) = [
        key for key in await keys(store) if (await one.has())[0].replace(":", "=3A") in key and "parts" in key
    ]
    entry = await store.get(f"ns/default/{key}")
    if broken == "gone":
        await store.delete(entry.key, revision=entry.revision)
    elif broken == "of another":
        (other,) = [each for each in await keys(store) if "parts" in each and each != key]
        value = (await store.get(f"ns/default/{other}")).value
        await store.update(entry.key, value, revision=entry.revision)
    else:
        await store.update(entry.key, b'{"items": ""}', revision=entry.revision)
    with pytest.raises(Unavailable) as caught:
        await reconcile(two)
    assert (caught.value.code, await two.has()) == ("store_unreadable", before)
    held = await store.get(entry.key)
    if held is None:
        await store.create(entry.key, entry.value)
    else:
        await store.update(entry.key, entry.value, revision=held.revision)
    await reconcile(two)
    assert await two.has() == await one.has()


async def test_a_note_without_parts_is_replaced_by_what_we_have(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    """As versions before the parts left it."""
    old = {
        "snapshot_id": "2025-12-18T12:34:56Z-7f3a9c",
        "source": "mediacms",
        "created_at": "2026-12-18T12:34:56.000000Z",
        "item_count": 4000,
        "category_count": 12,
        "notes": "",
        "schema_version": 1,
        "ops": ["x"],
    }
    for key in ("current", "snapshots/2025-12-18T12=3A34=3A56Z-7f3a9c"):
        await store.create(f"ns/default/{key}", json.dumps(old).encode())
    await reconcile(two)
    assert await two.index.state() is None
    async with one.index.rebuild("mine", source="here", created_at=one.clock.now()) as writer:
        await writer.add(one.source.items)
    await reconcile(one, two)
    assert await rebuilt(store) == await one.has() == await two.has() == ("mine", "abcdefghij")


async def test_the_same_snapshot_gets_its_parts_when_it_had_none(one: Replica, store: MemoryKV) -> None:
    snapshot_id = await one.refresh()
    entry = await store.get("ns/default/current")
    plain = {**json.loads(entry.value), "parts": 0}
    await store.update(entry.key, json.dumps(plain).encode(), revision=entry.revision)
    await reconcile(one)
    assert await rebuilt(store) == (snapshot_id, "abcdefghij")


# -- outages -------------------------------------------------------------------------


async def test_what_was_refreshed_in_an_outage_is_shared_afterwards(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    await one.refresh("abcdefghij")
    await reconcile(two)
    store.fail_with = AWAY
    one.clock.advance(60)
    snapshot_id = await one.refresh("bcdefghijk")
    heard: list[RefreshState] = []
    one.refreshing.listen(heard.append)
    for each in (one, two):
        with pytest.raises(Unavailable):
            await reconcile(each)
    store.fail_with = None
    report = one.refreshing.state.last
    assert not report.shared
    await reconcile(two, one, two)
    shared = evolve(report, shared=True)
    assert heard == [RefreshState(last=shared, last_good=shared)]
    assert (await two.refreshing.recalled_state()).last_good == shared
    assert await two.has() == await one.has() == await rebuilt(store) == (snapshot_id, "bcdefghijk")


async def test_a_later_failure_is_still_told_when_the_snapshot_before_becomes_shared(
    one: Replica, store: MemoryKV
) -> None:
    store.fail_with = AWAY
    await one.refresh()
    with pytest.raises(PlaylistError):
        await one.refresh("a")
    store.fail_with = None
    failed, good = one.refreshing.state.last, one.refreshing.state.last_good
    await reconcile(one)
    assert one.refreshing.state == RefreshState(last=failed, last_good=evolve(good, shared=True))


async def test_of_two_made_in_an_outage_the_later_one_stays(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    store.fail_with = AWAY
    await one.refresh("abc")
    one.clock.advance(60)
    later = await two.refresh("xyz")
    store.fail_with = None
    await reconcile(one, two, one)
    assert await one.has() == await two.has() == await rebuilt(store) == (later, "xyz")


async def test_while_another_replica_refreshes_nothing_older_is_shared(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    store.fail_with = AWAY
    await one.refresh("abc")
    store.fail_with = None
    await two.refreshing.leases.take("running")
    await reconcile(one)
    assert await rebuilt(store) is None
    await two.refreshing.leases.release("running")
    await reconcile(one)
    assert await rebuilt(store) == await one.has()


async def test_who_holds_the_lease_publishes_over_what_came_in_between(
    one: Replica, two: Replica, store: MemoryKV
) -> None:
    one.clock.advance(600)
    store.fail_with = AWAY
    await two.refresh("xyz")
    store.fail_with = None
    one.clock.current = two.clock.current = ManualClock().current

    async def publish_the_other(operation: str, key: str) -> None:
        if operation == "create" and key.endswith("/current"):
            store.before_operation = None
            info = await two.index.state()
            await two.refreshing.shared.publish(info, two.index)

    store.before_operation = publish_the_other
    report = await one.refreshing.refresh()
    assert (report.shared, await rebuilt(store)) == (True, await one.has())
    await reconcile(two)
    assert await two.has() == await one.has()


class Trouble:
    """Something that befalls the n-th operation of a store."""

    def __init__(self, store: MemoryKV, at: int, fate: object, *, lasting: bool) -> None:
        self.store, self.at, self.fate, self.lasting, self.count = store, at, fate, lasting, 0
        store.before_operation = self

    async def __call__(self, operation: str, key: str) -> None:
        self.count += 1
        if self.count < self.at or (self.count > self.at and not self.lasting):
            self.store.fail_with = None
        elif self.fate is AWAY:
            self.store.fail_with = AWAY
        elif operation in ("create", "update", "delete"):
            self.store.next_writes = [self.fate]  # type: ignore[list-item]
        if self.count > self.at and self.lasting:
            self.store.fail_with = AWAY

    @property
    def happened(self) -> bool:
        return self.count >= self.at

    def over(self) -> None:
        self.store.before_operation = self.store.fail_with = None
        self.store.next_writes = []
        self.store.deliver_late()


@pytest.mark.parametrize("lasting", [False, True], ids=["for a moment", "lasting"])
@pytest.mark.parametrize("fate", [AWAY, Lost(), Landed(), Late()], ids=["away", "lost", "landed", "late"])
async def test_whatever_the_store_does_the_refresh_counts_here_and_is_shared_in_the_end(
    clock: ManualClock, fate: object, lasting: bool
) -> None:
    """At every single operation of a refresh with two snapshots before it, so that the sweep has work."""
    at, told = 0, set()
    while True:
        at += 1
        store = MemoryKV()
        async with background() as tasks:
            one = replica(store, tasks.start_soon, clock=clock, name="one")
            two = replica(store, tasks.start_soon, clock=clock, name="two")
            await one.refresh("abc")
            await one.refresh("abcd")
            await reconcile(two)
            clock.advance(1)
            trouble = Trouble(store, at, fate, lasting=lasting)
            snapshot_id = await one.refresh("abcde")
            happened, said = trouble.happened, one.refreshing.state.last
            trouble.over()
            told.add(said.shared)
            assert await one.has() == (snapshot_id, "abcde")
            if said.shared:
                assert await rebuilt(store) == await one.has()
            else:
                assert await rebuilt(store) in [(snapshot_id, "abcde"), await two.has()]
            await reconcile(one)
            assert one.refreshing.state.last.shared
            await reconcile(two)
            assert await rebuilt(store) == await two.has() == (snapshot_id, "abcde")
            assert (await two.refreshing.recalled_state()).last == one.refreshing.state.last
            await one.refresh("abcdef")
            assert len([key for key in await keys(store) if "/parts/" in key]) == 2
        if not happened:
            break
    assert at > 15
    assert told == ({True, False} if fate is AWAY or lasting else {True})


@pytest.mark.parametrize("fate", [AWAY, Lost(), Landed(), Late()], ids=["away", "lost", "landed", "late"])
async def test_whatever_the_store_does_while_it_is_shared_later_the_next_time_settles_it(
    clock: ManualClock, fate: object
) -> None:
    at = 0
    while True:
        at += 1
        store = MemoryKV()
        async with background() as tasks:
            one = replica(store, tasks.start_soon, clock=clock, name="one")
            two = replica(store, tasks.start_soon, clock=clock, name="two")
            await two.refresh("abc")
            clock.advance(1)
            store.fail_with = AWAY
            snapshot_id = await one.refresh("abcde")
            trouble = Trouble(store, at, fate, lasting=True)
            for each in (one, two):
                try:
                    await reconcile(each)
                except (Unavailable, OutcomeUnknown):
                    continue
            happened = trouble.happened
            trouble.over()
            await rebuilt(store)
            await reconcile(one, two)
            assert one.refreshing.state.last.shared
            assert await rebuilt(store) == await two.has() == await one.has() == (snapshot_id, "abcde")
            assert (await two.refreshing.recalled_state()).last_good == one.refreshing.state.last
        if not happened:
            break
    assert at > 8
