"""Asking on while nobody answers: what goes on elsewhere has not failed because we cannot see it."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from attrs import define, field

from playlist_app.cli.remote import Service
from playlist_core.errors import OutcomeUnknown, PlaylistError
from playlist_core.ports import Clock

T = TypeVar("T")

SILENCE_SECONDS: Final = 60.0
_GLANCE_SECONDS: Final = 5.0
# The codes of what passes by itself.
_PASSES: Final = frozenset(
    {"nats_unavailable", "no_service", "store_unavailable", "outcome_unknown", "busy", "interrupted"}
)


@define(eq=False)
class Patience:
    """Asks questions that change nothing, or nothing more the second time.

    `tell` says to people that nobody answers, `then` what to do when that lasts.
    """

    service: Service
    clock: Clock
    tell: Callable[[str], None] = field(kw_only=True)
    then: str = field(kw_only=True)
    _silent_since: float | None = field(default=None, init=False)

    async def ask(self, command: str, answer: type[T], **fields: Any) -> T | None:
        """The answer, or None where none came this time.

        Raises OutcomeUnknown when none has come for a minute, PlaylistError for what the service refuses.
        """
        try:
            found = await self.service.ask(command, answer, timeout=_GLANCE_SECONDS, **fields)
        except PlaylistError as exc:
            if exc.code not in _PASSES:
                raise
            self._note(exc)
            return None
        if self._silent_since is not None:
            self._silent_since = None
            self.tell("The service answers again.")
        return found

    def _note(self, exc: PlaylistError) -> None:
        now = self.clock.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            self.tell(f"{exc.message} Asking again for {SILENCE_SECONDS:.0f} s.")
        elif now - self._silent_since >= SILENCE_SECONDS:
            message = f"The service has not answered for {SILENCE_SECONDS:.0f} s. {self.then}"
            raise OutcomeUnknown(message, correlation_id=self.service.correlation_id) from exc
