"""The list of saved playlists without reading them: what each tells in short, kept as the store changes."""

import logging
from bisect import bisect_left, insort
from collections.abc import Collection, Sequence
from typing import Final

from attrs import define, field

from playlist_core.domain.playlists import Playlist, Record, name_key
from playlist_core.domain.summaries import Summary
from playlist_core.errors import Unavailable
from playlist_core.ports import Changed, Entry, Reset, Watch, Whole
from playlist_core.services.documents import Documents, Stored

_AGAIN_AFTER: Final = 1.0

log = logging.getLogger("kryten_playlist.store")


@define(eq=False)
class Shelf:
    """What stands under the keys of playlists, each living one as its `Summary`, in the order of names."""

    _standing: dict[str, Stored[Record]] = field(factory=dict[str, Stored[Record]], init=False)
    # The key of the name, the key in the store, which is unique, and so decides before the summary would.
    _in_order: list[tuple[str, str, Summary]] = field(factory=list[tuple[str, str, Summary]], init=False)
    _living: tuple[Summary, ...] | None = field(default=(), init=False)

    def put(self, key: str, seen: Stored[Record]) -> None:
        """What stands there now, instead of what stood there before."""
        self.drop(key)
        if isinstance(seen.value, Playlist):
            short = Summary.of(seen.value)
            insort(self._in_order, (name_key(short.name), key, short))
            seen = Stored(short, seen.revision)
        self._standing[key] = seen

    def drop(self, key: str) -> None:
        """Nothing stands there any more."""
        seen = self._standing.pop(key, None)
        if seen is not None and isinstance(seen.value, Summary):
            del self._in_order[bisect_left(self._in_order, (name_key(seen.value.name), key, seen.value))]
        self._living = None

    @property
    def living(self) -> tuple[Summary, ...]:
        """The living playlists by name; the same tuple until something changes."""
        if self._living is None:
            self._living = tuple(short for _, _, short in self._in_order)
        return self._living

    @property
    def names(self) -> Collection[str]:
        """The keys of their names."""
        return {name for name, _, _ in self._in_order}

    @property
    def standing(self) -> Sequence[Stored[Record]]:
        """Everything that stands, voids included, in no order."""
        return tuple(self._standing.values())


@define(eq=False)
class PlaylistSummaries:
    """All saved playlists in short, as new as the question, wherever they were saved.

    While `run` follows the bucket, each document is read once for each change and its items are forgotten.
    While nobody does, or the store is away, the store itself is asked: then every document is read each time.
    """

    records: Documents[Record]
    _shelf: Shelf = field(factory=Shelf, init=False)
    _watch: Watch | None = field(default=None, init=False)
    # The revisions of documents that cannot be read, each complained of once.
    _unreadable: dict[str, int] = field(factory=dict[str, int], init=False)
    _trouble: str = field(default="", init=False)

    async def run(self) -> None:
        """Follow the bucket for ever; one that cannot be followed is tried again every second."""
        while True:
            try:
                async with self.records.store.watch() as watch:
                    self._shelf, self._watch = Shelf(), watch
                    await self._take_from(watch)
            except Unavailable as exc:
                self._complain(exc)
            finally:
                self._watch = None
            await self.records.clock.sleep(_AGAIN_AFTER)

    async def living(self) -> Sequence[Summary]:
        """Every living playlist, by name; the very same sequence while nothing has changed.

        One that cannot be read is left out. Raises Unavailable when the store is away.
        """
        return (await self._current()).living

    async def names(self) -> Collection[str]:
        """The keys of the names of living playlists; raises Unavailable."""
        return (await self._current()).names

    async def standing(self) -> Sequence[Stored[Record]]:
        """What stands under every playlist's key: a `Summary`, or a `Void`; raises Unavailable."""
        return (await self._current()).standing

    async def _current(self) -> Shelf:
        while (watch := self._watch) is not None:
            shelf = self._shelf
            try:
                await watch.caught_up()
            except Unavailable:
                break
            # After a reset in between the shelf is being filled anew.
            if shelf is self._shelf:
                return shelf
        return await self._read()

    async def _read(self) -> Shelf:
        """Everything from the store itself."""
        shelf = Shelf()
        for entry in await self.records.store.entries(self._prefix):
            self._take(shelf, entry)
            # Decoding a large one takes a while; others want their turn.
            await self.records.clock.sleep(0)
        return shelf

    async def _take_from(self, watch: Watch) -> None:
        prefix = self._prefix
        async for change in watch:
            match change:
                case Changed(key, value, revision) if key.startswith(prefix):
                    if value is None:
                        self._shelf.drop(key)
                        self._unreadable.pop(key, None)
                    else:
                        self._take(self._shelf, Entry(key, value, revision))
                case Reset():
                    self._shelf = Shelf()
                case Whole():
                    self._trouble = ""
                case _:
                    pass

    def _take(self, shelf: Shelf, entry: Entry) -> None:
        try:
            shelf.put(entry.key, self.records.decode(entry))
        except Unavailable as exc:
            shelf.drop(entry.key)
            if self._unreadable.get(entry.key) != entry.revision:
                log.error("%s", exc.message)
            self._unreadable[entry.key] = entry.revision

    def _complain(self, trouble: Unavailable) -> None:
        """Once for each kind: it is tried again every second."""
        if trouble.message != self._trouble:
            log.warning("Playlists are listed by reading them all: %s", trouble.message)
        self._trouble = trouble.message

    @property
    def _prefix(self) -> str:
        return self.records.key() + "/"
