"""Weaving a marathon with cursors against popping from the front of lists, both measured in this run.

    python benchmarks/marathon.py [ITEMS ...]

Prints for each size the best of several rounds, taken in turn so that a busy machine slows both alike. Read
the ratio: it grows with the size, because a pop from the front moves all that stays. `build` is the whole
preview of as many items: titles read, run order, offsets and warnings included.
"""

import sys
import time
from collections.abc import Callable, Sequence

from playlist_core.domain.marathon import Entry, Method, Source, build, interleave
from playlist_core.domain.pattern import Pattern, parse_pattern

PATTERN = "A2B1C2"
SIZES = (10_000, 100_000)
ROUNDS = 5


def popping(runs: Sequence[Sequence[str]], pattern: Pattern) -> list[str]:
    """The baseline: take each item off the front of its list."""
    left = [list(run) for run in runs]
    woven: list[str] = []
    while any(left[source] for source in pattern.named):
        for token in pattern.tokens:
            for _ in range(token.count):
                if left[token.source]:
                    woven.append(left[token.source].pop(0))
    return woven


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1_000


def three_sources(items: int) -> list[Source]:
    """Half the items from A, a third from B, the rest from C; all of them numbered, none in order."""
    shares = (items // 2, items // 3, items - items // 2 - items // 3)
    return [
        Source(
            f"Show {name}",
            tuple(
                Entry(
                    f"{name}{number}",
                    f"Show {name} S{number % 90:02}E{number // 90:03}",
                    duration_seconds=1500,
                )
                for number in range(share)
            ),
        )
        for name, share in zip("ABC", shares, strict=True)
    ]


def measure(items: int) -> str:
    """One line of the table."""
    sources = three_sources(items)
    runs = [[entry.video_id for entry in source.entries] for source in sources]
    pattern = parse_pattern(PATTERN, sources=3)
    if interleave(runs, pattern) != popping(runs, pattern):
        raise SystemExit("the two ways do not agree")
    rounds = [
        (
            timed(lambda: popping(runs, pattern)),
            timed(lambda: interleave(runs, pattern)),
            timed(lambda: build(sources, method=Method.INTERLEAVE, pattern=PATTERN)),
            timed(lambda: build(sources, method=Method.SHUFFLE, seed="bench")),
        )
        for _ in range(ROUNDS)
    ]
    popped, woven, built, shuffled = (min(column) for column in zip(*rounds, strict=True))
    return f"{items:>9,}{popped:>12.2f}{woven:>12.2f}{popped / woven:>9.1f}x{built:>13.1f}{shuffled:>13.1f}"


def main(arguments: Sequence[str]) -> None:
    print(f"pattern {PATTERN}, times in ms, best of {ROUNDS}")
    print(
        f"{'items':>9}{'pop front':>12}{'cursors':>12}{'ratio':>10}{'build weave':>13}{'build shuffle':>14}"
    )
    for items in [int(argument) for argument in arguments] or SIZES:
        print(measure(items))


if __name__ == "__main__":
    main(sys.argv[1:])
