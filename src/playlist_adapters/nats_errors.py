"""What nats-py's and kryten-py's failures mean to us; nothing of them passes the adapters."""

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

from kryten.exceptions import KrytenConnectionError
from nats import errors as nats
from nats.js import errors as js

from playlist_core.errors import OutcomeUnknown, PlaylistError, TooLarge, Unavailable

# `NotFoundError` says all of these: no such message is an answer, no such stream is a failure.
NO_MESSAGE = 10037
# The server compares the revision we named with the last one of the key. nats-py has a class of its own for
# it, but only where it writes values; deleting raises what the server said.
WRONG_REVISION = frozenset({10071, 10164})
_TOO_LARGE = 10054
_FULL = frozenset({10077, 10047})

FAILURES = (nats.Error, KrytenConnectionError, TimeoutError, OSError, JSONDecodeError)
# Refused on this side of the wire, or answered by a server that found nobody to give it to.
_NEVER_SENT = (
    nats.OutboundBufferLimitError,
    nats.ConnectionClosedError,
    nats.ConnectionDrainingError,
    nats.NoRespondersError,
    js.NoStreamResponseError,
    js.ServiceUnavailableError,
    KrytenConnectionError,
)


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Around what changes nothing: every failure is Unavailable. `what` stands in the message: "bucket x"."""
    try:
        yield
    except FAILURES as exc:
        raise Unavailable(_advice(exc, what), dependency="nats") from exc


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Around a write: what certainly did not happen is Unavailable or TooLarge, all else OutcomeUnknown."""
    try:
        yield
    except FAILURES as exc:
        raise _fate(exc, what) from exc


def is_wrong_revision(exc: js.APIError) -> bool:
    if isinstance(exc, js.KeyWrongLastSequenceError):
        return True
    return getattr(exc, "err_code", None) in WRONG_REVISION


def _fate(exc: Exception, what: str) -> PlaylistError:
    code = getattr(exc, "err_code", None)
    if isinstance(exc, nats.MaxPayloadError) or code == _TOO_LARGE:
        return TooLarge("The value is larger than NATS takes.")
    refused = isinstance(exc, js.APIError) and not isinstance(exc, js.ServerError)
    if refused or isinstance(exc, _NEVER_SENT):
        return Unavailable(_advice(exc, what), dependency="nats")
    return OutcomeUnknown(f"NATS did not confirm the change of {what}: read again before repeating.")


def _advice(exc: Exception, what: str) -> str:
    match exc:
        case js.NoStreamResponseError():
            return (
                f"NATS has no {what} any more, or too few of the servers that keep it are up: start those, "
                "or restart the service to make it anew."
            )
        case js.APIError(err_code=code) if code in _FULL:
            return f"The {what} in NATS is full: give JetStream more room, then try again."
        case js.NotFoundError():
            return f"NATS has no {what} any more: restart the service to make it anew, or restore a backup."
        case js.ServiceUnavailableError() | nats.NoRespondersError():
            return (
                f"NATS answers, but without JetStream for the {what}: start nats-server with JetStream, "
                "in a cluster most of its servers."
            )
        case TimeoutError():
            return f"NATS did not answer in time about the {what}: try again."
        case _:
            return f"NATS cannot be used for the {what} now ({type(exc).__name__}): try again."
