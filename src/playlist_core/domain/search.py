"""Answering a search, and helping with a slip of the finger when nothing matches as typed."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, islice

from attrs import evolve, frozen

from playlist_core.domain.catalog import SearchPage, SearchQuery

# Shorter words have too many neighbours to guess by; longer queries are no slips of one finger.
_SHORTEST_WORD = 4
_MOST_WORDS = 8
_NEIGHBOURS = 4
_TRIES = 64


@frozen
class Vocabulary:
    """The words of all titles, each with the number of titles it stands in, and the letters they are made of.

    Only words of letters: a number one digit away is another number, not a correction.
    """

    counts: Mapping[str, int]
    letters: frozenset[str]

    @classmethod
    def of(cls, shown: Iterable[str]) -> "Vocabulary":
        """From folded display titles, so that no file extension is ever suggested."""
        counts = Counter[str]()
        for words in shown:
            counts.update({word for word in words.split() if word.isalpha()})
        return cls.of_counts(counts)

    @classmethod
    def of_counts(cls, counts: Mapping[str, int]) -> "Vocabulary":
        return cls(counts, frozenset("".join(counts)))

    def nearest(self, word: str) -> list[str]:
        """The words one letter away, the most frequent first, then by alphabet."""
        near = self.counts.keys() & one_letter_away(word, self.letters)
        return sorted(near, key=lambda other: (-self.counts[other], other))


def one_letter_away(word: str, letters: Iterable[str]) -> set[str]:
    """All texts one wrong, missing, surplus (as when doubled) or swapped letter away from `word`."""
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    texts = {head + tail[1:] for head, tail in halves if tail}
    texts |= {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
    for letter in letters:
        texts |= {head + letter + tail for head, tail in halves}
        texts |= {head + letter + tail[1:] for head, tail in halves if tail}
    texts.discard(word)
    return texts


def respellings(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    """The query with one of its words, then with two of them, replaced by a near one of the vocabulary.

    Only words of four or more letters; at most 64 queries, frequent words first, the same for the same input.
    """
    return islice(_respellings(query, vocabulary), _TRIES)


def _respellings(query: SearchQuery, vocabulary: Vocabulary) -> Iterator[SearchQuery]:
    if len(query.words) > _MOST_WORDS:
        return
    options = [
        (at, other)
        for at, word in enumerate(query.words)
        if len(word) >= _SHORTEST_WORD and word.isalpha()
        for other in vocabulary.nearest(word)[:_NEIGHBOURS]
    ]
    options.sort(key=lambda option: (-vocabulary.counts[option[1]], option[1], option[0]))
    for changed in (1, 2):
        for changes in combinations(options, changed):
            replaced = dict(changes)
            if len(replaced) == changed:  # not two words for one place
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
