"""Runs of this process: begun by a request, carried out beside it, written down as they go."""

from collections.abc import Callable, Sequence
from typing import Final

import anyio
from attrs import define, evolve, field, frozen

from playlist_core.domain.playlists import PlaylistItem
from playlist_core.domain.queue import QueueSnapshot
from playlist_core.domain.runs import FormerQueue, Run, RunStatus, item_failure
from playlist_core.domain.target import Former, Target, Wanted
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown, PlaylistError, Unavailable
from playlist_core.ports import Clock, QueueGateway, Spawn
from playlist_core.services.convergence import Convergence, Stopped
from playlist_core.services.runs import INTERRUPTED, RunBook

_AWAY: Final = "The channel went away; what was done so far stays. Apply again when it is back."
# How often a run is written down: often enough for its lease, seldom compared with its commands.
_NOTED_EVERY: Final = 2.0
# How long it may go on without: the lease lasts 30 s. Then it waits, and sends nothing.
_UNNOTED_MOST: Final = 20.0
_STORE_AWAY_MOST: Final = 90.0
_STORE_LOOK: Final = 1.0
# The queue as it was must fit into one document; very long ones go without their titles.
_TITLES_KEPT: Final = 1_000


@frozen
class Work:
    """A run and what it is about: all items by their places, which of them are wanted, and the aim."""

    run: Run
    items: Sequence[PlaylistItem]
    wanted: Sequence[Wanted]
    aim: Callable[[QueueSnapshot, Sequence[Wanted], Convergence], Target]
    one_plays: bool = False
    may_end_empty: bool = False


@define(eq=False)
class _Live:
    run: Run
    noted_at: float
    tried_at: float
    finished: anyio.Event = field(factory=anyio.Event)
    cancelled: bool = False
    interrupted: bool = False


class _Cancelled(Exception):
    pass


class _Interrupted(Exception):
    pass


@define(eq=False)
class Applying:
    """The executor: one run at a time for the channel; `spawn` carries it beside the asking request."""

    gateway: QueueGateway
    book: RunBook
    clock: Clock = field(kw_only=True)
    spawn: Spawn = field(kw_only=True)
    _live: dict[str, _Live] = field(factory=dict[str, _Live], init=False)
    _stopping: bool = field(default=False, init=False)

    async def begin(self, work: Work, snapshot: QueueSnapshot) -> Run:
        """Take the lease and start; raises Conflict `apply_in_progress`."""
        await self.book.open(work.run, _former(snapshot))
        now = self.clock.monotonic()
        live = _Live(work.run, now, now, interrupted=self._stopping)
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

    async def cancel(self, run_id: str) -> None:
        """End a run after the command under way; one of another process within seconds."""
        live = self._live.get(run_id)
        if live is None:
            await self.book.ask_to_cancel(run_id)
        else:
            live.cancelled = True

    def stop(self) -> None:
        """The service is stopping: every run ends after the command under way, also one begun later."""
        self._stopping = True
        for live in self._live.values():
            live.interrupted = True

    async def _carry_out(self, work: Work, live: _Live) -> None:
        async def after_step() -> None:
            live.run = self._told(work, convergence)
            if live.cancelled:
                raise _Cancelled
            if live.interrupted:
                raise _Interrupted
            await self._note(live)

        convergence = Convergence(
            self.gateway,
            self.clock,
            aim=work.aim,
            wanted=work.wanted,
            after_step=after_step,
            one_plays=work.one_plays,
            may_end_empty=work.may_end_empty,
        )
        status, code, message = RunStatus.DONE, None, None
        try:
            await convergence.run()
        except _Cancelled:
            status, code, message = RunStatus.CANCELLED, "cancelled", "Cancelled; what was done so far stays."
        except _Interrupted:
            status, code, message = RunStatus.FAILED, "interrupted", INTERRUPTED
        except Stopped as exc:
            status, code, message = RunStatus.FAILED, exc.code, exc.reason
        except ChannelUnavailable as exc:
            status, code, message = RunStatus.FAILED, exc.code, _AWAY
        except PlaylistError as exc:
            status, code, message = RunStatus.FAILED, exc.code, exc.message
        except anyio.get_cancelled_exc_class():
            self._stopping = True  # whoever cancels us does not wait for a store that is away
            with anyio.CancelScope(shield=True):
                await self._end(work, convergence, live, RunStatus.FAILED, "interrupted", INTERRUPTED)
            raise
        await self._end(work, convergence, live, status, code, message)

    async def _note(self, live: _Live) -> None:
        """Write down how far it is; a store that is away for a moment does not stop the channel.

        One that is away for longer does: nothing more is sent before it was written down again.
        """
        if self.clock.monotonic() - live.tried_at < _NOTED_EVERY:
            return
        while True:
            live.tried_at = self.clock.monotonic()
            try:
                noted = await self.book.progress(live.run)
            except (Unavailable, OutcomeUnknown):
                away = live.tried_at - live.noted_at
                if away > _STORE_AWAY_MOST:
                    raise
                if away <= _UNNOTED_MOST or live.cancelled or live.interrupted:
                    return
                await self.clock.sleep(_STORE_LOOK)
            else:
                live.noted_at = live.tried_at
                live.cancelled = live.cancelled or noted.cancel_asked
                return

    async def _end(
        self,
        work: Work,
        convergence: Convergence,
        live: _Live,
        status: RunStatus,
        code: str | None,
        message: str | None,
    ) -> None:
        """Tell how it ended; what a run that stopped has not come to is missing for the same reason."""
        told = self._told(work, convergence)
        if status is not RunStatus.DONE:
            stand = convergence.settled | convergence.started | convergence.added | convergence.moved
            missing = [w.index for w in work.wanted if w.index not in stand | convergence.refused.keys()]
            left = (item_failure(i, work.items[i], code or status.value, message or "") for i in missing)
            told = evolve(told, failed=(*told.failed, *left), done=told.done + len(missing))
        live.run = evolve(told, status=status, code=code, message=message, eta_seconds=None)
        await self._close(live)

    async def _close(self, live: _Live) -> None:
        """Write the end down; whoever waits for it hears of it also while the store is away."""
        ended = self.clock.monotonic()
        while True:
            try:
                return await self.book.close(live.run)
            except (Unavailable, OutcomeUnknown) as exc:
                if self._stopping or self.clock.monotonic() - ended > _STORE_AWAY_MOST:
                    return _not_written(live, exc)
            except PlaylistError as exc:
                return _not_written(live, exc)
            live.finished.set()
            await self.clock.sleep(_STORE_LOOK)

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


def _not_written(live: _Live, exc: PlaylistError) -> None:
    """It costs the record, not the process."""
    note = f"The run ended, but could not be written down: {exc.message}"
    live.run = evolve(live.run, message=f"{live.run.message or ''} {note}".strip())


def _former(snapshot: QueueSnapshot) -> FormerQueue:
    titled = len(snapshot.items) <= _TITLES_KEPT
    return FormerQueue(
        items=tuple(
            Former(i.media_id, i.media_type, i.title if titled else "", i.temp) for i in snapshot.items
        ),
        playing=snapshot.current_index,
    )
