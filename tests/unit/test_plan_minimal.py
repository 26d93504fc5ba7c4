"""No plan is longer than it must be: every queue there can be, against a search that knows only the commands.

All cases with few items are tried each time, of the larger ones some. All of them up to seven items, five
or six where titles repeat or flags are wrong, take about twenty minutes:

    PLAN_SEARCH=full python -m pytest tests/unit/test_plan_minimal.py
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import pytest
from attrs import evolve, frozen

from playlist_core.domain.plan import plan
from playlist_core.domain.queue import Mode, QueueSnapshot
from playlist_core.domain.target import Former, Target, restoring, target
from tests.unit.plan_search import DONE, Row, Rules, distances, edits, opening, strings
from tests.unit.plan_world import ALL, Channel, snapshot, wanted

FULL = os.environ.get("PLAN_SEARCH") == "full"
NAMES = "abcdefg"
OTHERS = "tvwxyz"


@frozen
class Case:
    """A playlist against all rows of letters that can come into play, and those that a run can begin with.

    Without a mode it is the former queue that is to be put back, while `p` goes on.
    """

    mode: Mode | None
    playlist: str
    rules: Rules
    goal: Row
    rows: list[Row]
    starts: list[Row]

    def check(self) -> None:
        """Every plan reaches the goal, with as many commands as the search finds."""
        found = distances(self.goal, self.rows, self._commands)
        for start in self.starts:
            ways = [found[start]] if start in found else []
            if start.on_air >= 0 and start.letters[start.on_air].lower() == self.playlist[:1].lower():
                ways.append(found[start._replace(brought=DONE)])
            assert self._planned(start) == (self.goal[:2], min(ways)), (start, self.playlist, self.rules)

    def _commands(self, row: Row) -> Iterator[Row]:
        if row.brought == DONE:
            return edits(row, self.rules)
        return opening(row, self.rules, self.playlist[0])

    def _planned(self, start: Row) -> tuple[tuple[str, int], int]:
        can = evolve(ALL, allow_dupes=self.rules.dupes, can_add_next=self.rules.may_next)
        before = snapshot(start.letters, start.on_air if start.on_air >= 0 else None, can=can)
        goal = self._aim(before)
        todo = plan(before, goal)
        channel = Channel(before, may_switch=goal.on_air is not None)
        for step in todo.steps:
            channel.do(step)
        letters = "".join(media.upper() if temp else media for _, media, temp in channel.rows)
        return (letters, -1 if channel.current is None else channel.at(channel.current)), todo.commands

    def _aim(self, before: QueueSnapshot) -> Target:
        if self.mode is not None:
            return target(before, self.mode, wanted(self.playlist))
        former = [Former(letter, "cm", letter, False) for letter in self.playlist]
        return restoring(before, former, self.playlist.index("p"))


Cases = Iterator[Callable[[], Case]]


def preserving(size: int, *, may_next: bool, flags: bool = False) -> Cases:
    """`p` plays; what stands before it stays or is in the playlist, `u` behind it goes."""
    for before in range(1 if flags else size):
        for length in range(size - before):
            for playlist in sorted({NAMES[:length], NAMES[:length].upper() if flags else NAMES[:length]}):
                yield partial(_preserving, size, OTHERS[:before], playlist, may_next=may_next, flags=flags)


def _preserving(size: int, stay: str, playlist: str, *, may_next: bool, flags: bool) -> Case:
    others = size - 1 - len(stay) - len(playlist)
    rows = _rows(f"p{stay}", playlist, others, size, flags=flags)
    starts = [
        row
        for row in rows
        if row.letters.count("u") == others and _without(row.letters[: row.on_air], playlist) == stay
    ]
    rules = Rules(playlist, dupes=False, may_next=may_next)
    goal = Row(f"{stay}p{playlist}", len(stay), DONE)
    return Case(Mode.PRESERVE_CURRENT, playlist, rules, goal, rows, starts)


def appending(size: int, *, may_next: bool) -> Cases:
    """Everything stays; only what the playlist has too may move."""
    for others in range(size):
        for playing in range(others + 1):
            stay = f"{OTHERS[:playing]}p{OTHERS[playing:others]}"
            yield partial(_appending, size, stay, NAMES[: size - 1 - others], may_next=may_next)


def _appending(size: int, stay: str, playlist: str, *, may_next: bool) -> Case:
    rows = _rows(stay, playlist, 0, size)
    starts = [row for row in rows if _without(row.letters, playlist) == stay]
    rules = Rules(playlist, dupes=False, may_next=may_next)
    return Case(Mode.APPEND, playlist, rules, Row(stay + playlist, stay.index("p"), DONE), rows, starts)


def repeating(size: int, *, may_next: bool, flags: bool = False) -> Cases:
    """The same titles again and again, in the queue and in the playlist."""
    for playlist in _words(size - 1):
        yield partial(_repeating, size, playlist, may_next=may_next, flags=flags)


def _repeating(size: int, playlist: str, *, may_next: bool, flags: bool) -> Case:
    most = dict.fromkeys(f"{playlist}u", size) | {"p": 1}
    alphabet = sorted(set(f"pu{playlist}{playlist.upper() if flags else ''}"))
    rows = [Row(row, row.index("p"), DONE) for row in strings(alphabet, size, most) if "p" in row]
    starts = [row for row in rows if row.on_air == 0 and _together(row.letters, playlist) == size]
    rules = Rules("".join(sorted(set(playlist))), dupes=True, may_next=may_next)
    return Case(Mode.PRESERVE_CURRENT, playlist, rules, Row(f"p{playlist}", 0, DONE), rows, starts)


def putting_back(size: int, *, may_next: bool, dupes: bool = False) -> Cases:
    """What was in front of `p` and behind it comes back there, whatever stands where now."""
    for playlist in _words(size - 1) if dupes else [NAMES[:length] for length in range(1, size)]:
        for playing in range(len(playlist) + 1):
            former = f"{playlist[:playing]}p{playlist[playing:]}"
            yield partial(_putting_back, size, former, may_next=may_next, dupes=dupes)


def _putting_back(size: int, former: str, *, may_next: bool, dupes: bool) -> Case:
    titles = former.replace("p", "")
    most = dict.fromkeys(titles, size if dupes else 1) | {"p": 1, "u": size - len(set(former))}
    found = strings(sorted(set(f"{former}u")), size, most)
    rows = [Row(row, row.index("p"), DONE) for row in found if "p" in row]
    starts = [row for row in rows if _together(row.letters, titles) == size]
    rules = Rules("".join(sorted(set(titles))), dupes=dupes, may_next=may_next)
    return Case(None, former, rules, Row(former, former.index("p"), DONE), rows, starts)


def replacing(size: int, *, may_next: bool, dupes: bool = False, flags: bool = False) -> Cases:
    """Anything plays; in the end only the playlist is there, and its first item plays."""
    for playlist in _words(size) if dupes else [NAMES[:length] for length in range(1, size + 1)]:
        for adds in sorted({playlist, playlist.upper() if flags else playlist}):
            yield partial(_replacing, size, adds, may_next=may_next, dupes=dupes, flags=flags)


def _replacing(size: int, playlist: str, *, may_next: bool, dupes: bool, flags: bool) -> Case:
    titles = playlist.lower()
    most = dict.fromkeys(titles, size if dupes else 1) | {"u": size - (1 if dupes else len(titles))}
    alphabet = sorted(set(f"{titles}u{f'{titles}u'.upper() if flags else ''}"))
    rows = [row for letters in strings(alphabet, size, most) for row in _opening_rows(letters, titles[0])]
    starts = [row for row in rows if row.brought == -1 and _together(row.letters, titles) == size]
    rules = Rules("".join(sorted(set(playlist))), dupes=dupes, may_next=may_next)
    return Case(Mode.HARD_REPLACE, playlist, rules, Row(playlist, 0, DONE), rows, starts)


def silent(size: int, *, may_next: bool) -> Cases:
    """Nothing plays although the list is not empty: nothing can come next."""
    for length in range(1, size):
        yield partial(_silent, size, NAMES[:length], may_next=may_next)


def _silent(size: int, playlist: str, *, may_next: bool) -> Case:
    others = size - len(playlist)
    rows = [row for row in _rows("", playlist, others, size) if row.letters]
    starts = [row for row in rows if row.letters.count("u") == others]
    rules = Rules(playlist, dupes=False, may_next=may_next)
    return Case(Mode.PRESERVE_CURRENT, playlist, rules, Row(playlist, -1, DONE), rows, starts)


def _rows(stay: str, playlist: str, others: int, size: int, *, flags: bool = False) -> list[Row]:
    most = dict.fromkeys(stay + playlist.lower(), 1) | {"u": others}
    both = playlist.lower() + playlist.upper() if flags else playlist
    found = strings(f"{stay}{both}u", size, most)
    return [Row(row, row.find("p"), DONE) for row in found if not stay or "p" in row]


def _opening_rows(letters: str, first: str) -> Iterator[Row]:
    if not letters:
        yield Row("", -1, -1)
    for on_air in range(len(letters)):
        copies = [i for i, c in enumerate(letters) if i != on_air and c.lower() == first]
        yield from (Row(letters, on_air, brought) for brought in (DONE, -1, *copies))


def _without(letters: str, playlist: str) -> str:
    return "".join(letter for letter in letters if letter.lower() not in playlist.lower())


def _together(letters: str, playlist: str) -> int:
    """How many items there are when all of the playlist have come and none has gone."""
    missing = (playlist.count(c) - letters.lower().count(c) for c in set(playlist))
    return len(letters) + sum(max(0, count) for count in missing)


def _words(longest: int) -> list[str]:
    """Playlists up to a length, but for other names of the titles."""
    words = ["a"]
    for word in words:
        if len(word) < longest:
            words.extend(word + letter for letter in NAMES[: len(set(word)) + 1])
    return words


# Every case up to so many items, some with up to so many, every one up to so many in the full search.
FAMILIES: dict[str, tuple[Callable[..., Cases], int, int, int]] = {
    "preserving": (preserving, 5, 7, 7),
    "preserving, flags": (partial(preserving, flags=True), 4, 5, 6),
    "appending": (appending, 5, 7, 7),
    "repeating": (repeating, 4, 5, 6),
    "repeating, flags": (partial(repeating, flags=True), 3, 4, 5),
    "putting back": (putting_back, 4, 6, 7),
    "putting back, repeating": (partial(putting_back, dupes=True), 4, 5, 6),
    "replacing": (replacing, 4, 6, 7),
    "replacing, flags": (partial(replacing, flags=True), 3, 4, 5),
    "replacing, repeating": (partial(replacing, dupes=True), 3, 4, 5),
    "replacing, repeating, flags": (partial(replacing, dupes=True, flags=True), 2, 3, 4),
    "silent": (silent, 4, 5, 6),
}


@pytest.mark.parametrize("may_next", [True, False], ids=["next", "no next"])
@pytest.mark.parametrize("name", FAMILIES)
def test_no_plan_for_a_few_items_is_longer_than_it_must_be(name: str, may_next: bool) -> None:
    family, every, some, full = FAMILIES[name]
    sizes = range(1, (full if FULL else every) + 1)
    cases = [case for size in sizes for case in family(size, may_next=may_next)]
    if not FULL:
        larger = [case for size in range(every + 1, some + 1) for case in family(size, may_next=may_next)]
        cases += Random(name).sample(larger, min(2, len(larger)))
    for case in cases:
        case().check()
