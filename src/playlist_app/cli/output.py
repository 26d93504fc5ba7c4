"""What the command line prints: text for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EBADF
from pathlib import Path
from typing import Any, Final, TextIO

from playlist_app.shapes.codec import wire
from playlist_core.errors import PlaylistError

# In the details of what went wrong with a service: to find it in its log.
CORRELATION_ID: Final = "correlation_id"


def clean(text: str) -> str:
    """One line of text. A title may hold what a terminal cannot show, or would obey; neither is left."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def say(text: str = "") -> None:
    """A line for people, cleaned."""
    with _output() as stream:
        encoding = stream.encoding or "utf-8"
        stream.write(clean(text).encode(encoding, "replace").decode(encoding) + "\n")


def print_json(value: Any) -> None:
    """A value, as the HTTP API would show it: UTF-8, whatever the terminal is set to, and clean as well."""
    text = json.dumps(wire.unstructure(value), indent=2, ensure_ascii=False, default=str) + "\n"
    data = _escaped(text).encode("utf-8", "replace")
    with _output() as stream:
        binary = getattr(stream, "buffer", None)
        if binary is None:
            stream.write(data.decode())
        else:
            stream.flush()
            binary.write(data)


# What the message means on the command line, where the service said nothing.
_HINTS: Final = {
    "no_snapshot": "(kryten-playlist refresh --source SOURCE)",
    "no_source": "(or name one: refresh --source SOURCE)",
    "index_unreadable": "(kryten-playlist refresh --source SOURCE)",
}


def print_error(exc: PlaylistError, *, as_json: bool) -> None:
    """A failure, in the envelope or as a sentence; what a service said goes with its correlation id."""
    if as_json:
        print_json({"error": {"code": exc.code, "message": exc.message, "details": dict(exc.details)}})
    else:
        complain(f"{exc.message}{_postscript(exc)}")


def complain(sentence: str) -> None:
    """A sentence, cleaned, on standard error; where that is closed or full, nobody can be told."""
    with suppress(OSError):
        if sys.stderr is not None:
            lines = "\n".join(map(clean, sentence.split("\n")))
            sys.stderr.write(f"kryten-playlist: {lines}\n")
            sys.stderr.flush()


def _postscript(exc: PlaylistError) -> str:
    if CORRELATION_ID in exc.details:
        return f" (correlation id {exc.details[CORRELATION_ID]})"
    return f" {_HINTS[exc.code]}" if exc.code in _HINTS else ""


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


def _escaped(text: str) -> str:
    """The same JSON without what a terminal would obey; such characters only stand inside its texts.

    Lone surrogates stay: they have no UTF-8 and are replaced when it is written.
    """
    return "".join(char if char.isprintable() or char in "\n" else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char if "\ud800" <= char <= "\udfff" else json.dumps(char)[1:-1]


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
