"""The buckets of a real nats-server, held to the contract of `KVStore`."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

import anyio
import pytest

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_adapters.testing.kv_glance_suite import KVGlanceContract
from playlist_adapters.testing.kv_suite import DurableKVContract, KVContract
from playlist_adapters.testing.kv_watch_suite import KVCaughtUpContract, KVWatchContract
from playlist_core.ports import KVStore
from tests.peers.nats_server import NatsServer, running

pytest_plugins = ["tests.peers.nats"]

_numbers = count(1)


@asynccontextmanager
async def followed(bus: Bus, name: str, *, copied: bool = True) -> AsyncGenerator[JetStreamKV, None]:
    kv = await bind_bucket(bus, name, copied=copied)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kv.follow)
        yield kv
        tasks.cancel_scope.cancel()


@pytest.fixture(scope="session")
def foreign_nats() -> Iterator[NatsServer]:
    with running() as server:
        yield server


@pytest.fixture
def name() -> str:
    return f"contract_{next(_numbers)}"


@pytest.fixture
async def bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    async with open_bus(nats_server.config()) as bus:
        yield bus


@pytest.fixture(params=[True, False], ids=["copied", "uncopied"])
def copied(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
async def kv(bus: Bus, name: str, copied: bool) -> AsyncIterator[KVStore]:
    async with followed(bus, name, copied=copied) as kv:
        yield kv


@pytest.fixture
async def second_bucket(bus: Bus, name: str, copied: bool) -> AsyncIterator[KVStore]:
    async with followed(bus, f"{name}_second", copied=copied) as kv:
        yield kv


class TestJetStreamKV(KVContract):
    @pytest.fixture
    async def foreign_kv(self, foreign_nats: NatsServer, name: str) -> AsyncIterator[KVStore]:
        async with open_bus(foreign_nats.config()) as bus, followed(bus, name) as kv:
            yield kv


class TestJetStreamGlance(KVGlanceContract): ...


class TestJetStreamWatch(KVWatchContract): ...


class TestJetStreamCaughtUp(KVCaughtUpContract): ...


class TestDurableJetStreamKV(DurableKVContract):
    @pytest.fixture
    async def reopen(
        self, own_nats: NatsServer, name: str
    ) -> AsyncIterator[Callable[[], Awaitable[KVStore]]]:
        async with AsyncExitStack() as last:
            opened = await last.enter_async_context(AsyncExitStack())

            async def reopen() -> KVStore:
                await opened.aclose()
                own_nats.kill()
                own_nats.start()
                bus = await opened.enter_async_context(open_bus(own_nats.config()))
                return await opened.enter_async_context(followed(bus, name))

            yield reopen
