"""Refreshing the catalogue without being asked, every so often."""

import logging
from datetime import timedelta

from attrs import define, field

from playlist_core.domain.schedule import back_off, jittered, soon, until_due
from playlist_core.errors import PlaylistError, Unavailable
from playlist_core.ports import Clock, Randomness
from playlist_core.services.refreshing import Refreshing

log = logging.getLogger("kryten_playlist.refresh")


@define(eq=False)
class ScheduledRefreshes:
    """A refresh whenever the catalogue is `every` old, give or take a tenth (`catalog.refresh_every`).

    The age of the snapshot counts: a restart is no reason to refresh, and whoever refreshes first, by hand or
    on another replica, has done it for all.
    """

    refreshing: Refreshing
    every: timedelta = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    _failures: int = field(default=0, init=False)

    async def run(self) -> None:
        """Refresh for ever: failures are logged and tried again. Without a source there is nothing to do."""
        if self.refreshing.source is None:
            log.warning("catalog.refresh_every is set, but no catalog.source to read: nothing is refreshed")
            return
        interval = self._interval()
        wait = until_due(interval, await self._age()) or soon(self._seconds, self.randomness.fraction())
        while True:
            await self.clock.sleep(wait)
            wait = until_due(interval, await self._age())
            if wait:  # somebody else has refreshed meanwhile
                continue
            retry = await self._refresh()
            if retry is None:
                interval = self._interval()
            wait = interval if retry is None else retry

    async def _refresh(self) -> float | None:
        """One try; after how many seconds to try again before the next interval is over, None for not."""
        try:
            report = await self.refreshing.refresh()
        except PlaylistError as exc:
            underway = exc.code == "refresh_in_progress"
            if not underway:
                log.warning("the scheduled refresh failed: %s", exc.message)
            # A refresh under way elsewhere may still come to nothing.
            if underway or isinstance(exc, Unavailable):
                self._failures += 1
                return back_off(self._seconds, self._failures, self.randomness.fraction())
        else:
            log.info("the scheduled refresh found %d titles", report.item_count)
        self._failures = 0
        return None

    async def _age(self) -> float | None:
        """Of the snapshot that counts here, in seconds; None without one."""
        info = await self.refreshing.snapshot_so_far()
        return None if info is None else (self.clock.now() - info.created_at).total_seconds()

    def _interval(self) -> float:
        return jittered(self._seconds, self.randomness.fraction())

    @property
    def _seconds(self) -> float:
        return self.every.total_seconds()
