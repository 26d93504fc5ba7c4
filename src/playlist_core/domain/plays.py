"""Plays of our titles as they are stored: each once, and what they come to for a title."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve, field, frozen

PLAYS_KEPT: Final = timedelta(days=35)
"""Longer than the longest time that statistics look back."""


@frozen(kw_only=True)
class TitlePlay:
    """A play of one of our titles (CONTRACTS section 3, `plays/{play id}`).

    `at` is the channel's time, `heard_at` that of the replica which wrote it down. `counted` says that the
    title's `ItemCounts` have it; it never becomes false again.
    """

    play_id: str
    video_id: str
    title: str
    seconds: int
    at: datetime
    heard_at: datetime
    counted: bool = False


@frozen(kw_only=True)
class ItemCounts:
    """What became of a title on the channel (CONTRACTS section 3, `items/{video_id}`).

    `counting` are plays that are counted here while their own documents may not say so yet. `others` are
    fields that this version does not know; they are kept as they are.
    """

    video_id: str
    play_count: int = 0
    last_played_at: datetime | None = None
    duration_seconds: int | None = None
    queue_count: int = 0
    last_queued_at: datetime | None = None
    counting: tuple[str, ...] = ()
    others: Mapping[str, Any] = field(factory=dict[str, Any])

    def with_play(self, play: TitlePlay, *, settled: Collection[str] = ()) -> "ItemCounts":
        """One play more. Of `counting` those that are `settled`, whose documents say so, are forgotten."""
        latest = self.last_played_at is None or play.at >= self.last_played_at
        return evolve(
            self,
            play_count=self.play_count + 1,
            last_played_at=play.at if latest else self.last_played_at,
            duration_seconds=(play.seconds if latest else 0) or self.duration_seconds,
            counting=(*(each for each in self.counting if each not in settled), play.play_id),
        )
