"""The JSON schemas of the commands, generated from the classes that parse requests and shape replies."""

from collections.abc import Sequence
from typing import Any

import attrs

from playlist_app.commands.orders import Command
from playlist_app.shapes.commands import Heading
from playlist_app.shapes.schema import Schemas

_WAIT = {"type": "boolean", "default": False}


def schemas_of(commands: Sequence[Command]) -> dict[str, Any]:
    """For each name what it is for, what it needs, and the schemas of `request` and `reply`.

    `reply` are the fields besides those that every reply has; in the envelope they are its `data`. Each
    schema stands for itself: what it refers to is in it.
    """
    return {command.name: _schema(command) for command in commands}


def _schema(command: Command) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": command.summary,
        "needs": None if command.needs is None else command.needs.value,
        "errors": list(command.errors),
        "request": _request(command),
        "reply": _whole(command.reply),
    }
    if command.begun is not None:
        described["begun"] = _whole(command.begun)
    return described


def _request(command: Command) -> dict[str, Any]:
    schemas = Schemas()
    properties = {**schemas.of_fields(Heading), **schemas.of_fields(command.takes)}
    if command.begun is not None:
        properties["async"] = _WAIT
    fields = attrs.fields(command.takes)
    return {
        "type": "object",
        "properties": properties,
        "required": [each.name for each in fields if each.default is attrs.NOTHING],
        "additionalProperties": False,
        **_parts(schemas),
    }


def _whole(kind: type[Any]) -> dict[str, Any]:
    schemas = Schemas()
    return {**schemas.of(kind), **_parts(schemas)}


def _parts(schemas: Schemas) -> dict[str, Any]:
    return {"components": {"schemas": schemas.components}} if schemas.components else {}
