"""A layout as steps in an order in which it may break off, or the playing item end, without harm.

First the group in front of the kept run, backwards, each item directly behind the playing one. Until that is
done the item behind the playing one is not the first of the group; so it is begun only if what plays lasts
long enough. Otherwise the first one goes next, and the others follow behind it when it plays. Then the rest
forwards, each item behind its predecessor or at the end. Then come the deletes (deletes.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import define, field

from playlist_core.domain.layout import Layout
from playlist_core.domain.pace import seconds
from playlist_core.domain.queue import Position
from playlist_core.domain.steps import Add, Move, New, Ref, SetTemp, Step, Wait

# What plays must last so much longer than the group in front of the kept run takes.
MARGIN_SECONDS: Final = 10.0


def served(layout: Layout) -> tuple[Ref, ...]:
    """The item of each slot."""
    entries = layout.lineup.entries
    return tuple(
        New(slot) if place is None else entries[place].ref for slot, place in enumerate(layout.serves)
    )


@define(eq=False)
class Order:
    """The steps of a layout; `refs` are the items of its slots, `fast` is CyTube's pace from rank 2 on."""

    layout: Layout
    refs: Sequence[Ref]
    fast: bool = field(kw_only=True)

    def steps(self) -> list[Step]:
        """Everything but the deletes."""
        pivot, first = self.layout.span.pivot, self.layout.span.first
        if pivot is None:
            return list(self._forwards(range(len(self.refs))))
        # Without a kept run there is no group: the first item goes next, the others behind it forwards.
        group = range(pivot + 1, pivot + 1 if first is None else first)
        rest = (*range(group.stop, len(self.refs)), *range(pivot))
        backwards = self._behind(group[::-1], pivot)
        if len(group) > 1 and self.layout.lineup.lasts <= seconds(backwards, fast=self.fast) + MARGIN_SECONDS:
            hurried = [*self._next(group[0], pivot), *self._forwards(rest), Wait()]
            return [*self._flagged(pivot), *hurried, *self._behind(group[:0:-1], group[0])]
        return [*self._flagged(pivot), *backwards, *self._forwards(rest)]

    def _behind(self, slots: Iterable[int], playing: int) -> list[Step]:
        """Each directly behind the slot that plays then: the last of `slots` comes to stand in front."""
        return [step for slot in slots for step in self._brought(slot, playing)]

    def _next(self, slot: int, playing: int) -> list[Step]:
        """Directly behind the playing one; it may stand there already, the others would have passed it."""
        on_air = self.layout.lineup.on_air
        if on_air is not None and self.layout.serves[slot] == on_air + 1:
            return list(self._flagged(slot))
        return self._behind([slot], playing)

    def _brought(self, slot: int, playing: int) -> Iterator[Step]:
        if self.layout.serves[slot] is not None:
            yield Move(self.refs[slot], self.refs[playing])
            yield from self._flagged(slot)
        elif self.layout.span.may_next:
            yield self._add(slot, Position.NEXT)
        else:
            yield self._add(slot, Position.END)
            yield Move(self.refs[slot], self.refs[playing])

    def _forwards(self, slots: Iterable[int]) -> Iterator[Step]:
        for slot in slots:
            before = self.refs[slot - 1] if slot else None
            if self.layout.serves[slot] is not None:
                if slot not in self.layout.kept:
                    yield Move(self.refs[slot], before)
                yield from self._flagged(slot)
            elif self.layout.span.may_next and slot - 1 == self.layout.span.pivot:
                yield self._add(slot, Position.NEXT)
            else:
                yield self._add(slot, Position.END)
                if self.layout.span.takes_two(slot):
                    yield Move(self.refs[slot], before)

    def _flagged(self, slot: int) -> Iterator[Step]:
        place, temp = self.layout.serves[slot], self.layout.slots[slot].temp
        if place is not None and temp is not None and self.layout.has_wrong_flag(slot, place):
            yield SetTemp(self.refs[slot], temp)

    def _add(self, slot: int, position: Position) -> Add:
        wanted = self.layout.slots[slot]
        return Add(slot, wanted.media_id, position, wanted.adds_temp)
