"""Refreshing the catalogue without ever showing half of one: read, build, check, swap, tell the others."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import anyio
from attrs import asdict, define, evolve, field

from playlist_core.domain.catalog import SnapshotInfo, refresh_in_progress
from playlist_core.domain.refresh import (
    Phase,
    RefreshLease,
    RefreshReport,
    RefreshState,
    check_size,
)
from playlist_core.errors import Conflict, OutcomeUnknown, PlaylistError, TooLarge, Unavailable
from playlist_core.ports import CatalogSource, Clock, Randomness, Spawn
from playlist_core.services.catalog import Catalog
from playlist_core.services.documents import LEFT_TO_THE_SWEEP, Documents
from playlist_core.services.leases import RefreshLeases
from playlist_core.services.progress import Listener, RefreshProgress
from playlist_core.services.reading import Reading
from playlist_core.services.snapshots import SharedSnapshots

log = logging.getLogger("kryten_playlist.refresh")

# Who holds the lease is right, so he tries again when somebody else's older snapshot came in between.
_TRIES: Final = 3


@define(eq=False)
class Refreshing:
    """The refresh (PRD GH-003, spec: catalog-refresh): one at a time, here and on all replicas.

    `turn` is held by whatever replaces the snapshot of this replica.
    """

    catalog: Catalog
    source: CatalogSource | None = field(kw_only=True)
    shared: SharedSnapshots = field(kw_only=True)
    leases: RefreshLeases = field(kw_only=True)
    reports: Documents[RefreshReport] = field(kw_only=True)
    progress: RefreshProgress = field(kw_only=True)
    max_shrink: float = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    spawn: Spawn = field(kw_only=True)
    turn: anyio.Lock = field(factory=anyio.Lock, init=False)
    # The last report, for as long as the store has not heard of it.
    _untold: RefreshReport | None = field(default=None, init=False)

    @property
    def state(self) -> RefreshState:
        """How far a refresh of this process is, and how those before ended."""
        return self.progress.state

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the state after each change, until what is returned is called."""
        return self.progress.listen(listener)

    async def recalled_state(self) -> RefreshState:
        """`state` with what the store knows: a later last report, and who refreshes elsewhere.

        Never raises: what the store cannot tell, or has in a form that nobody can read, is not there.
        """
        kept, lease = await self._kept_report(), await self._lease()
        state = self.state
        if kept is not None and (state.last is None or kept.finished_at > state.last.finished_at):
            state = evolve(state, last=kept, last_good=kept)
        elif kept is not None and state.last_good is None:
            state = evolve(state, last_good=kept)
        if lease is not None and state.phase is Phase.IDLE:
            state = evolve(state, elsewhere=lease)
        return state

    async def begin(self, *, allow_shrink: bool = False) -> str:
        """Start a refresh beside the asking request and return its id.

        Raises Conflict `refresh_in_progress` (here or on another replica), Unavailable `no_source`.
        """
        source, report = await self._claim()

        async def carry_out() -> None:
            try:
                await self._run(source, report, allow_shrink=allow_shrink)
            except PlaylistError as exc:  # kept as the last report
                log.warning("the catalogue was not refreshed: %s", exc.message)

        self.spawn(carry_out)
        return report.run_id

    async def refresh(self, *, allow_shrink: bool = False) -> RefreshReport:
        """Refresh and wait for the end; raises what made it fail, and what `begin` raises."""
        source, report = await self._claim()
        return await self._run(source, report, allow_shrink=allow_shrink)

    async def snapshot_so_far(self) -> SnapshotInfo | None:
        """The snapshot that counts here; one that cannot be read is no reason not to make another."""
        try:
            return await self.catalog.index.state()
        except Unavailable:
            return None

    async def has_become_shared(self, snapshot_id: str) -> None:
        """The store knows the snapshot, so it shall know of its report, too; raises like any write."""
        if self._untold is not None and self._untold.snapshot_id == snapshot_id:
            report = evolve(self._untold, shared=True)
            await self._tell(report)
            self.progress.correct(report)

    async def abandon(self) -> None:
        """Take the lease from whoever had it; for a process that knows to be the only one."""
        await self.leases.abandon()

    async def _claim(self) -> tuple[CatalogSource, RefreshReport]:
        """The source, and the report of a run that has begun."""
        if self.source is None:
            raise Unavailable("No catalogue source is configured: set catalog.source.", code="no_source")
        if self.state.phase is not Phase.IDLE:
            raise refresh_in_progress(self.state.run_id)
        run_id, now = self.randomness.identifier(), self.clock.now()
        report = RefreshReport(run_id=run_id, source=self.source.name, started_at=now, finished_at=now)
        self.progress.begin(run_id)
        claimed = False
        try:
            await self.leases.take(run_id)
            claimed = True
        finally:
            if not claimed:
                await self.leases.release(run_id)  # cancelled, it may have been taken all the same
                self.progress.end(None)
        return self.source, report

    async def _run(
        self, source: CatalogSource, report: RefreshReport, *, allow_shrink: bool
    ) -> RefreshReport:
        run_id = report.run_id
        ended: RefreshReport | None = None
        try:
            with self.leases.renewing(run_id):
                async with self.turn:
                    report = await self._rebuild(source, report, allow_shrink=allow_shrink)
                    shared = await self._share(run_id)
            ended = report = evolve(report, shared=shared, finished_at=self.clock.now())
            await self._keep(ended)
        except PlaylistError as exc:
            failure = {"code": exc.code, "message": exc.message, "details": dict(exc.details)}
            ended = evolve(report, finished_at=self.clock.now(), **failure)
            raise
        finally:
            await self.leases.release(run_id)
            self.progress.end(ended)
        return report

    async def _rebuild(
        self, source: CatalogSource, report: RefreshReport, *, allow_shrink: bool
    ) -> RefreshReport:
        """The new snapshot in place of the old one, or an error and the old one as it was."""
        snapshot_id = self._snapshot_id(report.started_at)
        before = await self.snapshot_so_far()
        reading = Reading(self.catalog.index, before, self.progress)
        async with self.catalog.index.rebuild(
            snapshot_id, source=source.name, created_at=report.started_at
        ) as writer:
            counts = await reading.read(source, writer)
            check_size(
                await self._shared_count() if before is None else before.item_count,
                counts.item_count,
                gone=counts.gone,
                max_shrink=self.max_shrink,
                allow_shrink=allow_shrink,
            )
            self.progress.enter(Phase.BUILDING, step="index")
        await self.catalog.announce()
        return evolve(report, snapshot_id=snapshot_id, **asdict(counts))

    async def _shared_count(self) -> int | None:
        """How many titles the other replicas have: a replica without a catalogue may not shrink theirs."""
        with suppress(Unavailable):
            current = await self.shared.current()
            return None if current is None else current.item_count
        return None

    async def _share(self, run_id: str) -> bool:
        """Whether the other replicas can have it; if not, `Following` sees to that later."""
        info = await self.catalog.snapshot()
        self.progress.enter(Phase.SHARING, step="parts", expected=info.item_count)
        try:
            await self._publish(info, run_id)
        except (Conflict, Unavailable, OutcomeUnknown, TooLarge) as exc:
            log.warning("the catalogue is refreshed, but only here so far: %s", exc.message)
            return False
        with LEFT_TO_THE_SWEEP:
            await self.shared.sweep()
        return True

    async def _publish(self, info: SnapshotInfo, run_id: str) -> None:
        """As long as the lease is ours: Conflict when it is not any more."""
        for _ in range(_TRIES):
            await self.leases.renew(run_id)
            with suppress(Conflict):
                return await self.shared.publish(
                    info,
                    self.catalog.index,
                    tell=lambda done: self.progress.move(done, info.item_count),
                    confirm=lambda: self.leases.renew(run_id),
                )
        raise Conflict("other replicas publish their catalogues at this moment")

    async def _keep(self, report: RefreshReport) -> None:
        """For whoever asks after a restart, or elsewhere; not before the store knows the snapshot."""
        self._untold = report
        if report.shared:
            with suppress(Unavailable, OutcomeUnknown):
                await self._tell(report)

    async def _tell(self, report: RefreshReport) -> None:
        def later(kept: RefreshReport | None) -> RefreshReport:
            return report if kept is None or kept.finished_at <= report.finished_at else kept

        await self.reports.modify(change=later)
        self._untold = None

    async def _kept_report(self) -> RefreshReport | None:
        try:
            kept = await self.reports.get()
        except Unavailable:
            return None
        return None if kept is None else kept.value

    async def _lease(self) -> RefreshLease | None:
        try:
            return await self.leases.holder_now()
        except Unavailable:
            return None

    def _snapshot_id(self, moment: datetime) -> str:
        """An ISO 8601 time and a suffix against collisions (spec: catalog-refresh 4.2)."""
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{stamp}-{self.randomness.identifier()[:6]}"
