"""How often CyTube lets one connection do something, to the millisecond."""

from datetime import datetime, timedelta

from attrs import define, frozen


@frozen(kw_only=True)
class Pace:
    """So many at once, then one every `spacing`; the burst is back after a `cooldown` with none accepted."""

    burst: int
    spacing: timedelta
    cooldown: timedelta


ADDING = Pace(burst=10, spacing=timedelta(milliseconds=500), cooldown=timedelta(seconds=5))
ADDING_BELOW_RANK_2 = Pace(burst=3, spacing=timedelta(seconds=1), cooldown=timedelta(seconds=3))
TALKING = Pace(burst=20, spacing=timedelta(milliseconds=100), cooldown=timedelta(seconds=2))
ASKING_FOR_THE_LIST = Pace(burst=1, spacing=timedelta.max, cooldown=timedelta(seconds=60))


@define(eq=False)
class Limiter:
    """The state of one limit of one connection (docs/cytube.md 2).

    No token bucket: what was not used does not add up, the count goes back only after the whole
    cooldown. A refused attempt changes nothing, so trying again soon costs nothing.
    """

    _count: int = 0
    _last: datetime | None = None

    def refuses(self, pace: Pace, now: datetime) -> bool:
        """Whether an attempt at `now` is too early; one that is not counts as accepted."""
        if self._last is None or now - self._last > pace.cooldown:
            self._count = 1
        elif self._count < pace.burst:
            self._count += 1
        elif now - self._last < pace.spacing:
            return True
        self._last = now
        return False


@define(eq=False)
class Debounce:
    """Says when to tell something that changes often: at once, then at most once every `wait`.

    The last change of a burst is always told, at the end of the wait (`due`).
    """

    wait: timedelta
    due: datetime | None = None
    _called: datetime | None = None
    _told: datetime | None = None
    _pending: bool = False

    def changed(self, now: datetime) -> bool:
        """Whether to tell the change now; otherwise `due` says when to ask `expired`."""
        over = self._over(now)
        self._called = now
        self._pending = not over
        if over:
            self._told = now
        if over or self.due is None:
            self.due = now + self.wait
        return over

    def expired(self, now: datetime) -> bool:
        """At `due`: whether a change is still to be told."""
        if not self._over(now) and self._called is not None and self._told is not None:
            self.due = min(self._called, self._told) + self.wait
            return False
        self.due = None
        tell, self._pending = self._pending, False
        if tell:
            self._told = now
        return tell

    def _over(self, now: datetime) -> bool:
        return any(since is None or now - since >= self.wait for since in (self._called, self._told))
