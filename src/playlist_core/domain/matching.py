"""Which of several equal items may serve which slots: every way that can be the cheapest.

With titles that stand once in the list and once in the target there is one way. What else there is to choose:

Where a title has more slots than items, which of its slots get new items. They cost one command behind the
kept run and, where "next" can be used, in front of it, otherwise two. So for a run that begins at some slot
it is best to reckon with the slots in front of it first and then with the last ones. That gives one way for
each place where the run can begin, and these differ only at the first slots of such titles.

Where a title has more items than slots, which of its items go. A kept item with a wrong temp flag saves no
more than a moved one with the right flag, so those with wrong flags go first. It remains to choose among
these where some of them are needed. With an order that is to be kept this is as hard as the longest common
subsequence that repeats no letter, for which nobody knows a fast way; hence the limit on the effort.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import combinations, islice, product
from typing import Final

from attrs import Factory, define, frozen

from playlist_core.domain.lineup import Entry
from playlist_core.domain.target import Slot

# Items, and pairs of an equal item and slot, that are looked at in all ways together.
EFFORT: Final = 40_000


@define(eq=False)
class Title:
    """The slots and places in the list of one media, both ascending: each item can serve each slot.

    Where some items have to go, `wrong` are those with another temp flag than all of the slots want.
    """

    slots: list[int]
    places: list[int] = Factory(list[int])
    wrong: Sequence[int] = ()

    @property
    def missing(self) -> int:
        """How many new items it takes."""
        return max(0, len(self.slots) - len(self.places))

    @property
    def to_drop(self) -> int:
        """How many of the wrong ones go before any other item of it."""
        return min(len(self.wrong), max(0, len(self.places) - len(self.slots)))

    @property
    def can_choose(self) -> bool:
        """Whether its new items could stand elsewhere."""
        return 0 < len(self.places) < len(self.slots)


@frozen
class Way:
    """`new` are the slots, ascending, where new items are reckoned; `dropped` the places that serve none.

    A kept item may still take such a slot: the new item then takes another one that costs no more.
    """

    new: tuple[int, ...]
    dropped: frozenset[int]


def titles(entries: Sequence[Entry], slots: Sequence[Slot], settled: Mapping[int, int]) -> list[Title]:
    """All that the target wants, by media, but for the slots that are `settled` (slot -> place)."""
    found: dict[str, Title] = {}
    for index, slot in enumerate(slots):
        if index not in settled:
            title = found.get(slot.media_id)
            if title is None:
                found[slot.media_id] = Title([index])
            else:
                title.slots.append(index)
    taken = set(settled.values())
    for place, entry in enumerate(entries):
        title = found.get(entry.media_id)
        if title is not None and place not in taken:
            title.places.append(place)
    for title in found.values():
        if len(title.places) > len(title.slots):
            title.wrong = _wrong(title, entries, slots)
    return list(found.values())


def _wrong(title: Title, entries: Sequence[Entry], slots: Sequence[Slot]) -> list[int]:
    flags = {slots[index].temp for index in title.slots}
    return [] if None in flags else [place for place in title.places if entries[place].temp not in flags]


def relaxed(wanted: Iterable[Title]) -> Way:
    """What saves at least as much as any way: everything serves, and what can be chosen costs nothing."""
    return Way(_ascending(title.slots for title in wanted if not title.places), frozenset())


def ways(wanted: Sequence[Title], *, free_from: int | None, most: int) -> Iterator[Way]:
    """The ways to choose, `most` at most; `free_from` is the first slot where "next" can serve."""
    choosing = [title for title in wanted if title.can_choose]
    first = _first_slots(choosing, free_from)
    certain = [title.slots for title in wanted if not title.places]
    fronts = _spread(len(first), most)
    drops = [combinations(title.wrong, title.to_drop) for title in wanted if title.to_drop]
    for dropped in islice(product(*drops), most):
        for front in fronts:
            in_front = set(first[:front])
            new = [*certain, *(_new_slots(title, in_front) for title in choosing)]
            yield Way(_ascending(new), frozenset(place for places in dropped for place in places))


def _first_slots(choosing: Iterable[Title], free_from: int | None) -> list[int]:
    """The slots that get new items first when these cost one command in front of the kept run."""
    if free_from is None:
        return []
    free = ([slot for slot in title.slots if slot >= free_from][: title.missing] for title in choosing)
    return list(_ascending(free))


def _new_slots(title: Title, in_front: Set[int]) -> list[int]:
    """Those in front, and the last of the others."""
    new = [slot for slot in title.slots if slot in in_front]
    others = [slot for slot in title.slots if slot not in in_front]
    return new + others[len(others) - (title.missing - len(new)) :]


def _spread(last: int, most: int) -> list[int]:
    """0 to `last`, or so many of them as there may be."""
    steps = max(1, min(last, most - 1))
    return sorted({step * last // steps for step in range(min(steps + 1, most))})


def _ascending(slots: Iterable[Iterable[int]]) -> tuple[int, ...]:
    return tuple(sorted(slot for some in slots for slot in some))
