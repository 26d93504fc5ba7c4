"""What playlists were: earlier versions, and the bin of deleted ones."""

from collections.abc import Collection, Sequence
from datetime import datetime

from attrs import define, frozen

from playlist_core.domain.playlists import VERSIONS_KEPT, Playlist
from playlist_core.errors import Conflict
from playlist_core.services.documents import LEFT_TO_THE_SWEEP, Documents, Stored


@frozen(kw_only=True)
class Buried:
    """A deleted playlist as it last was."""

    playlist: Playlist
    deleted_by: str
    deleted_at: datetime


@define(eq=False)
class PlaylistHistory:
    """Earlier states in their own bucket, so that nobody reads them with the living."""

    states: Documents[Playlist]
    bin: Documents[Buried]

    async def keep(self, playlist: Playlist) -> None:
        """Store a state before it is replaced; the same version is the same content, so once is enough."""
        try:
            await self.states.create(playlist.playlist_id, str(playlist.version), value=playlist)
        except Conflict:
            return

    async def versions(self, current: Playlist) -> Sequence[Playlist]:
        """The states before `current`, latest first, at most as many as are promised."""
        kept = [seen.value for seen in await self.states.all(current.playlist_id)]
        earlier = [state for state in kept if state.version < current.version]
        return sorted(earlier, key=lambda state: state.version, reverse=True)[: VERSIONS_KEPT - 1]

    async def trim(self, current: Playlist) -> None:
        """Drop the state that this save pushed out of the promised number."""
        await self._drop(current.playlist_id, current.version - VERSIONS_KEPT)

    async def bury(self, playlist: Playlist, *, by: str, at: datetime) -> None:
        """Into the bin, before the playlist itself goes; Conflict when two bury at once."""
        buried = Buried(playlist=playlist, deleted_by=by, deleted_at=at)
        seen = await self.bin.get(playlist.playlist_id)
        if seen is None:
            await self.bin.create(playlist.playlist_id, value=buried)
        else:
            await self.bin.update(playlist.playlist_id, value=buried, seen=seen)

    async def buried(self) -> Sequence[Stored[Buried]]:
        """Everything in the bin, dead or living again."""
        return await self.bin.all()

    async def find(self, playlist_id: str) -> Stored[Buried] | None:
        """The bin's entry of one playlist."""
        return await self.bin.find(playlist_id)

    async def unbury(self, seen: Stored[Buried]) -> None:
        """Out of the bin, after the playlist lives again; a later burial of the same playlist stays."""
        with LEFT_TO_THE_SWEEP:
            await self.bin.delete(seen.value.playlist.playlist_id, seen=seen)

    async def sweep(self, *, older_than: datetime, living: Collection[str]) -> None:
        """Forget what was deleted too long ago, with its versions; the versions of `living` ones stay."""
        for seen in await self.buried():
            if seen.value.deleted_at >= older_than:
                continue
            playlist_id = seen.value.playlist.playlist_id
            if playlist_id not in living:
                for state in await self.states.all(playlist_id):
                    await self._drop(playlist_id, state.value.version)
            await self.unbury(seen)

    async def _drop(self, playlist_id: str, version: int) -> None:
        with LEFT_TO_THE_SWEEP:
            seen = await self.states.get(playlist_id, str(version)) if version > 0 else None
            if seen is not None:
                await self.states.delete(playlist_id, str(version), seen=seen)
