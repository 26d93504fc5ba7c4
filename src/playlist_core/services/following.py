"""One catalogue on all replicas: building what another one has published, publishing what none has seen."""

from contextlib import aclosing
from typing import Final

import anyio
from attrs import define

from playlist_core.domain.catalog import SnapshotInfo
from playlist_core.domain.sharing import CurrentNote, Follow, Share, course
from playlist_core.services.documents import LEFT_TO_THE_SWEEP
from playlist_core.services.parts import unreadable_part
from playlist_core.services.refreshing import Refreshing

FOLLOW_SECONDS: Final = 5.0
"""How often `reconcile` is due; it costs one `get` while there is nothing to do."""


@define(eq=False)
class Following:
    """The replica's share in that (DESIGN decision 9): `domain.sharing.course` says who gives way."""

    refreshing: Refreshing

    async def reconcile(self) -> None:
        """Bring the snapshot here and the one in the store together, unless a refresh is about to.

        Raises Unavailable, OutcomeUnknown or Conflict: everything is as before or already better, try again.
        """
        turn = self.refreshing.turn
        try:
            turn.acquire_nowait()
        except anyio.WouldBlock:
            return
        try:
            await self._reconcile()
        finally:
            turn.release()

    async def _reconcile(self) -> None:
        ours = await self.refreshing.snapshot_so_far()
        current = await self.refreshing.shared.current()
        match course(ours, current):
            case Follow(note):
                await self._follow(note)
            case Share(info):
                await self._share(info)
            case None if ours is not None:
                await self.refreshing.has_become_shared(ours.snapshot_id)
            case None:
                pass

    async def _follow(self, note: CurrentNote) -> None:
        catalog, shared = self.refreshing.catalog, self.refreshing.shared
        async with catalog.index.rebuild(
            note.snapshot_id, source=note.source, created_at=note.created_at
        ) as writer:
            async with aclosing(shared.items_of(note)) as batches:
                async for batch in batches:
                    await writer.add(batch)
            if writer.count() != note.item_count:
                raise unreadable_part()
        await catalog.announce()

    async def _share(self, ours: SnapshotInfo) -> None:
        if await self.refreshing.leases.holder_now() is not None:
            return  # that one publishes a later snapshot in a moment
        shared = self.refreshing.shared
        await shared.publish(ours, self.refreshing.catalog.index)
        with LEFT_TO_THE_SWEEP:
            await shared.sweep()
        await self.refreshing.has_become_shared(ours.snapshot_id)
