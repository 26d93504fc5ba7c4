"""Every adapter of `KVStore` that needs no server, held to the contract."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from attrs import Factory, define

from playlist_adapters.kv.keys import MAX_VALUE_BYTES
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_adapters.testing.kv_glance_suite import KVGlanceContract
from playlist_adapters.testing.kv_suite import DurableKVContract, KVContract
from playlist_adapters.testing.kv_watch_suite import KVCaughtUpContract, KVWatchContract
from playlist_core.ports import Entry, KVStore

BucketOf = Callable[[str], KVStore]
OpenStore = Callable[[Path], AbstractAsyncContextManager[BucketOf]]


@asynccontextmanager
async def memory(directory: Path) -> AsyncIterator[BucketOf]:
    yield lambda name: MemoryKV()


@asynccontextmanager
async def sqlite(directory: Path) -> AsyncIterator[BucketOf]:
    async with open_sqlite_store(directory / "kv.sqlite3") as store:
        yield store.bucket


ADAPTERS = [pytest.param(memory, id="memory"), pytest.param(sqlite, id="sqlite")]
DURABLE_ADAPTERS = [pytest.param(sqlite, id="sqlite")]


@pytest.fixture(params=ADAPTERS)
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    return request.param


@pytest.fixture
async def bucket_of(open_store: OpenStore, tmp_path: Path) -> AsyncIterator[BucketOf]:
    async with open_store(tmp_path / "store") as bucket_of:
        yield bucket_of


@pytest.fixture
def kv(bucket_of: BucketOf) -> KVStore:
    return bucket_of("first")


@pytest.fixture
def second_bucket(bucket_of: BucketOf) -> KVStore:
    return bucket_of("second")


class TestKVGlance(KVGlanceContract): ...


class TestKVWatch(KVWatchContract): ...


class TestKVCaughtUp(KVCaughtUpContract): ...


class TestKV(KVContract):
    @pytest.fixture
    async def foreign_kv(self, open_store: OpenStore, tmp_path: Path) -> AsyncIterator[KVStore]:
        async with open_store(tmp_path / "foreign") as bucket_of:
            yield bucket_of("first")

    @pytest.mark.anyio
    async def test_a_value_of_exactly_one_mebibyte_is_taken(self, kv: KVStore) -> None:
        value = b"x" * MAX_VALUE_BYTES

        assert await kv.get("a") is None
        revision = await kv.create("a", value)
        assert await kv.get("a") == Entry("a", value, revision)


@define(eq=False)
class Restarts:
    """Opens the same data again and again; closed before each time and at the end."""

    open_store: OpenStore
    directory: Path
    _opened: AsyncExitStack = Factory(AsyncExitStack)

    async def reopen(self) -> KVStore:
        await self._opened.aclose()
        return (await self._opened.enter_async_context(self.open_store(self.directory)))("first")

    async def close(self) -> None:
        await self._opened.aclose()


class TestDurableKV(DurableKVContract):
    @pytest.fixture(params=DURABLE_ADAPTERS)
    async def reopen(
        self, request: pytest.FixtureRequest, tmp_path: Path
    ) -> AsyncIterator[Callable[[], Awaitable[KVStore]]]:
        restarts = Restarts(partial(request.param), tmp_path / "store")
        yield restarts.reopen
        await restarts.close()
