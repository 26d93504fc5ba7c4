"""Reading a source into the index, and counting what is different from the snapshot before."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from anyio.lowlevel import checkpoint
from attrs import define, field, frozen

from playlist_core.domain.catalog import CatalogItem, SnapshotInfo
from playlist_core.domain.titles import fold
from playlist_core.errors import Unavailable
from playlist_core.ports import CatalogIndex, CatalogSource, IndexWriter
from playlist_core.services.progress import RefreshProgress

_BATCH: Final = 500
# So many are compared before others get the event loop: well under a millisecond.
_AT_A_TIME: Final = 50


@frozen(kw_only=True)
class Counts:
    """What a reading found, as in `RefreshReport`."""

    item_count: int
    new: int
    changed: int
    gone: int
    duplicates: int
    without_duration: int


@define(eq=False)
class Reading:
    """One reading; `before` is the snapshot that `index` holds all the while, if there is one.

    Of what came so far it keeps only hashes: two catalogues would not fit into the memory of a small machine.
    """

    index: CatalogIndex
    before: SnapshotInfo | None
    progress: RefreshProgress
    _ids: set[int] = field(factory=set[int], init=False)
    _titles: set[int] = field(factory=set[int], init=False)
    _kept: int = field(default=0, init=False)
    _changed: int = field(default=0, init=False)
    _duplicates: int = field(default=0, init=False)
    _without_duration: int = field(default=0, init=False)

    async def read(self, source: CatalogSource, writer: IndexWriter) -> Counts:
        """Everything from the source into the writer."""
        batch: list[CatalogItem] = []
        async with aclosing(source.iter_catalog_items(self.progress.read)) as items:
            async for item in items:
                batch.append(item)
                if len(batch) == _BATCH:
                    await self._take(batch, writer)
                    batch = []
        await self._take(batch, writer)
        return self._counts(writer.count())

    async def _take(self, batch: Sequence[CatalogItem], writer: IndexWriter) -> None:
        await writer.add(batch)
        for start in range(0, len(batch), _AT_A_TIME):
            # A source hands out every item once; one that does not shall not spoil the sums.
            fresh = [item for item in batch[start : start + _AT_A_TIME] if self._is_first(item)]
            self._look_at(fresh)
            await self._compare(fresh)
            await checkpoint()
        self.progress.came(writer.count())

    def _is_first(self, item: CatalogItem) -> bool:
        known = len(self._ids)
        self._ids.add(hash(item.video_id))
        return len(self._ids) > known

    def _look_at(self, items: Sequence[CatalogItem]) -> None:
        for item in items:
            self._without_duration += item.duration_seconds is None
            known = len(self._titles)
            self._titles.add(hash(fold(item.title) or item.title))
            self._duplicates += len(self._titles) == known

    async def _compare(self, items: Sequence[CatalogItem]) -> None:
        if self.before is None:
            return
        try:
            before = await self.index.get_many([item.video_id for item in items])
        except Unavailable:  # a damaged index: as if there had been none
            self.before, self._kept, self._changed = None, 0, 0
            return
        self._kept += len(before)
        self._changed += sum(item != before.get(item.video_id, item) for item in items)

    def _counts(self, item_count: int) -> Counts:
        return Counts(
            item_count=item_count,
            new=item_count - self._kept,
            changed=self._changed,
            gone=0 if self.before is None else self.before.item_count - self._kept,
            duplicates=self._duplicates,
            without_duration=self._without_duration,
        )
