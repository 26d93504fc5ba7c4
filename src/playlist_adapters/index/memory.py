"""`CatalogIndex` as a list and the core's own functions: what search means, in executable form."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from anyio.lowlevel import checkpoint
from attrs import Factory, define, field, frozen

from playlist_core.domain.catalog import (
    CatalogItem,
    IndexedItem,
    SearchPage,
    SearchQuery,
    SnapshotInfo,
    count_categories,
    no_snapshot,
    refresh_in_progress,
)
from playlist_core.domain.search import Vocabulary, answer

_BATCH = 500


def _categories_of(entries: Mapping[str, IndexedItem]) -> dict[str, int]:
    return count_categories(Counter(entry.item.categories for entry in entries.values()))


@frozen
class _Snapshot:
    info: SnapshotInfo
    entries: Mapping[str, IndexedItem]

    def search(self, query: SearchQuery, *, limit: int, offset: int) -> SearchPage:
        def find(query: SearchQuery) -> SearchPage:
            found = sorted(filter(query.matches, self.entries.values()), key=query.order)
            page = tuple(entry.item for entry in found[offset : offset + limit])
            return SearchPage(snapshot_id=self.info.snapshot_id, items=page, total=len(found))

        return answer(query, find, self._vocabulary)

    def _vocabulary(self) -> Vocabulary:
        return Vocabulary.of(entry.text.shown for entry in self.entries.values())

    def categories(self) -> dict[str, int]:
        return _categories_of(self.entries)


@define(eq=False)
class _Writer:
    entries: dict[str, IndexedItem] = Factory(dict)

    async def add(self, items: Sequence[CatalogItem]) -> None:
        self.entries.update((item.video_id, IndexedItem.of(item)) for item in items)

    def count(self) -> int:
        return len(self.entries)


@define(eq=False)
class MemoryIndex:
    """A `CatalogIndex` for tests and demonstrations; the previous snapshot stays readable by its id."""

    _current: _Snapshot | None = field(default=None, init=False)
    _previous: _Snapshot | None = field(default=None, init=False)
    _rebuilding: bool = field(default=False, init=False)

    async def search(
        self, query: SearchQuery, *, limit: int, offset: int, snapshot_id: str | None = None
    ) -> SearchPage:
        snapshot, previous = self._required(), self._previous
        if previous is not None and previous.info.snapshot_id == snapshot_id != snapshot.info.snapshot_id:
            snapshot = previous
        return snapshot.search(query, limit=limit, offset=offset)

    async def get_many(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        entries = self._required().entries
        return {video_id: entries[video_id].item for video_id in video_ids if video_id in entries}

    async def categories(self) -> Mapping[str, int]:
        return self._required().categories()

    async def state(self) -> SnapshotInfo | None:
        return None if self._current is None else self._current.info

    async def items(self) -> AsyncGenerator[Sequence[CatalogItem], None]:
        everything = SearchQuery()
        entries = sorted(self._required().entries.values(), key=everything.order)
        for start in range(0, len(entries), _BATCH):
            await checkpoint()
            yield [entry.item for entry in entries[start : start + _BATCH]]

    @asynccontextmanager
    async def rebuild(self, snapshot_id: str, *, source: str, created_at: datetime) -> AsyncIterator[_Writer]:
        if self._rebuilding:
            raise refresh_in_progress()
        self._rebuilding = True
        try:
            writer = _Writer()
            yield writer
        finally:
            self._rebuilding = False
        info = SnapshotInfo(
            snapshot_id=snapshot_id,
            source=source,
            created_at=created_at,
            item_count=writer.count(),
            category_count=len(_categories_of(writer.entries)),
        )
        self._previous, self._current = self._current, _Snapshot(info, writer.entries)

    def _required(self) -> _Snapshot:
        if self._current is None:
            raise no_snapshot()
        return self._current
