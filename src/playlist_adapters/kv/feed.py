"""All who watch one bucket, and what they are told."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from attrs import define, field

from playlist_adapters.kv.watcher import Barrier, Held, News, ReadEach, Watcher, nothing_is_unread
from playlist_core.errors import Unavailable


@define(eq=False)
class Feed:
    """The watchers of a bucket; to be used in the event loop's thread."""

    _watchers: list[Watcher] = field(factory=list[Watcher], init=False)

    def __bool__(self) -> bool:
        return bool(self._watchers)

    @contextmanager
    def watcher(self, barrier: Barrier, read_each: ReadEach = nothing_is_unread) -> Iterator[Watcher]:
        """A new watcher, offered every change from now on; it waits for its `begin`."""
        watcher = Watcher(barrier, read_each)
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)
            watcher.end(Unavailable("Nobody reads this watch any more.", dependency="store"))

    def tell(self, news: News) -> None:
        for watcher in self._watchers:
            watcher.offer(news)

    def begin_again(self, entries: Iterable[Held]) -> None:
        entries = list(entries)
        for watcher in self._watchers:
            watcher.begin_again(entries)

    def end(self, failure: Unavailable) -> None:
        for watcher in self._watchers:
            watcher.end(failure)
