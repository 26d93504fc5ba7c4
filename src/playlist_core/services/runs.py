"""The book of runs: who applies to the channel, how far a run is, and the queue as it was before."""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from attrs import define, evolve

from playlist_core.domain.runs import ApplyLease, FormerQueue, Run, RunStatus
from playlist_core.errors import Conflict, NotFound, PlaylistError, TooLarge
from playlist_core.ports import Clock
from playlist_core.services.documents import LEFT_TO_THE_SWEEP, Documents

# A lease that nobody renewed for so long belongs to a process that died (DESIGN, issue of applying).
LEASE_LASTS: Final = timedelta(seconds=30)
RUNS_KEPT: Final = timedelta(days=7)
INTERRUPTED: Final = "The service stopped in the middle; apply the playlist again to finish."
_LEASE: Final = "apply"
# A document holds 1 MiB; so many fit whatever their ids and titles are.
_FAILURES_WITH_TITLES: Final = 500
_FAILURES_KEPT: Final = 1_500


@define(eq=False)
class RunBook:
    """Runs as documents; at most one holds the lease."""

    runs: Documents[Run]
    leases: Documents[ApplyLease]
    former: Documents[FormerQueue]
    clock: Clock

    async def open(self, run: Run, former: FormerQueue) -> None:
        """Take the lease and write the run down; Conflict `apply_in_progress` names the run that has it."""
        lease = ApplyLease(run_id=run.run_id, by=run.by, renewed_at=self.clock.now())
        holder = await self.leases.modify(_LEASE, change=lambda held: self._taken_over(held, lease))
        if holder is not None and holder.run_id != run.run_id:
            busy = await self.runs.get(holder.run_id)
            raise Conflict(
                f"{holder.by} is putting a playlist on the air right now; wait for it or cancel it.",
                code="apply_in_progress",
                run_id=holder.run_id,
                by=holder.by,
                done=busy.value.done if busy else 0,
                total=busy.value.total if busy else 0,
            )
        try:
            await self.runs.create(run.run_id, value=run)
            with suppress(TooLarge):  # a run that cannot be undone is better than none
                await self.former.create(run.run_id, value=former)
        except PlaylistError:
            await self._give_back(run)
            raise

    async def abandon(self) -> None:
        """Take the lease from whoever had it; for a process that knows to be the only one."""
        with LEFT_TO_THE_SWEEP:
            held = await self.leases.get(_LEASE)
            if held is not None:
                await self.leases.delete(_LEASE, seen=held)

    async def progress(self, run: Run) -> Run:
        """Write down how far it is and renew the lease, and return what stands then: a cancel may have been
        asked for. Conflict when somebody took it over."""
        now = self.clock.now()

        def renewed(held: ApplyLease | None) -> ApplyLease:
            if held is None or held.run_id != run.run_id:
                raise Conflict("another run has taken over", code="apply_in_progress")
            return evolve(held, renewed_at=now)

        await self.leases.modify(_LEASE, change=renewed)
        return await self._note(run)

    async def ask_to_cancel(self, run_id: str) -> None:
        """Have a run end that another process carries out: it looks every few seconds."""

        def asked(run: Run | None) -> Run | None:
            return run and (evolve(run, cancel_asked=True) if run.status is RunStatus.RUNNING else run)

        await self.runs.modify(run_id, change=asked)

    async def current(self) -> Run | None:
        """The run that is going on now, whoever carries it out."""
        held = await self.leases.get(_LEASE)
        if held is None:
            return None
        run = await self.get(held.value.run_id)
        return run if run.status is RunStatus.RUNNING else None

    async def close(self, run: Run) -> None:
        """Write down the end and give the lease back."""
        try:
            await self._note(run)
        finally:
            await self._give_back(run)

    async def get(self, run_id: str) -> Run:
        """Raises NotFound; a run whose process died is told as failed."""
        seen = await self.runs.find(run_id)
        if seen is None:
            raise NotFound("There is no run with this id.", code="run_not_found")
        run = seen.value
        if run.status is not RunStatus.RUNNING or not await self._is_dead(run):
            return run
        return evolve(
            run,
            status=RunStatus.FAILED,
            code="interrupted",
            message=INTERRUPTED,
            eta_seconds=None,
        )

    async def queue_before(self, run_id: str) -> FormerQueue:
        """The queue as it was when the run began; raises NotFound when it is no longer kept."""
        seen = await self.former.find(run_id)
        if seen is None:
            raise NotFound("The queue before this run is no longer kept.", code="run_not_found")
        return seen.value

    async def sweep(self) -> None:
        """Forget runs of more than a week ago, with the queues before them."""
        oldest = self.clock.now() - RUNS_KEPT
        for seen in await self.runs.all():
            if seen.value.updated_at > oldest:
                continue
            with LEFT_TO_THE_SWEEP:
                former = await self.former.get(seen.value.run_id)
                if former is not None:
                    await self.former.delete(seen.value.run_id, seen=former)
                await self.runs.delete(seen.value.run_id, seen=seen)

    async def _note(self, run: Run) -> Run:
        stored = _bounded(run)

        def noted(held: Run | None) -> Run:
            return stored if held is None else evolve(stored, cancel_asked=held.cancel_asked)

        return await self.runs.modify(run.run_id, change=noted) or stored

    async def _give_back(self, run: Run) -> None:
        with LEFT_TO_THE_SWEEP:  # and to its own time, half a minute
            held = await self.leases.get(_LEASE)
            if held is not None and held.value.run_id == run.run_id:
                await self.leases.delete(_LEASE, seen=held)

    def _taken_over(self, held: ApplyLease | None, lease: ApplyLease) -> ApplyLease | None:
        if held is not None and self.clock.now() - held.renewed_at < LEASE_LASTS:
            return None
        return lease

    async def _is_dead(self, run: Run) -> bool:
        held = await self.leases.get(_LEASE)
        if held is None or held.value.run_id != run.run_id:
            return True
        return self.clock.now() - held.value.renewed_at >= LEASE_LASTS


def _bounded(run: Run) -> Run:
    """The run as it is stored: of very many failures the first ones, without the titles the playlist has."""
    if len(run.failed) <= _FAILURES_WITH_TITLES:
        return run
    return evolve(run, failed=tuple(evolve(each, title=None) for each in run.failed[:_FAILURES_KEPT]))
