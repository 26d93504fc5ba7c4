"""What the watchers of a bucket are told: of each key the latest change they have not heard."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import anyio
from anyio.lowlevel import checkpoint
from attrs import define, field

from playlist_core.errors import Unavailable
from playlist_core.ports import Change, Changed, Entry, Reset, Whole


@define(eq=False)
class _Waiting:
    until: int
    over: anyio.Event = field(factory=anyio.Event, init=False)


@define(eq=False)
class Watcher:
    """One reader's share, as `KVStore.watch` promises it.

    It holds one change a key at most, however slow its reader is. Nothing is told before `begin`, so that
    changes which come while the bucket is being read find their place among the entries.
    """

    _unheard: dict[str, Changed] = field(factory=dict[str, Changed], init=False)
    _begun: bool = field(default=False, init=False)
    _reset_is_due: bool = field(default=False, init=False)
    # How many are still to be told before `Whole`; None once that was told.
    _before_whole: int | None = field(default=None, init=False)
    _failure: Unavailable | None = field(default=None, init=False)
    _news: anyio.Event | None = field(default=None, init=False)
    # How many changes were told, how many of them the reader is done with, and who waits for that.
    _told: int = field(default=0, init=False)
    _done: int = field(default=0, init=False)
    _waiting: list["_Waiting"] = field(factory=list["_Waiting"], init=False)

    def begin(self, entries: Iterable[Entry]) -> None:
        """Tell these entries, or what was offered since they were read, as the whole bucket."""
        for entry in entries:
            self._take(Changed(entry.key, entry.value, entry.revision))
        self._before_whole = len(self._unheard)
        self._begun = True
        self._wake()

    def begin_again(self, entries: Iterable[Entry]) -> None:
        """Void what was told and tell these as the whole bucket; revisions may be of another life."""
        self._unheard.clear()
        self._reset_is_due = True
        self.begin(entries)
        for waiting in self._waiting:
            waiting.until = self._told + len(self._unheard)

    def offer(self, change: Changed) -> None:
        self._take(change)
        self._wake()

    def end(self, failure: Unavailable) -> None:
        """Raise it to the reader once everything was told."""
        self._failure = failure
        self._wake()
        for waiting in self._waiting:
            waiting.over.set()

    async def caught_up(self) -> None:
        """As `Watch` promises, for what was offered until now."""
        waiting = _Waiting(self._told + len(self._unheard))
        self._waiting.append(waiting)
        try:
            self._look_who_waited()
            await waiting.over.wait()
        finally:
            self._waiting.remove(waiting)
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def _look_who_waited(self) -> None:
        for waiting in self._waiting:
            if self._done >= waiting.until or self._failure is not None:
                waiting.over.set()

    def __aiter__(self) -> "Watcher":
        return self

    async def __anext__(self) -> Change:
        self._done = self._told
        self._look_who_waited()
        await checkpoint()
        while (change := self._next()) is None:
            if self._failure is not None:
                raise self._failure
            self._news = anyio.Event()
            await self._news.wait()
        return change

    def _next(self) -> Change | None:
        if not self._begun:
            return None
        if self._reset_is_due:
            self._reset_is_due = False
            return Reset()
        if self._before_whole == 0:
            self._before_whole = None
            return Whole()
        if not self._unheard:
            return None
        if self._before_whole is not None:
            self._before_whole -= 1
        self._told += 1
        # The one that has waited longest: a replaced change keeps its place.
        return self._unheard.pop(next(iter(self._unheard)))

    def _take(self, change: Changed) -> None:
        unheard = self._unheard.get(change.key)
        if unheard is None or unheard.revision < change.revision:
            self._unheard[change.key] = change

    def _wake(self) -> None:
        if self._news is not None:
            self._news.set()


@define(eq=False)
class Feed:
    """All watchers of one bucket; to be used in the event loop's thread."""

    _watchers: list[Watcher] = field(factory=list[Watcher], init=False)

    def __bool__(self) -> bool:
        return bool(self._watchers)

    @contextmanager
    def watcher(self) -> Iterator[Watcher]:
        """A new watcher, offered every change from now on; it waits for its `begin`."""
        watcher = Watcher()
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    def tell(self, change: Changed) -> None:
        for watcher in self._watchers:
            watcher.offer(change)

    def begin_again(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        for watcher in self._watchers:
            watcher.begin_again(entries)

    def end(self, failure: Unavailable) -> None:
        for watcher in self._watchers:
            watcher.end(failure)
