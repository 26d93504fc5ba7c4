"""CyTube's check of what a client sends, and how it writes times."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

QUEUE = {
    "id": "string,boolean",
    "type": "string",
    "pos": "string",
    "title": "string,boolean,optional",
    "duration": "number,optional",
    "temp": "boolean,optional",
}
MOVE_MEDIA = {"from": "number", "after": "string,number"}
SET_TEMP = {"uid": "number", "temp": "boolean"}
ASSIGN_LEADER = {"name": "string"}
PM = {"msg": "string", "to": "string", "meta": "object,optional"}
CHAT = {"msg": "string", "meta": "object,optional"}


def payload_problem(payload: Any, template: Mapping[str, str]) -> str | None:
    """What CyTube's type check says of a payload, or None (docs/cytube.md 1, `errorMsg`).

    A template gives for each key the JSON types it may have. Missing keys and wrong types are found
    in the template's order, extra keys after them; only the first problem is told.
    """
    if not isinstance(payload, dict):
        return "Cannot convert undefined or null to object" if payload is None else _missing(template)
    for key, expected in template.items():
        if key not in payload:
            if "optional" in expected:
                continue
            return f"Missing key: {expected}:{key}"
        actual = json_type(payload[key])
        if actual not in expected.split(","):
            return f"Expected key {key} to be of type {expected}, instead got {actual}"
    extra = next((key for key in payload if key not in template), None)
    return None if extra is None else f"Extra key: {extra}"


def _missing(template: Mapping[str, str]) -> str:
    key, expected = next(iter(template.items()))
    return f"Missing key: {expected}:{key}"


def json_type(value: Any) -> str:
    """JavaScript's name for the type of a JSON value; null and arrays are told apart from objects."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list() | tuple():
            return "array"
        case _:
            return "object"


def loose_uid(value: Any) -> int | None:
    """The uid that JavaScript's `==` would take `value` for: 5, 5.0 and "5" are the same."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() else None
    return value if isinstance(value, int) else None


def epoch_ms(at: datetime) -> int:
    """JavaScript's `Date.now()`, the unit of `time` in messages."""
    return round(at.timestamp() * 1000)


def format_time(seconds: int) -> str:
    """`mm:ss`, or `hh:mm:ss` from one hour on, as CyTube writes durations."""
    hours, rest = divmod(seconds, 3600)
    clock = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours:02}:{clock}" if hours else clock
