"""Unique playlist names without transactions: a claim on the name, the playlist itself as the truth.

The protocol of DESIGN decision 2, letter by letter; `tests/unit/test_name_claims.py` explores every
interleaving of it with a crash at every state.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import define, evolve, frozen

from playlist_core.domain.playlists import Playlist, Record, Void, name_key
from playlist_core.domain.summaries import Summary
from playlist_core.errors import Conflict, NameTaken, Unavailable
from playlist_core.ports import Clock
from playlist_core.services.codec import stored
from playlist_core.services.documents import LEFT_TO_THE_SWEEP, Documents, Stored

# A younger claim is taken for a creation under way; for liveness only, safety rests on the fence.
CLAIM_SETTLES: Final = timedelta(seconds=10)
VOID_KEPT: Final = timedelta(hours=24)


@frozen(kw_only=True)
class Claim:
    """Whose a name is, from the moment of the claim on; it counts only while the playlist agrees."""

    playlist_id: str
    name: str
    claimed_at: datetime


@define(eq=False)
class PlaylistNames:
    """Creating, renaming and removing playlists so that no two living ones ever share a name.

    Every method that loses a race raises Conflict and leaves nothing of its own behind.
    """

    claims: Documents[Claim]
    records: Documents[Record]
    clock: Clock

    async def create(self, playlist: Playlist) -> None:
        """(a) Claim, then the playlist; NameTaken when a living playlist has the name."""
        claim = await self._claim(playlist)
        try:
            await self.records.create(playlist.playlist_id, value=playlist)
        except Conflict:
            await self._release(playlist.name, claim)
            raise

    async def rename(self, seen: Stored[Record], before: Playlist, after: Playlist) -> None:
        """(e) `after` has another name than `before`, the playlist that was read as `seen`."""
        old = await self.claims.get(name_key(before.name))
        claim = await self._claim(after)
        try:
            await self.records.update(after.playlist_id, value=after, seen=seen)
        except Conflict:
            await self._release(after.name, claim)
            raise
        if old is not None and old.value.playlist_id == before.playlist_id:
            await self._release(before.name, old)

    async def remove(self, seen: Stored[Record], playlist: Playlist) -> None:
        """(f) without the burial, which the caller does first: the playlist, then its claim."""
        claim = await self.claims.get(name_key(playlist.name))
        await self.records.delete(playlist.playlist_id, seen=seen)
        if claim is not None and claim.value.playlist_id == playlist.playlist_id:
            await self._release(playlist.name, claim)

    async def revive(self, playlist: Playlist) -> None:
        """(g) The claim, then the playlist where nothing or a void stands; Conflict when it lives.

        What stands there is read before the claim: a fence drawn after the claim must stop this.
        """
        seen = await self.records.get(playlist.playlist_id)
        if seen is not None and not isinstance(seen.value, Void):
            raise Conflict("the playlist is not deleted any more", code="not_deleted")
        claim = await self._claim(playlist)
        try:
            if seen is None:
                await self.records.create(playlist.playlist_id, value=playlist)
            else:
                await self.records.update(playlist.playlist_id, value=playlist, seen=seen)
        except Conflict:
            await self._release(playlist.name, claim)
            raise

    async def find(self, name: str) -> Playlist | None:
        """The living playlist of this name."""
        held = await self.claims.find(name_key(name))
        seen = None if held is None else await self.records.find(held.value.playlist_id)
        if seen is None or not isinstance(seen.value, Playlist):
            return None
        return seen.value if name_key(seen.value.name) == name_key(name) else None

    async def sweep(self, records: Sequence[Stored[Record]]) -> None:
        """Remove claims that nobody stands behind, and voids after 24 h.

        `records` are all there are, the living ones whole or in short; one that lives by now is left alone.
        """
        playlists = [seen.value for seen in records if isinstance(seen.value, Playlist | Summary)]
        living = {(playlist.playlist_id, name_key(playlist.name)) for playlist in playlists}
        for held in await self.claims.all():
            if (held.value.playlist_id, name_key(held.value.name)) in living:
                continue
            try:
                await self._fence(held)
                await self._release(held.value.name, held)
            except Conflict:
                continue
            except Unavailable as exc:
                # Who stands behind a claim whose playlist cannot be read, only `migrate` can tell.
                if exc.code != "store_unreadable":
                    raise
        for seen in records:
            if isinstance(seen.value, Void) and self.clock.now() - seen.value.voided_at > VOID_KEPT:
                await self._forget(seen)

    async def _claim(self, playlist: Playlist) -> Stored[Claim] | None:
        """(a)-(d): the name for this playlist, taken over if nobody living stands behind it.

        Returns what to give back on failure: nothing when the claim was this playlist's before, because
        then another edit of the same playlist may be counting on it.
        """
        key = name_key(playlist.name)
        claim = Claim(playlist_id=playlist.playlist_id, name=playlist.name, claimed_at=self.clock.now())
        async for _ in self.claims.attempts():
            held = await self.claims.get(key)
            try:
                if held is None:
                    return await self.claims.create(key, value=claim)
                mine = held.value.playlist_id == playlist.playlist_id
                if not mine:
                    await self._fence(held)
                rewritten = await self.claims.update(key, value=claim, seen=held)
                return None if mine else rewritten
            except NameTaken:
                raise
            except Conflict:
                continue
        raise Unavailable("the store is too busy to claim this name; nothing was changed, try again")

    async def _fence(self, held: Stored[Claim]) -> None:
        """(b), (c): make sure that the holder of a claim can never finish; NameTaken if it lives or may yet.

        Raises Conflict when the holder moved meanwhile.
        """
        claim = held.value
        seen = await self.records.get(claim.playlist_id)
        living = seen.value if seen is not None and isinstance(seen.value, Playlist) else None
        if living is not None and name_key(living.name) == name_key(claim.name):
            raise _taken(claim)
        if self.clock.now() - claim.claimed_at < CLAIM_SETTLES:
            raise _taken(claim)
        void = Void(playlist_id=claim.playlist_id, voided_at=self.clock.now())
        if seen is None:
            await self.records.create(claim.playlist_id, value=void)
        else:
            fence = void if living is None else evolve(living, fence=living.fence + 1)
            await self.records.update(claim.playlist_id, value=fence, seen=seen)

    async def _release(self, name: str, claim: Stored[Claim] | None) -> None:
        """Give a claim back by the revision it was read with; somebody else's stays.

        Whatever it is for is decided by then, so a store that is away now leaves the claim to the sweep.
        """
        if claim is not None:
            with LEFT_TO_THE_SWEEP:
                await self.claims.delete(name_key(name), seen=claim)

    async def _forget(self, void: Stored[Record]) -> None:
        with LEFT_TO_THE_SWEEP:
            await self.records.delete(void.value.playlist_id, seen=void)


def _record(plain: Any, _: Any) -> Record:
    return stored.structure(plain, Void if "voided_at" in plain else Playlist)


# By identity: a hook for the class would also catch its subclasses.
stored.register_structure_hook_func(lambda kind: kind is Record, _record)


def _taken(claim: Claim) -> NameTaken:
    return NameTaken(
        f"There is already a playlist called “{claim.name}”.",
        name=claim.name,
        playlist_id=claim.playlist_id,
    )
