"""Hashing codes: slow on purpose, so in threads, two at a time, and never with a long queue."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

import anyio
import anyio.to_thread
from attrs import define, field

from playlist_core.domain.login import scrypt_digest
from playlist_core.errors import RateLimited

CodeHasher = Callable[[str, str], str]
"""`(code, salt) -> digest`: pure, called in a thread."""

AT_A_TIME: Final = 2
QUEUE: Final = 14


@define(eq=False)
class Hashing:
    """The places where codes are hashed: two at work and a short queue, about 0.4 s long."""

    hasher: CodeHasher = scrypt_digest
    _threads: anyio.CapacityLimiter = field(factory=lambda: anyio.CapacityLimiter(AT_A_TIME), init=False)
    _taken: int = field(default=0, init=False)

    @contextmanager
    def place(self) -> Generator[None, None, None]:
        """Hold a place, to be taken before anything is spent; RateLimited when the queue is full."""
        if self._taken >= AT_A_TIME + QUEUE:
            raise RateLimited("Too many people are signing in; try again in a second.", retry_after_seconds=1)
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def digest(self, code: str, salt: str) -> str:
        """The digest of a code; the caller holds a place."""
        return await anyio.to_thread.run_sync(self.hasher, code, salt, limiter=self._threads)
