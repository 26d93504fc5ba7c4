"""The stores side by side with kryten-py's helpers, each with the bucket it is asked for."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from os import cpu_count
from pathlib import Path
from subprocess import Popen
from sys import executable

import anyio
import apsw
from _kryten import KrytenHelpers
from _nats import nats_server
from attrs import frozen

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import SQLiteStore, open_sqlite_store
from playlist_core.errors import Unavailable
from playlist_core.ports import KVStore

Fill = Sequence[tuple[str, bytes]]
UNCOPIED = "jetstream, uncopied"


@frozen
class Bucket:
    """One bucket of each store; the two of JetStream and the helpers' are the same one."""

    stores: dict[str, KVStore]
    kryten: KrytenHelpers


@frozen
class Stores:
    """Where buckets come from."""

    sqlite: SQLiteStore
    bus: Bus

    @asynccontextmanager
    async def bucket(self, name: str, *, filled: Fill = ()) -> AsyncIterator[Bucket]:
        """The bucket of that name, empty but for what it is filled with, behind the backs of the adapters."""
        copied = await bind_bucket(self.bus, name)
        uncopied = await bind_bucket(self.bus, name, copied=False)
        memory = MemoryKV()
        for key, value in filled:
            await memory.create(key, value)
        self._fill_sqlite(name, filled)
        await self._fill_jetstream(name, filled)
        async with anyio.create_task_group() as tasks:
            for kv in (copied, uncopied):
                tasks.start_soon(kv.follow)
            for kv in (copied, uncopied):
                await _until_followed(kv)
            yield Bucket(
                {
                    "memory": memory,
                    "sqlite": self.sqlite.bucket(name),
                    "jetstream": copied,
                    UNCOPIED: uncopied,
                },
                KrytenHelpers(self.bus.client, name),
            )
            tasks.cancel_scope.cancel()

    def _fill_sqlite(self, name: str, filled: Fill) -> None:
        connection = apsw.Connection(str(self.sqlite.path))
        with connection:
            connection.execute("INSERT INTO buckets VALUES (?, ?)", (name, len(filled)))
            rows = ((name, key, revision, value) for revision, (key, value) in enumerate(filled, 1))
            connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
        connection.close()

    async def _fill_jetstream(self, name: str, filled: Fill) -> None:
        js = self.bus.jetstream()
        for first in range(0, len(filled), 500):
            sent = [
                await js.publish_async(f"$KV.{name}.{key}", value)
                for key, value in filled[first : first + 500]
            ]
            for each in sent:
                await each


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Stores]:
    """A SQLite file and a nats-server in the directory."""
    logging.getLogger("kryten_playlist").setLevel(logging.ERROR)
    async with AsyncExitStack() as stack:
        sqlite = await stack.enter_async_context(open_sqlite_store(directory / "stores.sqlite3"))
        nats = stack.enter_context(nats_server(directory))
        yield Stores(sqlite, await stack.enter_async_context(open_bus(nats)))


async def _until_followed(kv: JetStreamKV) -> None:
    while True:
        with suppress(Unavailable):
            async with kv.watch():
                return


@contextmanager
def noise() -> Iterator[None]:
    """A process for every core that does nothing but take it."""
    spinning = [Popen((executable, "-c", "while True: pass")) for _ in range(cpu_count() or 1)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()
