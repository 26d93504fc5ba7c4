"""How item 1 gets on the air when what plays is to be replaced as well.

It goes on the air first and everything else follows: whoever switches the programme sees it switch, and from
then on the playing item stays. So only item 1 is brought to its place, and then it is jumped to, or what
plays is deleted, if item 1 stands right behind it. Its place is where it is; or, for one command, the front
of the list, where all others can keep their order behind it; or behind the playing item, where the delete,
which may be due anyway, spares the jump. A new item comes next, or to the end where that is not allowed, or
in two commands to the front. Which of these is the cheapest, the rest of the plan decides.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from math import inf

from attrs import evolve, frozen

from playlist_core.domain.lineup import Entry, Lineup
from playlist_core.domain.matching import EFFORT
from playlist_core.domain.queue import Position
from playlist_core.domain.steps import Add, Jump, Move, New, Remove, SetTemp, Step
from playlist_core.domain.target import Slot


@frozen
class Opening:
    """Steps that put the item on the air, and the list after them."""

    steps: tuple[Step, ...]
    lineup: Lineup


@frozen
class _Placed:
    """Item 1 brought to `place` by some steps; `on_air` is the place of what still plays."""

    steps: tuple[Step, ...]
    entries: tuple[Entry, ...]
    on_air: int | None
    place: int


def openings(lineup: Lineup, slots: Sequence[Slot], index: int, *, may_next: bool) -> Iterator[Opening]:
    """Every way to put the item of slot `index` on the air that can be the cheapest, the plainer ones first.

    Of a title that is in a long list more than once, not every item is tried.
    """
    media_id = slots[index].media_id
    if lineup.playing is not None and lineup.playing.media_id == media_id:
        yield Opening((), lineup)
    copies = [place for place, entry in enumerate(lineup.entries) if entry.media_id == media_id]
    waiting = (place for place in copies if place != lineup.on_air)
    for place in islice(waiting, max(1, EFFORT // (10 * len(lineup.entries) + 1))):
        yield from _with_existing(lineup, place, slots, index)
    if len(copies) < sum(1 for slot in slots if slot.media_id == media_id):
        yield from _with_new(lineup, slots, index, may_next=may_next)


def _with_existing(lineup: Lineup, place: int, slots: Sequence[Slot], index: int) -> Iterator[Opening]:
    on_air = lineup.on_air
    entry, others = _parted(lineup.entries, place)
    flag = slots[index].temp
    # Its flag first: once it plays, whoever looks again takes it for settled.
    flagged: tuple[Step, ...] = () if flag in (None, entry.temp) else (SetTemp(entry.ref, bool(flag)),)
    right = evolve(entry, temp=bool(flag)) if flagged else entry
    in_place = (*lineup.entries[:place], right, *lineup.entries[place + 1 :])
    yield from _switched(_Placed(flagged, in_place, on_air, place), slots)
    if place > 0:
        still = None if on_air is None else on_air + (place > on_air)
        to_front = (Move(entry.ref, None), *flagged)
        yield from _switched(_Placed(to_front, (right, *others), still, 0), slots)
    # In place it leaves all behind it in order that a place behind the playing item would, if it is in front.
    if on_air is not None and place > on_air + 1:
        playing, waiting = others[: on_air + 1], others[on_air + 1 :]
        behind = (Move(entry.ref, playing[-1].ref), *flagged)
        yield from _deleted(_Placed(behind, (*playing, right, *waiting), on_air, on_air + 1))


def _with_new(lineup: Lineup, slots: Sequence[Slot], index: int, *, may_next: bool) -> Iterator[Opening]:
    entries, on_air = lineup.entries, lineup.on_air
    slot = slots[index]
    entry = Entry(New(index), slot.media_id, slot.adds_temp)
    at_end = Add(index, slot.media_id, Position.END, slot.adds_temp)
    if not entries:
        yield Opening((at_end,), Lineup((entry,), 0, inf))  # the first item of an empty list plays at once
        return
    if on_air is not None:
        behind = (*entries[: on_air + 1], entry, *entries[on_air + 1 :])
        if may_next:
            next_up = (evolve(at_end, position=Position.NEXT),)
            yield from _switched(_Placed(next_up, behind, on_air, on_air + 1), slots)
        else:
            moved = (at_end, Move(entry.ref, entries[on_air].ref))
            yield from _deleted(_Placed(moved, behind, on_air, on_air + 1))
    if not may_next or on_air is None:
        yield from _switched(_Placed((at_end,), (*entries, entry), on_air, len(entries)), slots)
    still = None if on_air is None else on_air + 1
    yield from _switched(_Placed((at_end, Move(entry.ref, None)), (entry, *entries), still, 0), slots)


def _switched(placed: _Placed, slots: Sequence[Slot]) -> Iterator[Opening]:
    """Jump to it, or delete what plays; a temp item that is wanted again is kept from disappearing first."""
    item = placed.entries[placed.place]
    jump = Jump(item.ref)
    if placed.on_air is None:
        yield _opened((*placed.steps, jump), placed.entries, item)
        return
    playing, without = _parted(placed.entries, placed.on_air)
    yield _opened((*placed.steps, jump), without if playing.temp else placed.entries, item)
    if playing.temp and any(slot.media_id == playing.media_id and slot.temp is False for slot in slots):
        lasting = tuple(
            evolve(playing, temp=False) if entry is playing else entry for entry in placed.entries
        )
        yield _opened((*placed.steps, SetTemp(playing.ref, False), jump), lasting, item)
    yield from _deleted(placed)


def _deleted(placed: _Placed) -> Iterator[Opening]:
    """What starts when the playing item goes is the one behind it, behind the last the first."""
    on_air = placed.on_air
    if on_air is not None and placed.place == (on_air + 1) % len(placed.entries):
        playing, without = _parted(placed.entries, on_air)
        yield _opened((*placed.steps, Remove(playing.ref)), without, placed.entries[placed.place])


def _parted(entries: tuple[Entry, ...], place: int) -> tuple[Entry, tuple[Entry, ...]]:
    return entries[place], (*entries[:place], *entries[place + 1 :])


def _opened(steps: tuple[Step, ...], entries: tuple[Entry, ...], item: Entry) -> Opening:
    return Opening(steps, Lineup(entries, entries.index(item), item.seconds or inf))
