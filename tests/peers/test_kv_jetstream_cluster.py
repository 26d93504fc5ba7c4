"""A bucket that three servers keep: one of them may go, and nobody reads what is older than his own write."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack

import anyio
import pytest
from nats.errors import Error

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_core.ports import Entry
from tests.peers.nats_server import NatsServer, _free_port, running

pytestmark = pytest.mark.anyio

PATIENCE = 30


@pytest.fixture
def cluster() -> Iterator[Sequence[NatsServer]]:
    """Three servers of one cluster, named 0, 1 and 2."""
    ports = [_free_port() for _ in range(3)]
    routes = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
    shared = ("-cluster_name", "ours", "-routes", routes)
    with ExitStack() as stack:
        yield [
            stack.enter_context(running("-n", str(n), "-cluster", f"nats://127.0.0.1:{port}", *shared))
            for n, port in enumerate(ports)
        ]


async def until_it_leads(bus: Bus) -> None:
    """JetStream answers once the servers have elected who leads."""
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                with anyio.fail_after(0.1):
                    await bus.jetstream().account_info()
                return
            except (Error, TimeoutError):
                await anyio.sleep(0.02)


async def leader_of(kv: JetStreamKV) -> int:
    info = await kv._copy.look()
    assert info.cluster is not None and info.cluster.leader is not None
    assert info.config.num_replicas == 3
    return int(info.cluster.leader)


@pytest.fixture
async def kv(cluster: Sequence[NatsServer]) -> AsyncIterator[JetStreamKV]:
    """The bucket, seen through a server that does not lead it."""
    async with open_bus(cluster[0].config()) as bus:
        await until_it_leads(bus)
        leader = await leader_of(await bind_bucket(bus, "kept", replicas=3))
    async with open_bus(cluster[(leader + 1) % 3].config()) as bus:
        yield await bind_bucket(bus, "kept", replicas=3)


async def test_through_any_server_own_writes_are_read_at_once(kv: JetStreamKV) -> None:
    revision = await kv.create("a", b"")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kv.follow)
        for number in range(100):
            revision = await kv.update("a", b"%d" % number, revision=revision)
            entry = Entry("a", b"%d" % number, revision)
            assert await kv.get("a") == entry
            assert await kv.entries() == [entry]
        tasks.cancel_scope.cancel()


async def test_with_one_of_three_servers_gone_nothing_is_lost_and_everybody_goes_on(
    cluster: Sequence[NatsServer], kv: JetStreamKV
) -> None:
    before = Entry("before", b"one", await kv.create("before", b"one"))
    revision = await kv.create("a", b"")
    # Neither the one that leads nor the one that is spoken with.
    cluster[(await leader_of(kv) + 2) % 3].kill()

    for number in range(50):
        revision = await kv.update("a", b"%d" % number, revision=revision)
        assert await kv.get("a") == Entry("a", b"%d" % number, revision)
    assert await kv.get("before") == before
