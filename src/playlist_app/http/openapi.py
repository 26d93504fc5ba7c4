"""The OpenAPI document, generated from the operations and the classes that parse them."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from playlist_app.http.door import SESSION_COOKIE, Operation
from playlist_app.http.headers import RETRY_AFTER, Header
from playlist_app.shapes.schema import Schemas

_METHODS: Final = ("get", "post", "put", "delete")
_ERROR: Final = {
    "description": "What went wrong, in the one shape of every error.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
# The codes of status 429; whoever meets one is told when to come back.
_TOO_OFTEN: Final = {"rate_limited", "locked"}
_ENVELOPE: Final = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "details": {"type": "object"},
            },
        }
    },
}


def operations(routes: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, str, Operation]]:
    """Every (path, method, operation) of the routes, in their order."""
    for path, resource in routes:
        for method in _METHODS:
            described = getattr(getattr(resource, f"on_{method}", None), "operation", None)
            if described is not None:
                yield path, method, described


def openapi(routes: Sequence[tuple[str, Any]], *, version: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document of everything under the routes."""
    schemas = Schemas({"Error": _ENVELOPE})
    paths: dict[str, Any] = {}
    for path, method, described in operations(routes):
        paths.setdefault(path, {})[method] = _operation(path, described, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kryten Playlist",
            "version": version,
            "description": "Find, arrange and put on the air: playlists for a CyTube channel.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE}},
        },
    }


def _operation(path: str, described: Operation, schemas: Schemas) -> dict[str, Any]:
    document: dict[str, Any] = {
        "summary": described.summary,
        "parameters": [
            *_path_parameters(path),
            *_query_parameters(described, schemas),
            *map(_header_parameter, described.takes),
        ],
        "responses": _responses(described, schemas),
        "security": [{"session": []}] if described.needs is not None else [],
    }
    if described.errors:
        document["description"] = "Error codes: " + ", ".join(f"`{code}`" for code in described.errors) + "."
    if described.needs is not None:
        document["x-needs"] = described.needs.value
    if attrs.fields(described.body):
        required = any(each.default is attrs.NOTHING for each in attrs.fields(described.body))
        document["requestBody"] = {"required": required, "content": _json(described.body, schemas)}
    return document


def _responses(described: Operation, schemas: Schemas) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": described.summary}
    if described.gives:
        answer["headers"] = _answer_headers(described.gives)
    if described.answer is not None:
        answer["content"] = _json(described.answer, schemas)
    if described.streams:
        answer["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    responses: dict[str, Any] = {str(described.status): answer}
    if described.begun is not None:
        begun = "Begun, with `Prefer: respond-async`."
        responses["202"] = {"description": begun, "content": _json(described.begun, schemas)}
    if _TOO_OFTEN & set(described.errors):
        responses["429"] = {**_ERROR, "headers": _answer_headers((RETRY_AFTER,))}
    return {**responses, "default": _ERROR}


def _json(kind: Any, schemas: Schemas) -> dict[str, Any]:
    return {"application/json": {"schema": schemas.of(kind)}}


def _header_parameter(header: Header) -> dict[str, Any]:
    return {"name": header.name, "in": "header", "required": False, **_described(header)}


def _answer_headers(headers: Sequence[Header]) -> dict[str, Any]:
    return {header.name: {"required": header.always, **_described(header)} for header in headers}


def _described(header: Header) -> dict[str, Any]:
    schema = {"type": "string"} if header.pattern is None else {"type": "string", "pattern": header.pattern}
    return {"description": header.description, "schema": schema}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(described: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "required": False, "schema": schema}
        for name, schema in schemas.of_fields(described.query).items()
    ]
