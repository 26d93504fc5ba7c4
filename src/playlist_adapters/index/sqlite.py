"""`CatalogIndex` in a SQLite file: built beside, swapped atomically, the snapshot before still open."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path

import anyio
import anyio.lowlevel
from anyio import to_thread
from attrs import define, field, frozen

from playlist_adapters.index.snapshot_builder import SnapshotBuilder, building_prefix
from playlist_adapters.index.snapshot_reader import SnapshotReader
from playlist_adapters.index.snapshot_writer import writing
from playlist_core.domain.catalog import (
    CatalogItem,
    SearchPage,
    SearchQuery,
    SnapshotInfo,
    refresh_in_progress,
)
from playlist_core.errors import Unavailable

# Half a millisecond of reading.
_BATCH = 500


@frozen
class _Writer:
    builder: SnapshotBuilder

    async def add(self, items: Sequence[CatalogItem]) -> None:
        await to_thread.run_sync(self.builder.add, items)

    def count(self) -> int:
        return self.builder.count


@define(eq=False)
class SQLiteIndex:
    """A `CatalogIndex` in the file `path`, of which one process may be in charge.

    Reads run in the event loop and never wait for a rebuild, which works on other files
    (`<path>.building-…`) in threads and, where it takes long, in a process of its own. The finished file
    takes the place of the old one only when it is whole and on the disk; what a crash leaves is removed when
    the index is next opened. The snapshot before the current one stays readable for as long as the process
    lives.

    Besides the failures of the port: Unavailable with code `index_unreadable` for a file that is damaged or
    not ours, until a rebuild has replaced it.
    """

    path: Path
    _current: SnapshotReader | None = field(default=None, init=False)
    _previous: SnapshotReader | None = field(default=None, init=False)
    _opening: anyio.Lock = field(factory=anyio.Lock, init=False)
    _rebuilding: bool = field(default=False, init=False)

    async def search(
        self, query: SearchQuery, *, limit: int, offset: int, snapshot_id: str | None = None
    ) -> SearchPage:
        reader, previous = self._current or await self._open(), self._previous
        if previous is not None and previous.info.snapshot_id == snapshot_id != reader.info.snapshot_id:
            reader = previous
        return reader.search(query, limit=limit, offset=offset)

    async def get_many(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        return (self._current or await self._open()).get_many(video_ids)

    async def categories(self) -> Mapping[str, int]:
        return (self._current or await self._open()).categories

    async def items(self) -> AsyncGenerator[Sequence[CatalogItem], None]:
        reader, place = self._current or await self._open(), 0
        while batch := reader.items_from(place, limit=_BATCH):
            yield batch
            place += len(batch)
            await anyio.lowlevel.checkpoint()

    async def state(self) -> SnapshotInfo | None:
        try:
            return (self._current or await self._open()).info
        except Unavailable as failure:
            if failure.code == "no_snapshot":
                return None
            raise

    @asynccontextmanager
    async def rebuild(self, snapshot_id: str, *, source: str, created_at: datetime) -> AsyncIterator[_Writer]:
        if self._rebuilding:
            raise refresh_in_progress()
        self._rebuilding = True
        try:
            with suppress(Unavailable):  # whatever is wrong with the old file, a rebuild mends it
                await self._open()
            builder = await to_thread.run_sync(self._begin)
            try:
                yield _Writer(builder)
                await builder.finish(snapshot_id=snapshot_id, source=source, created_at=created_at)
                self._show(await to_thread.run_sync(_publish, builder))
            finally:
                builder.discard()
        finally:
            self._rebuilding = False

    def close(self) -> None:
        """Let go of the files; the next read opens the index again."""
        for reader in (self._current, self._previous):
            if reader is not None:
                reader.close()
        self._current = self._previous = None

    async def _open(self) -> SnapshotReader:
        async with self._opening:
            if self._current is None:
                reader = await to_thread.run_sync(self._load)
                if self._current is None:
                    self._current = reader
                else:  # a rebuild was quicker
                    reader.close()
            return self._current

    def _load(self) -> SnapshotReader:
        if not self._rebuilding:
            self._sweep()
        return SnapshotReader.open(self.path)

    def _begin(self) -> SnapshotBuilder:
        self._sweep()
        return SnapshotBuilder.begin(self.path)

    def _sweep(self) -> None:
        """Remove what crashes left; the one process in charge is not building at this moment."""
        with writing():
            if self.path.parent.is_dir():
                for file in self.path.parent.iterdir():
                    if file.name.startswith(building_prefix(self.path)):
                        file.unlink()

    def _show(self, reader: SnapshotReader) -> None:
        if self._previous is not None:
            self._previous.close()
        self._previous, self._current = self._current, reader


def _publish(builder: SnapshotBuilder) -> SnapshotReader:
    """See that the whole snapshot can be read, and only then let it replace the old one."""
    with ExitStack() as on_failure:
        reader = SnapshotReader.open(builder.building)
        on_failure.callback(reader.close)
        builder.put_in_place()
        on_failure.pop_all()
    return reader
