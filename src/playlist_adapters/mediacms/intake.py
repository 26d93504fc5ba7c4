"""What every export must hold to become catalogue items, and how its faults are told."""

from attrs import define, field, frozen

from playlist_core.errors import InvalidInput

MAX_TITLE_LENGTH = 1_000
MAX_SECONDS = 2**31 - 1
"""What the integer column of MediaCMS can hold."""


@frozen(kw_only=True)
class Spot:
    """A place in an export: a line (1-based) of a text table, or an element (0-based) of a JSON array."""

    file: str
    line: int | None = None
    element: int | None = None

    def fault(self, problem: str, *, column: str | int | None = None) -> InvalidInput:
        """The error for this place: the sentence names it all, `details` hold file, line, element, column."""
        facts = {"file": self.file, "line": self.line, "element": self.element, "column": column}
        known = {name: value for name, value in facts.items() if value is not None}
        where = ", ".join(
            str(value) if name == "file" else f"{name} {value}" for name, value in known.items()
        )
        return InvalidInput(f"{where}: {problem}", field="source", problem=problem, **known)


def text(spot: Spot, column: str, value: object, *, longest: int = MAX_TITLE_LENGTH) -> str:
    """A text that says something and can be stored; kept exactly as it is."""
    if not isinstance(value, str):
        raise spot.fault("is not a text", column=column)
    if not value.strip():
        raise spot.fault("is empty", column=column)
    if len(value) > longest:
        raise spot.fault(f"has {len(value):,} characters, at most {longest:,} are allowed", column=column)
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise spot.fault("contains a character that is no text (NUL or a lone surrogate)", column=column)
    return value


def seconds(spot: Spot, column: str, value: int) -> int | None:
    """A duration; MediaCMS stores 0 for one it does not know."""
    if not 0 <= value <= MAX_SECONDS:
        raise spot.fault(f"a duration is 0 to {MAX_SECONDS:,} seconds", column=column)
    return value or None


def web_address(spot: Spot, column: str, value: object) -> str:
    """An absolute http or https URL: what stands here ends up as an image on the page."""
    address = text(spot, column, value, longest=2_000)
    if not address.lower().startswith(("http://", "https://")) or any(one.isspace() for one in address):
        raise spot.fault("is not an absolute http or https address", column=column)
    return address


@define(eq=False)
class SeenIds:
    """Every id once: a second item with the same one would silently replace the first."""

    column: str
    _first: dict[str, int] = field(factory=dict[str, int], init=False)

    def note(self, spot: Spot, video_id: str) -> None:
        """Raises InvalidInput naming both places when the id was noted before."""
        kind, number = ("element", spot.element) if spot.line is None else ("line", spot.line)
        if video_id in self._first:
            where = f"{kind} {self._first[video_id]}"
            raise spot.fault(f"{video_id} stands here and already in {where}; keep one", column=self.column)
        self._first[video_id] = number or 0
