"""From bytes and query strings to values, strictly: unknown fields named, nothing coerced."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import attrs
import cattrs
import orjson
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from playlist_app.shapes.codec import wire
from playlist_core.errors import InvalidInput, Malformed, TooLarge

T = TypeVar("T")

BODY_LIMIT: Final = 1024 * 1024
HEAD_LIMIT: Final = 64 * 1024


def check_size(size: int) -> None:
    """Raises TooLarge for a body of more bytes than any may have."""
    if size > BODY_LIMIT:
        raise TooLarge(f"The body is larger than {BODY_LIMIT} bytes.", limit=BODY_LIMIT)


def parse_json(raw: bytes) -> Any:
    """Raises Malformed `bad_json` with the place; orjson refuses NaN, lone surrogates and deep nesting."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise Malformed(f"The body is not JSON: {exc}.", code="bad_json") from exc


def parse_body(value: Any, kind: type[T]) -> T:
    """The value as an instance of `kind`; raises InvalidInput that names the first field that is wrong."""
    try:
        return wire.structure(value, kind)
    except (cattrs.BaseValidationError, ForbiddenExtraKeysError, TypeError, ValueError, KeyError) as exc:
        field, problem = _first_problem(exc, "")
        raise InvalidInput.of(field or "body", problem) from exc


def parse_query(params: Mapping[str, str | list[str]], kind: type[T]) -> T:
    """Query parameters as an instance of `kind`; raises InvalidInput that names the first that is wrong.

    Its fields are texts, numbers, flags, members of an enum or tuples of texts.
    """
    kinds = _parameters_of(kind)
    unknown = sorted(params.keys() - kinds.keys())
    if unknown:
        raise InvalidInput.of(unknown[0] or "query", "is no parameter here", unknown=unknown)
    return kind(**{name: _parameter(name, value, kinds[name]) for name, value in params.items()})


@cache
def _parameters_of(kind: type[Any]) -> Mapping[str, Any]:
    """The parameters a class stands for, with their types."""
    return {field.name: field.type for field in attrs.fields(kind)}


def _parameter(name: str, value: str | list[str], kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return tuple(value) if isinstance(value, list) else (value,)
    if isinstance(value, list):
        raise InvalidInput.of(name, "is given more than once")
    if _admits(kind, int):
        if not value.isascii() or not value.isdigit() or len(value) > 12:
            raise InvalidInput.of(name, "must be a whole number")
        return int(value)
    if _admits(kind, bool):
        if value not in ("true", "false"):
            raise InvalidInput.of(name, "must be true or false")
        return value == "true"
    return _member(name, value, kind) if isinstance(kind, type) and issubclass(kind, Enum) else value


def _member(name: str, value: str, kind: type[Enum]) -> Enum:
    try:
        return wire.structure(value, kind)
    except ValueError as exc:
        raise InvalidInput.of(name, str(exc)) from exc


def _admits(kind: Any, wanted: type[Any]) -> bool:
    return kind is wanted or (get_origin(kind) in (Union, UnionType) and wanted in get_args(kind))


def _first_problem(exc: BaseException, path: str) -> tuple[str, str]:
    """Where in the body something is wrong, as `items[3].video_id`, and what."""
    if isinstance(exc, ClassValidationError):
        with_notes, without = exc.group_exceptions()
        for inner, note in with_notes:
            return _first_problem(inner, f"{path}.{note.name}".lstrip("."))
        return _first_problem(without[0], path)
    if isinstance(exc, IterableValidationError):
        with_index, _ = exc.group_exceptions()
        inner, note = with_index[0]
        return _first_problem(inner, f"{path}[{note.index}]")
    if isinstance(exc, ForbiddenExtraKeysError):
        names = sorted(map(str, exc.extra_fields))
        return f"{path}.{names[0]}".lstrip("."), "is an unknown field"
    if isinstance(exc, KeyError):
        return path, "is missing"
    if isinstance(exc, InvalidInput):
        return f"{path}.{exc.details.get('field', '')}".strip("."), exc.details.get("problem", exc.message)
    return path, str(exc) or "is not valid"


def single(values: Sequence[str]) -> str | None:
    """The first of a cookie's values; a browser sends one."""
    return values[0] if values else None
