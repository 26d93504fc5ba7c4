"""Which frames mean that an item has really started."""

from datetime import datetime, timedelta
from typing import Any, Final

from attrs import define, field

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.values import seconds, text, text_or_nothing
from playlist_core.ports import Play

# Whoever joins is shown what plays, up to three times, as if it had just begun (recorded: robot-restart).
_JOINING: Final = timedelta(seconds=2)
# The lead-in with which CyTube begins every item of a known length (docs/cytube.md 5).
_LEAD_IN: Final = -3


@define(eq=False)
class Starts:
    """Fed with every frame in order, it tells the starts from joins and from what is sent again.

    A start is a `setCurrent` and then a `changeMedia` at the beginning of the lead-in. An item that begins
    anew, because it is the only one, starts again; the same shown twice within its lead-in does not.
    """

    _joined: Frame | None = field(default=None, init=False)
    _current: Any = field(default=None, init=False)
    _latest: Frame | None = field(default=None, init=False)

    def take(self, frame: Frame) -> bool:
        """Whether this frame, a `changeMedia`, is the start of an item."""
        match frame.event:
            case "rank" if frame.payload == -1:
                self._joined = frame
            case "setCurrent":
                self._current = frame.payload
            case "changeMedia":
                return self._starts(frame)
            case _:
                pass
        return False

    def _starts(self, frame: Frame) -> bool:
        current, self._current = self._current, None
        if current is None or not _at_its_beginning(frame.payload):
            return False
        if self._joined is not None and frame.at - self._joined.at < _JOINING:
            return False
        if self._latest is not None and _same_start(self._latest, frame):
            return False
        self._latest = frame
        return True


def play_of(frame: Frame, play_id: str, at: datetime) -> Play:
    """The play that a start tells of."""
    media = frame.payload
    return Play(
        play_id=play_id,
        at=at,
        media_id=text(media["id"]),
        media_type=text(media["type"]),
        title=text_or_nothing(media.get("title")),
        seconds=seconds(media.get("seconds")),
    )


def _at_its_beginning(media: Any) -> bool:
    return media["currentTime"] == (_LEAD_IN if media["seconds"] else 0)


def _same_start(one: Frame, other: Frame) -> bool:
    again = one.payload["id"] == other.payload["id"]
    return again and other.at - one.at < timedelta(seconds=-_LEAD_IN)
