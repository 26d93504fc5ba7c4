"""The commands a plan is made of, and the items they name before the channel has numbered them."""

from collections.abc import Mapping
from typing import TypeAlias

from attrs import evolve, frozen

from playlist_core.domain.queue import Position


@frozen
class New:
    """An item that an earlier step of the same plan adds: the slot it is added for."""

    slot: int


Ref: TypeAlias = int | New


@frozen
class Add:
    """Queue the item of a slot, at the end or directly behind the playing item."""

    slot: int
    media_id: str
    position: Position
    temp: bool


@frozen
class Move:
    """Put an item behind another; `after` None is the front of the list."""

    item: Ref
    after: Ref | None


@frozen
class Remove:
    """Delete an item; when it is playing, the one behind it starts (behind the last: the first)."""

    item: Ref


@frozen
class SetTemp:
    """Say whether an item disappears when it has played."""

    item: Ref
    temp: bool


@frozen
class Jump:
    """Put an item on the air now; one that was playing and is temp disappears."""

    item: Ref


@frozen
class Wait:
    """Send nothing until the playing item has ended and the one behind it plays."""


Step: TypeAlias = Add | Move | Remove | SetTemp | Jump | Wait


def resolve(step: Step, uids: Mapping[int, int]) -> Step:
    """The step with the channel's numbers for items that were added: `uids` are uids by slot.

    Raises KeyError for an item whose `Add` has not been carried out.
    """
    match step:
        case Add() | Wait():
            return step
        case Move(item, after):
            return Move(_uid(item, uids), None if after is None else _uid(after, uids))
        case _:
            return evolve(step, item=_uid(step.item, uids))


def _uid(ref: Ref, uids: Mapping[int, int]) -> int:
    return uids[ref.slot] if isinstance(ref, New) else ref
