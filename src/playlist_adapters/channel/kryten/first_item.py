"""The item with uid 0, about which the robot's own list is not to be trusted."""

from typing import Any, Final

from attrs import define, field

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.view import ChannelView

FIRST_UID: Final = 0


@define(eq=False)
class FirstItem:
    """What events tell of the item with uid 0: whether it is `there` (None where they left it open), and
    whether it is `placed`, which is to say that it stands where the view has it.

    To the robot 0 is no number: it neither takes that item off its list nor moves it (docs/kryten.md 3).
    CyTube gives the uid once while a channel is loaded, and every list that it loads begins with it.
    """

    there: bool | None = field(default=None, init=False)
    placed: bool = field(default=False, init=False)

    def take(self, frame: Frame) -> None:
        """Learn from the next event."""
        payload = frame.payload
        match frame.event:
            case "rank" if payload == -1:
                self.forget()
            case "playlist":
                self.forget()
                if any(item["uid"] == FIRST_UID for item in payload):
                    self.there = self.placed = True
            case "queue" if payload["item"]["uid"] == FIRST_UID:
                self.there = self.placed = True
            case "moveVideo" if payload["from"] == FIRST_UID:
                self.there = self.placed = True
            case "setTemp" if payload["uid"] == FIRST_UID:
                self.there = True
            case "delete" if payload["uid"] == FIRST_UID:
                self.there = False
            case _:
                pass

    def missed_something(self) -> None:
        """Events of this session were lost; what is gone stays gone."""
        self.placed = False
        if self.there:
            self.there = None

    def forget(self) -> None:
        """Nothing is known of it any more."""
        self.there, self.placed = None, False

    def listed(self, items: list[Any], before: ChannelView | None) -> list[Any]:
        """The robot's list with it where it stood `before`, and without it where it is gone."""
        rest = [item for item in items if item["uid"] != FIRST_UID]
        if self.there is False or len(rest) == len(items):
            return rest
        if before is None or not before.holds(FIRST_UID):
            return items
        front = before.in_front_of(FIRST_UID)
        at = next((n for n, item in enumerate(rest, 1) if item["uid"] == front), 0 if front is None else None)
        first = [item for item in items if item["uid"] == FIRST_UID]
        return items if at is None else [*rest[:at], *first, *rest[at:]]
