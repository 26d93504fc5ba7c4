"""Marathons from playlists, categories and searches: gathered, combined, previewed, never stored."""

from collections.abc import Sequence

from anyio.lowlevel import checkpoint
from attrs import define, frozen

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.marathon import Entry, Marathon, Method, Source, build
from playlist_core.domain.playlists import MAX_ITEMS
from playlist_core.errors import TooLarge
from playlist_core.ports import Randomness
from playlist_core.services.catalog import Catalog
from playlist_core.services.playlists import Playlists


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
        gathered: list[Source] = []
        room = MAX_ITEMS
        for source in sources:
            await checkpoint()  # ranking a catalogue takes milliseconds, and there may be 26 of them
            gathered.append(await self._gather(source, room))
            room -= len(gathered[-1].entries)
        if method is Method.SHUFFLE and seed is None:
            seed = self.randomness.seed()
        return build(
            gathered, method=method, pattern=pattern, seed=seed, preserve_episode_order=preserve_episode_order
        )

    async def _gather(self, source: Gathered, room: int) -> Source:
        """The source with at most `room` entries; TooLarge for more."""
        match source:
            case FromPlaylist(playlist_id):
                playlist = await self.playlists.get(playlist_id)
                _check_room(len(playlist.items), room)
                entries = (
                    Entry(item.video_id, item.title or item.video_id, duration_seconds=item.duration_seconds)
                    for item in playlist.items
                )
                return Source(playlist.name, tuple(entries))
            case FromCategory(category):
                return Source(category, await self._found("", category, room))
            case FromSearch(q, category):
                return Source(q or category or "everything", await self._found(q, category, room))
            case FromItems(video_ids):
                _check_room(len(video_ids), room)
                known = await self.catalog.known(set(video_ids))
                return Source("items", tuple(_entry(known.get(each), each) for each in video_ids))

    async def _found(self, text: str, category: str | None, room: int) -> tuple[Entry, ...]:
        """Every match, in one search: each further page would rank all of them again."""
        categories = [] if category is None else [category]
        page = await self.catalog.search(text, categories=categories, limit=max(room, 1))
        _check_room(page.total, room)
        return tuple(_entry(item, item.video_id) for item in page.items)


def _check_room(count: int, room: int) -> None:
    if count > room:
        raise TooLarge(
            f"this marathon would have at least {MAX_ITEMS - room + count} items;"
            f" a playlist holds at most {MAX_ITEMS}",
            limit=f"{MAX_ITEMS} items",
        )


def _entry(item: CatalogItem | None, video_id: str) -> Entry:
    if item is None:
        return Entry(video_id, video_id)
    return Entry(item.video_id, item.title, duration_seconds=item.duration_seconds)
