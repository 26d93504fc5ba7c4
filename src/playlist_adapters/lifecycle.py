"""Our place among the Kryten services: known to the robot whenever it lists them, and restarted with them."""

import logging
import math
from collections.abc import Mapping
from typing import Any, Final

import anyio
from attrs import define, field
from kryten.lifecycle_events import LifecycleEventPublisher
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus
from playlist_core.errors import InvalidInput, Unavailable

# kryten-py and the robot know no other prefix.
_ROOT: Final = "kryten.lifecycle"
# As kryten-py reads a notice that does not say how long.
_USUAL_DELAY: Final = 5.0
_LONGEST_DELAY: Final = 600.0
# How long an outage may last that began while we were about to listen.
_AGAIN_SECONDS: Final = 1.0

log = logging.getLogger("kryten_playlist.lifecycle")


@define(eq=False)
class Lifecycle:
    """What kryten-py leaves to its user; startup, heartbeats, answers to polls and shutdown it sends itself.

    The bus must have been opened with something to announce.
    """

    bus: Bus
    _due: anyio.Event = field(factory=anyio.Event, init=False)
    _told: anyio.Event = field(factory=anyio.Event, init=False)
    _delay: float = field(default=_USUAL_DELAY, init=False)

    async def stay_listed(self) -> None:
        """Announce ourselves for ever, once at the beginning and then whenever the list may have lost us.

        The robot does not take a heartbeat for a startup. Its list is empty after it restarts, it drops a
        name when one of several replicas leaves, and what happens while we are disconnected we do not hear.
        """
        publisher, service = self._publisher(), self.bus.client.config.service
        leaving = f"{_ROOT}.{service.name if service else ''}.shutdown"
        with self.bus.on_reconnect(self._note):
            while True:
                self._note()
                try:
                    async with (
                        self.bus.listening(f"{_ROOT}.robot.startup", self._hear),
                        self.bus.listening(leaving, self._hear),
                    ):
                        await self._announce_for_ever(publisher)
                except Unavailable as exc:
                    log.warning("other services may not see this one: %s", exc.message)
                    await anyio.sleep(_AGAIN_SECONDS)

    async def _announce_for_ever(self, publisher: LifecycleEventPublisher) -> None:
        while True:
            await self._due.wait()
            self._due = anyio.Event()
            await publisher.publish_startup()

    async def told_to_restart(self) -> None:
        """Return when all services were told to restart, once the delay that the notice names has passed."""
        self._publisher()
        self.bus.client.on_group_restart(self._restart)
        await self._told.wait()
        await anyio.sleep(self._delay)

    def _publisher(self) -> LifecycleEventPublisher:
        publisher = self.bus.client.lifecycle
        if publisher is None:
            raise InvalidInput("The bus was opened without a service to announce.")
        return publisher

    async def _hear(self, message: Msg) -> None:
        self._note()

    def _note(self) -> None:
        self._due.set()

    async def _restart(self, notice: Mapping[str, Any]) -> None:
        self._delay = _seconds(notice.get("delay_seconds", _USUAL_DELAY))
        log.warning("told to restart with all Kryten services, in %.0f s", self._delay)
        self._told.set()


def _seconds(given: Any) -> float:
    """How long a notice says to wait; anybody can send one, with anything in it."""
    if type(given) not in (int, float) or not math.isfinite(given):
        return _USUAL_DELAY
    return min(max(float(given), 0.0), _LONGEST_DELAY)
