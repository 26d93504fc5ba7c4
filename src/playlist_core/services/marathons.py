"""Marathons from playlists, categories and searches: gathered, combined, previewed, never stored."""

from collections.abc import Sequence
from typing import Final

from attrs import define, frozen

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.marathon import Entry, Marathon, Method, Source, build
from playlist_core.domain.playlists import MAX_ITEMS
from playlist_core.errors import TooLarge
from playlist_core.ports import Randomness
from playlist_core.services.catalog import Catalog
from playlist_core.services.playlists import Playlists

_PAGE: Final = 200


@frozen
class FromPlaylist:
    """All items of a saved playlist, in its order."""

    playlist_id: str


@frozen
class FromCategory:
    """All titles of a category, in the catalogue's order."""

    category: str


@frozen
class FromSearch:
    """All titles that a search finds, best first."""

    q: str
    category: str | None = None


@frozen
class FromItems:
    """The items named, in this order."""

    video_ids: tuple[str, ...]


Gathered = FromPlaylist | FromCategory | FromSearch | FromItems


@define(eq=False)
class Marathons:
    """The use-case of marathons (PRD GH-008, GH-015)."""

    playlists: Playlists
    catalog: Catalog
    randomness: Randomness

    async def preview(
        self,
        sources: Sequence[Gathered],
        *,
        method: Method = Method.CONCATENATE,
        pattern: str | None = None,
        seed: str | None = None,
        preserve_episode_order: bool = True,
    ) -> Marathon:
        """The combined order. A shuffle without a seed gets one, which the result names.

        Raises NotFound for a playlist that is gone, TooLarge beyond what one playlist could hold, and what
        `playlist_core.domain.marathon.build` raises.
        """
        gathered = [await self._gather(source) for source in sources]
        total = sum(len(source.entries) for source in gathered)
        if total > MAX_ITEMS:
            raise TooLarge(
                f"this marathon would have {total} items; a playlist holds at most {MAX_ITEMS}",
                limit=f"{MAX_ITEMS} items",
            )
        if method is Method.SHUFFLE and seed is None:
            seed = self.randomness.seed()
        return build(
            gathered, method=method, pattern=pattern, seed=seed, preserve_episode_order=preserve_episode_order
        )

    async def _gather(self, source: Gathered) -> Source:
        match source:
            case FromPlaylist(playlist_id):
                playlist = await self.playlists.get(playlist_id)
                entries = (
                    Entry(item.video_id, item.title or item.video_id, duration_seconds=item.duration_seconds)
                    for item in playlist.items
                )
                return Source(playlist.name, tuple(entries))
            case FromCategory(category):
                return Source(category, await self._found("", category))
            case FromSearch(q, category):
                return Source(q or category or "everything", await self._found(q, category))
            case FromItems(video_ids):
                known = await self.catalog.known(set(video_ids))
                return Source("items", tuple(_entry(known.get(each), each) for each in video_ids))

    async def _found(self, text: str, category: str | None) -> tuple[Entry, ...]:
        """Every match, page by page of one snapshot."""
        categories = [] if category is None else [category]
        entries: list[Entry] = []
        snapshot_id: str | None = None
        while True:
            page = await self.catalog.search(
                text, categories=categories, limit=_PAGE, offset=len(entries), snapshot_id=snapshot_id
            )
            snapshot_id = page.snapshot_id
            entries.extend(_entry(item, item.video_id) for item in page.items)
            if len(entries) >= page.total or not page.items or len(entries) > MAX_ITEMS:
                return tuple(entries)


def _entry(item: CatalogItem | None, video_id: str) -> Entry:
    if item is None:
        return Entry(video_id, video_id)
    return Entry(item.video_id, item.title, duration_seconds=item.duration_seconds)
