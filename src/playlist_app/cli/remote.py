"""Asking the running service over NATS: who asks, under which correlation id, and what its answers mean."""

import argparse
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from typing import Any, Final, Protocol, TypeVar

import anyio
import cattrs
from attrs import Factory, define, field, frozen

from playlist_app.cli.output import CORRELATION_ID, clean
from playlist_app.config import NatsSettings, Settings
from playlist_app.wiring import System, open_caller
from playlist_core.domain.identity import Username
from playlist_core.errors import InvalidInput, OutcomeUnknown, PlaylistError
from playlist_core.services.codec import strict_converter

T = TypeVar("T")

# The exit code of what Ctrl-C has ended, as shells know it.
INTERRUPTED: Final = 130
# Long enough for a store and a channel that have to be asked first.
_ANSWER_SECONDS: Final = 30.0
_WHO: Final = "KRYTEN_AS"
_NOBODY: Final = (
    "The service wants to know who asks: give --as NAME, a CyTube name whose role shall count,"
    f" or set {_WHO} in the environment, or admins in the settings."
)
_NO_NATS: Final = (
    "This asks the running service, and so needs nats_url in the settings, the address of Kryten's NATS"
    " (or KRYTEN_PLAYLIST_NATS_URL in the environment). So do apply, blessed, run and status; refresh and"
    " playlists do without and then work on the data directory."
)


class Caller(Protocol):
    """Whoever carries a request to the service and its answer back."""

    async def ask(self, command: str, fields: Mapping[str, Any], *, timeout: float) -> Mapping[str, Any]:
        """The answer to a command, whatever it says. `timeout` in seconds.

        Raises Unavailable when NATS or the service is not there, OutcomeUnknown when no answer came in time.
        """
        ...


Reach = Callable[[Settings, NatsSettings], AbstractAsyncContextManager[Caller]]
Presses = Callable[[], AbstractContextManager[AsyncIterator[object]]]


def ctrl_c() -> AbstractContextManager[AsyncIterator[object]]:
    """Each press of Ctrl-C while it is open, in which time none of them ends the process."""
    return anyio.open_signal_receiver(signal.SIGINT)


@frozen(kw_only=True)
class Outside:
    """What verbs meet outside this process: the service, time and chance, and Ctrl-C, a press at a time."""

    reach: Reach = open_caller
    system: System = Factory(System)
    presses: Presses = ctrl_c


@frozen(kw_only=True)
class _Head:
    """What every answer has."""

    status: str
    error: str | None = None
    message: str | None = None
    details: Mapping[str, Any] = field(factory=dict[str, Any])


# A later version may say more than this one knows.
_answers: Final = strict_converter(forbid_extra_keys=False)


@define(eq=False)
class Service:
    """The running service as one command line asks it: as the same person, under one correlation id."""

    caller: Caller
    namespace: str = field(kw_only=True)
    asked_by: Username | None = field(kw_only=True)
    correlation_id: str = field(kw_only=True)

    async def ask(
        self, command: str, answer: type[T], *, timeout: float = _ANSWER_SECONDS, **fields: Any
    ) -> T:
        """What a command answers. `timeout` in seconds.

        Raises Unavailable when nothing was done, OutcomeUnknown when nobody knows, and PlaylistError with
        the service's code and sentence for what it refuses; each has the correlation id in its details.
        """
        heading = {"namespace": self.namespace, CORRELATION_ID: self.correlation_id}
        if self.asked_by is not None:
            heading["requested_by"] = self.asked_by.spelling
        try:
            reply = await self.caller.ask(command, {**heading, **fields}, timeout=timeout)
            return _understood(reply, answer)
        except PlaylistError as exc:
            exc.details = {**exc.details, CORRELATION_ID: self.correlation_id}
            raise


@asynccontextmanager
async def reached(
    settings: Settings, args: argparse.Namespace, outside: Outside, *, anonymous: bool = False
) -> AsyncGenerator[Service, None]:
    """The service that the settings name; with `anonymous` also for somebody who says no name.

    Raises InvalidInput `no_nats_url` or `nobody_named`, Unavailable when NATS cannot be reached.
    """
    nats = settings.nats
    if nats is None:
        raise InvalidInput(_NO_NATS, code="no_nats_url", field="nats_url", problem="is missing")
    asked_by = _requester(settings, args.asked_by)
    if asked_by is None and not anonymous:
        raise InvalidInput(_NOBODY, code="nobody_named", field="requested_by", problem="is missing")
    async with outside.reach(settings, nats) as caller:
        yield Service(
            caller,
            namespace=settings.namespace,
            asked_by=asked_by,
            correlation_id=f"cli-{outside.system.randomness.identifier()}",
        )


def _requester(settings: Settings, named: Username | None) -> Username | None:
    """Whoever is named here, else in the environment, else the first admin of the settings."""
    if named is not None:
        return named
    if text := os.environ.get(_WHO, "").strip():
        try:
            return Username.typed(text)
        except InvalidInput as exc:
            raise InvalidInput.of(_WHO, exc.details["problem"]) from exc
    return settings.admins[0] if settings.admins else None


def _understood(reply: Mapping[str, Any], answer: type[T]) -> T:
    try:
        head = _answers.structure(reply, _Head)
        if head.status == "ok":
            return _answers.structure(reply, answer)
    except (cattrs.BaseValidationError, TypeError, ValueError, KeyError) as exc:
        raise OutcomeUnknown(
            "The service's answer cannot be understood: is it of another version? What was asked for may"
            " have been done.",
            code="bad_answer",
        ) from exc
    raise _refusal(head)


def _refusal(head: _Head) -> PlaylistError:
    error = PlaylistError(clean(head.message or "The service refused, and did not say why."))
    error.code = clean(head.error or error.code)
    error.details = head.details
    return error
