"""The catalogue: searching the snapshot that counts, its categories and its items."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from attrs import define, field

from playlist_core.domain.catalog import CatalogItem, SearchPage, SearchQuery, SnapshotInfo, no_snapshot
from playlist_core.errors import NotFound
from playlist_core.ports import CatalogIndex


@define(eq=False)
class Catalog:
    """Reading the catalogue (PRD GH-002).

    `refreshed` is awaited whenever another snapshot has begun to count.
    """

    index: CatalogIndex
    refreshed: Callable[[], Awaitable[None]] | None = field(default=None, kw_only=True)

    async def search(
        self,
        text: str,
        *,
        categories: Sequence[str] = (),
        match: str = "any",
        limit: int = 50,
        offset: int = 0,
        snapshot_id: str | None = None,
    ) -> SearchPage:
        """A page of titles; raises InvalidInput for text over 500 characters, Unavailable `no_snapshot`."""
        query = SearchQuery.parse(text, categories, match=match)
        return await self.index.search(query, limit=limit, offset=offset, snapshot_id=snapshot_id)

    async def categories(self) -> tuple[str, Mapping[str, int]]:
        """The snapshot's id, and its categories in natural order with their numbers of items."""
        counts = await self.index.categories()
        return (await self.snapshot()).snapshot_id, counts

    async def item(self, video_id: str) -> CatalogItem:
        """Raises NotFound `item_not_found`."""
        found = await self.index.get_many([video_id])
        if video_id not in found:
            raise NotFound("There is no title with this id in the catalogue.", code="item_not_found")
        return found[video_id]

    async def known(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        """Those of the ids that are titles; none before the first snapshot."""
        return await known_items(self.index, video_ids)

    async def snapshot(self) -> SnapshotInfo:
        """The snapshot that answers now; raises Unavailable `no_snapshot`."""
        info = await self.index.state()
        if info is None:
            raise no_snapshot()
        return info

    async def announce(self) -> None:
        """Another snapshot counts from now on."""
        if self.refreshed is not None:
            await self.refreshed()


async def known_items(index: CatalogIndex, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
    """Those of the ids that are titles; none before the first snapshot."""
    if not video_ids or await index.state() is None:
        return {}
    return await index.get_many(video_ids)
