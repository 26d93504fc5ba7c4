"""Whether something was so within the last second; one look for all who ask, and one a second at most."""

from collections.abc import Awaitable, Callable
from math import inf
from typing import Final

import anyio
from attrs import define, field

_SECOND: Final = 1.0


@define(eq=False)
class Freshness:
    """`look` says whether it is so now; what it says counts for a second, a yes from when it was asked on."""

    _look: Callable[[], Awaitable[bool]]
    _now: Callable[[], float] = anyio.current_time
    _answer: bool = field(default=False, init=False)
    _until: float = field(default=-inf, init=False)
    _looking: anyio.Event | None = field(default=None, init=False)

    async def known(self) -> bool:
        """What the last look has found, or, when that counts no more, what one finds now."""
        while self._now() >= self._until:
            if self._looking is None:
                await self._ask()
            else:
                # Whoever looks may be cancelled; then the next one looks.
                await self._looking.wait()
        return self._answer

    async def _ask(self) -> None:
        self._looking = over = anyio.Event()
        begun = self._now()
        try:
            answer = await self._look()
            now = self._now()
            self._answer = answer and now < begun + _SECOND
            self._until = (begun if self._answer else now) + _SECOND
        finally:
            self._looking = None
            over.set()
