"""The lease of the refresh: one replica at a time, for as long as it goes on and no minute longer."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

import anyio
from attrs import define, evolve, field

from playlist_core.domain.catalog import refresh_in_progress
from playlist_core.domain.refresh import RefreshLease
from playlist_core.errors import Conflict, OutcomeUnknown, Unavailable
from playlist_core.ports import Clock, Spawn
from playlist_core.services.documents import LEFT_TO_THE_SWEEP, Documents

LEASE_LASTS: Final = timedelta(seconds=60)
_NAME: Final = "refresh"
# A store that does not answer shall not hold up the end of the process.
_GIVING_BACK: Final = 5.0


@define(eq=False)
class RefreshLeases:
    """Who refreshes; `holder` is what other replicas call this one.

    The lease saves work and answers questions. That two who believe to hold it cannot harm each other is the
    business of `SharedSnapshots`.
    """

    leases: Documents[RefreshLease]
    holder: str = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    spawn: Spawn = field(kw_only=True)
    renew_seconds: float = field(default=20.0, kw_only=True)
    # The run that ended last, whose lease may still be there because the store was away.
    _given_up: str | None = field(default=None, init=False)

    async def take(self, run_id: str) -> None:
        """Take the lease, or go on without while the store is away.

        Raises Conflict `refresh_in_progress`, naming the run of another replica that has it.
        """
        ours = RefreshLease(holder=self.holder, run_id=run_id, expires_at=self._later())
        try:
            held = await self.leases.modify(
                _NAME, change=lambda held: ours if held is None or self._is_over(held) else None
            )
        except (Unavailable, OutcomeUnknown):
            return
        if held is not None and held.run_id != run_id:
            raise refresh_in_progress(held.run_id)

    async def renew(self, run_id: str) -> None:
        """Hold it for another minute; Conflict when it is not ours, or not any more."""

        def renewed(held: RefreshLease | None) -> RefreshLease:
            if held is None or held.run_id != run_id:
                raise Conflict("another replica has taken over", code="refresh_in_progress")
            return evolve(held, expires_at=self._later())

        await self.leases.modify(_NAME, change=renewed)

    @contextmanager
    def renewing(self, run_id: str) -> Generator[None, None, None]:
        """Renew it beside the work that is done inside."""
        scope = anyio.CancelScope()
        self.spawn(lambda: self._renew_for_ever(run_id, scope))
        try:
            yield
        finally:
            scope.cancel()

    async def release(self, run_id: str) -> None:
        """Give it back if it is ours; what cannot be given back runs out by itself."""
        self._given_up = run_id
        with anyio.move_on_after(_GIVING_BACK, shield=True), LEFT_TO_THE_SWEEP:
            async for _ in self.leases.attempts():
                held = await self.leases.get(_NAME)
                if held is None or held.value.run_id != run_id:
                    break
                with suppress(Conflict):  # a renewal was still on its way
                    await self.leases.delete(_NAME, seen=held)
                    break

    async def holder_now(self) -> RefreshLease | None:
        """Who refreshes at this moment, if anybody does."""
        held = await self.leases.get(_NAME)
        return None if held is None or self._is_over(held.value) else held.value

    async def abandon(self) -> None:
        """Take the lease from whoever had it; for a process that knows to be the only one."""
        with LEFT_TO_THE_SWEEP:
            held = await self.leases.get(_NAME)
            if held is not None:
                await self.leases.delete(_NAME, seen=held)

    async def _renew_for_ever(self, run_id: str, scope: anyio.CancelScope) -> None:
        with scope:
            while True:
                # Real time: other processes wait for it, whatever the clock of this one stands for.
                await anyio.sleep(self.renew_seconds)
                with LEFT_TO_THE_SWEEP:
                    await self.renew(run_id)

    def _is_over(self, lease: RefreshLease) -> bool:
        return lease.run_id == self._given_up or self.clock.now() >= lease.expires_at

    def _later(self) -> datetime:
        return self.clock.now() + LEASE_LASTS
