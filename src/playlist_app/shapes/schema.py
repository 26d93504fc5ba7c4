"""JSON schemas of the classes that parse requests and shape answers."""

import types
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import define, field

from playlist_app.shapes.bounds import ArrayUpTo, Between, TextUpTo

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


@define(eq=False)
class Schemas:
    """Collects the schema of each class once, under its name."""

    components: dict[str, Any] = field(factory=dict[str, Any])

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type; attrs classes by reference."""
        if kind is type(None):
            return {"type": "null"}
        if kind in _PLAIN:
            return {"type": _PLAIN[kind]}
        if kind is datetime:
            return {"type": "string", "format": "date-time"}
        if kind is Any:
            return {}
        origin = get_origin(kind)
        if origin is not None:
            return self._of_generic(origin, get_args(kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"type": "string", "enum": [member.value for member in kind]}
        if attrs.has(kind):
            return self._reference(kind)
        raise TypeError(f"no JSON schema for {kind!r}")

    def of_fields(self, kind: type[Any]) -> dict[str, dict[str, Any]]:
        """The schema of each field of an attrs class by its name, with default and bounds."""
        hints = get_type_hints(kind)
        return {
            each.name: {**self.of(hints[each.name]), **_bounds(each.validator), **_default(each.default)}
            for each in attrs.fields(kind)
        }

    def _of_generic(self, origin: Any, args: tuple[Any, ...]) -> dict[str, Any]:
        if origin in (Union, types.UnionType):
            return {"anyOf": [self.of(arg) for arg in args]}
        if origin in (tuple, list):
            return {"type": "array", "items": self.of(args[0])}
        if origin is Literal:
            return {"enum": list(args)}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(args[1])}
        raise TypeError(f"no JSON schema for {origin!r}")

    def _reference(self, kind: type[Any]) -> dict[str, Any]:
        if kind.__name__ not in self.components:
            self.components[kind.__name__] = {}  # a class may refer to itself
            self.components[kind.__name__] = self._object(kind)
        return {"$ref": f"#/components/schemas/{kind.__name__}"}

    def _object(self, kind: type[Any]) -> dict[str, Any]:
        required = [each.name for each in attrs.fields(kind) if each.default is attrs.NOTHING]
        described: dict[str, Any] = {
            "type": "object",
            "properties": self.of_fields(kind),
            "additionalProperties": False,
        }
        if required:
            described["required"] = required
        if kind.__doc__:
            described["description"] = kind.__doc__.strip().splitlines()[0]
        return described


def _default(value: Any) -> dict[str, Any]:
    if value is attrs.NOTHING:  # which is an Enum member itself
        return {}
    plain = value.value if isinstance(value, Enum) else value
    return {"default": plain} if isinstance(plain, (str, int, float, bool)) else {}


def _bounds(validator: Any) -> dict[str, Any]:
    """Each keyword speaks of its own kind of value only, so it may stand beside an `anyOf`."""
    match validator:
        case Between(least, most):
            return {"minimum": least, "maximum": most}
        case TextUpTo(most):
            return {"maxLength": most}
        case ArrayUpTo(most):
            return {"maxItems": most}
        case None:
            return {}
        case _:
            raise TypeError(f"no JSON schema for {validator!r}")
