"""What happens, told to whoever listens: a short memory of events, read by each at his own pace."""

from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import anyio
from attrs import define, field, frozen

from playlist_core.domain.access import Action


class EventKind(StrEnum):
    """What can happen. A `reset` says that some of it was missed: what is shown has to be read anew."""

    RESET = "reset"
    NOW_PLAYING = "now_playing"
    QUEUE = "queue"
    APPLY_PROGRESS = "apply_progress"
    REFRESH_PROGRESS = "refresh_progress"
    PLAYLIST_CHANGED = "playlist_changed"
    AVAILABILITY = "availability"


NEEDED: Final[Mapping[EventKind, Action]] = MappingProxyType(
    {
        EventKind.RESET: Action.READ_QUEUE,
        EventKind.NOW_PLAYING: Action.READ_QUEUE,
        EventKind.QUEUE: Action.READ_QUEUE,
        EventKind.APPLY_PROGRESS: Action.READ_QUEUE,
        EventKind.REFRESH_PROGRESS: Action.REFRESH_CATALOG,
        EventKind.PLAYLIST_CHANGED: Action.READ_PLAYLISTS,
        EventKind.AVAILABILITY: Action.READ_QUEUE,
    }
)
"""What somebody must be allowed to do who is to hear of it."""


@frozen
class Event:
    """Something that happened; `data` is JSON on one line, `number` counts from 1 with each process."""

    number: int
    id: str
    kind: EventKind
    data: bytes


@define(eq=False)
class EventHub:
    """Where events are published and read.

    It keeps the last ones for all readers together and nothing for any single one: who reads too slowly, or
    comes back too late, has missed something and is told so. `life` tells this process from the one before,
    whose numbers mean nothing here.
    """

    life: str
    kept: int = field(default=256, kw_only=True)
    _events: deque[Event] = field(factory=deque[Event], init=False)
    _last: int = field(default=0, init=False)
    _changed: anyio.Event = field(factory=anyio.Event, init=False)
    _stopped: bool = field(default=False, init=False)

    def publish(self, kind: EventKind, data: bytes) -> None:
        """Tell everybody; never waits for anybody."""
        self._last += 1
        self._events.append(Event(self._last, self.id_of(self._last), kind, data))
        if len(self._events) > self.kept:
            self._events.popleft()
        self._wake()

    def stop(self) -> None:
        """The service is stopping: nobody waits any longer, and whoever comes later not at all."""
        self._stopped = True
        self._wake()

    def subscribe(self, last_id: str | None = None) -> "EventReader":
        """A reader of what comes after the event of that id, or, without one, of what comes from now on.

        Nothing has to be given back, so this is no context manager.
        """
        return EventReader(self, self._last if last_id is None else self._number(last_id))

    def id_of(self, number: int) -> str:
        """How the event of that number is called outside; 0 is what was before the first."""
        return f"{self.life}-{number}"

    def after(self, number: int | None) -> Event | None:
        """The event that follows that number, if it has happened; a `reset` where it is kept no longer."""
        if number == self._last:
            return None
        first = self._last - len(self._events) + 1
        if number is None or number + 1 < first:
            return Event(self._last, self.id_of(self._last), EventKind.RESET, b"{}")
        return self._events[number + 1 - first]

    async def wait(self, number: int | None) -> bool:
        """Wait until there is something after that number; False when the service stops."""
        while not self._stopped:
            if number != self._last:
                return True
            await self._changed.wait()
        return False

    def _number(self, event_id: str) -> int | None:
        """The number in an id that this process has given; None for any other text."""
        life, _, number = event_id.rpartition("-")
        if life != self.life or not (number.isascii() and number.isdigit() and len(number) <= 15):
            return None
        return int(number) if int(number) <= self._last else None

    def _wake(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


@define(eq=False)
class EventReader:
    """Somebody's place in what happens: `seen` is the number of the last event read, None if it is lost."""

    hub: EventHub
    seen: int | None

    @property
    def place(self) -> str | None:
        """The id to subscribe with again, to read nothing twice and miss nothing; None if it is lost."""
        return None if self.seen is None else self.hub.id_of(self.seen)

    async def ready(self) -> bool:
        """Wait until there is something to read; False when the service stops."""
        return await self.hub.wait(self.seen)

    def read(self) -> Event | None:
        """The next event, None when there is none yet."""
        event = self.hub.after(self.seen)
        if event is not None:
            self.seen = event.number
        return event
