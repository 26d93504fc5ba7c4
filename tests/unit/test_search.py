"""Help with slips of the finger, and only then."""

from collections.abc import Sequence

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_core.domain.catalog import SearchPage, SearchQuery
from playlist_core.domain.search import Vocabulary, answer, respellings
from playlist_core.domain.titles import fold

TITLES = ["four christmases 2008", "star wars 2", "star trek", "stare", "dracula 2000", "дракула", "tv it"]
VOCABULARY = Vocabulary.of(TITLES)


@define
class Found:
    """A `find` that has one match for the texts it is given, and remembers what it was asked."""

    texts: Sequence[str]
    asked: list[tuple[str, tuple[str, ...]]] = field(factory=list)

    def __call__(self, query: SearchQuery) -> SearchPage:
        self.asked.append((query.text, query.categories))
        return SearchPage(snapshot_id="s", items=(), total=int(query.text in self.texts))


def test_the_vocabulary_counts_titles_and_leaves_numbers_out() -> None:
    counts = Vocabulary.of(["star star 2 s01e04", "star wars"]).counts
    assert counts == {"star": 2, "wars": 1}


@pytest.mark.parametrize(
    "slip", ["chrismases", "chriztmases", "chrisstmases", "chritsmases", "hristmases", "christmasess"]
)
def test_one_wrong_missing_doubled_or_swapped_letter_is_one_letter_away(slip: str) -> None:
    assert VOCABULARY.nearest(slip) == ["christmases"]


@pytest.mark.parametrize("far", ["chrismass", "christ", "chirtsmases", "christmases", "christmaesss"])
def test_two_letters_are_too_many_and_a_known_word_is_not_its_own_neighbour(far: str) -> None:
    assert VOCABULARY.nearest(far) == []


def test_the_nearest_words_come_by_frequency_then_by_alphabet() -> None:
    vocabulary = Vocabulary.of(["star", "star", "soar", "sear"])
    assert vocabulary.nearest("szar") == ["star", "sear", "soar"]


def test_any_script_is_helped() -> None:
    assert VOCABULARY.nearest("драклуа") == ["дракула"]


def _distance(one: str, other: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours."""
    rows = [[x + y if x * y == 0 else 0 for y in range(len(other) + 1)] for x in range(len(one) + 1)]
    for x in range(1, len(one) + 1):
        for y in range(1, len(other) + 1):
            same = one[x - 1] == other[y - 1]
            rows[x][y] = min(rows[x - 1][y] + 1, rows[x][y - 1] + 1, rows[x - 1][y - 1] + (not same))
            if x > 1 and y > 1 and one[x - 2 : x] == other[y - 2 : y][::-1]:
                rows[x][y] = min(rows[x][y], rows[x - 2][y - 2] + 1)
    return rows[-1][-1]


@given(st.text("abc", max_size=6), st.frozensets(st.text("abc", min_size=1, max_size=6), max_size=60))
@settings(deadline=None)
def test_the_nearest_words_are_those_at_a_distance_of_one(word: str, words: frozenset[str]) -> None:
    near = [other for other in sorted(words) if _distance(word, other) == 1]
    assert Vocabulary.of(words).nearest(word) == near


def test_only_words_of_four_or_more_letters_are_respelled_one_before_two() -> None:
    texts = [
        query.text for query in respellings(SearchQuery.parse("% stra ti2 trk dracul2 wras tvv"), VOCABULARY)
    ]
    assert texts == [
        "star ti2 trk dracul2 wras tvv %",
        "stra ti2 trk dracul2 wars tvv %",
        "star ti2 trk dracul2 wars tvv %",
    ]


def test_frequent_words_are_tried_first_wherever_they_stand() -> None:
    texts = [query.text for query in respellings(SearchQuery.parse("wras stra"), VOCABULARY)]
    assert texts == ["wras star", "wars stra", "wars star"]


def test_a_word_that_titles_have_may_be_a_slip_but_not_beside_another() -> None:
    vocabulary = Vocabulary.of(["wasp wasp woman", "warp", "ward", "ward", "ward", "wart", "wart"])
    texts = [query.text for query in respellings(SearchQuery.parse("warp wommn"), vocabulary)]
    assert texts == ["ward wommn", "wart wommn", "warp woman"]


def test_respellings_keep_the_filter_and_end() -> None:
    query = SearchQuery.parse("star wars " * 4, ["Movies"], match="all")
    spellings = list(respellings(query, Vocabulary.of(["stare wart stars start stark wards ward war"])))
    assert len(spellings) == 64
    assert {(spelling.categories, spelling.match) for spelling in spellings} == {(("Movies",), query.match)}
    assert list(respellings(SearchQuery.parse("star wars " * 5), VOCABULARY)) == []


@given(st.text(max_size=20), st.permutations(TITLES))
@settings(deadline=None)
def test_the_order_of_the_titles_changes_no_respelling(text: str, titles: list[str]) -> None:
    query = SearchQuery.parse(text)
    assert list(respellings(query, Vocabulary.of(map(fold, titles)))) == list(respellings(query, VOCABULARY))


def test_a_query_that_finds_something_is_answered_as_it_is() -> None:
    find = Found(["stra"])
    assert answer(SearchQuery.parse("stra"), find, lambda: VOCABULARY) == SearchPage(
        snapshot_id="s", items=(), total=1
    )
    assert find.asked == [("stra", ())]


def test_the_first_respelling_that_finds_something_answers_and_is_named() -> None:
    find = Found(["stare"])
    assert answer(SearchQuery.parse("ztare"), find, lambda: VOCABULARY) == SearchPage(
        snapshot_id="s", items=(), total=1, corrected="stare"
    )


def test_a_query_that_finds_something_in_other_categories_is_answered_as_it_is() -> None:
    page = SearchPage(snapshot_id="s", items=(), total=0)

    def find(query: SearchQuery) -> SearchPage:
        return SearchPage(snapshot_id="s", items=(), total=0 if query.categories else 1)

    assert answer(SearchQuery.parse("stra", ["TV"]), find, lambda: VOCABULARY) == page


@pytest.mark.parametrize("text", ["", "%", "zzzzzz", "tvv"])
def test_where_nothing_is_near_nothing_is_found(text: str) -> None:
    assert answer(SearchQuery.parse(text), Found([]), lambda: VOCABULARY) == SearchPage(
        snapshot_id="s", items=(), total=0
    )
