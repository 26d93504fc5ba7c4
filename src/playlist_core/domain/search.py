"""Answering a search, and helping with a slip of the finger when nothing matches as typed."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations, islice

from attrs import evolve, frozen

from playlist_core.domain.catalog import SearchPage, SearchQuery

# Shorter words have too many neighbours to guess by; longer queries are no slips of one finger.
_SHORTEST_WORD = 4
_MOST_WORDS = 8
_NEIGHBOURS = 4
_FEW_NEIGHBOURS = 2
_TRIES = 64


_AFTER_EVERY_LETTER = "\U0010ffff"  # no character, so in no word


@frozen(kw_only=True)
class Vocabulary:
    """The words of all titles, each with the number of titles it stands in.

    Only words of letters: a number one digit away is another number, not a correction. `forwards` are the
    words and `backwards` the words read backwards, each in order.
    """

    counts: Mapping[str, int]
    forwards: Sequence[str]
    backwards: Sequence[str]

    @classmethod
    def of(cls, shown: Iterable[str]) -> "Vocabulary":
        """From folded display titles, so that no file extension is ever suggested."""
        counts = Counter[str]()
        for words in shown:
            counts.update({word for word in words.split() if word.isalpha()})
        return cls.of_counts(counts)

    @classmethod
    def of_counts(cls, counts: Mapping[str, int]) -> "Vocabulary":
        return cls(counts=counts, forwards=sorted(counts), backwards=sorted(word[::-1] for word in counts))

    def nearest(self, word: str) -> list[str]:
        """The words one letter away: one wrong, missing, surplus (as when doubled) or swapped with the next.

        The most frequent come first, then by alphabet.
        """
        near = {other for other in self._alike(word) if is_one_letter_away(word, other)}
        return sorted(near, key=lambda other: (-self.counts[other], other))

    def _alike(self, word: str) -> Iterator[str]:
        """All words that may be one letter away: a slip leaves one half of a word as it is, or parts them."""
        half = len(word) // 2
        yield from _beginning_with(word[:half], self.forwards)
        for other in _beginning_with(word[half:][::-1], self.backwards):
            yield other[::-1]
        parted = word[: half - 1] + word[half : half + 1] + word[half - 1 : half] + word[half + 1 :]
        if half and parted in self.counts:
            yield parted


def _beginning_with(beginning: str, words: Sequence[str]) -> Sequence[str]:
    first = bisect_left(words, beginning)
    return words[first : bisect_left(words, beginning + _AFTER_EVERY_LETTER, first)]


def is_one_letter_away(one: str, other: str) -> bool:
    """Whether one letter wrong, missing, surplus or swapped with the next makes the one of the other."""
    longer = len(other) - len(one)
    if not -1 <= longer <= 1 or one == other:
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if longer > 0:
        return one[at:] == other[at + 1 :]
    if longer < 0:
        at = min(at, len(other))
        return one[at + 1 :] == other[at:]
    swapped = one[at + 1 : at + 2] + one[at] + one[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped == other[at:]


def respellings(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    """The query with one of its words, then with two of them, replaced by a near one of the vocabulary.

    Only words of four or more letters. One that titles have is seldom a slip: fewer are tried in its place,
    and not beside another slip. At most 64 queries, frequent words first, the same for the same input.
    """
    return islice(_respellings(query, vocabulary), _TRIES)


def _respellings(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    if len(query.words) > _MOST_WORDS:
        return
    options = [
        (at, other)
        for at, word in enumerate(query.words)
        if len(word) >= _SHORTEST_WORD and word.isalpha()
        for other in vocabulary.nearest(word)[: _FEW_NEIGHBOURS if word in vocabulary.counts else _NEIGHBOURS]
    ]
    options.sort(key=lambda option: (-vocabulary.counts[option[1]], option[1], option[0]))
    strange = [option for option in options if query.words[option[0]] not in vocabulary.counts]
    for changes in chain(combinations(options, 1), combinations(strange, 2)):
        replaced = dict(changes)
        if len(replaced) == len(changes):  # not two words for one place
            yield query.respelled(replaced.get(at, word) for at, word in enumerate(query.words))


def answer(
    query: SearchQuery,
    find: Callable[[SearchQuery], SearchPage],
    vocabulary: Callable[[], Vocabulary],
) -> SearchPage:
    """The page that `find` gives for the query or, if nothing matches, for the first respelling that matches.

    A query that matches outside its categories is no slip: it is answered as it stands.
    """
    page = find(query)
    if page.total or not query.words:
        return page
    if query.categories and find(evolve(query, categories=())).total:
        return page
    for other in respellings(query, vocabulary()):
        found = find(other)
        if found.total:
            return evolve(found, corrected=other.text)
    return page
