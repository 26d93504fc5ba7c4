"""Runs of this process: begun by a request, carried out beside it, written down as they go."""

from collections.abc import Callable, Sequence
from typing import Final

import anyio
from attrs import define, evolve, field, frozen

from playlist_core.domain.playlists import PlaylistItem
from playlist_core.domain.queue import QueueSnapshot
from playlist_core.domain.runs import FormerQueue, Run, RunStatus, item_failure
from playlist_core.domain.target import Former, Target, Wanted
from playlist_core.errors import PlaylistError
from playlist_core.ports import Clock, QueueGateway, Spawn
from playlist_core.services.convergence import Convergence, Stopped
from playlist_core.services.runs import INTERRUPTED, RunBook

# How often a run is written down: often enough for its lease, seldom compared with its commands.
_NOTED_EVERY: Final = 2.0


@frozen
class Work:
    """A run and what it is about: all items by their places, which of them are wanted, and the aim."""

    run: Run
    items: Sequence[PlaylistItem]
    wanted: Sequence[Wanted]
    aim: Callable[[QueueSnapshot, Sequence[Wanted], Convergence], Target]
    one_plays: bool = False


@define(eq=False)
class _Live:
    run: Run
    noted_at: float
    finished: anyio.Event = field(factory=anyio.Event)
    cancelled: bool = False


class _Cancelled(Exception):
    pass


@define(eq=False)
class Applying:
    """The executor: one run at a time for the channel; `spawn` carries it beside the asking request."""

    gateway: QueueGateway
    book: RunBook
    clock: Clock = field(kw_only=True)
    spawn: Spawn = field(kw_only=True)
    _live: dict[str, _Live] = field(factory=dict[str, _Live], init=False)

    async def begin(self, work: Work, snapshot: QueueSnapshot) -> Run:
        """Take the lease and start; raises Conflict `apply_in_progress`."""
        await self.book.open(work.run, _former(snapshot))
        live = _Live(work.run, self.clock.monotonic())
        self._live[work.run.run_id] = live

        async def carry_out() -> None:
            try:
                await self._carry_out(work, live)
            finally:
                live.finished.set()
                del self._live[work.run.run_id]

        self.spawn(carry_out)
        return work.run

    async def run(self, run_id: str) -> Run:
        """How far a run is; raises NotFound."""
        live = self._live.get(run_id)
        return live.run if live is not None else await self.book.get(run_id)

    async def finished(self, run_id: str) -> Run:
        """Wait for the end of a run of this process and return it as it ended."""
        live = self._live.get(run_id)
        if live is None:
            return await self.book.get(run_id)
        await live.finished.wait()
        return live.run

    def cancel(self, run_id: str) -> None:
        """End a run of this process after the command under way; others are left alone."""
        live = self._live.get(run_id)
        if live is not None:
            live.cancelled = True

    async def _carry_out(self, work: Work, live: _Live) -> None:
        async def after_step() -> None:
            live.run = self._told(work, convergence)
            if live.cancelled:
                raise _Cancelled
            if self.clock.monotonic() - live.noted_at >= _NOTED_EVERY:
                live.noted_at = self.clock.monotonic()
                await self.book.progress(live.run)

        convergence = Convergence(
            self.gateway,
            self.clock,
            aim=work.aim,
            wanted=work.wanted,
            after_step=after_step,
            one_plays=work.one_plays,
        )
        status, code, message = RunStatus.DONE, None, None
        try:
            await convergence.run()
        except _Cancelled:
            status, message = RunStatus.CANCELLED, "Cancelled; what was done so far stays."
        except Stopped as exc:
            status, code, message = RunStatus.FAILED, exc.code, exc.reason
        except PlaylistError as exc:
            status, code, message = RunStatus.FAILED, exc.code, exc.message
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                stopped = self._told(work, convergence)
                live.run = evolve(stopped, status=RunStatus.FAILED, code="interrupted", message=INTERRUPTED)
                await self._close(live)
            raise
        told = self._told(work, convergence)
        live.run = evolve(told, status=status, code=code, message=message, eta_seconds=None)
        await self._close(live)

    async def _close(self, live: _Live) -> None:
        """Write the end down; a store that is away costs the record, not the process."""
        try:
            await self.book.close(live.run)
        except PlaylistError as exc:
            note = f"The run ended, but could not be written down: {exc.message}"
            live.run = evolve(live.run, message=f"{live.run.message or ''} {note}".strip())

    def _told(self, work: Work, convergence: Convergence) -> Run:
        refused = tuple(
            item_failure(index, work.items[index], refusal.reason, refusal.message)
            for index, refusal in sorted(convergence.refused.items())
        )
        failed = (*work.run.failed, *refused)
        added = convergence.added - convergence.refused.keys()
        moved = convergence.moved - added
        kept = (convergence.settled | convergence.started) - added - moved
        placed = (convergence.settled | convergence.started | added | moved) - convergence.refused.keys()
        return evolve(
            work.run,
            updated_at=self.clock.now(),
            failed=failed,
            done=len(failed) + len(placed),
            added=len(added),
            moved=len(moved),
            kept=len(kept),
            eta_seconds=convergence.remaining_seconds,
        )


def _former(snapshot: QueueSnapshot) -> FormerQueue:
    return FormerQueue(
        items=tuple(Former(i.media_id, i.media_type, i.title, i.temp) for i in snapshot.items),
        playing=snapshot.current_index,
    )
