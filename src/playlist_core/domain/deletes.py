"""What goes, and when: last, unless the list is full.

In the order in which the items would play, so that the next one is soon a wanted one. A list that is full
makes room before each add, from the other end and never with what is playing.
"""

from collections.abc import Iterable, Iterator, Sequence

from attrs import define, field

from playlist_core.domain.layout import Layout
from playlist_core.domain.lineup import Lineup
from playlist_core.domain.steps import Add, Ref, Remove, Step


@define(eq=False)
class Deletes:
    """Puts the deletes among the other steps; `longest` is the most items that the list has meanwhile."""

    most: int
    longest: int = field(default=0, init=False)

    def among(
        self, before: Lineup, opening: Sequence[Step], layout: Layout, arranging: Iterable[Step]
    ) -> list[Step]:
        """All steps: those of the opening, those that arrange, and the deletes of what serves no slot."""
        self.longest = len(before.entries)
        now, was = _on_air(layout.lineup), _on_air(before)
        gone = _unwanted(layout)
        spare = [ref for ref in gone if ref != now]
        # Until the opening is done, what plays still plays.
        first = list(self._making_room(opening, len(before.entries), [r for r in spare if r != was]))
        early = {step.item for step in first if isinstance(step, Remove)}
        spare = [ref for ref in spare if ref not in early]
        length = len(layout.lineup.entries) - len(early.intersection(gone))
        rest = list(self._making_room(arranging, length, spare))
        on_air = [ref for ref in gone if ref == now]
        return [*first, *rest, *(Remove(ref) for ref in (*spare, *on_air))]

    def _making_room(self, steps: Iterable[Step], length: int, spare: list[Ref]) -> Iterator[Step]:
        for step in steps:
            if isinstance(step, Add):
                while length >= self.most and spare:
                    length -= 1
                    yield Remove(spare.pop())
                length += 1
                self.longest = max(self.longest, length)
            yield step


def _unwanted(layout: Layout) -> list[Ref]:
    """What serves no slot, in the order in which it would play; what is playing last."""
    lineup = layout.lineup
    standing = set(layout.serves)
    start = 0 if lineup.on_air is None else lineup.on_air + 1
    places = (*range(start, len(lineup.entries)), *range(start))
    return [lineup.entries[place].ref for place in places if place not in standing]


def _on_air(lineup: Lineup) -> Ref | None:
    return None if lineup.playing is None else lineup.playing.ref
