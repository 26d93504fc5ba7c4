"""From a settings file to what it holds: TOML or JSON, and where exactly it is broken."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, cast

from playlist_core.errors import InvalidInput

LARGEST: Final = 64 * 1024
"""Bytes; whatever is larger is no settings file."""


def read_document(path: Path, *, needed: bool) -> Mapping[str, object] | None:
    """What the file holds; None when there is none and none is needed.

    A name that ends in `.toml` or `.json` says what it is; of any other file the first character does.
    Raises InvalidInput, `details.field` being the place: the path, with line and column where it is broken.
    """
    raw = _read(path, needed=needed)
    if raw is None:
        return None
    text = _decode(path, raw)
    suffix = path.suffix.lower()
    is_json = text.lstrip().startswith("{") if suffix not in (".json", ".toml") else suffix == ".json"
    return _parse(path, text, _parse_json if is_json else _parse_toml)


def _read(path: Path, *, needed: bool) -> bytes | None:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError) as exc:
        if not needed:
            return None
        raise InvalidInput.of(str(path), "there is no such file: write it, or name another one") from exc
    except IsADirectoryError as exc:
        raise InvalidInput.of(str(path), "is a directory: name the file in it") from exc
    except PermissionError as exc:
        raise InvalidInput.of(str(path), "may not be read: give this user the right to") from exc
    except OSError as exc:
        raise InvalidInput.of(str(path), f"cannot be read: {exc.strerror or 'it failed'}") from exc
    except ValueError as exc:
        raise InvalidInput.of(str(path), "cannot be the name of a file") from exc
    if len(raw) > LARGEST:
        raise InvalidInput.of(str(path), f"is larger than {LARGEST} bytes: is it the right file?")
    return raw


def _decode(path: Path, raw: bytes) -> str:
    """The text, without the byte order mark that some editors put before it."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = exc.object[: exc.start].decode()
        raise _broken(path, before, "is not UTF-8 from here on: save it as UTF-8") from exc


def _parse(path: Path, text: str, parse: Callable[[Path, str], Mapping[str, object]]) -> Mapping[str, object]:
    try:
        return parse(path, text)
    except RecursionError as exc:
        raise InvalidInput.of(str(path), "is nested too deeply") from exc
    except ValueError as exc:
        # Python reads no number of more than 4,300 digits, and neither parser says where it stands.
        raise InvalidInput.of(str(path), "holds a number with too many digits") from exc


def _parse_toml(path: Path, text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        reason, _, place = str(exc).rpartition(" (at ")
        numbers = re.fullmatch(r"line ([0-9]+), column ([0-9]+)\)", place)
        if numbers is None:
            raise _broken(path, text, f"is no TOML: {reason}") from exc
        raise _at(path, int(numbers[1]), int(numbers[2]), f"is no TOML: {reason}") from exc


def _parse_json(path: Path, text: str) -> Mapping[str, object]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
        if twice:
            names = ", ".join(twice)
            raise InvalidInput.of(str(path), f"has more than one {names}: leave one of them")
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as exc:
        raise _at(path, exc.lineno, exc.colno, f"is no JSON: {exc.msg}") from exc
    if type(document) is not dict:
        raise InvalidInput.of(str(path), "must hold one object, { … }, with the settings in it")
    return cast(dict[str, object], document)


def _broken(path: Path, before: str, problem: str) -> InvalidInput:
    """A fault behind the text `before`."""
    return _at(path, before.count("\n") + 1, len(before) - before.rfind("\n"), problem)


def _at(path: Path, line: int, column: int, problem: str) -> InvalidInput:
    return InvalidInput.of(f"{path}:{line}:{column}", problem)
