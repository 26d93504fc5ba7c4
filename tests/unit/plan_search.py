"""The fewest commands from any list to a target, found by looking at every list there can be.

Independent of the planner: it knows only what each command does. A list is a row of letters, a capital letter
a temp item, with the place of the playing one (-1: nothing plays). On all rows that can come into play all
commands are tried once; a breadth-first search backwards from the target then gives the distance of each row.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from attrs import frozen


class Row(NamedTuple):
    """A list; the third part is only for opening: the item that is being brought to its place.

    There, -1 is none yet and DONE says that the opening is over.
    """

    letters: str
    on_air: int
    brought: int


DONE = -2


@frozen
class Rules:
    """`adds` are the letters that the bot adds, with their flags."""

    adds: str
    dupes: bool
    may_next: bool


def edits(row: Row, rules: Rules) -> Iterator[Row]:
    """Every command that leaves the playing item where it is: add, move, delete, set temp."""
    letters, on_air, _ = row
    for new in rules.adds:
        yield from _adds(row, new, rules)
    for place in range(len(letters)):
        yield Row(_changed(letters, place), on_air, DONE)
        if place != on_air:
            yield Row(letters[:place] + letters[place + 1 :], on_air - (place < on_air), DONE)
            for moved, playing, _ in _moves(row, place):
                yield Row(moved, playing, DONE)


def _adds(row: Row, new: str, rules: Rules) -> Iterator[Row]:
    letters, on_air, _ = row
    there = letters.lower().find(new.lower())
    if rules.dupes or there < 0:
        yield Row(letters + new, on_air if letters else 0, DONE)
        if rules.may_next and on_air >= 0:
            yield Row(letters[: on_air + 1] + new + letters[on_air + 1 :], on_air, DONE)
    elif rules.may_next and on_air not in (-1, there):
        # What CyTube does instead: the old one goes, and the new one takes over its flag.
        old, rest = letters[there], letters[:there] + letters[there + 1 :]
        playing = on_air - (there < on_air)
        yield Row(rest[: playing + 1] + old + rest[playing + 1 :], playing, DONE)


def _moves(row: Row, place: int) -> Iterator[Row]:
    letters, on_air, _ = row
    rest, playing = letters[:place] + letters[place + 1 :], on_air - (place < on_air)
    for to in range(len(letters)):
        if to != place:
            yield Row(rest[:to] + letters[place] + rest[to:], playing + (to <= playing), to)


def _changed(letters: str, place: int) -> str:
    return letters[:place] + letters[place].swapcase() + letters[place + 1 :]


def opening(row: Row, rules: Rules, first: str) -> Iterator[Row]:
    """Every command while `first` is not on the air yet: only that is touched, and the flag of what plays."""
    letters, on_air, brought = row
    if not letters:
        yield Row(first, 0, DONE)
        return
    there = first.lower() in letters.lower()
    if brought < 0 and (rules.dupes or not there):
        yield Row(letters + first, on_air, len(letters))
        if rules.may_next:
            yield Row(letters[: on_air + 1] + first + letters[on_air + 1 :], on_air, on_air + 1)
    yield Row(_changed(letters, on_air), on_air, brought)
    for place, letter in enumerate(letters):
        if place != on_air and (place == brought or (brought < 0 and letter.lower() == first.lower())):
            yield from _moves(row, place)
            yield from _switches(letters, on_air, place)


def _switches(letters: str, on_air: int, place: int) -> Iterator[Row]:
    """Jump, and delete what plays, where that puts the item on the air."""
    without = Row(letters[:on_air] + letters[on_air + 1 :], place - (on_air < place), DONE)
    yield without if letters[on_air].isupper() else Row(letters, place, DONE)
    if place == (on_air + 1) % len(letters):
        yield without


def distances(goal: Row, rows: Iterable[Row], commands: Callable[[Row], Iterable[Row]]) -> Mapping[Row, int]:
    """The fewest commands from each of the rows to the goal; for a row that cannot get there, nothing."""
    known = set(rows)
    before: defaultdict[Row, list[Row]] = defaultdict(list)
    for row in known:
        for after in commands(row):
            if after in known:
                before[after].append(row)
    found = {goal: 0}
    queue = deque([goal])
    while queue:
        row = queue.popleft()
        for earlier in before[row]:
            if earlier not in found:
                found[earlier] = found[row] + 1
                queue.append(earlier)
    return found


def strings(alphabet: Iterable[str], longest: int, most: Mapping[str, int]) -> Iterator[str]:
    """All strings up to a length with at most so many of each letter, capital or not."""
    letters = list(alphabet)
    ends = [""]
    for _ in range(longest + 1):
        yield from ends
        ends = [s + c for s in ends for c in letters if s.lower().count(c.lower()) < most[c.lower()]]
