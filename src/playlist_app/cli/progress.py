"""How far long work is: one line that redraws itself on a terminal, and silence everywhere else."""

import os
import sys
import time
from collections.abc import Iterator
from math import ceil
from typing import Final, TextIO

import anyio
from attrs import define, field, frozen

from playlist_app.cli.output import length_text

_REDRAW_SECONDS: Final = 0.1
_TICK_SECONDS: Final = 0.5
_COLUMNS: Final = 80
_LONGEST_BAR: Final = 30
_SHORTEST_BAR: Final = 8
_SOME_TIME: Final = "0:00 left"


@frozen(kw_only=True)
class Stand:
    """How far something is: what is being done, and how much of it, in words.

    `part` is the share that is done, from 0 to 1, `seconds_left` how long the rest takes; None where nobody
    knows.
    """

    doing: str
    count: str = ""
    part: float | None = None
    seconds_left: float | None = None


def line_of(stand: Stand, columns: int, *, seconds: float = 0.0) -> str:
    """The line for a terminal of that many columns, which it never fills: what matters least goes first.

    `seconds` is how long this has been going on, for want of anything better.
    """
    lines = _lines(stand, columns - 1) if stand.part is not None else _vague_lines(stand, seconds)
    for line in lines:
        if len(line) < columns:
            return line
    return stand.doing[: max(0, columns - 1)]


def left_of(stand: Stand) -> str:
    """How long the rest takes, in words; nothing where nobody knows."""
    return "" if stand.seconds_left is None else f"{length_text(ceil(stand.seconds_left))} left"


def _lines(stand: Stand, room: int) -> Iterator[str]:
    """In ever shorter forms, each with the longest bar for which there is room."""
    part = stand.part or 0.0
    percent = f"{int(100 * part):3} %"
    left = left_of(stand)
    # The bar shall not jump when it becomes known how long the rest takes.
    place = left or _SOME_TIME
    for behind in ((percent, stand.count, place), (percent, place), (percent,)):
        rest = "  ".join(filter(None, behind))
        size = min(_LONGEST_BAR, room - len(f"{stand.doing} [] {rest}"))
        if size >= _SHORTEST_BAR:
            line = f"{stand.doing} [{_bar(part, size)}] {rest}"
            yield line if left else line.removesuffix(f"  {_SOME_TIME}")
    yield f"{stand.doing} {percent}"
    yield percent.strip()


def _vague_lines(stand: Stand, seconds: float) -> Iterator[str]:
    """Where nobody knows how much there is: at least that something goes on."""
    passed = f"{length_text(int(seconds))} so far" if seconds >= 1 else ""
    yield "  ".join(filter(None, (stand.doing, stand.count or "...", passed)))
    yield stand.doing


def _bar(part: float, size: int) -> str:
    filled = int(size * part)
    return "#" * filled + "." * (size - filled)


@define(eq=False)
class Progress:
    """The line on standard error: another kind of work is shown at once, more of the same now and then."""

    stream: TextIO | None = field(factory=lambda: sys.stderr)
    _stand: Stand | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _drawn_at: float = field(default=0.0, init=False)

    @property
    def on_terminal(self) -> bool:
        """Whether there is anybody who sees a line redraw itself."""
        return self.stream is not None and self.stream.isatty()

    def show(self, stand: Stand) -> None:
        """What is to be seen from now on, if anybody looks."""
        now = time.monotonic()
        other = self._stand is None or self._stand.doing != stand.doing
        self._stand = stand
        if other:
            self._began = now
        if other or now - self._drawn_at >= _REDRAW_SECONDS:
            self._draw(stand, now)

    async def keep_fresh(self) -> None:
        """Draw it again and again for ever, so that the time goes on where nothing else does."""
        while True:
            await anyio.sleep(_TICK_SECONDS)
            if self._stand is not None:
                self._draw(self._stand, time.monotonic())

    def end(self) -> None:
        """Leave a clean line behind."""
        if self._drawn_at and self.stream is not None:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _draw(self, stand: Stand, now: float) -> None:
        if self.stream is None or not self.on_terminal:
            return
        self._drawn_at = now
        line = line_of(stand, _columns(self.stream), seconds=now - self._began)
        self.stream.write(f"\r\x1b[K{line}")
        self.stream.flush()


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except OSError:
        return _COLUMNS
