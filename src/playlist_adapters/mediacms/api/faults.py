"""What can go wrong between us and a MediaCMS site, each with a stable code and what to do about it."""

from typing import Final

from playlist_adapters.mediacms.intake import shown
from playlist_core.errors import InvalidInput, Unavailable

UNSTABLE: Final = "source_unstable"
OTHER_WAYS: Final = "read the site's database or an export of it instead"


def refused(problem: str) -> Unavailable:
    """The site does not let us in (as far as we must)."""
    return Unavailable(problem, code="source_refused")


def truncated(problem: str) -> Unavailable:
    """The site shows no more than a part of its list, and nothing proves that the parts make a whole."""
    return Unavailable(
        f"The site lists no more than 1,000 items at once, and {problem}: configure the token of an editor"
        f" of the site, or {OTHER_WAYS}.",
        code="source_truncated",
    )


def unreachable(problem: str) -> Unavailable:
    """The site is away, or too busy."""
    return Unavailable(problem, code="source_unreachable")


def unstable(problem: str) -> Unavailable:
    """What was read does not fit together, so it must have changed meanwhile; worth another try."""
    return Unavailable(problem, code=UNSTABLE)


def moved(tries: int, problem: str) -> Unavailable:
    """It changed in every try; `problem` is that of the last."""
    return Unavailable(
        f"The site changed each of the {tries} times its catalogue was read; the last time {problem}."
        " Try again when nobody uploads or edits.",
        code=UNSTABLE,
    )


def unreadable(place: str, problem: str, *, name: str | None = None) -> InvalidInput:
    """An answer that is not MediaCMS's; `place` is the path asked, with the row where there is one."""
    where = place if name is None else f"{place}, {shown(name)}"
    details = {} if name is None else {"name": shown(name)}
    return InvalidInput(
        f"{where}: {problem}",
        code="source_unreadable",
        field="source",
        problem=problem,
        place=place,
        **details,
    )
