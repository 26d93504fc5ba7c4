"""What the JetStream buckets do when NATS fails them: outages, lost and late answers, a deleted bucket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import frozen

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_adapters.system import SystemClock, SystemRandomness
from playlist_adapters.testing.kv_watch_suite import Follower
from playlist_core.errors import Conflict, OutcomeUnknown, TooLarge, Unavailable
from playlist_core.ports import Entry
from playlist_core.services.documents import Documents
from tests.peers.nats_server import NatsServer
from tests.peers.proxy import Fate, Proxy, proxy_to

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

PATIENCE = 30
# How long the adapter waits for an answer that a proxy keeps back.
ANSWER_WITHIN = 0.3


@frozen
class Counter:
    likes: int


@pytest.fixture
async def bus(own_nats: NatsServer) -> AsyncIterator[Bus]:
    async with open_bus(own_nats.config()) as bus:
        yield bus


@pytest.fixture
async def kv(bus: Bus) -> AsyncIterator[JetStreamKV]:
    kv = await bind_bucket(bus, "faults")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kv.follow)
        yield kv
        tasks.cancel_scope.cancel()


@pytest.fixture
async def proxy(own_nats: NatsServer) -> AsyncIterator[Proxy]:
    async with proxy_to(own_nats.port) as proxy:
        yield proxy


@pytest.fixture
async def doubtful(own_nats: NatsServer, proxy: Proxy, kv: JetStreamKV) -> AsyncIterator[JetStreamKV]:
    """The same bucket, seen through the proxy."""
    async with open_bus(own_nats.config(servers=(proxy.url,))) as bus:
        yield await bind_bucket(bus, "faults", patience=ANSWER_WITHIN)


def counters(kv: JetStreamKV) -> Documents[Counter]:
    return Documents(kv, ("counters",), kind=Counter, clock=SystemClock(), randomness=SystemRandomness())


def one_more(counter: Counter | None) -> Counter:
    return Counter(1 if counter is None else counter.likes + 1)


async def until_connected(bus: Bus, wanted: bool) -> None:
    with anyio.fail_after(PATIENCE):
        while bus.connected is not wanted:  # noqa: ASYNC110 - there is nobody to ask
            await anyio.sleep(0.01)


async def test_in_an_outage_everything_is_unavailable_at_once_and_no_write_comes_late(
    bus: Bus, kv: JetStreamKV, own_nats: NatsServer
) -> None:
    revision = await kv.create("a", b"one")
    assert await kv.entries() == [Entry("a", b"one", revision)]
    own_nats.kill()
    await until_connected(bus, False)
    for operation in (
        kv.get("a"),
        kv.glance("a"),
        kv.create("b", b"two"),
        kv.update("a", b"two", revision=revision),
        kv.delete("a", revision=revision),
        kv.entries(),
        kv.incarnation(),
    ):
        with pytest.raises(Unavailable), anyio.fail_after(1):
            await operation
    with pytest.raises(Unavailable):
        async with kv.watch():
            pass
    own_nats.start()
    await until_connected(bus, True)

    assert await kv.entries() == [Entry("a", b"one", revision)]
    assert await kv.update("a", b"two", revision=revision) > revision


async def test_a_server_killed_among_writers_loses_nothing_it_confirmed(
    bus: Bus, own_nats: NatsServer
) -> None:
    kv = await bind_bucket(bus, "faults", patience=1)
    confirmed: dict[str, int] = {}
    doubtful: set[str] = set()

    async def write(writer: int) -> None:
        with suppress(Unavailable):
            for number in range(100_000):
                key = f"n/{writer}/{number}"
                try:
                    confirmed[key] = await kv.create(key, key.encode())
                except OutcomeUnknown:
                    doubtful.add(key)

    async with anyio.create_task_group() as tasks:
        for writer in range(5):
            tasks.start_soon(write, writer)
        while len(confirmed) < 200:
            await checkpoint()
        own_nats.kill()
    own_nats.start()
    await until_connected(bus, True)

    held = {entry.key: entry.revision for entry in await kv.entries()}
    assert confirmed.items() <= held.items()
    assert held.keys() - confirmed.keys() <= doubtful
    assert await kv.create("after", b"") > max(held.values())


async def test_a_watch_hears_a_reset_and_all_again_when_the_server_is_back(
    bus: Bus, kv: JetStreamKV, own_nats: NatsServer
) -> None:
    a = await kv.create("a", b"one")
    incarnation = await kv.incarnation()
    async with kv.watch() as changes:
        follower = await Follower(changes).until_whole()
        own_nats.kill()
        await until_connected(bus, False)
        with pytest.raises(Unavailable), anyio.fail_after(1):
            await changes.caught_up()
        own_nats.start()
        # Another one writes while our watch is deaf, as nats-py leaves it for some twenty seconds.
        async with open_bus(own_nats.config()) as other:
            b = await (await bind_bucket(other, "faults")).create("b", b"two")
        with anyio.fail_after(5):
            await follower.until_reset()
            await follower.until_whole()

        assert follower.entries() == [Entry("a", b"one", a), Entry("b", b"two", b)]
        await until_connected(bus, True)
        c = await kv.create("c", b"three")
        await follower.until_holds([*await kv.entries("a"), *await kv.entries("b"), Entry("c", b"three", c)])
    assert await kv.incarnation() == incarnation


async def test_a_watch_gone_deaf_under_a_good_connection_misleads_nobody(bus: Bus, kv: JetStreamKV) -> None:
    async with kv.watch() as changes:
        follower = await Follower(changes).until_whole()
        [consumer] = await bus.jetstream().consumers_info("KV_faults")
        await bus.jetstream().delete_consumer("KV_faults", consumer.name)
        revision = await kv.create("a", b"one")

        assert await kv.entries() == [Entry("a", b"one", revision)]
        await follower.until_reset()
        await follower.until_holds([Entry("a", b"one", revision)])
    with anyio.fail_after(0.5):
        assert await kv.entries() == [Entry("a", b"one", revision)]


async def test_a_bucket_deleted_under_us_is_unavailable_and_never_empty(bus: Bus, kv: JetStreamKV) -> None:
    revision = await kv.create("a", b"one")
    await bus.jetstream().delete_key_value("faults")

    for operation in (
        kv.get("a"),
        kv.get("absent"),
        kv.create("b", b"two"),
        kv.update("a", b"two", revision=revision),
        kv.delete("a", revision=revision),
        kv.entries(),
        kv.incarnation(),
    ):
        with pytest.raises(Unavailable, match="no bucket faults any more"):
            await operation


async def test_a_bucket_made_anew_is_another_life_of_which_watches_hear(bus: Bus, kv: JetStreamKV) -> None:
    first = await kv.incarnation()
    for number in range(5):
        await kv.create(f"old/{number}", b"one")
    async with kv.watch() as changes:
        follower = await Follower(changes).until_whole()
        await bus.jetstream().delete_key_value("faults")
        await bus.jetstream().create_key_value(bucket="faults", max_value_size=1 << 20)
        new = await kv.create("new", b"two")

        assert new == 1
        assert await kv.incarnation() != first
        assert await kv.entries() == [Entry("new", b"two", 1)]
        await follower.until_reset()
        await follower.until_whole()
        assert follower.entries() == [Entry("new", b"two", 1)]


async def test_a_swallowed_answer_is_an_unknown_outcome(
    kv: JetStreamKV, doubtful: JetStreamKV, proxy: Proxy
) -> None:
    proxy.fates += [Fate.ANSWER_SWALLOWED] * 3
    with pytest.raises(OutcomeUnknown):
        await doubtful.create("a", b"one")
    created = await kv.get("a")
    assert created is not None and created.value == b"one"
    with pytest.raises(OutcomeUnknown):
        await doubtful.update("a", b"two", revision=created.revision)
    updated = await kv.get("a")
    assert updated is not None and updated.value == b"two"
    with pytest.raises(OutcomeUnknown):
        await doubtful.delete("a", revision=updated.revision)
    assert await kv.get("a") is None


async def test_a_late_write_is_an_unknown_outcome_and_conflicts_when_overtaken(
    kv: JetStreamKV, doubtful: JetStreamKV, proxy: Proxy
) -> None:
    revision = await kv.create("a", b"one")
    proxy.fates += [Fate.LATE]
    with pytest.raises(OutcomeUnknown):
        await doubtful.update("a", b"late", revision=revision)
    assert await doubtful.get("a") == Entry("a", b"one", revision)
    newer = await kv.update("a", b"newer", revision=revision)
    assert proxy.deliver_late() == 1
    await doubtful.create("later", b"")

    assert await kv.get("a") == Entry("a", b"newer", newer)


@pytest.mark.parametrize("fate", Fate)
async def test_a_change_whose_answer_never_came_is_settled_by_its_operation_id(
    kv: JetStreamKV, doubtful: JetStreamKV, proxy: Proxy, fate: Fate
) -> None:
    for before in range(2):
        proxy.fates += [fate]
        changed = await counters(doubtful).modify("liked", change=one_more)
        proxy.deliver_late()
        await doubtful.create(f"after/{before}", b"")

        stored = await counters(kv).get("liked")
        assert stored is not None
        assert changed == stored.value == Counter(before + 1)
        assert len(stored.ops) == before + 1


async def test_no_like_is_lost_or_counted_twice_where_every_answer_may_be_lost(
    kv: JetStreamKV, doubtful: JetStreamKV, proxy: Proxy
) -> None:
    proxy.fates += [Fate.LATE, Fate.ANSWER_SWALLOWED, Fate.LOST, Fate.ANSWER_SWALLOWED] * 2

    async def like(store: JetStreamKV) -> None:
        documents = counters(store)
        for _ in range(5):
            await documents.modify("liked", change=one_more)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(like, doubtful)
        tasks.start_soon(like, kv)
    assert proxy.fates == []
    proxy.deliver_late()

    assert (await counters(kv).get("liked")).value == Counter(10)  # type: ignore[union-attr]


async def test_fifty_changes_at_once_from_two_replicas_lose_nothing(
    kv: JetStreamKV, own_nats: NatsServer
) -> None:
    async with open_bus(own_nats.config()) as other, anyio.create_task_group() as tasks:
        replicas = [counters(kv), counters(await bind_bucket(other, "faults"))]
        for number in range(50):
            tasks.start_soon(lambda each: each.modify("liked", change=one_more), replicas[number % 2])

    stored = await counters(kv).get("liked")
    assert stored is not None and stored.value == Counter(50)


async def test_who_comes_second_hears_conflict_through_either_replica(
    kv: JetStreamKV, doubtful: JetStreamKV
) -> None:
    revision = await kv.create("a", b"one")
    for late in (
        doubtful.create("a", b"two"),
        doubtful.update("a", b"two", revision=revision + 1),
        doubtful.delete("a", revision=revision + 1),
    ):
        with pytest.raises(Conflict):
            await late


async def test_a_listing_needs_no_live_copy(kv: JetStreamKV, doubtful: JetStreamKV) -> None:
    kept = Entry("a/kept", b"one", await kv.create("a/kept", b"one"))
    await kv.create("b/other", b"")
    await kv.delete("a/gone", revision=await kv.create("a/gone", b""))

    assert await doubtful.entries("a/") == [kept]
    with pytest.raises(Unavailable, match="not being followed"):
        async with doubtful.watch():
            pass


async def test_listings_that_are_abandoned_leave_nothing_behind(bus: Bus) -> None:
    kv = await bind_bucket(bus, "unfollowed")
    for number in range(300):
        await kv.create(f"n/{number}", b"")
    before = len(asyncio.all_tasks())
    for milliseconds in range(12):
        with anyio.move_on_after(milliseconds / 1000):
            await kv.entries()

    with anyio.fail_after(PATIENCE):
        while len(asyncio.all_tasks()) > before:
            await checkpoint()


async def test_a_watch_ends_when_its_bucket_is_followed_no_longer(bus: Bus) -> None:
    kv = await bind_bucket(bus, "left")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kv.follow)
        watching = kv.watch()
        changes = await watching.__aenter__()
        await Follower(changes).until_whole()
        tasks.cancel_scope.cancel()
    with pytest.raises(Unavailable, match="closed"):
        await anext(changes)
    with pytest.raises(Unavailable):
        await changes.caught_up()
    await watching.__aexit__(None, None, None)


async def test_the_limit_of_a_small_server_is_told_before_it_hangs_up(own_nats: NatsServer) -> None:
    own_nats.kill()
    (own_nats.directory / "small").write_text("max_payload: 65536\n")
    own_nats.options = ("-c", str(own_nats.directory / "small"))
    own_nats.start()
    async with open_bus(own_nats.config()) as bus:
        kv = await bind_bucket(bus, "faults")
        with pytest.raises(TooLarge) as refused:
            await kv.create("a", b"x" * 65_536)
        limit = refused.value.details["limit"]
        revision = await kv.create("k" * 2048, b"x" * limit)
        await kv.update("k" * 2048, b"y" * limit, revision=revision)
        assert bus.connected
