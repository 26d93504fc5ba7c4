"""`KVStore` in memory, with outages, lost answers and races on demand, for demos and tests."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from secrets import token_hex

from anyio.lowlevel import checkpoint
from attrs import Factory, define, field, frozen

from playlist_adapters.kv.feed import Feed
from playlist_adapters.kv.keys import (
    already_exists,
    check_key,
    check_prefix,
    check_revision,
    check_value,
    stale_revision,
)
from playlist_adapters.kv.watcher import Watcher
from playlist_core.errors import Conflict, OutcomeUnknown, Unavailable
from playlist_core.ports import Changed, Entry


@frozen
class Lost:
    """The write never reaches the store; the writer hears OutcomeUnknown."""


@frozen
class Landed:
    """The write reaches the store and its answer is lost: OutcomeUnknown, whether it was taken or refused."""


@frozen
class Late:
    """OutcomeUnknown now; the write reaches the store, with its condition, at `deliver_late`."""


@define(eq=False)
class MemoryKV:
    """One bucket in memory; nothing survives the process.

    - `fail_with`: every operation raises it until it is None again.
    - `next_writes`: fates of the coming writes, used up in order; writes beyond them are ordinary.
    - `before_operation`: awaited with the operation's name and its key (the prefix for `entries`, empty for
      `watch`, `caught_up` and `incarnation`; a glance is a `get`) before each operation touches the bucket,
      so that a test can let another writer in first or set `fail_with`. It replaces the checkpoint: with it
      set no event loop is needed.
    """

    fail_with: Unavailable | None = None
    next_writes: list[Lost | Landed | Late] = Factory(list)
    before_operation: Callable[[str, str], Awaitable[None]] | None = field(default=None, kw_only=True)
    _incarnation: str = field(factory=lambda: token_hex(16), kw_only=True)
    _entries: dict[str, Entry] = field(factory=dict, init=False)
    _revision: int = field(default=0, init=False)
    _underway: list[Callable[[], int]] = field(factory=list, init=False)
    _feed: Feed = field(factory=Feed, init=False)

    async def get(self, key: str) -> Entry | None:
        check_key(key)
        await self._reach("get", key)
        return self._entries.get(key)

    async def glance(self, key: str) -> Entry | None:
        return await self.get(key)

    async def create(self, key: str, value: bytes) -> int:
        check_key(key)
        check_value(value)
        await self._reach("create", key)
        return self._write(partial(self._create, key, value))

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        check_key(key)
        check_value(value)
        check_revision(revision)
        await self._reach("update", key)
        return self._write(partial(self._update, key, value, revision))

    async def delete(self, key: str, *, revision: int) -> None:
        check_key(key)
        check_revision(revision)
        await self._reach("delete", key)
        self._write(partial(self._delete, key, revision))

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        check_prefix(prefix)
        await self._reach("entries", prefix)
        return [self._entries[key] for key in sorted(self._entries) if key.startswith(prefix)]

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator[Watcher, None]:
        await self._reach("watch", "")
        with self._feed.watcher(partial(self._reach, "caught_up", "")) as watcher:
            watcher.begin(self._entries.values())
            yield watcher

    async def incarnation(self) -> str:
        await self._reach("incarnation", "")
        return self._incarnation

    def deliver_late(self) -> int:
        """Let the `Late` writes arrive, oldest first; how many of them the bucket took."""
        underway, self._underway = self._underway, []
        taken = 0
        for change in underway:
            with suppress(Conflict):
                change()
                taken += 1
        return taken

    def reset_watches(self) -> None:
        """Let every watcher hear what it hears after an outage: `Reset`, everything again, `Whole`."""
        self._feed.begin_again(self._entries.values())

    async def _reach(self, operation: str, key: str) -> None:
        """The way to the store: others run meanwhile, and the store may be out of reach."""
        if self.before_operation is not None:
            await self.before_operation(operation, key)
        else:
            await checkpoint()
        if self.fail_with is not None:
            # The same error is raised again and again; without this its traceback would only grow.
            raise self.fail_with.with_traceback(None)

    def _write(self, change: Callable[[], int]) -> int:
        if not self.next_writes:
            return change()
        match self.next_writes.pop(0):
            case Lost():
                pass
            case Landed():
                with suppress(Conflict):
                    change()
            case Late():
                self._underway.append(change)
        raise OutcomeUnknown("The store did not answer in time: read again before repeating.")

    def _create(self, key: str, value: bytes) -> int:
        if key in self._entries:
            raise already_exists()
        return self._store(key, value)

    def _update(self, key: str, value: bytes, revision: int) -> int:
        self._require(key, revision)
        return self._store(key, value)

    def _delete(self, key: str, revision: int) -> int:
        self._require(key, revision)
        del self._entries[key]
        gone = self._next_revision()
        self._feed.tell(Changed(key, None, gone))
        return gone

    def _require(self, key: str, revision: int) -> None:
        held = self._entries.get(key)
        if held is None or held.revision != revision:
            raise stale_revision()

    def _store(self, key: str, value: bytes) -> int:
        revision = self._next_revision()
        self._entries[key] = Entry(key, value, revision)
        self._feed.tell(Changed(key, value, revision))
        return revision

    def _next_revision(self) -> int:
        self._revision += 1
        return self._revision
