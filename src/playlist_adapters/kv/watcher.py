"""One reader's share of a bucket's changes: of each key the latest it has not heard."""

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

import anyio
from anyio.lowlevel import checkpoint
from attrs import define, field, frozen

from playlist_core.errors import Unavailable
from playlist_core.ports import Change, Changed, Entry, Reset, Whole

# Values read at once for a reader who takes them one by one: this many are in memory, not the bucket's.
_READ_AHEAD: Final = 32
_TRY_AGAIN_AFTER: Final = 1.0


@frozen
class Unread:
    """A key has a value of this revision, or a newer one, which stays in the store until it is told."""

    key: str
    revision: int


News = Changed | Unread
Held = Entry | Unread
ReadEach = Callable[[Sequence[str]], Awaitable[Mapping[str, Entry]]]
"""The entries of these keys as they are now, without those that are gone; raises Unavailable."""
Barrier = Callable[[], Awaitable[None]]
"""Returns when what the bucket held at the call has been offered to its watchers; raises Unavailable."""


async def nothing_is_unread(keys: Sequence[str]) -> Mapping[str, Entry]:
    """The `ReadEach` of a bucket that offers every change with its value."""
    return {}


@define(eq=False)
class _Waiting:
    until: int
    over: anyio.Event = field(factory=anyio.Event, init=False)


@define(eq=False)
class Watcher:
    """A `Watch` as `KVStore.watch` promises it.

    It holds one change a key at most, however slow its reader is. Nothing is told before `begin`, so that
    changes which come while the bucket is being read find their place among the entries.
    """

    _barrier: Barrier = field(alias="barrier")
    _read_each: ReadEach = field(alias="read_each")
    # In a dict the first one is found ever more slowly, the more before it have gone.
    _unheard: OrderedDict[str, News] = field(factory=OrderedDict[str, News], init=False)
    # The next few, of which nothing is replaced while their values are read; and those values, once read.
    _next: deque[News] = field(factory=deque[News], init=False)
    _values: dict[str, Changed] = field(factory=dict[str, Changed], init=False)
    # The revisions of values that were told before they were offered.
    _foretold: dict[str, int] = field(factory=dict[str, int], init=False)
    _begun: bool = field(default=False, init=False)
    _reset_is_due: bool = field(default=False, init=False)
    # How many are still to be told before `Whole`; None once that was told.
    _before_whole: int | None = field(default=None, init=False)
    _failure: Unavailable | None = field(default=None, init=False)
    _news: anyio.Event = field(factory=anyio.Event, init=False)
    # How many changes were told, how many of them the reader is done with, and who waits for that.
    _told: int = field(default=0, init=False)
    _done: int = field(default=0, init=False)
    _waiting: list[_Waiting] = field(factory=list[_Waiting], init=False)

    def begin(self, entries: Iterable[Held]) -> None:
        """Tell these entries, or what was offered since they were read, as the whole bucket."""
        for entry in entries:
            self._take(entry if isinstance(entry, Unread) else _as_change(entry))
        self._before_whole = len(self._unheard)
        self._begun = True
        self._news.set()

    def begin_again(self, entries: Iterable[Held]) -> None:
        """Void what was told and tell these as the whole bucket; revisions may be of another life."""
        self._unheard.clear()
        self._next, self._values, self._foretold = deque(), {}, {}
        self._reset_is_due = True
        self.begin(entries)
        for waiting in self._waiting:
            waiting.until = self._told + self._untold

    def offer(self, news: News) -> None:
        self._take(news)
        self._news.set()

    def end(self, failure: Unavailable) -> None:
        """Raise it to the reader once everything was told."""
        self._failure = failure
        self._news.set()
        self._look_who_waited()

    async def caught_up(self) -> None:
        """As `Watch` promises."""
        await self._barrier()
        waiting = _Waiting(self._told + self._untold)
        self._waiting.append(waiting)
        try:
            self._look_who_waited()
            await waiting.over.wait()
        finally:
            self._waiting.remove(waiting)
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def __aiter__(self) -> "Watcher":
        return self

    async def __anext__(self) -> Change:
        self._done = self._told
        self._look_who_waited()
        await checkpoint()
        while True:
            match self._first():
                case None:
                    if self._failure is not None:
                        raise self._failure
                    self._news = anyio.Event()
                    await self._news.wait()
                case (Changed() | Unread()) as news if self._was_foretold(news):
                    self._take_off(news)
                case Unread(key) if key not in self._values:
                    await self._read_ahead()
                case news:
                    self._take_off(news)
                    return self._with_value(news)

    def _first(self) -> Change | Unread | None:
        if not self._begun:
            return None
        if self._reset_is_due:
            return Reset()
        if self._before_whole == 0:
            return Whole()
        # The one that has waited longest: a replaced change keeps its place.
        return self._next[0] if self._next else next(iter(self._unheard.values()), None)

    def _take_off(self, first: Change | Unread) -> None:
        self._told += 1
        match first:
            case Reset():
                self._reset_is_due = False
            case Whole():
                self._before_whole = None
            case _:
                if self._next:
                    self._next.popleft()
                else:
                    self._unheard.popitem(last=False)
                if self._before_whole is not None:
                    self._before_whole -= 1

    def _with_value(self, news: Change | Unread) -> Change:
        if not isinstance(news, Unread):
            return news
        change = self._values.pop(news.key)
        if change.revision > news.revision:
            self._foretold[news.key] = change.revision
        return change

    @property
    def _untold(self) -> int:
        untold = len(self._next) + len(self._unheard)
        return untold + self._reset_is_due + (self._before_whole is not None)

    def _look_who_waited(self) -> None:
        for waiting in self._waiting:
            if self._done >= waiting.until or self._failure is not None:
                waiting.over.set()

    async def _read_ahead(self) -> None:
        """Read the values of the next few; in an outage wait for its end, which voids them."""
        while self._unheard and len(self._next) < _READ_AHEAD:
            self._next.append(self._unheard.popitem(last=False)[1])
        ahead, self._news = self._next, anyio.Event()
        unread = [news for news in ahead if isinstance(news, Unread)]
        try:
            found = await self._read_each([each.key for each in unread])
        except Unavailable:
            if self._failure is not None:
                raise self._failure from None
            with anyio.move_on_after(_TRY_AGAIN_AFTER):
                await self._news.wait()
            return
        if ahead is self._next:
            for each in unread:
                entry = found.get(each.key)
                change = Changed(each.key, None, each.revision) if entry is None else _as_change(entry)
                # An older one comes from a server that does not know yet that it leads no more.
                if change.revision >= each.revision:
                    self._values[each.key] = change

    def _was_foretold(self, news: News) -> bool:
        foretold = self._foretold.get(news.key, 0)
        if foretold and news.revision >= foretold:
            del self._foretold[news.key]
        return news.revision <= foretold

    def _take(self, news: News) -> None:
        unheard = self._unheard.get(news.key)
        if unheard is None or unheard.revision < news.revision:
            self._unheard[news.key] = news


def _as_change(entry: Entry) -> Changed:
    return Changed(entry.key, entry.value, entry.revision)
