"""Time, chance, and work beside the asking task."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol

# Starts work beside the asking task; what escapes from it is a bug and ends the process.
Spawn = Callable[[Callable[[], Coroutine[Any, Any, None]]], object]


class Clock(Protocol):
    """Time: of day, elapsed, and waiting for it to pass."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, for leases and back-off."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed on this clock."""
        ...


class Randomness(Protocol):
    """Every random choice, so that tests can make them."""

    def code(self) -> str:
        """A one-time code: 8 characters of `login.CODE_ALPHABET`, unguessable."""
        ...

    def token(self) -> str:
        """An unguessable token of 256 bits, URL-safe."""
        ...

    def seed(self) -> str:
        """A short seed for a shuffle, pleasant to read and to type again."""
        ...

    def identifier(self) -> str:
        """A new id that no replica will ever make again: `[a-z0-9]`, sortable by nothing."""
        ...

    def fraction(self) -> float:
        """A number in [0, 1) for jitter."""
        ...
