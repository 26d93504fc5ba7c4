"""Season and episode as they stand in a title, and the series they belong to.

The rules are ordered and their own; the first that fires wins. What is not read on purpose: years,
resolutions, `x264`, film sequels, and a bare three-digit number that no sibling confirms (`420 Grindhouse`).
Air dates, parts and absolute numbers are not read yet.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache

from attrs import frozen

from playlist_core.domain.titles import fold

MIN_SIBLINGS = 3

# A gap inside one mark: `S01.E04`, `S01 E04`, `S01_E04`, `S01 - E04`. Short, so that scanning stays linear.
_GAP = r"[\s._-]{0,3}"
# No letter or digit of any script may touch the mark from the left, so `1080x720` holds no `80x72`.
_BEGIN = r"(?<![^\W_])"
_EPISODE = r"e(?:p\.?\s?)?"

_MARKED = re.compile(
    rf"{_BEGIN}s(?P<season>(?:19|20)[0-9]{{2}}|[0-9]{{1,2}}){_GAP}{_EPISODE}(?P<episode>[0-9]{{1,3}})(?![0-9])"
    # The rest of a double: `E02`, `& E02`, `-S01E02`, or after a bare joiner `-02`, but not `-720p`.
    r"(?:(?:[\s.]?[-&+]?[\s.]?(?:s(?P=season))?e|[-&+](?=[0-9]+(?![^\W_])))(?P<end>[0-9]{1,3})(?![0-9]))*",
    re.IGNORECASE,
)
_WORDED = re.compile(
    rf"{_BEGIN}(?:season|series){_GAP}(?P<season>[0-9]{{1,2}})[\s._,-]{{0,3}}ep(?:isodes?|\.)?{_GAP}"
    r"(?P<episode>[0-9]{1,3})(?![0-9])"
    r"(?:(?:-|\s?[&+]\s?)(?P<end>[0-9]{1,3})(?![^\W_]))?",
    re.IGNORECASE,
)
_CROSSED = re.compile(
    rf"{_BEGIN}(?P<season>[0-9]{{1,2}})x(?!26[45](?![0-9]))(?P<episode>[0-9]{{2,3}})"
    r"(?:(?:x|-(?:(?P=season)x)?)(?P<end>[0-9]{2,3}))?(?![^\W_])",
    re.IGNORECASE,
)
# 209 is season 2, episode 9. Never the first word, and never a resolution.
_THREE_DIGITS = re.compile(
    r"(?<=[\s._-])(?!480|576|720)(?P<season>[1-9])(?P<episode>0[1-9]|[1-9][0-9])(?=[\s._-]|$)"
)


class Rule(StrEnum):
    """Which spelling was read."""

    MARKED = "SxxExx"
    WORDED = "Season x Episode y"
    CROSSED = "1x04"
    THREE_DIGITS = "104, confirmed by siblings"


_RULES = (
    (Rule.MARKED, _MARKED),
    (Rule.WORDED, _WORDED),
    (Rule.CROSSED, _CROSSED),
)


@frozen(kw_only=True)
class Episode:
    """An episode as its title names it.

    `series` is the text before the number as written and may be empty; `series_key` is the same folded,
    equal for all spellings of one series. `episode_end` is the last of a double (`S01E01E02`), else None.
    """

    series: str
    series_key: str
    season: int
    episode: int
    episode_end: int | None
    rule: Rule

    @property
    def number(self) -> tuple[int, int]:
        """The order within a series: (season, episode)."""
        return self.season, self.episode


def parse_episode(title: str) -> Episode | None:
    """The season and episode that the title names by itself, or None.

    Reads `S01E04`, `s1.e4`, `S01 E04`, `1x04`, `Season 05 Episode 02` and the doubles of each (PRD 10.9).
    """
    for rule, spelling in _RULES:
        found = spelling.search(title)
        if found is not None:
            return _episode(title, found, rule)
    return None


def read_episodes(titles: Sequence[str]) -> tuple[Episode | None, ...]:
    """For each title what `parse_episode` reads, and `Show 209` where its siblings agree.

    A three-digit number counts only when the titles hold at least three distinct ones of the same series.
    """
    read = [parse_episode(title) for title in titles]
    candidates = {at: list(_three_digits(titles[at])) for at, episode in enumerate(read) if episode is None}
    numbers: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for candidate in (candidate for several in candidates.values() for candidate in several):
        numbers[candidate.series_key].add(candidate.number)
    for at, several in candidates.items():
        confirmed = (one for one in several if len(numbers[one.series_key]) >= MIN_SIBLINGS)
        read[at] = next(confirmed, None)
    return tuple(read)


def _three_digits(title: str) -> Iterator[Episode]:
    """Every three-digit number that might be an episode of the series named before it."""
    for found in _THREE_DIGITS.finditer(title):
        episode = _episode(title, found, Rule.THREE_DIGITS)
        if episode.series_key:
            yield episode


def _episode(title: str, found: re.Match[str], rule: Rule) -> Episode:
    numbers = found.groupdict()
    series = title[: found.start()].lstrip(" \t._-").rstrip(" \t._-–[({")
    episode = int(numbers["episode"])
    end = numbers.get("end")
    return Episode(
        series=series,
        series_key=_folded(series),
        season=int(numbers["season"]),
        episode=episode,
        # `S01E05-03` is no range; whatever the second number means, the first stands.
        episode_end=int(end) if end and int(end) > episode else None,
        rule=rule,
    )


@lru_cache(maxsize=4096)
def _folded(series: str) -> str:
    """Folding costs more than all the rules together, and a source names each series many times."""
    return fold(series)
