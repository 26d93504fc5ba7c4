"""The clock of the item on the air: lead-in, position, and the seconds at which CyTube acts."""

from datetime import datetime, timedelta
from enum import Enum
from math import ceil

from attrs import define

LEAD_IN = 3
GRACE = 2
UPDATE_EVERY = 5
_TICK = timedelta(seconds=1)


class Tick(Enum):
    """What a tick is for: telling the position, or going on to the next item."""

    UPDATE = "update"
    END = "end"


@define(eq=False)
class Playback:
    """CyTube looks at the playing item once a second, counted from its start (docs/cytube.md 5).

    `position` is what it last wrote down: negative in the lead-in, and whole seconds from the start on.
    It tells the position at the end of the lead-in and then on every fifth tick; the counter behind that
    goes on from item to item. Two seconds after its end the item is over. Without a length (`seconds` 0,
    live) nothing ever happens by itself.
    """

    position: float = 0
    paused: bool = False
    _seconds: int = 0
    _counter: int = 0
    _ticked: datetime | None = None

    def start(self, now: datetime, seconds: int, position: float = 0) -> None:
        """Begin an item; at `position` when that is not 0, otherwise with the lead-in."""
        self.settle(now)
        self.position = position or (-LEAD_IN if seconds > 0 else 0)
        self.paused = self.position < 0
        self._seconds = seconds
        self._ticked = now if seconds > 0 else None

    def stop(self, now: datetime) -> None:
        """Nothing is playing."""
        self.settle(now)
        self._ticked = None

    @property
    def due(self) -> datetime | None:
        """The next tick that has an effect."""
        return None if self._ticked is None else self._ticked + self._ticks_to_effect() * _TICK

    def at(self, now: datetime) -> float:
        """The position CyTube has written down at `now`, which must not be after `due`."""
        return self.position if self._ticked is None else self.position + (now - self._ticked) // _TICK

    def settle(self, now: datetime) -> None:
        """Write down the ticks that had no effect; `now` must not be after `due`."""
        if self._ticked is not None:
            self._pass(self._ticked, (now - self._ticked) // _TICK)

    def tick(self) -> Tick | None:
        """Let the tick of `due` happen; None when there is none."""
        if self._ticked is None:
            return None
        was_lead_in = self.position < 0
        self._pass(self._ticked, self._ticks_to_effect())
        if was_lead_in and self.position >= 0:
            self.position, self.paused, self._counter = 0, False, 0
            return Tick.UPDATE
        return Tick.END if self.position >= self._seconds + GRACE else Tick.UPDATE

    def _pass(self, since: datetime, ticks: int) -> None:
        self.position += ticks
        self._counter += ticks
        self._ticked = since + ticks * _TICK

    def _ticks_to_effect(self) -> int:
        to_update = UPDATE_EVERY - self._counter % UPDATE_EVERY
        other = -self.position if self.position < 0 else self._seconds + GRACE - self.position
        return min(to_update, max(1, ceil(other)))
