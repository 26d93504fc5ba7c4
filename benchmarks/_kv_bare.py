"""What the embedded stores stand on, without them: the baselines of `memory` and `sqlite`."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import apsw
from anyio.lowlevel import checkpoint
from attrs import define, field

WRITERS = 50

_fresh = count()


def value() -> bytes:
    """A playlist of some twenty items, never the same: SQLite leaves a page alone that would not change."""
    return b"%0200d" % next(_fresh) * 10


@define(eq=False)
class BareDict:
    """A dict behind one checkpoint of the event loop."""

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
    """The same statements straight through APSW: no event loop, no thread, one transaction a write."""

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
