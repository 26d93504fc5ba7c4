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


@frozen(kw_only=True)
class Vocabulary:
    """The words of all titles, each with the number of titles it stands in.

    Only words of letters: a number one digit away is another number, not a correction. `letters` are those
    they are made of; `forwards` and `backwards` the words, read in that direction, in order.
    """

    counts: Mapping[str, int]
    letters: frozenset[str]
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
        return cls(
            counts=counts,
            letters=frozenset("".join(counts)),
            forwards=sorted(counts),
            backwards=sorted(word[::-1] for word in counts),
        )

    def nearest(self, word: str) -> list[str]:
        """The words one letter away: one wrong, missing, surplus (as when doubled) or swapped with the next.

        The most frequent come first, then by alphabet.
        """
        near = self.counts.keys() & self._one_letter_away(word)
        return sorted(near - {word}, key=lambda other: (-self.counts[other], other))

    def _one_letter_away(self, word: str) -> set[str]:
        """Texts one letter away; all that are words, and few that are not.

        What stands before the slip must begin a word and what stands behind it end one, so most places in
        `word` need no trial of every letter.
        """
        head = _longest_beginning(word, self.forwards)
        tail = len(word) - _longest_beginning(word[::-1], self.backwards)
        texts: set[str] = set()
        for at in range(max(tail - 2, 0), head + 1):
            before, behind = word[:at], word[at:]
            texts.add(before + behind[1:])
            texts.add(before + behind[1:2] + behind[:1] + behind[2:])
            if at >= tail - 1:
                texts.update([before + letter + behind[1:] for letter in self.letters])
            if at >= tail:
                texts.update([before + letter + behind for letter in self.letters])
        return texts


def _longest_beginning(word: str, words: Sequence[str]) -> int:
    """How much of `word` begins one of the words, which are in order: a number of letters."""
    at = 0
    for length in range(1, len(word) + 1):
        beginning = word[:length]
        at = bisect_left(words, beginning, at)
        if at == len(words) or not words[at].startswith(beginning):
            return length - 1
    return len(word)


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
