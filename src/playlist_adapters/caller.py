"""Whoever asks a running service for something, over the bus."""

from collections.abc import Mapping
from typing import Any, cast

from attrs import frozen

from playlist_adapters.bus import Bus
from playlist_core.errors import OutcomeUnknown, Unavailable


@frozen
class BusCaller:
    """Commands to the service that serves `subject` and a dot, and its answers as they come."""

    bus: Bus
    subject: str

    async def ask(self, command: str, fields: Mapping[str, Any], *, timeout: float) -> Mapping[str, Any]:
        """The answer to a command. `timeout` in seconds.

        Raises Unavailable when no service is there, OutcomeUnknown when it does not answer in time.
        """
        try:
            answer = await self.bus.ask(f"{self.subject}.{command}", fields, timeout=timeout)
        except Unavailable as exc:
            if exc.code == "nats_unavailable":
                raise
            raise Unavailable(
                f"No service hears {self.subject}: is kryten-playlist serve running, with this service_name"
                " and nats_subject_prefix?",
                code="no_service",
            ) from exc
        if not isinstance(answer, dict):
            raise OutcomeUnknown("The service answered in words nobody knows.")
        return cast(dict[str, Any], answer)
