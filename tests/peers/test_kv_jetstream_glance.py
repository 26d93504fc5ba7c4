"""How old a glance into a JetStream bucket can be, what it costs, and who has caught up with a deaf watch."""

from collections.abc import AsyncIterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_adapters.testing.kv_glance_suite import OLDEST, glance_until
from playlist_adapters.testing.kv_watch_suite import Follower, Waiter
from playlist_core.errors import Unavailable
from playlist_core.ports import Entry
from tests.peers.nats_server import NatsServer

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

PATIENCE = 20


@pytest.fixture
async def bus(own_nats: NatsServer) -> AsyncIterator[Bus]:
    async with open_bus(own_nats.config()) as bus:
        yield bus


@pytest.fixture
async def kv(bus: Bus) -> AsyncIterator[JetStreamKV]:
    kv = await bind_bucket(bus, "glanced")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kv.follow)
        yield kv
        tasks.cancel_scope.cancel()


async def make_deaf(bus: Bus) -> None:
    """Take away what the server sends to the one watch of the bucket."""
    [consumer] = await bus.jetstream().consumers_info("KV_glanced")
    await bus.jetstream().delete_consumer("KV_glanced", consumer.name)


async def test_a_hundred_glances_at_once_ask_the_server_once_and_those_of_the_next_second_not_at_all(
    bus: Bus, kv: JetStreamKV
) -> None:
    entry = Entry("a", b"one", await kv.create("a", b"one"))
    assert await kv.entries() == [entry]
    heard: list[str] = []

    async def hear(message: Msg) -> None:
        heard.append(message.subject.removeprefix("$JS.API.STREAM."))

    await bus.client.subscribe("$JS.API.STREAM.>", hear)
    seen: list[Entry | None] = []

    async def glance() -> None:
        seen.append(await kv.glance("a"))

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(glance)
    for _ in range(100):
        await glance()
    await kv.get("end")
    with anyio.fail_after(PATIENCE):
        while "MSG.GET.KV_glanced" not in heard:
            await checkpoint()

    assert seen == [entry] * 200
    assert heard == ["INFO.KV_glanced", "MSG.GET.KV_glanced"]


async def test_a_bucket_that_is_not_followed_is_asked_itself(bus: Bus, kv: JetStreamKV) -> None:
    other = await bind_bucket(bus, "glanced")
    for number in range(3):
        entry = Entry(f"a/{number}", b"one", await kv.create(f"a/{number}", b"one"))
        assert await other.glance(entry.key) == entry


async def test_a_deaf_watch_shows_nobody_what_is_older_than_a_second(bus: Bus, kv: JetStreamKV) -> None:
    first = await kv.create("a", b"one")
    assert await glance_until(kv, "a", lambda seen: seen is not None) == Entry("a", b"one", first)
    await make_deaf(bus)
    second = await kv.update("a", b"two", revision=first)

    assert await glance_until(kv, "a", lambda seen: seen == Entry("a", b"two", second))


async def test_who_has_caught_up_behind_a_deaf_watch_has_heard_all_the_same(
    bus: Bus, kv: JetStreamKV
) -> None:
    async with kv.watch() as changes, anyio.create_task_group() as tasks:
        follower = await Follower(changes).until_whole()
        await make_deaf(bus)
        revision = await kv.create("a", b"one")
        waiter = Waiter(changes)
        tasks.start_soon(waiter.wait)
        tasks.start_soon(follower.follow)
        await waiter.until_returned()

        assert follower.entries() == [Entry("a", b"one", revision)]
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("gone", ["server", "bucket"])
async def test_a_store_that_is_away_is_noticed_within_a_second(
    bus: Bus, kv: JetStreamKV, own_nats: NatsServer, gone: str
) -> None:
    entry = Entry("a", b"one", await kv.create("a", b"one"))
    assert await glance_until(kv, "a", lambda seen: seen is not None) == entry
    if gone == "server":
        own_nats.kill()
    else:
        await bus.jetstream().delete_key_value("glanced")
    begun = anyio.current_time()
    with pytest.raises(Unavailable), anyio.fail_after(PATIENCE):
        while True:
            asked = anyio.current_time()
            assert await kv.glance("a") == entry
            assert asked - begun < OLDEST
            await anyio.sleep(0.01)
