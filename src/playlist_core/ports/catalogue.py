"""The titles: the index that is searched, and where they come from."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from playlist_core.domain.catalog import CatalogItem, SearchPage, SearchQuery, SnapshotInfo
from playlist_core.domain.refresh import TellProgress, ignore_progress


class IndexWriter(Protocol):
    """A snapshot being built; nobody sees it before the context it came from exits cleanly."""

    async def add(self, items: Sequence[CatalogItem]) -> None:
        """Append items; of two with one `video_id` the later wins."""
        ...

    def count(self) -> int:
        """How many distinct items were added so far."""
        ...


class CatalogIndex(Protocol):
    """One searchable snapshot of the catalogue, replaced as a whole.

    `SearchQuery` is the only definition of what matches and in which order; every adapter agrees with it.
    Before the first snapshot every read raises Unavailable with code `no_snapshot`.
    """

    async def search(
        self, query: SearchQuery, *, limit: int, offset: int, snapshot_id: str | None = None
    ) -> SearchPage:
        """A page of matches in rank order with the exact total.

        A `snapshot_id` that is no longer kept is answered from the current one; the page names the one used.
        """
        ...

    async def get_many(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        """Those of the ids that the current snapshot holds."""
        ...

    async def categories(self) -> Mapping[str, int]:
        """Category names as stored, in natural order, with their numbers of items."""
        ...

    async def state(self) -> SnapshotInfo | None:
        """The current snapshot, or None before the first."""
        ...

    def items(self) -> AsyncGenerator[Sequence[CatalogItem], None]:
        """Every item in natural order, in batches of 1 to 500; a generator, to be closed with `aclosing`.

        It is the snapshot that is current when the first batch is asked for, also when a rebuild swaps
        meanwhile: all of it, or Unavailable `snapshot_gone` when it is kept no longer.
        """
        ...

    def rebuild(
        self, snapshot_id: str, *, source: str, created_at: datetime
    ) -> AbstractAsyncContextManager[IndexWriter]:
        """Build a new snapshot beside the current one; swapped atomically on clean exit only."""
        ...


class CatalogSource(Protocol):
    """A way to read the whole catalogue of a MediaCMS site (spec: catalog-refresh 4.1)."""

    @property
    def name(self) -> str:
        """What an administrator recognises, without credentials."""
        ...

    def iter_catalog_items(self, tell: TellProgress = ignore_progress) -> AsyncGenerator[CatalogItem, None]:
        """Every item once; an async generator, to be closed with `aclosing`.

        `tell` hears how far a source is that works long before its first item comes, or knows how many will.
        Raises InvalidInput (with the place) for a source that cannot be understood, Unavailable for one that
        cannot be reached or does not hold still: never half a catalogue.
        """
        ...
