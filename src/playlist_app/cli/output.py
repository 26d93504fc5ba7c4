"""What the command line prints: text for people, JSON for programs, progress on a terminal only."""

import sys
import time
from typing import Any, TextIO

import orjson
from attrs import define, field

from playlist_app.shapes.codec import wire
from playlist_core.errors import PlaylistError

_BAR = 30
_REDRAW_SECONDS = 0.1


def say(text: str = "") -> None:
    """A line for people. A title may hold what a terminal cannot show, or would obey; neither gets there."""
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def print_json(value: Any) -> None:
    """A value, as the HTTP API would show it."""
    plain = wire.unstructure(value)
    sys.stdout.write(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode() + "\n")


def print_error(exc: PlaylistError, *, as_json: bool) -> None:
    """A failure, in the envelope or as a sentence."""
    if as_json:
        envelope = {"error": {"code": exc.code, "message": exc.message, "details": dict(exc.details)}}
        sys.stdout.write(orjson.dumps(envelope, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")
        return
    sys.stderr.write(f"kryten-playlist: {exc.message}\n")


def length_text(seconds: int | None) -> str:
    """A duration as people say it: `1:32:05`, `23:28`, or `?` when unknown."""
    if seconds is None:
        return "?"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@define(eq=False)
class Progress:
    """A bar that redraws itself on a terminal; silent everywhere else."""

    label: str
    stream: TextIO = field(factory=lambda: sys.stderr)
    _drawn_at: float = field(default=0.0, init=False)
    _drawn: bool = field(default=False, init=False)

    def show(self, done: int, total: int | None) -> None:
        """`total` None where nobody knows how much there is."""
        now = time.monotonic()
        if not self.stream.isatty() or now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at, self._drawn = now, True
        if total:
            filled = min(_BAR, _BAR * done // total)
            bar = f"[{'#' * filled}{'.' * (_BAR - filled)}] {done}/{total}"
        else:
            bar = f"{done}"
        self.stream.write(f"\r\x1b[K{self.label} {bar}")
        self.stream.flush()

    def end(self) -> None:
        """Leave a clean line behind."""
        if self._drawn:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
