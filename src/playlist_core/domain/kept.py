"""Which items of the list stay where they are, in front of the playing one and behind it."""

from collections.abc import Sequence

from attrs import define, field, frozen

from playlist_core.domain.chain import Chain, best_chain
from playlist_core.domain.lineup import Lineup
from playlist_core.domain.matching import Title, Way, relaxed, ways


@frozen
class Kept:
    """The chains in front of the playing item and behind it; where none stays on the air all are `behind`.

    The playing item itself is in neither.
    """

    before: Chain
    behind: Chain

    @property
    def saved(self) -> int:
        """What they are worth in commands; new items in front of the playing one cost the same in any way."""
        return self.before.saved + self.behind.saved

    @property
    def links(self) -> tuple[tuple[int, int], ...]:
        return (*self.before.links, *self.behind.links)


@define(eq=False)
class Search:
    """The list against the target: `settled` is slot -> place where there is nothing to choose.

    `pivot` is the slot of the playing item. `effort` is how many items, and pairs of an equal item and slot,
    may be looked at in all ways together.
    """

    lineup: Lineup
    pivot: int | None
    settled: dict[int, int] = field(kw_only=True)
    titles: Sequence[Title] = field(kw_only=True)
    may_next: bool = field(kw_only=True)
    effort: int = field(kw_only=True)

    def best(self) -> Kept:
        """What saves most over all ways to choose among equals, as far as the effort goes."""
        work = len(self.lineup.entries) + sum(len(title.places) * len(title.slots) for title in self.titles)
        free_from = self.pivot + 1 if self.may_next and self.pivot is not None else None
        choices = ways(self.titles, free_from=free_from, most=max(1, self.effort // max(1, work)))
        narrow = work > self.effort
        best = self._kept(next(choices), narrow=narrow)
        enough: int | None = None
        for way in choices:
            if enough is None:
                enough = self._kept(relaxed(self.titles), narrow=narrow).saved
            if best.saved >= enough:
                break
            best = max(best, self._kept(way, narrow=narrow), key=lambda kept: kept.saved)
        return best

    def _kept(self, way: Way, *, narrow: bool) -> Kept:
        serves = self._serves(way, narrow=narrow)
        at, pivot = self.lineup.on_air, self.pivot
        if pivot is None or at is None:
            chain = best_chain(serves, way.new, front_is_free=False)
            return Kept(Chain((), 0), chain)
        lower = [[slot for slot in slots if slot < pivot] for slots in serves[:at]]
        upper = [[slot for slot in slots if slot > pivot] for slots in serves[at + 1 :]]
        new_behind = [slot for slot in way.new if slot > pivot]
        before = best_chain(lower, (), front_is_free=False)
        behind = best_chain(upper, new_behind, front_is_free=self.may_next)
        links = tuple((place + at + 1, slot) for place, slot in behind.links)
        return Kept(before, Chain(links, behind.saved))

    def _serves(self, way: Way, *, narrow: bool) -> list[Sequence[int]]:
        """For each place the slots that its item can serve, descending."""
        serves: list[Sequence[int]] = [()] * len(self.lineup.entries)
        for slot, place in self.settled.items():
            serves[place] = (slot,)
        new = set(way.new) if narrow else set[int]()
        for title in self.titles:
            slots = [slot for slot in reversed(title.slots) if slot not in new]
            places = [place for place in title.places if place not in way.dropped]
            for number, place in enumerate(places):
                serves[place] = _near(slots, number, len(places)) if narrow else slots
        return serves


def _near(slots: Sequence[int], number: int, of: int) -> Sequence[int]:
    """Occurrence by occurrence, for titles that are there very often; the slots descend."""
    last = len(slots) - 1
    spare = max(0, of - len(slots))
    return slots[max(0, last - number) : last - number + spare + 1]
