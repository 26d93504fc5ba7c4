"""`playlists list` and `playlists show`: asked of the running service, or read from the data directory."""

import argparse
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

import anyio
from attrs import define, evolve

from playlist_app.cli.naming import named
from playlist_app.cli.output import length_text, print_json, say
from playlist_app.cli.remote import Outside, Service, reached
from playlist_app.cli.settings import settings_of
from playlist_app.config import Settings
from playlist_app.services import Library
from playlist_app.shapes.playlists import (
    PlaylistItemView,
    PlaylistSummary,
    PlaylistView,
    playlist_view,
    summary_view,
)
from playlist_app.shapes.replies import PlaylistReply, PlaylistsReply
from playlist_app.wiring import wire_files
from playlist_core.errors import Conflict, NotFound

# So many fit into one answer whatever their titles are.
_PAGE: Final = 500
_READINGS: Final = 5


class Shelf(Protocol):
    """Where saved playlists are."""

    async def all(self) -> Sequence[PlaylistSummary]:
        """Every one by name, without its items."""
        ...

    async def one(self, *, playlist_id: str | None, playlist_name: str | None) -> PlaylistView:
        """One with its items, named either way; raises NotFound."""
        ...


@define(eq=False)
class SharedShelf:
    """The playlists of the running service."""

    service: Service

    async def all(self) -> Sequence[PlaylistSummary]:
        """A page after the other; one that is saved meanwhile may be missing, none comes twice."""
        found: dict[str, PlaylistSummary] = {}
        asked = 0
        while True:
            page = await self.service.ask("playlists_list", PlaylistsReply, limit=_PAGE, offset=asked)
            found |= {each.playlist_id: each for each in page.playlists}
            asked += len(page.playlists)
            if not page.playlists or asked >= page.total:
                return list(found.values())

    async def one(self, *, playlist_id: str | None, playlist_name: str | None) -> PlaylistView:
        """A page after the other, all of one version; raises Conflict when it is saved again and again."""
        for _ in range(_READINGS):
            page = await self._page(playlist_id, playlist_name, 0)
            whole = await self._rest(page.playlist, page.item_count)
            if whole is not None:
                return whole
        raise Conflict("This playlist is being saved again and again; try once more.")

    async def _rest(self, first: PlaylistView, item_count: int) -> PlaylistView | None:
        """The whole of what the first page began; None when another version has come in between."""
        items: list[PlaylistItemView] = [*first.items]
        while len(items) < item_count:
            page = await self._page(first.playlist_id, None, len(items))
            if page.playlist.version != first.version or not page.playlist.items:
                return None
            items += page.playlist.items
        return evolve(first, items=tuple(items))

    async def _page(self, playlist_id: str | None, name: str | None, offset: int) -> PlaylistReply:
        return await self.service.ask(
            "playlists_show",
            PlaylistReply,
            playlist_id=playlist_id,
            playlist_name=name,
            limit=_PAGE,
            offset=offset,
        )


@define(eq=False)
class OwnShelf:
    """The playlists in the data directory."""

    library: Library

    async def all(self) -> Sequence[PlaylistSummary]:
        return [summary_view(each) for each in await self.library.playlists.listed()]

    async def one(self, *, playlist_id: str | None, playlist_name: str | None) -> PlaylistView:
        playlists = self.library.playlists
        if playlist_name is not None:
            playlist = await playlists.find(playlist_name)
        else:
            playlist = await playlists.get(playlist_id or "")
        known = await self.library.catalog.known({item.video_id for item in playlist.items})
        return playlist_view(playlist, known)


@asynccontextmanager
async def open_shelf(
    settings: Settings, args: argparse.Namespace, outside: Outside
) -> AsyncGenerator[Shelf, None]:
    """The service's where `nats_url` is set, otherwise what is in the data directory.

    Raises NotFound where there is neither, and what `reached` and `wire_files` raise.
    """
    if settings.nats_url is not None:
        async with reached(settings, args, outside) as service:
            yield SharedShelf(service)
        return
    if not settings.data_dir.exists():
        raise NotFound(
            f"There is nothing in {settings.data_dir}; with nats_url in the settings the running service"
            " is asked instead.",
            code="no_data",
        )
    async with wire_files(settings) as library:
        yield OwnShelf(library)


async def names_of(shelf: Shelf) -> list[str]:
    """The names of all playlists."""
    return [each.name for each in await shelf.all()]


def list_all(args: argparse.Namespace, outside: Outside) -> int:
    """Every saved playlist by name."""
    found = anyio.run(_all, settings_of(args), args, outside)
    if args.json:
        print_json({"playlists": found, "total": len(found)})
        return 0
    for each in found:
        length = length_text(each.duration_seconds)
        say(f"{each.playlist_id:16}  {each.item_count:>5}  {length:>9}  {each.name}")
    say("1 playlist." if len(found) == 1 else f"{len(found):,} playlists.")
    return 0


async def _all(settings: Settings, args: argparse.Namespace, outside: Outside) -> Sequence[PlaylistSummary]:
    async with open_shelf(settings, args, outside) as shelf:
        return await shelf.all()


def show(args: argparse.Namespace, outside: Outside) -> int:
    """One playlist with its items."""
    playlist = anyio.run(_one, settings_of(args), args, outside)
    if args.json:
        print_json({"playlist": playlist, "item_count": len(playlist.items)})
        return 0
    say(f"{playlist.name}  ({playlist.playlist_id}, version {playlist.version})")
    for number, item in enumerate(playlist.items, 1):
        gone = "" if item.available else f"  ({item.unavailable_reason or 'unavailable'})"
        say(f"{number:>5}.  {length_text(item.duration_seconds):>8}  {item.display_title}{gone}")
    say(f"{_sum(playlist)}. Saved by {playlist.updated_by}, {playlist.updated_at:%Y-%m-%d %H:%M} UTC.")
    return 0


async def _one(settings: Settings, args: argparse.Namespace, outside: Outside) -> PlaylistView:
    async with open_shelf(settings, args, outside) as shelf:
        return await named(" ".join(args.name), shelf.one, names=lambda: names_of(shelf))


def _sum(playlist: PlaylistView) -> str:
    count = len(playlist.items)
    items = "1 item" if count == 1 else f"{count:,} items"
    unknown = f", {playlist.unknown_durations:,} of unknown length" if playlist.unknown_durations else ""
    return f"{items}, {length_text(playlist.duration_seconds)}{unknown}"
