"""How the value of a setting is written: in a file, in the environment, and for people to read.

No message repeats a value: a password that slipped into the wrong key must not end up in a log.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Final, Generic, TypeVar, cast

from attrs import evolve, frozen

from playlist_core.errors import InvalidInput

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_TYPES: Final[dict[type[Any], str]] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text in quotes",
    list: "a list",
    dict: "a table",
    NoneType: "null",
}
MASK: Final = "***"
"""What is shown instead of a secret."""

_UNITS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHORTEST: Final = 60
_LONGEST: Final = 365 * 86_400


@frozen(kw_only=True)
class Kind(Generic[T]):
    """One way to write a value; `wants` completes "must be …".

    `admit` turns what a TOML or JSON file holds into the value and coerces nothing; `read` turns the text of
    an environment variable into what a file would hold, so that both meet the same rules. Both raise
    InvalidInput. `show` gives the text for people, secrets masked. A secret may stand in a file of its own.
    """

    wants: str
    read: Callable[[str], object]
    admit: Callable[[object], T]
    show: Callable[[T], str]
    is_secret: bool = False


def refusal(wants: str) -> InvalidInput:
    """The refusal of a value that has the right type and does not do."""
    return InvalidInput(f"must be {wants}")


def type_refusal(wants: str, value: object) -> InvalidInput:
    """The refusal of a value that has not even the right type."""
    return InvalidInput(f"must be {wants}, not {_TYPES.get(type(value), 'a date or time')}")


def textual(wants: str, parse: Callable[[str], T], *, show: Callable[[T], str] = str) -> Kind[T]:
    """A value that files, too, hold as a text; `parse` raises InvalidInput for texts that mean nothing."""

    def admit(value: object) -> T:
        if type(value) is not str:
            raise type_refusal(wants, value)
        if not value or value != value.strip() or not _is_clean(value):
            raise refusal(wants)
        return parse(value)

    return Kind(wants=wants, read=lambda text: text, admit=admit, show=show)


def _is_clean(text: str) -> bool:
    """Without control characters, and without the lone surrogates that JSON escapes may hold, as may bytes of
    the environment that are not UTF-8."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def matching(pattern: str, wants: str) -> Kind[str]:
    """A text that matches a regular expression as a whole."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise refusal(wants)
        return text

    return textual(wants, parse)


def secret(kind: Kind[T]) -> Kind[T]:
    """A value that nobody is shown."""
    return evolve(kind, show=lambda _: MASK, is_secret=True)


def choice(kind: type[E]) -> Kind[E]:
    """One of the members of an enumeration of texts."""
    wants = " or ".join(member.value for member in kind)

    def parse(text: str) -> E:
        try:
            return kind(text)
        except ValueError as exc:
            raise refusal(wants) from exc

    return textual(wants, parse)


def optional(kind: Kind[T]) -> Kind[T | None]:
    """A value that may be missing: `null` in JSON, the empty text in the environment."""
    return Kind(
        wants=kind.wants,
        read=lambda text: kind.read(text) if text else None,
        admit=lambda value: None if value is None else kind.admit(value),
        show=lambda value: "none" if value is None else kind.show(value),
        is_secret=kind.is_secret,
    )


def whole(low: int, high: int) -> Kind[int]:
    """A whole number from `low` to `high`."""
    wants = f"a whole number from {low} to {high}"

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise refusal(wants)
        return int(text)

    def admit(value: object) -> int:
        if type(value) is not int:
            raise type_refusal(wants, value)
        if not low <= value <= high:
            raise refusal(wants)
        return value

    return Kind(wants=wants, read=read, admit=admit, show=str)


def share() -> Kind[float]:
    """A number from 0 to 1."""
    wants = "a number from 0 to 1, such as 0.2"

    def read(text: str) -> float:
        if not re.fullmatch(r"-?[0-9]{0,15}(\.[0-9]{1,15})?(?<=[0-9])", text):
            raise refusal(wants)
        return float(text)

    def admit(value: object) -> float:
        if type(value) not in (int, float):
            raise type_refusal(wants, value)
        number = cast(float, value)
        if not 0 <= number <= 1:  # NaN is in no range
            raise refusal(wants)
        return float(number)

    return Kind(wants=wants, read=read, admit=admit, show=lambda value: f"{value:g}")


def flag() -> Kind[bool]:
    """True or false."""
    wants = "true or false"

    def read(text: str) -> bool:
        if text.lower() not in ("true", "false"):
            raise refusal(wants)
        return text.lower() == "true"

    def admit(value: object) -> bool:
        if type(value) is not bool:
            raise type_refusal(wants, value)
        return value

    return Kind(wants=wants, read=read, admit=admit, show=lambda value: str(value).lower())


def many(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """A list, in its order; in the environment separated by commas, or as a JSON array."""
    wants = f"a list, each entry {kind.wants}"

    def read(text: str) -> object:
        if not text.startswith("["):
            return [part.strip() for part in text.split(",")] if text else []
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise refusal(f"{wants}, separated by commas or as a JSON array") from exc

    def admit(value: object) -> tuple[T, ...]:
        if type(value) is not list:
            raise type_refusal(wants, value)
        return _all_of(kind, cast(list[object], value))

    return Kind(
        wants=wants,
        read=read,
        admit=admit,
        show=lambda values: json.dumps([kind.show(value) for value in values], ensure_ascii=False),
    )


def _all_of(kind: Kind[T], values: list[object]) -> tuple[T, ...]:
    """Every entry as its value; InvalidInput names all that are wrong, counted from 1."""
    good: list[T] = []
    problems: list[str] = []
    for number, value in enumerate(values, 1):
        try:
            good.append(kind.admit(value))
        except InvalidInput as exc:
            problems.append(f"entry {number}: {exc.details.get('problem', exc.message)}")
    if problems:
        raise InvalidInput("; ".join(problems))
    return tuple(good)


def directory() -> Kind[Path]:
    """The path of a directory; relative ones start at the working directory."""
    return textual("the path of a directory", _path, show=show_path)


def file() -> Kind[Path]:
    """The path of a file; relative ones start at the working directory."""
    return textual("the path of a file", file_path, show=show_path)


def file_path(text: str) -> Path:
    """The path that a text is; raises InvalidInput for one that can only be a directory's."""
    if text.endswith("/") or Path(text).name in ("", ".."):
        raise InvalidInput("must be the path of a file, not of a directory")
    return _path(text)


def _path(text: str) -> Path:
    if "://" in text:
        raise InvalidInput("must be a path on this machine, not an address")
    if text.startswith("~"):
        raise InvalidInput("begins with ~, which only a shell understands: write the whole path")
    return Path(text)


def show_path(path: Path) -> str:
    """A path as it can be written again: nothing that might be taken for a name without a place."""
    text = str(path)
    return text if path.is_absolute() or text.startswith(".") else f"./{text}"


def interval() -> Kind[timedelta | None]:
    """How often something happens, or None for `off`."""
    wants = "off, or a time from 1m to 365d such as 30m, 6h or 1d, or a number of seconds"

    def read(text: str) -> object:
        return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else text

    def admit(value: object) -> timedelta | None:
        if type(value) not in (int, str):
            raise type_refusal(wants, value)
        if value == "off":
            return None
        seconds = value if isinstance(value, int) else _seconds(cast(str, value))
        if seconds is None or not _SHORTEST <= seconds <= _LONGEST:
            raise refusal(wants)
        return timedelta(seconds=seconds)

    return Kind(wants=wants, read=read, admit=admit, show=_show_interval)


def _seconds(text: str) -> int | None:
    parts = re.fullmatch(r"([0-9]{1,9})([dhms])", text)
    return None if parts is None else int(parts[1]) * _UNITS[parts[2]]


def _show_interval(value: timedelta | None) -> str:
    if value is None:
        return "off"
    seconds = int(value.total_seconds())
    unit = next(unit for unit, length in _UNITS.items() if seconds % length == 0)
    return f"{seconds // _UNITS[unit]}{unit}"
