"""The clock and the randomness of the machine we run on."""

import secrets
import time
from datetime import UTC, datetime

import anyio
from attrs import frozen

from playlist_core.domain.login import CODE_ALPHABET, CODE_LENGTH

# No vowels, so that a seed spells nothing by accident; no 0/1/l, so that it can be typed again.
_SEED_ALPHABET = "bcdfghjkmnpqrstvwxz23456789"
_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@frozen
class SystemClock:
    """`Clock` on the machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


@frozen
class SystemRandomness:
    """`Randomness` from the operating system's generator."""

    def code(self) -> str:
        return _pick(CODE_ALPHABET, CODE_LENGTH)

    def token(self) -> str:
        return secrets.token_urlsafe(32)

    def seed(self) -> str:
        return _pick(_SEED_ALPHABET, 8)

    def identifier(self) -> str:
        return _pick(_ID_ALPHABET, 16)

    def fraction(self) -> float:
        return secrets.randbelow(1 << 53) / (1 << 53)


def _pick(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
