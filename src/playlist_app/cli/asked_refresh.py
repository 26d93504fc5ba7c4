"""A refresh that the running service carries out, as far as it can be seen from here."""

from collections.abc import AsyncIterator
from typing import Final

import anyio
from attrs import define, field

from playlist_app.cli.display import Display
from playlist_app.cli.patience import Patience
from playlist_app.cli.refreshes import stand_of
from playlist_app.cli.remote import Service
from playlist_app.shapes.catalog import RefreshStateView, ReportView
from playlist_app.shapes.replies import RefreshReply
from playlist_app.tasks import background
from playlist_core.domain.refresh import Phase
from playlist_core.errors import OutcomeUnknown
from playlist_core.ports import Clock

# A site is read title by title, and some have very many.
_LONGEST_SECONDS: Final = 86_400.0
_LOOK_EVERY: Final = 1.0
# How long nothing may go on before the answer is given up: its sender may have died, or NATS have lost it.
_IDLE_SECONDS: Final = 15.0
_UNKNOWN: Final = "Whether the catalogue was refreshed is not known: kryten-playlist status tells its age."


@define(eq=False)
class AskedRefresh:
    """One request that waits for the end, and looks meanwhile: the answer alone names what went wrong.

    `run_id` is that of the refresh, once it was seen.
    """

    service: Service
    clock: Clock = field(kw_only=True)
    display: Display = field(kw_only=True)
    run_id: str | None = field(default=None, init=False)
    _idle_since: float | None = field(default=None, init=False)
    _report: ReportView | None = field(default=None, init=False)
    _scope: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)

    async def carry_out(self, presses: AsyncIterator[object], *, allow_shrink: bool) -> ReportView | None:
        """How it ended; None when a press of Ctrl-C has left it to the service.

        Raises PlaylistError for what made it fail, OutcomeUnknown when nobody can tell.
        """
        try:
            async with background() as tasks:
                tasks.start_soon(self._mind, presses)
                tasks.start_soon(self._look)
                tasks.start_soon(self.display.progress.keep_fresh)
                with self._scope:
                    return await self.service.ask(
                        "catalog_refresh", ReportView, timeout=_LONGEST_SECONDS, allow_shrink=allow_shrink
                    )
        finally:
            self.display.progress.end()
        return self._report

    async def _mind(self, presses: AsyncIterator[object]) -> None:
        async for _ in presses:
            self._scope.cancel()

    async def _look(self) -> None:
        patience = Patience(self.service, self.clock, tell=self.display.tell, then=_UNKNOWN)
        while True:
            await self.clock.sleep(_LOOK_EVERY)
            reply = await patience.ask("refresh_status", RefreshReply)
            if reply is not None:
                self._see(reply.refresh)

    def _see(self, state: RefreshStateView) -> None:
        if state.phase is not Phase.IDLE:
            self.run_id, self._idle_since = state.run_id, None
            self.display.show(stand_of(state))
        elif state.elsewhere is not None:
            self.run_id, self._idle_since = state.elsewhere.run_id, None
        else:
            self._wonder(state.last_report)

    def _wonder(self, last: ReportView | None) -> None:
        """Nothing goes on, and yet there is no answer."""
        now = self.clock.monotonic()
        if self._idle_since is None:
            self._idle_since = now
        if now - self._idle_since < _IDLE_SECONDS:
            return
        if last is None or last.run_id != self.run_id:
            message = f"No answer came, and nothing is being read any more. {_UNKNOWN}"
            raise OutcomeUnknown(message, correlation_id=self.service.correlation_id)
        self._report = last
        self._scope.cancel()
