"""A seeded shuffle of our own, so that a seed means the same order on every platform and Python version.

The generator is SHA-256 in counter mode: block i is SHA-256(`DOMAIN` + seed as UTF-8 + i as 8 bytes), read as
four 64-bit words; all integers are big-endian. An index below n is a word modulo n, where words from the
incomplete last range are thrown away (no bias). The shuffle is Fisher-Yates from the last place down.
Changing any of this changes what saved seeds mean: then `DOMAIN` must change too.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import count
from struct import Struct
from typing import TypeVar

from playlist_core.errors import InvalidInput

DOMAIN = b"kryten-playlist/shuffle/1\0"
MAX_SEED_LENGTH = 200

_WORDS = Struct(">4Q")
_WORD_RANGE = 1 << 64

T = TypeVar("T")


def shuffled(items: Sequence[T], *, seed: str) -> list[T]:
    """The items in the order that `seed` stands for; every order is equally likely over all seeds.

    Raises InvalidInput for a seed over 200 characters or one that is not text (a lone surrogate).
    """
    words = _words(_seed_bytes(seed))
    result = list(items)
    for last in range(len(result) - 1, 0, -1):
        chosen = _below(last + 1, words)
        result[last], result[chosen] = result[chosen], result[last]
    return result


def _seed_bytes(seed: str) -> bytes:
    if len(seed) > MAX_SEED_LENGTH:
        raise InvalidInput.of(
            "shuffle_seed", f"has at most {MAX_SEED_LENGTH} characters", limit=MAX_SEED_LENGTH
        )
    try:
        return seed.encode()
    except UnicodeEncodeError as exc:
        raise InvalidInput.of("shuffle_seed", "contains a lone surrogate, which is not text") from exc


def _words(seed: bytes) -> Iterator[int]:
    """Endless 64-bit words that only the seed decides."""
    start = sha256(DOMAIN + seed)
    for block in count():
        state = start.copy()
        state.update(block.to_bytes(8, "big"))
        yield from _WORDS.unpack(state.digest())


def _below(bound: int, words: Iterator[int]) -> int:
    """An unbiased number from 0 to bound - 1."""
    fair = _WORD_RANGE - _WORD_RANGE % bound
    word = next(words)
    while word >= fair:
        word = next(words)
    return word % bound
