"""Time and chance under a test's control."""

from datetime import UTC, datetime, timedelta
from random import Random

import anyio
import anyio.lowlevel
from attrs import Factory, define, field

from playlist_core.domain.login import CODE_ALPHABET, CODE_LENGTH

EPOCH = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)


@define(eq=False)
class ManualClock:
    """A `Clock` that moves only when told; whoever sleeps on it moves it, unless `frozen_sleep`.

    A sleeper moves time to its own deadline at once: paced work runs in no real time and yet
    every duration adds up. With `frozen_sleep` sleepers wait until `advance` has passed their deadline.
    """

    current: datetime = EPOCH
    frozen_sleep: bool = False
    _moved: anyio.Event = field(factory=anyio.Event, init=False)

    def now(self) -> datetime:
        return self.current

    def monotonic(self) -> float:
        return (self.current - EPOCH).total_seconds()

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; sleepers whose deadline has come wake up."""
        self.current += timedelta(seconds=seconds)
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        deadline = self.current + timedelta(seconds=seconds)
        if not self.frozen_sleep:
            await anyio.lowlevel.checkpoint()
            if self.current < deadline:
                self.advance((deadline - self.current).total_seconds())
            return
        while self.current < deadline:
            await self._moved.wait()


@define(eq=False)
class SeededRandomness:
    """A `Randomness` that repeats itself from run to run; for tests, never for secrets."""

    _random: Random = Factory(lambda: Random(7))

    def code(self) -> str:
        return "".join(self._random.choices(CODE_ALPHABET, k=CODE_LENGTH))

    def token(self) -> str:
        return f"{self._random.getrandbits(256):064x}"

    def seed(self) -> str:
        return f"{self._random.getrandbits(32):08x}"

    def identifier(self) -> str:
        return f"{self._random.getrandbits(64):016x}"

    def fraction(self) -> float:
        return self._random.random()
