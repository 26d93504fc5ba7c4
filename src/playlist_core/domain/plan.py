"""From the queue as it is to the queue as it shall be, with the fewest commands.

Never clear, shuffle or a move of the playing item. `opening` puts item 1 on the air where the mode asks for
that, `layout` decides which items stay, `order` makes steps of it, `deletes` adds what goes; `prediction`
tells what the list is after each step.
"""

from typing import Final

from attrs import frozen

from playlist_core.domain.deletes import Deletes
from playlist_core.domain.layout import Layout, lay_out
from playlist_core.domain.lineup import Lineup
from playlist_core.domain.opening import Opening, openings
from playlist_core.domain.order import Order, served
from playlist_core.domain.pace import seconds
from playlist_core.domain.queue import QueueSnapshot
from playlist_core.domain.steps import Add, Jump, Move, New, Ref, Remove, SetTemp, Step, Wait
from playlist_core.domain.target import Target

__all__ = ["Add", "Jump", "Move", "New", "Plan", "Ref", "Remove", "SetTemp", "Step", "Wait", "plan"]

# At about 350 bytes an item a list of this length comes near what NATS and the robot take in one piece.
_LONG: Final = 2_500


@frozen(kw_only=True)
class Plan:
    """Steps in the order of execution; `placed` says which item will stand in which slot.

    `kept`, `moved` and `added` are slots of wanted items, `deleted` counts items of the queue that go.
    `seconds` is an estimate of the time it takes, `longest` the most items that the list has meanwhile.
    What follows a `Wait` is a forecast: how long the item plays that begins then may not be known before.
    """

    steps: tuple[Step, ...]
    placed: tuple[Ref, ...]
    kept: tuple[int, ...]
    moved: tuple[int, ...]
    added: tuple[int, ...]
    deleted: int
    seconds: float
    longest: int

    @property
    def commands(self) -> int:
        """What is sent to the channel; waiting is not."""
        return sum(1 for step in self.steps if not isinstance(step, Wait))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for people."""
        if self.longest <= _LONG:
            return ()
        return (f"The queue has up to {self.longest} items; from about {_LONG} on the robot may lose it.",)


def plan(snapshot: QueueSnapshot, target: Target) -> Plan:
    """The steps that turn `snapshot` into `target`, for a channel that does not change meanwhile.

    Pure and total: the same queue and target give the same plan. After any of its steps a new plan for the
    same target needs as many commands as are left of this one, wherever `lay_out` finds the fewest.
    Permissions are not looked at, except that adding "next" is avoided where it is not allowed. A target that
    is longer than the channel admits is planned all the same.
    """
    lineup = Lineup.of(snapshot)
    may_next = snapshot.capabilities.can_add_next
    fast = snapshot.capabilities.rank >= 2
    opening, layout = _cheapest(lineup, target, may_next=may_next)
    placed = served(layout)
    arranging = Order(layout, placed, fast=fast).steps()
    deletes = Deletes(snapshot.capabilities.max_items)
    steps = tuple(deletes.among(lineup, opening.steps, layout, arranging))
    added = {step.slot for step in steps if isinstance(step, Add)}
    touched = {step.item for step in steps if isinstance(step, Move)}
    wanted = [index for index, slot in enumerate(target.slots) if slot.wanted is not None]
    there = [index for index in wanted if index not in added]
    return Plan(
        steps=steps,
        placed=placed,
        kept=tuple(index for index in there if placed[index] not in touched),
        moved=tuple(index for index in there if placed[index] in touched),
        added=tuple(index for index in wanted if index in added),
        deleted=len(lineup.entries) - sum(1 for ref in placed if not isinstance(ref, New)),
        seconds=seconds(steps, fast=fast, lasts=lineup.lasts),
        longest=deletes.longest,
    )


def _cheapest(lineup: Lineup, target: Target, *, may_next: bool) -> tuple[Opening, Layout]:
    """How item 1 comes on the air, if it has to, and what is arranged then."""
    if target.on_air is None:
        uids = [slot.uid for slot in target.slots]
        playing = None if lineup.playing is None else lineup.playing.ref
        pivot = uids.index(playing) if isinstance(playing, int) and playing in uids else None
        return Opening((), lineup), lay_out(lineup, target.slots, pivot, may_next=may_next)
    ways = list(openings(lineup, target.slots, target.on_air, may_next=may_next))
    layouts = (
        lay_out(way.lineup, target.slots, target.on_air, may_next=may_next, share=len(ways)) for way in ways
    )
    return min(zip(ways, layouts, strict=True), key=lambda each: len(each[0].steps) + each[1].cost)
