"""From the queue as it is to the queue as it shall be: a correct list of single commands.

Never clear, shuffle or a move of the playing item. Before the first delete everything wanted is in place.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import Final

from attrs import Factory, define, field, frozen

from playlist_core.domain.queue import Position, QueueSnapshot
from playlist_core.domain.target import Slot, Target

# CyTube's pace for adds (rank 2 and above / below): a burst, then one each so many seconds.
_BURST: Final = {True: (10, 0.505), False: (3, 1.01)}
_COMMAND_SECONDS: Final = 0.05


@frozen
class New:
    """An item that a step before will have added: the slot it was added for."""

    slot: int


Ref = int | New


@frozen
class Add:
    """Queue the item of a slot."""

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
    item: Ref


@frozen
class SetTemp:
    item: Ref
    temp: bool


@frozen
class Jump:
    """Put an item on the air now."""

    item: Ref


Step = Add | Move | Remove | SetTemp | Jump


@frozen(kw_only=True)
class Plan:
    """Steps in the order of execution; `placed` says which item will stand in which slot.

    `kept`, `moved` and `added` are slots of wanted items; `seconds` is an estimate of the time it takes.
    """

    steps: tuple[Step, ...]
    placed: tuple[Ref, ...]
    kept: tuple[int, ...]
    moved: tuple[int, ...]
    added: tuple[int, ...]
    deleted: int
    seconds: float


@define
class _Item:
    ref: Ref
    media_id: str
    temp: bool


@define
class _Draft:
    """The items to be arranged and the steps so far; `items` stand in the order the arranging starts from."""

    items: list[_Item]
    current: Ref | None
    steps: list[Step] = Factory(list[Step])
    moved: set[int] = field(factory=set[int])
    added: set[int] = field(factory=set[int])

    def add(self, index: int, slot: Slot, position: Position) -> New:
        wanted = slot.wanted is not None and slot.wanted.temp
        temp = wanted if slot.temp is None else slot.temp
        self.steps.append(Add(index, slot.media_id, position, temp))
        self.added.add(index)
        return New(index)

    def move(self, index: int, ref: Ref, after: Ref | None) -> None:
        self.steps.append(Move(ref, after))
        if index not in self.added:
            self.moved.add(index)

    def jump(self, ref: Ref) -> None:
        """What was playing disappears if it was temp."""
        self.steps.append(Jump(ref))
        self.items = [item for item in self.items if item.ref != self.current or not item.temp]
        self.current = ref


def plan(snapshot: QueueSnapshot, target: Target) -> Plan:
    """The steps that turn `snapshot` into `target`, for a channel that does not change meanwhile.

    Pure and total: the same queue and target always give the same plan, and carrying out the first step and
    planning again comes to an end. Permissions are not looked at, except that adding "next" is avoided
    where it is not allowed.
    """
    playing = None if snapshot.playing is None else snapshot.playing.uid
    may_next = snapshot.capabilities.can_add_next and playing is not None
    draft = _Draft([_Item(i.uid, i.media_id, i.temp) for i in snapshot.items], playing)
    if target.on_air is not None:
        _put_on_air(draft, target.on_air, target.slots[target.on_air], may_next=may_next)
    placed = _match(draft, target)
    kept = _kept_run(draft, placed)
    _arrange(draft, target, placed, kept, may_next=may_next)
    _set_temp(draft, target, placed)
    standing = set(placed.values())
    unwanted = [item.ref for item in draft.items if item.ref not in standing]
    # What plays goes last, if it goes at all: until then somebody is watching it.
    unwanted.sort(key=lambda ref: ref == draft.current)
    steps = _within(snapshot.capabilities.max_items, len(snapshot.items), draft.steps, unwanted)
    wanted = [index for index, slot in enumerate(target.slots) if slot.wanted is not None]
    return Plan(
        steps=tuple(steps),
        placed=tuple(placed[index] for index in range(len(target.slots))),
        kept=tuple(i for i in wanted if i not in draft.added and i not in draft.moved),
        moved=tuple(i for i in wanted if i in draft.moved),
        added=tuple(i for i in wanted if i in draft.added),
        deleted=len(unwanted),
        seconds=_seconds(steps, fast=snapshot.capabilities.rank >= 2),
    )


def _put_on_air(draft: _Draft, index: int, slot: Slot, *, may_next: bool) -> None:
    """Make the slot that must play the playing item, adding it first where it is missing."""
    playing = draft.current
    if any(item.ref == playing and item.media_id == slot.media_id for item in draft.items):
        return
    for item in draft.items:
        if item.media_id == slot.media_id:
            draft.jump(item.ref)
            return
    ref = draft.add(index, slot, Position.NEXT if may_next else Position.END)
    behind = len(draft.items)
    if may_next:
        behind = next(at for at, item in enumerate(draft.items) if item.ref == playing) + 1
    draft.items.insert(behind, _Item(ref, slot.media_id, bool(slot.temp)))
    if playing is None:
        draft.current = ref
    else:
        draft.jump(ref)


def _match(draft: _Draft, target: Target) -> dict[int, Ref]:
    """Slot -> item in the list, each at most once: by uid where it says so, then equal media in order."""
    placed: dict[int, Ref] = {
        index: slot.uid for index, slot in enumerate(target.slots) if slot.uid is not None
    }
    if target.on_air is not None and draft.current is not None:
        placed[target.on_air] = draft.current
    taken = set(placed.values())
    free: defaultdict[str, deque[Ref]] = defaultdict(deque)
    for item in draft.items:
        if item.ref not in taken:
            free[item.media_id].append(item.ref)
    for index, slot in enumerate(target.slots):
        if index not in placed and free[slot.media_id]:
            placed[index] = free[slot.media_id].popleft()
    return placed


def _kept_run(draft: _Draft, placed: dict[int, Ref]) -> set[int]:
    """The slots whose items stay where they are: a longest run in order, through the playing item."""
    slot_of = {ref: index for index, ref in placed.items()}
    order = [slot_of[item.ref] for item in draft.items if item.ref in slot_of]
    pivot = slot_of.get(draft.current) if draft.current is not None else None
    if pivot is None:
        return set(_longest_increasing(order))
    at = order.index(pivot)
    left = _longest_increasing([slot for slot in order[:at] if slot < pivot])
    right = _longest_increasing([slot for slot in order[at + 1 :] if slot > pivot])
    return {*left, pivot, *right}


def _longest_increasing(values: Sequence[int]) -> list[int]:
    tails: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        length = bisect_left(tails, value)
        before.append(at[length - 1] if length else -1)
        tails[length : length + 1] = [value]
        at[length : length + 1] = [index]
    run: list[int] = []
    index = at[-1] if at else -1
    while index >= 0:
        run.append(values[index])
        index = before[index]
    return run[::-1]


def _arrange(
    draft: _Draft, target: Target, placed: dict[int, Ref], kept: set[int], *, may_next: bool
) -> None:
    """Bring every slot's item to its place between the kept ones, adding what is missing."""
    pivot = next((i for i, ref in placed.items() if ref == draft.current), None)
    front = _front_group(target, kept, pivot) if pivot is not None else range(0)
    for index in reversed(front):
        _place_next(draft, target, placed, index, may_next=may_next)
    last_kept = max(kept, default=-1)
    after: Ref | None = None
    for index, slot in enumerate(target.slots):
        if index in kept or index in front:
            pass
        elif index in placed:
            draft.move(index, placed[index], after)
        elif index > last_kept:
            next_one = may_next and after is not None and after == draft.current
            placed[index] = draft.add(index, slot, Position.NEXT if next_one else Position.END)
        else:
            placed[index] = draft.add(index, slot, Position.END)
            draft.move(index, placed[index], after)
        after = placed[index]


def _front_group(target: Target, kept: set[int], pivot: int) -> range:
    """The slots between the playing item and the first kept one behind it; empty where none is kept."""
    behind = [index for index in kept if index > pivot]
    return range(pivot + 1, min(behind)) if behind else range(0)


def _place_next(draft: _Draft, target: Target, placed: dict[int, Ref], index: int, *, may_next: bool) -> None:
    """Directly behind the playing item; done backwards, each costs one command."""
    if index in placed:
        draft.move(index, placed[index], draft.current)
    elif may_next:
        placed[index] = draft.add(index, target.slots[index], Position.NEXT)
    else:
        placed[index] = draft.add(index, target.slots[index], Position.END)
        draft.move(index, placed[index], draft.current)


def _set_temp(draft: _Draft, target: Target, placed: dict[int, Ref]) -> None:
    temp_of = {item.ref: item.temp for item in draft.items}
    for index, slot in enumerate(target.slots):
        ref = placed[index]
        if slot.temp is not None and temp_of.get(ref, slot.temp) != slot.temp:
            draft.steps.append(SetTemp(ref, slot.temp))


def _within(most: int, length: int, steps: Sequence[Step], unwanted: Sequence[Ref]) -> list[Step]:
    """Deletes after everything else; where the list is full, one of the rear before each add."""
    ordered: list[Step] = []
    spare = list(unwanted)
    for step in steps:
        if isinstance(step, Add):
            if length >= most and spare:
                ordered.append(Remove(spare.pop()))
                length -= 1
            length += 1
        ordered.append(step)
    return [*ordered, *(Remove(ref) for ref in spare)]


def _seconds(steps: Iterable[Step], *, fast: bool) -> float:
    burst, spacing = _BURST[fast]
    adds = others = 0
    for step in steps:
        if isinstance(step, Add):
            adds += 1
        else:
            others += 1
    return round(max(0, adds - burst) * spacing + (adds + others) * _COMMAND_SECONDS, 1)
