"""The channel's queue as we see it: items, what is playing, and what the channel admits."""

from enum import StrEnum
from math import inf

from attrs import field, frozen


class Mode(StrEnum):
    """How a playlist meets the queue that is there (PRD, Cytube queue application)."""

    PRESERVE_CURRENT = "preserve_current"
    APPEND = "append"
    HARD_REPLACE = "hard_replace"


class Position(StrEnum):
    """Where CyTube can add: at the end, or directly behind the playing item."""

    END = "end"
    NEXT = "next"


class Refusal(StrEnum):
    """Why the channel did not take a command (facts: CyTube `queueFail`, permissions)."""

    TOO_FAST = "too_fast"
    DUPLICATE = "already_on_playlist"
    LIST_FULL = "list_full"
    NO_PERMISSION = "no_permission"
    BAD_MANIFEST = "bad_manifest"
    OTHER = "refused"


@frozen
class QueueItem:
    """One entry of the channel's playlist.

    `uid` is CyTube's number for it, 0 included, and void in another generation. `media_id` is
    the manifest URL for type `cm`. `seconds` is 0 for a live or unknown length.
    """

    uid: int
    media_id: str
    media_type: str = field(kw_only=True)
    title: str = field(kw_only=True)
    seconds: int = field(kw_only=True)
    temp: bool = field(kw_only=True)
    queueby: str = field(kw_only=True)


@frozen(kw_only=True)
class NowPlaying:
    """The item on the air: `position_seconds` is negative during CyTube's 3 s lead-in."""

    uid: int
    position_seconds: float
    paused: bool = False


@frozen(kw_only=True)
class Capabilities:
    """What our bot may do in the channel, and the channel's own limits."""

    rank: float
    can_add: bool
    can_add_next: bool
    can_move: bool
    can_delete: bool
    can_jump: bool
    can_set_temp: bool
    can_add_permanent: bool
    allow_dupes: bool
    max_items: int


@frozen(kw_only=True)
class QueueSnapshot:
    """The channel's playlist at one moment, in order, the playing item included.

    uids of different generations must never be compared (CyTube renumbers on reload and shuffle).
    `playing` is None when the list is empty.
    """

    generation: int
    items: tuple[QueueItem, ...]
    playing: NowPlaying | None
    capabilities: Capabilities

    @property
    def current_index(self) -> int | None:
        """Where in `items` the playing item stands."""
        if self.playing is None:
            return None
        for index, item in enumerate(self.items):
            if item.uid == self.playing.uid:
                return index
        return None

    @property
    def seconds_left(self) -> float:
        """How long the playing item goes on; infinite when it is live, paused, or nothing plays.

        CyTube goes on two seconds after the end, which are not counted on.
        """
        index = self.current_index
        if self.playing is None or index is None or self.playing.paused or self.items[index].seconds <= 0:
            return inf
        return max(0.0, self.items[index].seconds - self.playing.position_seconds)
