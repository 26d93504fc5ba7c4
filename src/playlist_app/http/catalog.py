"""Searching the catalogue, its categories and items, and refreshing it."""

from typing import Any

from attrs import define

from playlist_app.http.door import Call, Door, Nothing, Ready, operation
from playlist_app.shapes.catalog import (
    CategoryList,
    ItemView,
    RefreshBegun,
    RefreshOrder,
    RefreshStateView,
    SearchAnswer,
    SearchParameters,
    item_view,
    refresh_state_view,
)
from playlist_app.shapes.rows import Rows
from playlist_core.domain.access import Action
from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.domain.titles import category_label
from playlist_core.services.catalog import Catalog
from playlist_core.services.refreshing import Refreshing


@define(eq=False)
class Search:
    """`GET /catalog/search`."""

    door: Door
    catalog: Catalog
    rows: Rows

    @operation(
        "Find titles as you type",
        needs=Action.SEARCH_CATALOG,
        query=SearchParameters,
        answer=SearchAnswer,
        errors=("no_snapshot", "index_unreadable"),
    )
    async def on_get(self, call: Call[Nothing, SearchParameters]) -> Ready:
        asked = call.query
        page = await self.catalog.search(
            asked.q,
            categories=asked.category,
            match=asked.match,
            limit=asked.limit,
            offset=asked.offset,
            snapshot_id=asked.snapshot_id,
        )
        return Ready(self.rows.answer(page, asked.q))


@define(eq=False)
class Categories:
    """`GET /catalog/categories`."""

    door: Door
    catalog: Catalog

    @operation(
        "All categories",
        needs=Action.SEARCH_CATALOG,
        answer=CategoryList,
        errors=("no_snapshot", "index_unreadable"),
    )
    async def on_get(self, call: Call[Nothing, Nothing]) -> CategoryList:
        snapshot_id, counts = await self.catalog.categories()
        labels = {name: category_label(name) for name in counts}
        return CategoryList(snapshot_id, tuple(counts), counts, labels)


@define(eq=False)
class OneItem:
    """`GET /catalog/items/{video_id}`."""

    door: Door
    catalog: Catalog
    manifests: ManifestTemplate

    @operation("One title", needs=Action.SEARCH_CATALOG, answer=ItemView, errors=("item_not_found",))
    async def on_get(self, call: Call[Nothing, Nothing]) -> ItemView:
        return item_view(await self.catalog.item(call.params["video_id"]), self.manifests)


@define(eq=False)
class Refresh:
    """`POST` and `GET /catalog/refresh`."""

    door: Door
    refreshing: Refreshing

    @operation(
        "Start reading the catalogue anew",
        needs=Action.REFRESH_CATALOG,
        body=RefreshOrder,
        answer=RefreshBegun,
        status=202,
        errors=("refresh_in_progress", "no_source"),
    )
    async def on_post(self, call: Call[RefreshOrder, Nothing]) -> RefreshBegun:
        return RefreshBegun(await self.refreshing.begin(allow_shrink=call.body.allow_shrink))

    @operation("How far a refresh is", needs=Action.REFRESH_CATALOG, answer=RefreshStateView)
    async def on_get(self, call: Call[Nothing, Nothing]) -> RefreshStateView:
        return refresh_state_view(await self.refreshing.recalled_state())


def catalog_routes(
    door: Door, catalog: Catalog, refreshing: Refreshing, manifests: ManifestTemplate
) -> list[tuple[str, Any]]:
    """The addresses under `/api/v1/catalog`."""
    root = "/api/v1/catalog"
    return [
        (f"{root}/search", Search(door, catalog, Rows(manifests))),
        (f"{root}/categories", Categories(door, catalog)),
        (f"{root}/items/{{video_id}}", OneItem(door, catalog, manifests)),
        (f"{root}/refresh", Refresh(door, refreshing)),
    ]
