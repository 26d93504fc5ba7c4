"""What the `KVStore` adapters cost over the bare thing below them, both measured in the same run.

    python benchmarks/kv.py [directory]

The baseline of `memory` is a dict behind one checkpoint of the event loop; that of `sqlite` is the same
statements straight through APSW: same pragmas, one thread, no event loop, one transaction a write. Rounds
of adapter and baseline alternate and the median counts, so that a busy machine hits both. The directory
(default: the system's temporary one) decides which disk is measured.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import anyio
import apsw
from anyio.lowlevel import checkpoint
from attrs import define, field

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_core.errors import Conflict
from playlist_core.ports import KVStore

ROUNDS = 7
OPERATIONS = 200  # a round
LISTED = 100  # entries a listing
WRITERS = 50


_fresh = count()


def value() -> bytes:
    """A playlist of some twenty items, never the same: SQLite leaves a page alone that would not change."""
    return b"%0200d" % next(_fresh) * 10


@define(eq=False)
class BareDict:
    """The baseline of `memory`."""

    held: dict[str, bytes] = field(factory=dict)

    async def get(self, key: str) -> None:
        await checkpoint()
        self.held[key]

    async def write(self, key: str) -> None:
        await checkpoint()
        self.held[key] = value()

    async def listing(self, prefix: str) -> None:
        await checkpoint()
        sorted(item for item in self.held.items() if item[0].startswith(prefix))

    async def increments(self) -> None:
        for _ in range(WRITERS):
            await checkpoint()
            self.held["counter"] = b"%d" % next(_fresh)


@define(eq=False)
class BareStatements:
    """The baseline of `sqlite`."""

    connection: apsw.Connection

    async def get(self, key: str) -> None:
        self.connection.execute("SELECT v FROM t WHERE k = ?", (key,)).fetchall()

    async def write(self, key: str) -> None:
        self.connection.execute(
            "INSERT INTO t VALUES (?, ?) ON CONFLICT DO UPDATE SET v = excluded.v", (key, value())
        )

    async def listing(self, prefix: str) -> None:
        self.connection.execute(
            "SELECT k, v FROM t WHERE k >= ? AND k < ? ORDER BY k", (prefix, prefix + "\x7f")
        ).fetchall()

    async def increments(self) -> None:
        for _ in range(WRITERS):
            self.connection.execute("UPDATE t SET v = ? WHERE k = 'k0/0'", (b"%d" % next(_fresh),))


@contextmanager
def bare_statements(path: Path) -> Iterator[BareStatements]:
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "FULL")
    connection.execute("CREATE TABLE t (k TEXT PRIMARY KEY, v BLOB)")
    yield BareStatements(connection)
    connection.close()


async def increment(kv: KVStore) -> None:
    while True:
        entry = await kv.get("counter")
        assert entry is not None
        try:
            await kv.update("counter", b"%d" % (int(entry.value) + 1), revision=entry.revision)
        except Conflict:
            continue
        return


async def increments(kv: KVStore) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(WRITERS):
            tasks.start_soon(increment, kv)


async def parallel_creates(kv: KVStore, name: str) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(OPERATIONS):
            tasks.start_soon(kv.create, f"parallel/{name}/{number}", value())


async def seconds(operations: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await operations()
    return time.perf_counter() - begun


async def compare(
    name: str,
    operations: int,
    ours: Callable[[int], Awaitable[None]],
    bare: Callable[[int], Awaitable[None]],
) -> None:
    """Alternate rounds of both; `operations` in each, of which the round's number makes keys new."""
    times = [(await seconds(lambda r=r: ours(r)), await seconds(lambda r=r: bare(r))) for r in range(ROUNDS)]
    mine, theirs = (median(column) / operations * 1e6 for column in zip(*times, strict=True))
    print(f"  {name:<38}{mine:>10.1f} µs {theirs:>10.1f} µs {mine / theirs:>8.1f} x")


async def measure(title: str, kv: KVStore, bare: BareDict | BareStatements) -> None:
    print(f"\n{title:<40}{'adapter':>13}{'baseline':>14}{'ratio':>10}")
    revisions: dict[str, int] = {}

    async def create(round_: int) -> None:
        for n in range(OPERATIONS):
            revisions[f"k{round_}/{n}"] = await kv.create(f"k{round_}/{n}", value())

    async def bare_write(round_: int) -> None:
        for n in range(OPERATIONS):
            await bare.write(f"k{round_}/{n}")

    async def update(round_: int) -> None:
        for n in range(OPERATIONS):
            key = f"k{round_}/{n}"
            revisions[key] = await kv.update(key, value(), revision=revisions[key])

    async def get(round_: int) -> None:
        for n in range(OPERATIONS):
            await kv.get(f"k{round_}/{n}")

    async def bare_get(round_: int) -> None:
        for n in range(OPERATIONS):
            await bare.get(f"k{round_}/{n}")

    await compare("create", OPERATIONS, create, bare_write)
    await compare("update", OPERATIONS, update, bare_write)
    await compare("get", OPERATIONS, get, bare_get)
    for n in range(LISTED):
        await kv.create(f"listed/{n}", value())
        await bare.write(f"listed/{n}")
    await compare(
        f"entries, {LISTED} of them",
        1,
        lambda _: discard(kv.entries("listed/")),
        lambda _: bare.listing("listed/"),
    )
    await compare(
        f"create, {OPERATIONS} at once, each", OPERATIONS, lambda r: parallel_creates(kv, str(r)), bare_write
    )
    await kv.create("counter", b"0")
    await compare(
        f"increment, {WRITERS} at once, each", WRITERS, lambda _: increments(kv), lambda _: bare.increments()
    )


async def discard(operation: Awaitable[object]) -> None:
    await operation


async def main(directory: str | None) -> None:
    with TemporaryDirectory(dir=directory) as place:
        await measure("memory (baseline: dict + checkpoint)", MemoryKV(), BareDict())
        async with open_sqlite_store(Path(place) / "ours.sqlite3") as store:
            with bare_statements(Path(place) / "bare.sqlite3") as bare:
                await measure("sqlite (baseline: bare APSW)", store.bucket("b"), bare)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
