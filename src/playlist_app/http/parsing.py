"""From query strings and cookies to values, as strictly as bodies."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

import attrs

from playlist_app.shapes.codec import wire
from playlist_core.errors import InvalidInput

T = TypeVar("T")

HEAD_LIMIT: Final = 64 * 1024


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


def single(values: Sequence[str]) -> str | None:
    """The first of a cookie's values; a browser sends one."""
    return values[0] if values else None
