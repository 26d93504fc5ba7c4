"""What exports and database rows must hold to become catalogue items, and how their faults are told."""

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from attrs import define, field, frozen

from playlist_core.errors import InvalidInput

MAX_TITLE_LENGTH = 1_000
MAX_SECONDS = 2**31 - 1
"""What the integer column of MediaCMS can hold."""

_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_NAMED: Final = 40
_SHELVES: Final = 1 << 14


class ByteStream(Protocol):
    """What a reader needs of a file; `read` and `readline` take a number of bytes."""

    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> int: ...


@frozen(kw_only=True)
class Spot:
    """A place in an export: a line and a column (1-based, characters), an element (0-based) of a JSON array.

    Or one in a database: `file` is what the source is called, `row` the key of a row.
    """

    file: str
    line: int | None = None
    column: int | None = None
    element: int | None = None
    row: int | None = None

    def fault(self, problem: str, *, column: str | int | None = None) -> InvalidInput:
        """The error for this place: the sentence names it all, `details` hold what the sentence names.

        `column` is a place in the line, or the name of a column; in JSON, where the place is known beside the
        name, the name is called `key`.
        """
        facts = self._facts(column)
        where = ", ".join(str(each) if name == "file" else f"{name} {each}" for name, each in facts.items())
        return InvalidInput(f"{where}: {problem}", field="source", problem=problem, **facts)

    def _facts(self, column: str | int | None) -> Mapping[str, Any]:
        place = column if isinstance(column, int) else self.column
        facts: dict[str, Any] = {
            "file": self.file,
            "line": self.line,
            "row": self.row,
            "column": place,
            "element": self.element,
        }
        if isinstance(column, str):
            facts["column" if place is None else "key"] = shown(column)
        return {name: value for name, value in facts.items() if value is not None}


def shown(text: str) -> str:
    """A text that somebody else wrote as a message may show it: short, nothing that a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:_NAMED])


def text(spot: Spot, column: str, value: object, *, longest: int = MAX_TITLE_LENGTH) -> str:
    """A text that says something and can be stored; kept exactly as it is."""
    if not isinstance(value, str):
        raise spot.fault("is not a text", column=column)
    if not value.strip():
        raise spot.fault("is empty", column=column)
    if len(value) > longest:
        raise spot.fault(f"has {len(value):,} characters, at most {longest:,} are allowed", column=column)
    if _NO_TEXT.search(value):
        raise spot.fault("contains a character that is no text (NUL or a lone surrogate)", column=column)
    return value


def seconds(spot: Spot, column: str, value: int) -> int | None:
    """A duration; MediaCMS stores 0 for one it does not know."""
    if not 0 <= value <= MAX_SECONDS:
        raise spot.fault(f"a duration is 0 to {MAX_SECONDS:,} seconds", column=column)
    return value or None


def whole_seconds(spot: Spot, column: str, value: object) -> int | None:
    """A duration as JSON has it; null, too, is one that is not known."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise spot.fault("is not a whole number of seconds", column=column)
    return seconds(spot, column, value)


def web_address(spot: Spot, column: str, value: object) -> str:
    """An absolute http or https URL: what stands here ends up as an image on the page."""
    address = text(spot, column, value, longest=2_000)
    if not address.lower().startswith(("http://", "https://")) or any(one.isspace() for one in address):
        raise spot.fault("is not an absolute http or https address", column=column)
    return address


@define(eq=False)
class SeenIds:
    """Every id once: a second item with the same one would silently replace the first.

    Exact, in about 22 bytes an id of nine letters (a dict of the same takes 150): the ids lie on shelves by
    their hash, each as two NULs, the id, a NUL, and the number of its line or element. No text holds a NUL,
    so no other bytes on a shelf look like an id.
    """

    column: str
    _shelves: dict[int, bytearray] = field(factory=dict[int, bytearray], init=False, repr=False)

    def note(self, spot: Spot, video_id: str) -> None:
        """Raises InvalidInput naming both places when the id was noted before."""
        kind, number = ("line", spot.line) if spot.element is None else ("element", spot.element)
        label = b"\0\0%b\0" % video_id.encode()
        shelf = self._shelves.setdefault(hash(label) % _SHELVES, bytearray())
        found = shelf.find(label)
        if found >= 0:
            earlier = shelf[found + len(label) :].partition(b"\0")[0].decode()
            problem = f"{shown(video_id)} stands here and already in {kind} {earlier}; keep one"
            raise spot.fault(problem, column=self.column)
        shelf += b"%b%d" % (label, number or 0)
