"""Saved playlists: list, save, read, delete, earlier versions."""

from typing import Any

from attrs import define, field

from playlist_app.http.door import Call, Door, Nothing, Ready, operation
from playlist_app.http.headers import ETAG, IF_MATCH, LOCATION, if_match, tag
from playlist_app.shapes.playlists import (
    Created,
    ListParameters,
    PlaylistBody,
    PlaylistList,
    PlaylistRows,
    PlaylistView,
    RestoreOrder,
    Saved,
    VersionList,
    playlist_view,
    summary_view,
    version_view,
)
from playlist_core.domain.access import Action
from playlist_core.domain.playlists import PlaylistItem
from playlist_core.domain.summaries import Summary
from playlist_core.services.catalog import Catalog
from playlist_core.services.playlists import Playlists


@define(eq=False)
class AllPlaylists:
    """`GET` and `POST /playlists`."""

    door: Door
    playlists: Playlists
    rows: PlaylistRows = field(factory=PlaylistRows, init=False)

    @operation("The saved playlists", needs=Action.READ_PLAYLISTS, query=ListParameters, answer=PlaylistList)
    async def on_get(self, call: Call[Nothing, ListParameters]) -> PlaylistList | Ready:
        if not call.query.deleted:
            return Ready(await self.rows.answer(await self.playlists.listed()))
        return PlaylistList(
            tuple(
                summary_view(
                    Summary.of(buried.playlist), deleted_at=buried.deleted_at, deleted_by=buried.deleted_by
                )
                for buried in await self.playlists.deleted()
            )
        )

    @operation(
        "Save a new playlist",
        needs=Action.EDIT_PLAYLISTS,
        body=PlaylistBody,
        answer=Created,
        status=201,
        errors=("name_taken", "invalid", "too_large"),
        gives=(ETAG, LOCATION),
    )
    async def on_post(self, call: Call[PlaylistBody, Nothing]) -> Created:
        playlist = await self.playlists.create(call.actor, call.body.name, _items(call.body))
        tag(call.resp, playlist.version)
        call.resp.location = f"/api/v1/playlists/{playlist.playlist_id}"
        return Created(playlist.playlist_id, playlist.version)


@define(eq=False)
class OnePlaylist:
    """`GET`, `PUT` and `DELETE /playlists/{playlist_id}`."""

    door: Door
    playlists: Playlists
    catalog: Catalog

    @operation(
        "A playlist with its items",
        needs=Action.READ_PLAYLISTS,
        answer=PlaylistView,
        errors=("playlist_not_found",),
        gives=(ETAG,),
    )
    async def on_get(self, call: Call[Nothing, Nothing]) -> PlaylistView:
        playlist = await self.playlists.get(call.params["playlist_id"])
        tag(call.resp, playlist.version)
        known = await self.catalog.known({item.video_id for item in playlist.items})
        return playlist_view(playlist, known)

    @operation(
        "Save over a playlist; with If-Match only over the version it names",
        needs=Action.EDIT_PLAYLISTS,
        body=PlaylistBody,
        answer=Saved,
        errors=("name_taken", "stale_version", "playlist_not_found", "invalid", "too_large"),
        takes=(IF_MATCH,),
        gives=(ETAG,),
    )
    async def on_put(self, call: Call[PlaylistBody, Nothing]) -> Saved:
        playlist = await self.playlists.save(
            call.actor,
            call.params["playlist_id"],
            name=call.body.name,
            items=_items(call.body),
            if_version=if_match(call.req),
        )
        tag(call.resp, playlist.version)
        return Saved(playlist.playlist_id, playlist.version, playlist.updated_at)

    @operation(
        "Delete a playlist; it can be restored for 30 days",
        needs=Action.EDIT_PLAYLISTS,
        status=204,
        errors=("stale_version", "playlist_not_found"),
        takes=(IF_MATCH,),
    )
    async def on_delete(self, call: Call[Nothing, Nothing]) -> None:
        await self.playlists.delete(call.actor, call.params["playlist_id"], if_version=if_match(call.req))


@define(eq=False)
class Versions:
    """`GET /playlists/{playlist_id}/versions`."""

    door: Door
    playlists: Playlists

    @operation(
        "The versions that can be restored",
        needs=Action.READ_PLAYLISTS,
        answer=VersionList,
        errors=("playlist_not_found",),
    )
    async def on_get(self, call: Call[Nothing, Nothing]) -> VersionList:
        states = await self.playlists.versions(call.params["playlist_id"])
        return VersionList(tuple(map(version_view, states)))


@define(eq=False)
class Restore:
    """`POST /playlists/{playlist_id}/restore`."""

    door: Door
    playlists: Playlists

    @operation(
        "Bring an earlier version, or a deleted playlist, back",
        needs=Action.EDIT_PLAYLISTS,
        body=RestoreOrder,
        answer=Saved,
        errors=("playlist_not_found", "version_not_found", "name_taken"),
        gives=(ETAG,),
    )
    async def on_post(self, call: Call[RestoreOrder, Nothing]) -> Saved:
        playlist = await self.playlists.restore(call.actor, call.params["playlist_id"], call.body.version)
        tag(call.resp, playlist.version)
        return Saved(playlist.playlist_id, playlist.version, playlist.updated_at)


def _items(body: PlaylistBody) -> list[PlaylistItem]:
    return [PlaylistItem(item.video_id) for item in body.items]


def playlist_routes(door: Door, playlists: Playlists, catalog: Catalog) -> list[tuple[str, Any]]:
    """The addresses under `/api/v1/playlists`."""
    root = "/api/v1/playlists"
    return [
        (root, AllPlaylists(door, playlists)),
        (f"{root}/{{playlist_id}}", OnePlaylist(door, playlists, catalog)),
        (f"{root}/{{playlist_id}}/versions", Versions(door, playlists)),
        (f"{root}/{{playlist_id}}/restore", Restore(door, playlists)),
    ]
