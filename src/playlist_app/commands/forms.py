"""The forms that requests come in: a subject for each command, and the envelope of all Kryten services."""

from typing import Any, Final, Protocol

from attrs import define, field, frozen

from playlist_app.commands.reading import correlation_of
from playlist_core.errors import InvalidInput, PlaylistError

_ENVELOPE: Final = frozenset({"service", "command", "args", "meta"})
_FAILED: Final = "Something went wrong here, and the log has the details. Read again before repeating."
# What kryten-py's `send_command` makes of a command without arguments.
_NO_ARGUMENTS: Final = {"value": None}
# Names are echoed, but nobody needs his megabyte back.
_LONGEST_ECHO: Final = 64


@define(eq=False)
class Course:
    """What is known of a request so far, and what is answered if nothing better comes: that we failed."""

    correlation_id: str
    command: str
    asked_by: str = "nobody"
    result: dict[str, Any] | None = None
    error: PlaylistError | None = field(factory=lambda: PlaylistError(_FAILED))
    is_ours: bool = True


@frozen
class Letter:
    """A command by its name, and its fields as they came."""

    command: str
    fields: dict[str, Any]


class Form(Protocol):
    """How a request is opened and an answer is closed."""

    def command_of(self, subject: str) -> str:
        """What the subject alone says of the command; nothing is empty."""
        ...

    def open(self, subject: str, message: dict[str, Any]) -> Letter | None:
        """None when it is meant for somebody else; raises InvalidInput."""
        ...

    def close(self, course: Course) -> dict[str, Any]: ...


@frozen
class SubjectForm:
    """`{prefix}.{service}.cmd.{command}`: the message is the fields (CONTRACTS section 4)."""

    def command_of(self, subject: str) -> str:
        return subject.rpartition(".")[2]

    def open(self, subject: str, message: dict[str, Any]) -> Letter | None:
        return Letter(self.command_of(subject), message)

    def close(self, course: Course) -> dict[str, Any]:
        error = course.error
        head = {
            "correlation_id": course.correlation_id,
            "status": "ok" if error is None else "error",
            "error": None if error is None else error.code,
            "message": None if error is None else error.message,
        }
        if error is not None:
            head["details"] = dict(error.details)
        return head | (course.result or {})


@frozen
class EnvelopeForm:
    """`{prefix}.{service}.command`, in both ways that other services write it.

    `{"command", "args", "meta"}` as kryten-py sends it, or `{"service", "command", …}` with the fields
    beside, as the command line tools do.
    """

    service: str

    def command_of(self, subject: str) -> str:
        return ""

    def open(self, subject: str, message: dict[str, Any]) -> Letter | None:
        service = _text(message, "service")
        if service is not None and service.lower() != self.service:
            return None
        command = _text(message, "command")
        if not command:
            raise InvalidInput.of("command", "is missing")
        fields = {name: value for name, value in message.items() if name not in _ENVELOPE}
        arguments = _object(message, "args")
        if arguments != _NO_ARGUMENTS:
            twice = sorted(fields.keys() & arguments.keys())
            if twice:
                raise InvalidInput.of(twice[0], "stands in the envelope and in args")
            fields |= arguments
        asked_as = correlation_of({"correlation_id": _object(message, "meta").get("request_id")})
        if asked_as is not None:
            fields = {"correlation_id": asked_as} | fields
        return Letter(command, fields)

    def close(self, course: Course) -> dict[str, Any]:
        error = course.error
        reply: dict[str, Any] = {
            "service": self.service,
            "command": course.command[:_LONGEST_ECHO],
            "success": error is None,
            "correlation_id": course.correlation_id,
        }
        if error is not None:
            reply |= {"error": error.message, "code": error.code, "details": dict(error.details)}
        return reply if course.result is None else reply | {"data": course.result}


def _text(message: dict[str, Any], name: str) -> str | None:
    value = message.get(name)
    if value is not None and type(value) is not str:
        raise InvalidInput.of(name, "expected a text")
    return value


def _object(message: dict[str, Any], name: str) -> dict[str, Any]:
    value = message.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput.of(name, "expected an object")
    return value
