"""From the bytes of a request to the fields of a command, strictly; whoever asks is told what is wrong."""

from typing import Any, Final, TypeVar

from attrs import fields, frozen

from playlist_app.shapes.commands import Heading
from playlist_app.shapes.parsing import check_size, parse_body, parse_json
from playlist_core.domain.identity import Username
from playlist_core.errors import InvalidInput

T = TypeVar("T")

_HEADING: Final = frozenset(each.name for each in fields(Heading))
_WAIT: Final = "async"


@frozen
class Asked:
    """A request taken apart: what every command has, whether to wait for the end, and the rest."""

    heading: Heading
    waits: bool | None
    fields: dict[str, Any]


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request, none for no bytes at all; raises Malformed, InvalidInput, TooLarge."""
    check_size(len(raw))
    value = parse_json(raw) if raw.strip() else {}
    if not isinstance(value, dict):
        raise InvalidInput.of("request", "expected an object")
    return value


def take_apart(request: dict[str, Any]) -> Asked:
    """Raises InvalidInput that names what is wrong with the part that every command has."""
    heading = parse_body({name: request[name] for name in _HEADING & request.keys()}, Heading)
    correlation_id = heading.correlation_id
    if correlation_id is not None and not (correlation_id and correlation_id.isprintable()):
        raise InvalidInput.of("correlation_id", "must be printable and not empty")
    begins = request.get(_WAIT, False)
    if type(begins) is not bool:
        raise InvalidInput.of(_WAIT, "expected true or false")
    rest = {name: value for name, value in request.items() if name not in _HEADING and name != _WAIT}
    return Asked(heading, None if _WAIT not in request else not begins, rest)


def correlation_of(request: dict[str, Any]) -> str | None:
    """The id to echo, also in what refuses the request; None where there is none that could be."""
    try:
        return take_apart({"correlation_id": request.get("correlation_id")}).heading.correlation_id
    except InvalidInput:
        return None


def requester(heading: Heading) -> Username | None:
    """Who asks, as far as the request says; raises InvalidInput for what is no name of CyTube."""
    if heading.requested_by is None:
        return None
    try:
        return Username.parse(heading.requested_by)
    except InvalidInput as exc:
        raise InvalidInput.of("requested_by", exc.details["problem"]) from exc
