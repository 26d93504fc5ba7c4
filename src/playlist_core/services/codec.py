"""The one strict translation between values and JSON: nothing is coerced, in either direction."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any, Final, cast, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn

from playlist_core.domain.identity import Username

_WORDS: Final[dict[Any, str]] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "an array",
    dict: "an object",
}


def strict_converter(*, forbid_extra_keys: bool) -> cattrs.Converter:
    """A converter that refuses what cattrs would coerce (`None` to `'None'`, a text to letters).

    Structuring raises cattrs' errors; `cattrs.transform_error` names the path of each problem.
    """
    converter = cattrs.Converter(forbid_extra_keys=forbid_extra_keys)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(datetime, _moment)
    converter.register_unstructure_hook(datetime, time_text)
    converter.register_structure_hook_func(_is_enum, _member)
    converter.register_structure_hook_factory(
        attrs.has, partial(_object, converter=converter, forbid_extra_keys=forbid_extra_keys)
    )
    converter.register_structure_hook_func(
        lambda kind: get_origin(kind) is tuple, lambda value, kind: _tuple_of(converter, value, kind)
    )
    return converter


def _object(kind: Any, *, converter: cattrs.Converter, forbid_extra_keys: bool) -> Callable[[Any, Any], Any]:
    fields = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=forbid_extra_keys)

    def structure(value: Any, wanted: Any) -> Any:
        # A list or a text would pass for an object whose fields all have defaults.
        if not isinstance(value, dict):
            raise TypeError(f"expected an object, got {_word(value)}")
        return fields(cast("dict[str, Any]", value), wanted)

    return structure


def time_text(moment: datetime) -> str:
    """A moment as stored and sent: UTC, RFC 3339 with `Z` (CONTRACTS section 3)."""
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _exactly(kind: type[Any]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, wanted: Any) -> Any:
        # cattrs hands a StrEnum or IntEnum to the hook of its base class.
        if _is_enum(wanted):
            return _member(value, wanted)
        if type(value) is not kind:
            raise TypeError(f"expected {_WORDS[kind]}, got {_word(value)}")
        return value

    return structure


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"expected a number, got {_word(value)}")
    return float(value)


def _moment(value: Any, _: Any) -> datetime:
    if type(value) is not str:
        raise TypeError(f"expected a time, got {_word(value)}")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("expected a time with a zone")
    return moment


def _word(value: Any) -> str:
    """What JSON calls it, not Python."""
    return "null" if value is None else _WORDS.get(type(cast(object, value)), "something else")


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _member(value: Any, kind: Any) -> Any:
    for member in kind:
        if type(value) is type(member.value) and member.value == value:
            return member
    raise ValueError("expected one of " + ", ".join(str(member.value) for member in kind))


def _tuple_of(converter: cattrs.Converter, value: Any, kind: Any) -> tuple[Any, ...]:
    if type(value) is not list:
        raise TypeError(f"expected an array, got {_word(value)}")
    (each, *_) = get_args(kind)
    return tuple(converter.structure(value, list[each]))


def _spelling(name: Username) -> str:
    return name.spelling


def _username(value: Any, _: Any) -> Username:
    return Username.parse(_exactly(str)(value, str))


def _for_documents() -> cattrs.Converter:
    """Fields that a later version adds are no error; names are stored as plain text."""
    converter = strict_converter(forbid_extra_keys=False)
    converter.register_structure_hook(Username, _username)
    converter.register_unstructure_hook(Username, _spelling)
    return converter


stored: Final = _for_documents()
