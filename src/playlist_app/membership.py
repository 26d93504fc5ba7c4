"""What the service does as part of a Kryten installation, beside answering over HTTP."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

from attrs import field, frozen

from playlist_app.commands.door import command_door
from playlist_app.commands.port import CommandBus
from playlist_app.metrics import Metrics
from playlist_app.services import Services
from playlist_core.errors import Unavailable
from playlist_core.ports import Randomness

Waits = Callable[[], Coroutine[Any, Any, None]]


@frozen
class Membership:
    """The service in its installation; wiring makes it.

    `channel_name` is the channel as the robot spells it, once it was found. `stay_listed` keeps other
    services knowing of us. `told_to_restart` returns when all services shall restart, `closed` when NATS
    is gone for good.
    """

    services: Services
    requests: CommandBus = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    connected: Callable[[], bool] = field(kw_only=True)
    channel_name: Callable[[], str | None] = field(kw_only=True)
    stay_listed: Waits = field(kw_only=True)
    told_to_restart: Waits = field(kw_only=True)
    closed: Waits = field(kw_only=True)

    def door(self, metrics: Metrics) -> AbstractAsyncContextManager[None]:
        """Takes commands while it is open. Entering raises Unavailable."""
        door = command_door(
            self.services, metrics, randomness=self.randomness, channel_name=self.channel_name
        )
        return door.open(self.requests)

    async def end_with_nats(self) -> None:
        """Raises Unavailable when the connection will not come back: whoever supervises us starts us anew."""
        await self.closed()
        raise Unavailable("NATS has closed the connection for good.", code="nats_unavailable")
