"""How a bucket is read as a whole: what nats-py calls complete and is not, what never comes, an outage."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import anyio
import pytest
from anyio.lowlevel import checkpoint
from nats.aio.msg import Msg
from nats.js.errors import NoStreamResponseError

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_core.ports import Changed, Entry, Whole
from tests.peers.nats_server import NatsServer
from tests.peers.proxy import Proxy, proxy_to

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

PATIENCE = 20


@pytest.fixture
async def kv(own_nats: NatsServer) -> AsyncIterator[JetStreamKV]:
    async with open_bus(own_nats.config()) as bus:
        yield await bind_bucket(bus, "read")


@pytest.fixture
async def proxy(own_nats: NatsServer) -> AsyncIterator[Proxy]:
    async with proxy_to(own_nats.port) as proxy:
        yield proxy


@pytest.fixture
async def distant_bus(own_nats: NatsServer, proxy: Proxy) -> AsyncIterator[Bus]:
    async with open_bus(own_nats.config(servers=(proxy.url,))) as bus:
        yield bus


async def test_nats_py_says_that_all_was_told_before_anything_was(
    kv: JetStreamKV, distant_bus: Bus, proxy: Proxy
) -> None:
    await kv.create("a", b"one")
    bucket = await distant_bus.jetstream().key_value("read")
    proxy.dammed = True
    with anyio.fail_after(PATIENCE):
        watcher = await bucket.watch(">")

        assert await anext(watcher) is None
        assert proxy.open_the_dam() == 1
        assert (await anext(watcher)).key == "a"
        await watcher.stop()


async def test_a_bucket_is_not_taken_for_read_before_its_last_revision_has_come(
    kv: JetStreamKV, distant_bus: Bus, proxy: Proxy
) -> None:
    entry = Entry("a", b"one", await kv.create("a", b"one"))
    distant = await bind_bucket(distant_bus, "read")
    proxy.dammed = True
    listed: list[Sequence[Entry]] = []
    asked: list[str] = []

    async def hear(message: Msg) -> None:
        asked.append(message.subject)

    await kv._bus.client.subscribe("$JS.API.CONSUMER.INFO.KV_read.*", hear)

    async def read() -> None:
        listed.append(await distant.entries())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        with anyio.fail_after(PATIENCE):
            while not proxy.kept_back:
                await checkpoint()
        # First nats-py asks what is still to come, and is wrong; then, after some silence, we do.
        with anyio.fail_after(PATIENCE):
            while len(asked) < 2:
                await checkpoint()
        for _ in range(5):
            assert await distant.get("a") == entry
        assert listed == []
        proxy.open_the_dam()
    assert listed == [[entry]]


async def test_a_bucket_whose_last_message_was_removed_can_be_read(kv: JetStreamKV, distant_bus: Bus) -> None:
    entry = Entry("a", b"one", await kv.create("a", b"one"))
    await kv.create("b", b"two")
    await distant_bus.jetstream().purge_stream("KV_read", subject="$KV.read.b")

    assert await kv.entries() == [entry]


async def test_a_reading_that_an_outage_cuts_off_is_begun_again_at_once(
    kv: JetStreamKV, distant_bus: Bus, proxy: Proxy
) -> None:
    entries = [Entry(f"n/{n}", b"one", await kv.create(f"n/{n}", b"one")) for n in range(3)]
    distant = await bind_bucket(distant_bus, "read")
    proxy.dammed = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(distant.follow)
        with anyio.fail_after(PATIENCE):
            while not proxy.kept_back:
                await checkpoint()
        for _ in range(5):
            await distant.get("n/0")
        proxy.dammed = False
        proxy.hang_up()
        # It comes back a second later; left to itself nats-py would ask again after ten.
        with anyio.fail_after(5):
            while distant_bus.connections == 1:  # noqa: ASYNC110 - there is nobody to ask
                await anyio.sleep(0.01)
            async with distant.watch():
                assert await distant.entries() == entries
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("copied", [True, False])
async def test_what_is_no_key_of_ours_is_passed_over(nats_server: NatsServer, copied: bool) -> None:
    async with open_bus(nats_server.config()) as bus, anyio.create_task_group() as tasks:
        kv = await bind_bucket(bus, f"foreign_{copied}", copied=copied)
        tasks.start_soon(kv.follow)
        await kv.create("ours/a", b"1")
        for key in ("ns/zzz/a:b", "foreign~key", "a..b"):
            with suppress(NoStreamResponseError):  # which NATS itself does not take
                await bus.jetstream().publish(f"$KV.{kv.name}.{key}", b"theirs")
        with anyio.fail_after(PATIENCE):
            async with kv.watch() as changes:
                heard = [await anext(changes), await anext(changes)]
                await bus.jetstream().publish(f"$KV.{kv.name}.late:key", b"theirs")
                assert [entry.key for entry in await kv.entries()] == ["ours/a"]
                revision = await kv.create("ours/b", b"2")
                heard.append(await anext(changes))
        assert heard == [Changed("ours/a", b"1", 1), Whole(), Changed("ours/b", b"2", revision)]
        tasks.cancel_scope.cancel()
