"""What replicas tell each other of their snapshots, and which of two gives way."""

from datetime import datetime
from typing import Final

from attrs import frozen

from playlist_core.domain.catalog import SnapshotInfo

FORMER_KEPT: Final = 19


@frozen(kw_only=True)
class SnapshotNote:
    """A snapshot as the shared store tells others of it (spec: catalog-refresh 4.4).

    `parts` counts the documents that hold its items, numbered from 1; `digest` is the SHA-256 of all items.
    """

    snapshot_id: str
    source: str
    created_at: datetime
    item_count: int
    # Older versions have noted none, and no parts either.
    category_count: int = 0
    parts: int = 0
    digest: str = ""
    notes: str = ""

    @property
    def rebuildable(self) -> bool:
        """Whether others can build it; not so what versions before the parts have noted."""
        return self.parts > 0


@frozen(kw_only=True)
class CurrentNote(SnapshotNote):
    """The snapshot that all replicas shall have; `former` are the ids of those before it, latest first.

    An id enters the list by the same write that takes its place, so who finds his own there knows for sure.
    """

    former: tuple[str, ...] = ()


def succeeding(note: SnapshotNote, before: CurrentNote | None) -> CurrentNote:
    """`note` as the current one, in place of `before`."""
    former: tuple[str, ...] = ()
    if before is not None:
        ids = (before.snapshot_id, *before.former)
        former = tuple(each for each in ids if each != note.snapshot_id)[:FORMER_KEPT]
    return CurrentNote(
        snapshot_id=note.snapshot_id,
        source=note.source,
        created_at=note.created_at,
        item_count=note.item_count,
        category_count=note.category_count,
        parts=note.parts,
        digest=note.digest,
        notes=note.notes,
        former=former,
    )


@frozen
class Follow:
    """Build the snapshot of this note from its parts."""

    note: CurrentNote


@frozen
class Share:
    """Publish the snapshot we have."""

    info: SnapshotInfo


def course(ours: SnapshotInfo | None, current: CurrentNote | None) -> Follow | Share | None:
    """What to do with the snapshot we have, given the one that the store names; None where all is well.

    A snapshot that was current once gives way for good: as no id comes back, replicas cannot take turns,
    whatever their clocks say. Clocks only decide between two that were made apart from each other, while the
    store was away: the later one stays. What nobody can rebuild gives way to anything.
    """
    theirs = current if current is not None and current.rebuildable else None
    if ours is None:
        return None if theirs is None else Follow(theirs)
    if theirs is None:
        return Share(ours)
    if ours.snapshot_id == theirs.snapshot_id:
        return None
    if ours.snapshot_id in theirs.former or _age(ours) < _age(theirs):
        return Follow(theirs)
    return Share(ours)


def _age(snapshot: SnapshotInfo | SnapshotNote) -> tuple[datetime, str]:
    return snapshot.created_at, snapshot.snapshot_id
