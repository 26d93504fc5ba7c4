"""How buckets of a real nats-server are bound, and made where they are missing."""

import logging
from collections.abc import AsyncIterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import bind_bucket
from playlist_adapters.kv.nats_bucket import bound
from playlist_core.errors import InvalidInput, Unavailable
from playlist_core.ports import Entry
from tests.peers.nats_server import NatsServer

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

PATIENCE = 20


@pytest.fixture
async def bus(own_nats: NatsServer) -> AsyncIterator[Bus]:
    async with open_bus(own_nats.config()) as bus:
        yield bus


async def test_a_bucket_is_made_where_it_is_missing(bus: Bus) -> None:
    status = await (await bound(bus, "ours")).status()
    config = status.stream_info.config

    assert (status.history, status.ttl, config.max_msg_size, config.allow_direct) == (1, 0, 1 << 20, False)
    assert (config.num_replicas, config.max_bytes) == (1, -1)


async def test_a_bucket_is_made_with_the_history_and_the_size_asked_for(bus: Bus) -> None:
    status = await (await bound(bus, "ours", history=5, max_bytes=10_000_000)).status()
    config = status.stream_info.config

    assert (status.history, status.ttl, config.max_msg_size, config.allow_direct) == (5, 0, 1 << 20, False)
    assert (config.num_replicas, config.max_bytes) == (1, 10_000_000)


async def test_an_existing_bucket_is_taken_as_it_is(bus: Bus) -> None:
    made = await bound(bus, "ours", history=5)
    await made.put("a", b"one")

    for again in (await bound(bus, "ours"), await bound(bus, "ours", history=9, max_bytes=5_000_000)):
        assert (await again.get("a")).value == b"one"
        assert (await again.status()).history == 5


async def test_values_of_before_are_not_told_where_a_bucket_keeps_them(bus: Bus) -> None:
    kv = await bind_bucket(bus, "ours", history=5)
    first = await kv.create("a", b"one")
    second = await kv.update("a", b"two", revision=first)

    assert await kv.entries() == [Entry("a", b"two", second)]
    assert await kv.get("a") == Entry("a", b"two", second)


async def test_a_full_bucket_says_so_and_changes_nothing(bus: Bus) -> None:
    kv = await bind_bucket(bus, "ours", max_bytes=1_000)
    revision = await kv.create("a", b"one")

    with pytest.raises(Unavailable, match="bucket ours in NATS is full: give JetStream more room"):
        await kv.create("b", b"x" * 1_000)
    assert await kv.entries() == [Entry("a", b"one", revision)]


async def test_more_replicas_than_the_cluster_has_are_unavailable(bus: Bus) -> None:
    with pytest.raises(Unavailable, match="bucket ours"):
        await bound(bus, "ours", replicas=3)


async def test_an_existing_bucket_with_fewer_replicas_is_taken_and_told_how_to_change(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    await bound(bus, "ours")
    caplog.clear()
    await bound(bus, "ours", replicas=3)

    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == [
        "The bucket ours is kept by 1 of the 3 servers that the settings ask for: "
        "`nats stream edit KV_ours --replicas 3` changes that."
    ]


async def test_a_bucket_that_forgets_is_refused(bus: Bus) -> None:
    await bus.jetstream().create_key_value(bucket="forgetful", ttl=60)
    with pytest.raises(InvalidInput, match="take off its TTL"):
        await bound(bus, "forgetful")


async def test_reads_ask_the_leader_also_where_replicas_may_answer(bus: Bus) -> None:
    heard: list[str] = []

    async def hear(message: Msg) -> None:
        heard.append(message.subject)

    await bus.jetstream().create_key_value(bucket="direct", direct=True)
    bucket = await bound(bus, "direct")
    await bus.client.subscribe("$JS.API.DIRECT.GET.>", hear)
    await bus.client.subscribe("$JS.API.STREAM.MSG.GET.>", hear)
    revision = await bucket.create("a", b"one")

    assert (await bucket.get("a")).revision == revision
    with anyio.fail_after(PATIENCE):
        while not heard:
            await checkpoint()
    assert heard == ["$JS.API.STREAM.MSG.GET.KV_direct"]


async def test_without_connection_a_bucket_is_unavailable(bus: Bus, own_nats: NatsServer) -> None:
    own_nats.kill()
    with anyio.fail_after(PATIENCE):
        while bus.connected:  # noqa: ASYNC110 - there is nobody to ask
            await anyio.sleep(0.01)
    with pytest.raises(Unavailable):
        await bound(bus, "ours")
