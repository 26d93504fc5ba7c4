"""What the command line prints: text for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EBADF
from pathlib import Path
from typing import Any, TextIO

from playlist_app.shapes.codec import wire
from playlist_core.errors import PlaylistError


def say(text: str = "") -> None:
    """A line for people. A title may hold what a terminal cannot show, or would obey; neither gets there."""
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    with _output() as stream:
        encoding = stream.encoding or "utf-8"
        stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def print_json(value: Any) -> None:
    """A value, as the HTTP API would show it: UTF-8, whatever the terminal is set to."""
    text = json.dumps(wire.unstructure(value), indent=2, ensure_ascii=False, default=str) + "\n"
    data = text.encode("utf-8", "replace")
    with _output() as stream:
        binary = getattr(stream, "buffer", None)
        if binary is None:
            stream.write(data.decode())
        else:
            stream.flush()
            binary.write(data)


# What the message means on the command line.
_HINTS = {
    "no_snapshot": "(kryten-playlist refresh --source SOURCE)",
    "no_source": "(or name one: refresh --source SOURCE)",
    "index_unreadable": "(kryten-playlist refresh --source SOURCE)",
}


def print_error(exc: PlaylistError, *, as_json: bool) -> None:
    """A failure, in the envelope or as a sentence."""
    if as_json:
        print_json({"error": {"code": exc.code, "message": exc.message, "details": dict(exc.details)}})
    else:
        complain(f"{exc.message} {_HINTS[exc.code]}" if exc.code in _HINTS else exc.message)


def complain(sentence: str) -> None:
    """A sentence on standard error; where that is closed or full, nobody can be told."""
    with suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(f"kryten-playlist: {sentence}\n")
            sys.stderr.flush()


def flush_output() -> None:
    """Hand over what is buffered while a failure can still be told; raises OSError as `say` does."""
    if sys.stdout is not None:
        with _output() as stream:
            stream.flush()


def drop_output() -> None:
    """Forget what is buffered: Python would try it once more at its end, and fail with a traceback."""
    with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
        if sys.stdout is not None:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())


@contextmanager
def _output() -> Iterator[TextIO]:
    """Standard output; an OSError of the block comes out as one that says what failed."""
    try:
        if sys.stdout is None:
            raise OSError(EBADF, os.strerror(EBADF))
        yield sys.stdout
    except OSError as exc:
        raise OSError(exc.errno, f"The output cannot be written: {exc.strerror or exc}.") from exc


def length_text(seconds: int | None) -> str:
    """A duration as people say it: `1:32:05`, `23:28`, or `?` when unknown."""
    if seconds is None:
        return "?"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
