"""A run: one playlist on its way into the queue, and what became of each item."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from playlist_core.domain.playlists import PlaylistItem
from playlist_core.domain.queue import Mode
from playlist_core.domain.target import Former


class RunStatus(StrEnum):
    """`done` also when single items failed; `failed` when the run itself could not go on."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@frozen(kw_only=True)
class ItemFailure:
    """An item that does not stand in the queue, with a stable reason and a sentence for people.

    `index` is its place in the playlist, from 0; `title` None where nobody knows one.
    """

    index: int
    video_id: str
    title: str | None = None
    reason: str
    message: str


def item_failure(index: int, item: PlaylistItem, reason: str, message: str) -> ItemFailure:
    """The failure of the item at a place of the playlist."""
    return ItemFailure(index=index, video_id=item.video_id, title=item.title, reason=reason, message=message)


@frozen(kw_only=True)
class Run:
    """One apply (or undo) and how far it got.

    `total` counts the items of the playlist, `done` those that stand in their place or have failed;
    `kept`, `moved` and `added` sum up to the items that stand in the queue through this run. `cancel_asked`
    is how another process than its own asks it to end.
    """

    run_id: str
    status: RunStatus
    mode: Mode
    playlist_id: str | None
    undo_of: str | None = None
    by: str
    started_at: datetime
    updated_at: datetime
    total: int
    done: int = 0
    kept: int = 0
    moved: int = 0
    added: int = 0
    failed: tuple[ItemFailure, ...] = ()
    eta_seconds: float | None = None
    message: str | None = None
    code: str | None = None
    cancel_asked: bool = False

    @property
    def enqueued_count(self) -> int:
        """Items of the playlist that stand in the queue through this run (CONTRACTS section 2, Queue)."""
        return self.kept + self.moved + self.added


@frozen(kw_only=True)
class FormerQueue:
    """The queue before a run, for undo: the items in order and which of them was playing."""

    items: tuple[Former, ...]
    playing: int | None


@frozen(kw_only=True)
class ApplyLease:
    """Who applies to the channel right now."""

    run_id: str
    by: str
    renewed_at: datetime
