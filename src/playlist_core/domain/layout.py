"""Which item of the list serves which slot of the target, and which of them stay where they are.

Every command but the jump concerns one item, so the cost is a sum over items: a new item one command, an
unwanted one, an existing one that does not stay, a wrong temp flag; and a second one for each new item that
CyTube cannot add in its place. Nothing is cheaper: items that no command touches keep their order, and an
item that is added and not moved stands behind all of these or directly behind the playing one.
"""

from collections import deque
from collections.abc import Iterator, Sequence

from attrs import field, frozen

from playlist_core.domain.kept import Search
from playlist_core.domain.lineup import Entry, Lineup
from playlist_core.domain.matching import EFFORT, Title, titles
from playlist_core.domain.target import Slot


@frozen(kw_only=True)
class Span:
    """Where items stay: the playing one at slot `pivot`, and behind it a run from slot `first` to `last`.

    Where the playing item has no slot the run is everything that stays; None is what there is not.
    """

    pivot: int | None
    first: int | None
    last: int | None
    may_next: bool

    def takes_two(self, slot: int) -> bool:
        """Whether a new item at this slot has to be moved after it is added."""
        end = self.pivot if self.last is None else self.last
        if end is None or slot > end:
            return False
        return not (self.may_next and self.is_in_front(slot))

    def is_in_front(self, slot: int) -> bool:
        """Whether a slot lies between the playing item and the run."""
        return self.pivot is not None and self.first is not None and self.pivot < slot < self.first


@frozen
class Layout:
    """The slots, and for each the place of its item in the lineup, None for a new one.

    `kept` are the slots whose items no command moves, the playing one's among them.
    """

    lineup: Lineup
    slots: Sequence[Slot]
    serves: Sequence[int | None] = field(kw_only=True)
    kept: frozenset[int] = field(kw_only=True)
    span: Span = field(kw_only=True)

    @property
    def cost(self) -> int:
        """How many commands it takes."""
        existing = [(slot, place) for slot, place in enumerate(self.serves) if place is not None]
        new = [slot for slot, place in enumerate(self.serves) if place is None]
        return (
            len(self.lineup.entries)
            - len(existing)
            + sum(2 if self.span.takes_two(slot) else 1 for slot in new)
            + sum(1 for slot, _ in existing if slot not in self.kept)
            + sum(1 for slot, place in existing if self.has_wrong_flag(slot, place))
        )

    def has_wrong_flag(self, slot: int, place: int) -> bool:
        """Whether the item has another temp flag than its slot insists on."""
        return self.slots[slot].temp not in (None, self.lineup.entries[place].temp)


def lay_out(
    lineup: Lineup, slots: Sequence[Slot], pivot: int | None, *, may_next: bool, share: int = 1
) -> Layout:
    """The layout with the fewest commands; `pivot` is the slot of the playing item, if it has one.

    The fewest for certain where no title is there twice or wanted twice. Otherwise so long as equal titles
    want equal temp flags and trying all ways stays within the effort, of which this may take a `share`-th.
    """
    settled = _settled(lineup, slots, pivot)
    wanted = titles(lineup.entries, slots, settled)
    effort = EFFORT // share
    search = Search(lineup, pivot, settled=settled, titles=wanted, may_next=may_next, effort=effort)
    kept = search.best()
    behind = [slot for _, slot in kept.behind.links]
    first, last = (behind[0], behind[-1]) if behind else (None, None)
    span = Span(pivot=pivot, first=first, last=last, may_next=may_next)
    stays = {slot: place for place, slot in kept.links}
    serving = {**settled, **stays, **dict(_moving(lineup.entries, slots, wanted, stays, span))}
    return Layout(
        lineup,
        slots,
        serves=[serving.get(slot) for slot in range(len(slots))],
        kept=frozenset(stays if pivot is None else (pivot, *stays)),
        span=span,
    )


def _settled(lineup: Lineup, slots: Sequence[Slot], pivot: int | None) -> dict[int, int]:
    """Slot -> place of the items that the target names."""
    place_of = {entry.ref: place for place, entry in enumerate(lineup.entries)}
    settled = {index: place_of[slot.uid] for index, slot in enumerate(slots) if slot.uid is not None}
    if pivot is not None and lineup.on_air is not None:
        settled[pivot] = lineup.on_air
    return settled


def _moving(
    entries: Sequence[Entry],
    slots: Sequence[Slot],
    wanted: Sequence[Title],
    stays: dict[int, int],
    span: Span,
) -> Iterator[tuple[int, int]]:
    """Slots and places of what moves: new items get those slots of a title where they take one command."""
    taken = set(stays.values())
    for title in wanted:
        free = [place for place in title.places if place not in taken]
        if not free:
            continue
        open_slots = [slot for slot in title.slots if slot not in stays]
        if len(open_slots) > len(free):
            open_slots = sorted(sorted(open_slots, key=span.takes_two, reverse=True)[: len(free)])
        if len(free) == 1:
            yield from zip(open_slots, free, strict=False)
        else:
            yield from _paired(open_slots, free, slots, entries)


def _paired(
    open_slots: Sequence[int], places: Sequence[int], slots: Sequence[Slot], entries: Sequence[Entry]
) -> Iterator[tuple[int, int]]:
    """Each slot with an item of its flag where there is one, otherwise with any."""
    of_flag = {
        flag: deque(place for place in places if entries[place].temp is flag) for flag in (False, True)
    }
    any_will_do: list[int] = []
    for slot in open_slots:
        flag = slots[slot].temp
        if flag is None or not of_flag[flag]:
            any_will_do.append(slot)
        else:
            yield slot, of_flag[flag].popleft()
    yield from zip(any_will_do, sorted([*of_flag[False], *of_flag[True]]), strict=False)
