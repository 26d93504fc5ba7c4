"""The channel's list as the planner sees it: which media stand where, and which of them plays."""

from attrs import frozen

from playlist_core.domain.queue import QueueSnapshot
from playlist_core.domain.steps import Ref


@frozen
class Entry:
    """An item of the list, or one that a step will have added; `seconds` 0 is a length that nobody knows."""

    ref: Ref
    media_id: str
    temp: bool
    seconds: int = 0


@frozen
class Lineup:
    """The entries in order and the place of the playing one.

    `lasts` are the seconds for which it goes on by itself, infinite where nobody knows an end.
    """

    entries: tuple[Entry, ...]
    on_air: int | None
    lasts: float

    @classmethod
    def of(cls, snapshot: QueueSnapshot) -> "Lineup":
        """What a snapshot shows."""
        entries = tuple(Entry(item.uid, item.media_id, item.temp, item.seconds) for item in snapshot.items)
        return cls(entries, snapshot.current_index, snapshot.seconds_left)

    @property
    def playing(self) -> Entry | None:
        return None if self.on_air is None else self.entries[self.on_air]
