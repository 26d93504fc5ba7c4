"""Which items can stay where they are: the increasing chain that saves the most commands.

The items of a list, from front to back, each can serve some slots of the target. Those that no command
touches keep their order, so they are a chain that increases in both. Each of them saves the command of
moving it, and each new item between two of them costs a second command, because CyTube adds only at the end
or directly behind the playing item.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from attrs import frozen


@frozen
class Chain:
    """`links` are (place in the list, slot), both ascending; `saved` is what it is worth in commands."""

    links: tuple[tuple[int, int], ...]
    saved: int


def best_chain(serves: Sequence[Sequence[int]], new: Sequence[int], *, front_is_free: bool) -> Chain:
    """The chain with the most links less the new items inside it.

    `serves` are the slots that each item can serve, descending; `new` the slots of new items, ascending.
    Unless `front_is_free` the new items in front of the chain count as well. The empty chain saves nothing;
    what saves nothing by itself stays all the same.

    Patience sorting: `tails[v]` is the least slot at which something worth v + 1 ends, so they ascend, and an
    item at a slot continues the best of what ends before it. A new item whose place in front is free is
    worth a link to whatever follows: it is one less of those that count at the chain's end. So the tails
    begin with these, and a chain is worth its tail less all new items up to there. The slots of an item
    descend so that it does not follow itself. O(r log r) for r pairs of an item and a slot.
    """
    tails = list(new) if front_is_free else []
    ends: list[int] = [-1] * len(tails)
    pairs: list[tuple[int, int, int]] = []
    best, last = 0, -1
    for place, slots in enumerate(serves):
        for slot in slots:
            worth = bisect_left(tails, slot)
            tails[worth : worth + 1] = [slot]
            ends[worth : worth + 1] = [len(pairs)]
            saved = worth + 1 - bisect_right(new, slot)
            if saved >= best:
                best, last = saved, len(pairs)
            pairs.append((place, slot, ends[worth - 1] if worth else -1))
    return Chain(_walked(pairs, last), best)


def _walked(pairs: Sequence[tuple[int, int, int]], last: int) -> tuple[tuple[int, int], ...]:
    links: list[tuple[int, int]] = []
    while last >= 0:
        place, slot, last = pairs[last]
        links.append((place, slot))
    return tuple(reversed(links))
