"""The double's time: as fast as a test wants it, or standing still."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from attrs import define, field


@define(eq=False)
class RoomClock:
    """A `Clock` whose seconds are `speed` to a real one, from the real time of day on; 0 stands still."""

    _moment: datetime = field(factory=lambda: datetime.now(UTC))
    _since: float = field(factory=time.monotonic)
    _speed: float = 1.0

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self._moment, self._since = self.now(), time.monotonic()
        self._speed = speed

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=(time.monotonic() - self._since) * self._speed)

    def monotonic(self) -> float:
        return self.now().timestamp()

    def leap(self, seconds: float) -> None:
        """Let `seconds` of this clock pass at once."""
        self._moment += timedelta(seconds=seconds)

    def real_seconds_until(self, moment: datetime | None) -> float | None:
        """How long to wait for it; None when it does not come by itself."""
        if moment is None or not self._speed:
            return None
        return max(0.0, (moment - self.now()).total_seconds() / self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)
