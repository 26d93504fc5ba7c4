"""What becomes events: the states of the service that people want to see while they change."""

from typing import Final

import anyio
import orjson
from attrs import define, field

from playlist_app.events import EventHub, EventKind
from playlist_app.shapes.catalog import refresh_state_view
from playlist_app.shapes.codec import wire
from playlist_core.domain.refresh import RefreshState
from playlist_core.ports import Clock
from playlist_core.services.refreshing import Refreshing

# Four times a second is as fast as anybody reads; a refresh changes its state much more often.
_PAUSE_SECONDS: Final = 0.25


@define(eq=False)
class RefreshFeed:
    """`refresh_progress`: what `GET /catalog/refresh` would answer, whenever that has changed."""

    refreshing: Refreshing
    hub: EventHub
    clock: Clock
    _changed: anyio.Event = field(factory=anyio.Event, init=False)

    async def run(self) -> None:
        """Tell for ever; of states that follow each other at once the last one counts."""
        stop = self.refreshing.listen(self._note)
        try:
            while True:
                await self._changed.wait()
                self._changed = anyio.Event()
                view = refresh_state_view(await self.refreshing.recalled_state())
                self.hub.publish(EventKind.REFRESH_PROGRESS, orjson.dumps(wire.unstructure(view)))
                await self.clock.sleep(_PAUSE_SECONDS)
        finally:
            stop()

    def _note(self, state: RefreshState) -> None:
        self._changed.set()
