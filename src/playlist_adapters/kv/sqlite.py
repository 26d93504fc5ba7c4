"""`KVStore` in one SQLite file: what is acknowledged is on the disk, and no write holds up the event loop."""

import threading
from asyncio import AbstractEventLoop, get_running_loop
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import apsw
from anyio import CancelScope, CapacityLimiter, to_thread
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled
from attrs import define, field

from playlist_adapters.kv.datadir import make_private_dir
from playlist_adapters.kv.feed import Feed
from playlist_adapters.kv.keys import (
    already_exists,
    check_key,
    check_prefix,
    check_revision,
    check_value,
    stale_revision,
)
from playlist_adapters.kv.sqlite_file import (
    begin,
    configure,
    connect,
    make_private_file,
    recognise,
    transaction,
    translated,
)
from playlist_adapters.kv.watcher import Watcher
from playlist_core.errors import Conflict, Unavailable
from playlist_core.ports import Changed, Entry

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

_SLICE_BYTES = 128 * 1024  # of a long listing, before others get the event loop: well under a millisecond


@define(eq=False)
class SQLiteStore:
    """All buckets of one file; made by `open_sqlite_store`, of no use after it."""

    path: Path
    incarnation: str
    _writer: apsw.Connection = field(alias="writer", kw_only=True)
    _reader: apsw.Connection = field(alias="reader", kw_only=True)
    _connections: ExitStack = field(alias="connections", kw_only=True)
    _loop: AbstractEventLoop = field(alias="loop", kw_only=True)
    _feeds: defaultdict[str, Feed] = field(factory=lambda: defaultdict(Feed), init=False)
    # Those who wait for the writer wait here, where they can be cancelled and hold no thread.
    _turn: CapacityLimiter = field(factory=lambda: CapacityLimiter(1), init=False)
    # asyncio's own cancellation (Ctrl-C) passes anyio's shield and frees the turn under a writing thread.
    _writing: threading.Lock = field(factory=threading.Lock, init=False)

    def bucket(self, name: str) -> "SQLiteKV":
        """The bucket of that name; it exists from its first write on."""
        return SQLiteKV(name, self)

    def read_one(self, bucket: str, key: str) -> Entry | None:
        with translated(self.path.name):
            # `get` runs the statement to its end: one left open would keep its view for the next reader.
            row = self._reader.execute(_GET, (bucket, key)).get
        return None if row is None else Entry(*row)

    def read_range(self, bucket: str, first: str, end: str) -> tuple[list[Entry], str | None]:
        """Some 128 KiB of entries by key, from `first` to before `end`; and where the rest begins, if any."""
        found: list[Entry] = []
        size = 0
        with translated(self.path.name), closing(self._reader.execute(_RANGE, (bucket, first, end))) as rows:
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
        with self._writing:
            with translated(self.path.name), transaction(self._writer):
                revision: int = self._writer.execute(_NEXT_REVISION, bindings).get
                if self._writer.execute(statement, {**bindings, "next": revision}).get is None:
                    raise refusal
            # In the order of the commits, because the next one waits for the lock we hold.
            self._tell(bindings["bucket"], Changed(bindings["key"], bindings.get("value"), revision))
        return revision

    def _tell(self, bucket: str, change: Changed) -> None:
        # A thread that outlived its loop (Ctrl-C) has nobody to tell any more.
        with suppress(RuntimeError):
            if feed := self._feeds.get(bucket):
                self._loop.call_soon_threadsafe(feed.tell, change)

    def feed(self, bucket: str) -> Feed:
        """The watchers of a bucket, who hear of each commit before its writer does."""
        return self._feeds[bucket]

    async def told(self) -> None:
        """Return when every commit that could be read by now has been told to the watchers."""
        # What is committed is told in the event loop's next turn, once the writing thread has said so.
        if self._writing.locked():
            await to_thread.run_sync(self._wait_for_the_writer)
        await checkpoint()

    def _wait_for_the_writer(self) -> None:
        with self._writing:
            pass

    def end_watches(self) -> None:
        for feed in self._feeds.values():
            feed.end(Unavailable(f"The store {self.path.name} is closed.", dependency="store"))

    def close(self) -> None:
        with self._writing, translated(self.path.name):
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

    async def glance(self, key: str) -> Entry | None:
        return await self.get(key)

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

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator[Watcher, None]:
        # Offered what is committed from here on, while the bucket is being read.
        with self._store.feed(self.name).watcher(self._store.told) as watcher:
            watcher.begin(await self.entries())
            yield watcher

    async def incarnation(self) -> str:
        await checkpoint()
        return self._store.incarnation


@asynccontextmanager
async def open_sqlite_store(path: Path) -> AsyncIterator[SQLiteStore]:
    """Open the file, making it (mode 0600) and its directory (0700) where they are missing.

    Raises Unavailable when it cannot be opened, is damaged, is something else or from a newer version.
    The caller holds the directory's lock (`lock_data_dir`): one process a file.
    """
    store = await to_thread.run_sync(_open, path, get_running_loop())
    try:
        yield store
    finally:
        store.end_watches()
        with CancelScope(shield=True):
            await to_thread.run_sync(store.close)


def _open(path: Path, loop: AbstractEventLoop) -> SQLiteStore:
    make_private_dir(path.parent)
    make_private_file(path)
    with translated(str(path)), ExitStack() as connections:
        writer = connections.enter_context(closing(connect(path, apsw.SQLITE_OPEN_READWRITE)))
        begun = recognise(writer, path)
        configure(writer)
        if not begun:
            begin(writer)
        reader = connections.enter_context(closing(connect(path, apsw.SQLITE_OPEN_READONLY)))
        configure(reader)
        return SQLiteStore(
            path,
            writer.execute("SELECT incarnation FROM store").get,
            writer=writer,
            reader=reader,
            connections=connections.pop_all(),
            loop=loop,
        )
