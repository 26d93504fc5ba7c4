"""What will happen in the room by itself, and when."""

import heapq
from collections.abc import Callable
from datetime import datetime

from attrs import Factory, define


@define(eq=False)
class Agenda:
    """Actions in order of time; those of the same moment in the order they were entered."""

    _entries: list[tuple[datetime, int, Callable[[], None]]] = Factory(list)
    _entered: int = 0

    @property
    def due(self) -> datetime | None:
        """When the next action is due."""
        return self._entries[0][0] if self._entries else None

    def at(self, when: datetime, action: Callable[[], None]) -> None:
        """Enter `action` for `when`."""
        self._entered += 1
        heapq.heappush(self._entries, (when, self._entered, action))

    def run_next(self) -> None:
        """Do the next action, whatever the time."""
        heapq.heappop(self._entries)[2]()

    def clear(self) -> None:
        """Nothing will happen any more."""
        self._entries.clear()
