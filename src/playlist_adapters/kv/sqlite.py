"""`KVStore` in one SQLite file: what is acknowledged is on the disk, and no write holds up the event loop."""

import os
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import apsw
import apsw.bestpractice
from anyio import CancelScope, CapacityLimiter, to_thread
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled
from attrs import define, field

from playlist_adapters.kv.datadir import make_private_dir
from playlist_adapters.kv.keys import (
    already_exists,
    check_key,
    check_prefix,
    check_revision,
    check_value,
    stale_revision,
)
from playlist_core.errors import Conflict, OutcomeUnknown, Unavailable
from playlist_core.ports import Entry

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x4B50_4B56  # "KPKV": tells our file from any other SQLite file
_SCHEMA = """
CREATE TABLE store (incarnation TEXT NOT NULL) STRICT;
CREATE TABLE buckets (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
    bucket TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (bucket, key)
) STRICT;
"""
# A counter row rather than the highest revision stored: that one goes down when its entry is deleted.
_NEXT_REVISION = """
INSERT INTO buckets VALUES (:bucket, 1)
ON CONFLICT DO UPDATE SET revision = revision + 1 RETURNING revision
"""
_CREATE = """
INSERT INTO entries VALUES (:bucket, :key, :next, :value) ON CONFLICT DO NOTHING RETURNING revision
"""
_UPDATE = """
UPDATE entries SET value = :value, revision = :next
WHERE bucket = :bucket AND key = :key AND revision = :revision RETURNING revision
"""
_DELETE = """
DELETE FROM entries WHERE bucket = :bucket AND key = :key AND revision = :revision RETURNING revision
"""
_GET = "SELECT key, value, revision FROM entries WHERE bucket = ? AND key = ?"
_RANGE = "SELECT key, value, revision FROM entries WHERE bucket = ? AND key >= ? AND key < ? ORDER BY key"

# `library_logging` is left out: it reconfigures SQLite for the whole process, and errors reach us anyway.
_PRACTICES = [
    practice for practice in apsw.bestpractice.recommended if practice.__name__.startswith("connection_")
]
# SQLite has written the commit and cannot say whether the disk has it: a restart may find it done.
_UNSYNCED = {apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC}
_SLICE_BYTES = 128 * 1024  # of a long listing, before others get the event loop: well under a millisecond


@define(eq=False)
class SQLiteStore:
    """All buckets of one file; made by `open_sqlite_store`, of no use after it."""

    path: Path
    incarnation: str
    _writer: apsw.Connection = field(alias="writer", kw_only=True)
    _reader: apsw.Connection = field(alias="reader", kw_only=True)
    _connections: ExitStack = field(alias="connections", kw_only=True)
    # Those who wait for the writer wait here, where they can be cancelled and hold no thread.
    _turn: CapacityLimiter = field(factory=lambda: CapacityLimiter(1), init=False)
    # asyncio's own cancellation (Ctrl-C) passes anyio's shield and frees the turn under a writing thread.
    _writing: threading.Lock = field(factory=threading.Lock, init=False)

    def bucket(self, name: str) -> "SQLiteKV":
        """The bucket of that name; it exists from its first write on."""
        return SQLiteKV(name, self)

    def read_one(self, bucket: str, key: str) -> Entry | None:
        with _translated(self.path.name):
            # `get` runs the statement to its end: one left open would keep its view for the next reader.
            row = self._reader.execute(_GET, (bucket, key)).get
        return None if row is None else Entry(*row)

    def read_range(self, bucket: str, first: str, end: str) -> tuple[list[Entry], str | None]:
        """Some 128 KiB of entries by key, from `first` to before `end`; and where the rest begins, if any."""
        found: list[Entry] = []
        size = 0
        with _translated(self.path.name), closing(self._reader.execute(_RANGE, (bucket, first, end))) as rows:
            for row in rows:
                entry = Entry(*row)
                found.append(entry)
                size += len(entry.key) + len(entry.value)
                if size > _SLICE_BYTES:
                    return found, entry.key + "\0"  # the smallest text behind that key
        return found, None

    async def write(self, statement: str, *, refusal: Conflict, **bindings: Any) -> int:
        """Run one conditional statement; the revision it took, on disk, or `refusal` raised.

        Cancelled while waiting for its turn it has not happened; once begun it is seen through.
        """
        commit = partial(self._commit, statement, refusal, bindings)
        return await to_thread.run_sync(commit, limiter=self._turn)

    def _commit(self, statement: str, refusal: Conflict, bindings: dict[str, Any]) -> int:
        with self._writing, _translated(self.path.name), _transaction(self._writer):
            revision: int = self._writer.execute(_NEXT_REVISION, bindings).get
            if self._writer.execute(statement, {**bindings, "next": revision}).get is None:
                raise refusal
        return revision

    def close(self) -> None:
        with self._writing, _translated(self.path.name):
            self._connections.close()


@define(eq=False)
class SQLiteKV:
    """One bucket of a `SQLiteStore`."""

    name: str
    _store: SQLiteStore

    async def get(self, key: str) -> Entry | None:
        check_key(key)
        # Every request reads its session and role: a turn of the event loop would cost more than the read.
        await checkpoint_if_cancelled()
        return self._store.read_one(self.name, key)

    async def create(self, key: str, value: bytes) -> int:
        check_key(key)
        check_value(value)
        return await self._store.write(
            _CREATE, refusal=already_exists(), bucket=self.name, key=key, value=value
        )

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        check_key(key)
        check_value(value)
        check_revision(revision)
        return await self._store.write(
            _UPDATE, refusal=stale_revision(), bucket=self.name, key=key, value=value, revision=revision
        )

    async def delete(self, key: str, *, revision: int) -> None:
        check_key(key)
        check_revision(revision)
        await self._store.write(
            _DELETE, refusal=stale_revision(), bucket=self.name, key=key, revision=revision
        )

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        check_prefix(prefix)
        found: list[Entry] = []
        first: str | None = prefix
        while first is not None:
            # Between slices, never inside one: an open cursor would keep its old view for every other reader.
            await checkpoint()
            # DEL stands behind every character a key may have.
            entries, first = self._store.read_range(self.name, first, prefix + "\x7f")
            found += entries
        return found

    async def incarnation(self) -> str:
        await checkpoint()
        return self._store.incarnation


@asynccontextmanager
async def open_sqlite_store(path: Path) -> AsyncIterator[SQLiteStore]:
    """Open the file, making it (mode 0600) and its directory (0700) where they are missing.

    Raises Unavailable when it cannot be opened, is damaged, is something else or from a newer version.
    The caller holds the directory's lock (`lock_data_dir`): one process a file.
    """
    store = await to_thread.run_sync(_open, path)
    try:
        yield store
    finally:
        with CancelScope(shield=True):
            await to_thread.run_sync(store.close)


def _open(path: Path) -> SQLiteStore:
    make_private_dir(path.parent)
    _make_private_file(path)
    with _translated(str(path)), ExitStack() as connections:
        writer = connections.enter_context(closing(_connect(path, apsw.SQLITE_OPEN_READWRITE)))
        begun = _recognise(writer, path)
        _configure(writer)
        if not begun:
            _begin(writer)
        reader = connections.enter_context(closing(_connect(path, apsw.SQLITE_OPEN_READONLY)))
        _configure(reader)
        return SQLiteStore(
            path,
            writer.execute("SELECT incarnation FROM store").get,
            writer=writer,
            reader=reader,
            connections=connections.pop_all(),
        )


def _make_private_file(path: Path) -> None:
    """SQLite would make it readable for all; its -wal and -shm files take over the mode of this one."""
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as exc:
        raise Unavailable(f"The store {path} cannot be made: {exc.strerror}.", dependency="store") from exc


def _connect(path: Path, flags: int) -> apsw.Connection:
    # Absolute, because SQLite has a meaning of its own for names such as ":memory:".
    return apsw.Connection(str(path.absolute()), flags)


def _recognise(connection: apsw.Connection, path: Path) -> bool:
    """Whether the file is a store already; raises Unavailable, leaving it as it is, when it is not for us."""
    version = connection.pragma("user_version")
    if connection.pragma("application_id") == _APPLICATION_ID:
        if version > SCHEMA_VERSION:
            raise Unavailable(
                f"The store {path} was written by a newer version of this program "
                f"(format {version}, known up to {SCHEMA_VERSION}): install that version.",
                dependency="store",
            )
        return True
    if version or connection.execute("SELECT 1 FROM sqlite_schema").get:
        raise Unavailable(
            f"{path} is a SQLite file of something else: move it away, or choose another directory.",
            dependency="store",
        )
    return False


def _configure(connection: apsw.Connection) -> None:
    for practice in _PRACTICES:
        practice(connection)
    # An acknowledged write is on the disk, not on its way there.
    connection.pragma("synchronous", "FULL")
    connection.transaction_mode = "IMMEDIATE"


def _begin(connection: apsw.Connection) -> None:
    with _transaction(connection):
        connection.execute(_SCHEMA)
        connection.execute("INSERT INTO store VALUES (?)", (token_hex(16),))
        connection.pragma("application_id", _APPLICATION_ID)
        connection.pragma("user_version", SCHEMA_VERSION)


@contextmanager
def _transaction(connection: apsw.Connection) -> Iterator[None]:
    """All or nothing; whatever is raised inside takes everything back."""
    with connection:
        yield


@contextmanager
def _translated(file: str) -> Iterator[None]:
    """The border: nothing of APSW's errors passes, each becomes a sentence about `file`."""
    try:
        yield
    except apsw.Error as exc:
        if getattr(exc, "extendedresult", None) in _UNSYNCED:
            raise OutcomeUnknown(
                f"The disk of the store {file} failed while saving: read again before repeating."
            ) from exc
        raise Unavailable(_advice(exc, file), dependency="store") from exc


def _advice(exc: apsw.Error, file: str) -> str:
    match exc:
        case apsw.FullError():
            return f"The disk of the store {file} is full: free some space, then try again."
        case apsw.IOError():
            return f"The store {file} could not be read or written ({exc}): look at its disk and its quota."
        case apsw.BusyError() | apsw.LockedError():
            return f"The store {file} is in use by another process: stop that one, then try again."
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.PermissionsError():
            return f"The store {file} cannot be opened for writing: check its rights and its directory's."
        case apsw.CorruptError() | apsw.NotADBError():
            return f"The store {file} is damaged: restore a backup, or move it away to begin anew."
        case apsw.ConnectionClosedError():
            return f"The store {file} is closed."
        case _:
            return f"The store {file} failed ({exc})."
