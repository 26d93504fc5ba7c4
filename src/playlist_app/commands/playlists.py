"""Saved playlists: which there are, and what is in one."""

from attrs import define, evolve

from playlist_app.commands.orders import Command, Order
from playlist_app.shapes.commands import PlaylistsPage, ShowCommand
from playlist_app.shapes.playlists import playlist_view, summary_view
from playlist_app.shapes.replies import PlaylistReply, PlaylistsReply
from playlist_core.domain.access import Action
from playlist_core.domain.playlists import Playlist
from playlist_core.errors import InvalidInput
from playlist_core.services.catalog import Catalog
from playlist_core.services.playlists import Playlists


async def named(playlists: Playlists, playlist_id: str | None, name: str | None) -> Playlist:
    """The playlist with this id or of this name, of which one is given; raises InvalidInput, NotFound."""
    if (playlist_id is None) == (name is None):
        raise InvalidInput.of("playlist_id", "give either this or playlist_name")
    return await (playlists.find(name) if name is not None else playlists.get(playlist_id or ""))


@define(eq=False)
class PlaylistCommands:
    playlists: Playlists
    catalog: Catalog

    async def all(self, order: Order[PlaylistsPage]) -> PlaylistsReply:
        page = order.fields
        every = await self.playlists.listed()
        shown = every[page.offset : page.offset + page.limit]
        return PlaylistsReply(tuple(map(summary_view, shown)), len(every))

    async def one(self, order: Order[ShowCommand]) -> PlaylistReply:
        asked = order.fields
        playlist = await named(self.playlists, asked.playlist_id, asked.playlist_name)
        known = await self.catalog.known({item.video_id for item in playlist.items})
        view = playlist_view(playlist, known)
        shown = view.items[asked.offset : asked.offset + asked.limit]
        return PlaylistReply(evolve(view, items=shown), len(view.items))


def playlist_commands(playlists: Playlists, catalog: Catalog) -> list[Command]:
    """`playlists_list` and `playlists_show`."""
    does = PlaylistCommands(playlists, catalog)
    return [
        Command(
            name="playlists_list",
            summary="The saved playlists",
            needs=Action.READ_PLAYLISTS,
            takes=PlaylistsPage,
            reply=PlaylistsReply,
            carry_out=does.all,
        ),
        Command(
            name="playlists_show",
            summary="A saved playlist with its items",
            needs=Action.READ_PLAYLISTS,
            takes=ShowCommand,
            reply=PlaylistReply,
            errors=("playlist_not_found",),
            carry_out=does.one,
        ),
    ]
