"""Buckets too large to be held in memory: what is read of them, and when."""

import json
import tracemalloc
from collections.abc import AsyncIterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_adapters.testing.kv_suite import together
from playlist_adapters.testing.kv_watch_suite import Follower
from playlist_core.ports import Changed, Entry, Whole
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
    kv = await bind_bucket(bus, "large", copied=False)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kv.follow)
        yield kv
        tasks.cancel_scope.cancel()


async def test_a_bucket_is_watched_without_ever_being_in_memory(kv: JetStreamKV) -> None:
    size, number = 50_000, 400
    for first in range(0, number, 50):
        await together(*(kv.create(f"n/{n}", b"%06d" % n * (size // 6)) for n in range(first, first + 50)))
    tracemalloc.start()
    async with kv.watch() as changes:
        told = 0
        while not isinstance(change := await anext(changes), Whole):
            assert isinstance(change, Changed) and change.value is not None
            told += len(change.value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told >= 0.99 * size * number
    # Some thirty values at a time, each also as the text in which NATS sends it, and as that text encoded.
    assert peak < 0.4 * told


async def test_a_listing_reads_the_values_under_its_prefix_and_no_others(bus: Bus, kv: JetStreamKV) -> None:
    wanted = [Entry(f"a/{n}", b"%d" % n, await kv.create(f"a/{n}", b"%d" % n)) for n in range(5)]
    await together(*(kv.create(f"b/{n}", b"") for n in range(100)))
    await kv.delete("a/gone", revision=await kv.create("a/gone", b""))
    asked: list[str] = []

    async def hear(message: Msg) -> None:
        asked.append(json.loads(message.data)["last_by_subj"].removeprefix("$KV.large."))

    await bus.client.subscribe("$JS.API.STREAM.MSG.GET.KV_large", hear)
    assert await kv.entries("a/") == wanted
    assert await kv.entries("c/") == []
    await kv.get("end")
    with anyio.fail_after(PATIENCE):
        while "end" not in asked:
            await checkpoint()

    assert sorted(asked) == [*(entry.key for entry in wanted), "end"]


async def test_a_reader_in_the_middle_of_an_outage_hears_all_again(
    bus: Bus, kv: JetStreamKV, own_nats: NatsServer
) -> None:
    entries = [Entry(f"n/{n:03}", b"one", await kv.create(f"n/{n:03}", b"one")) for n in range(100)]
    async with kv.watch() as changes:
        follower = Follower(changes)
        while len(follower.held) < 40:
            await follower.next()
        own_nats.kill()
        own_nats.start()
        # What was read already is told; the rest cannot be read before the connection is back.
        await follower.until_reset()
        assert 40 <= len(follower.heard) < 100
        await follower.until_whole()

        assert follower.entries() == entries
