"""What the channel's list is after each step of a plan, so that what is seen can be held against it."""

from collections.abc import Sequence
from typing import Final

from attrs import evolve

from playlist_core.domain.queue import NowPlaying, Position, QueueItem, QueueSnapshot
from playlist_core.domain.steps import Add, Jump, Move, Remove, SetTemp, Step, Wait

# CyTube begins an item with a lead-in of three seconds.
_LEAD_IN: Final = -3.0


def evolved(snapshot: QueueSnapshot, step: Step, added: QueueItem | None = None) -> QueueSnapshot:
    """The snapshot after a step whose items all have their uids (`steps.resolve`), if nothing else happens.

    `added` is the item of an `Add` as the channel took it. Raises ValueError for an item that is not there.
    """
    match step:
        case Add() if added is not None:
            return _with(snapshot, added, step.position)
        case Move(int(uid), int() | None as after):
            item = snapshot.items[_place(snapshot.items, uid)]
            others = [other for other in snapshot.items if other is not item]
            others.insert(0 if after is None else _place(others, after) + 1, item)
            return evolve(snapshot, items=tuple(others))
        case Remove(int(uid)):
            return _without(snapshot, uid)
        case SetTemp(int(uid), temp):
            at = _place(snapshot.items, uid)
            changed = evolve(snapshot.items[at], temp=temp)
            return evolve(snapshot, items=(*snapshot.items[:at], changed, *snapshot.items[at + 1 :]))
        case Jump(int(uid)):
            return _starting(snapshot, snapshot.items[_place(snapshot.items, uid)])
        case Wait() if snapshot.playing is not None:
            return _starting(snapshot, _behind(snapshot.items, snapshot.playing.uid))
        case _:
            raise ValueError(f"this cannot be carried out: {step}")


def agrees(seen: QueueSnapshot, predicted: QueueSnapshot) -> bool:
    """Whether the list is as predicted: the same items in the same order, their temp flags, what plays."""
    if seen.generation != predicted.generation or len(seen.items) != len(predicted.items):
        return False
    if _uid(seen.playing) != _uid(predicted.playing):
        return False
    pairs = zip(seen.items, predicted.items, strict=True)
    return all(one is other or (one.uid == other.uid and one.temp == other.temp) for one, other in pairs)


def _with(snapshot: QueueSnapshot, added: QueueItem, position: Position) -> QueueSnapshot:
    """The first item of an empty list plays at once."""
    items = list(snapshot.items)
    current = snapshot.current_index
    items.insert(len(items) if position is Position.END or current is None else current + 1, added)
    playing = snapshot.playing if snapshot.items else _beginning(added)
    return evolve(snapshot, items=tuple(items), playing=playing)


def _without(snapshot: QueueSnapshot, uid: int) -> QueueSnapshot:
    """When the item is playing, the one behind it starts."""
    left = tuple(item for item in snapshot.items if item.uid != uid)
    if len(left) == len(snapshot.items):
        raise ValueError(f"there is no item {uid}")
    if _uid(snapshot.playing) != uid:
        return evolve(snapshot, items=left)
    return evolve(snapshot, items=left, playing=_beginning(_behind(snapshot.items, uid)) if left else None)


def _starting(snapshot: QueueSnapshot, item: QueueItem) -> QueueSnapshot:
    """An item goes on the air; the one that was, disappears if it is temp."""
    current = _uid(snapshot.playing)
    left = tuple(other for other in snapshot.items if other is item or other.uid != current or not other.temp)
    return evolve(snapshot, items=left, playing=_beginning(item))


def _behind(items: Sequence[QueueItem], uid: int) -> QueueItem:
    return items[(_place(items, uid) + 1) % len(items)]


def _place(items: Sequence[QueueItem], uid: int) -> int:
    for place, item in enumerate(items):
        if item.uid == uid:
            return place
    raise ValueError(f"there is no item {uid}")


def _beginning(item: QueueItem) -> NowPlaying:
    return NowPlaying(uid=item.uid, position_seconds=_LEAD_IN)


def _uid(playing: NowPlaying | None) -> int | None:
    return None if playing is None else playing.uid
