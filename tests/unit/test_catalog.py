"""What a query is, what it matches and in which order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_core.domain.catalog import (
    CatalogItem,
    CategoryMatch,
    IndexedItem,
    Rank,
    SearchQuery,
    count_categories,
)
from playlist_core.domain.titles import TitleText
from playlist_core.errors import InvalidInput

any_text = st.text(st.characters(exclude_categories=()), max_size=30)


def entry(title: str, *categories: str, video_id: str = "v") -> IndexedItem:
    return IndexedItem.of(CatalogItem(video_id=video_id, title=title, categories=categories))


def ranked(text: str, title: str) -> Rank | None:
    query = SearchQuery.parse(text)
    return query.rank(TitleText.of(title)) if query.matches(entry(title)) else None


def test_a_query_is_its_folded_words_and_what_folds_to_nothing() -> None:
    assert SearchQuery.parse(" Don't & ??? 50%  % \ud800 V.I.P. ", ["Movies"], match="all") == SearchQuery(
        " Don't & ??? 50%  % \ud800 V.I.P. ",
        words=("dont", "and", "50", "vip"),
        literals=("???", "%", "\ud800"),
        categories=("Movies",),
        match=CategoryMatch.ALL,
    )


def test_one_typed_word_may_be_several() -> None:
    assert SearchQuery.parse("Spider-Man/Hulk").words == ("spider", "man", "hulk")


def test_text_over_500_characters_is_refused() -> None:
    assert len(SearchQuery.parse("é" * 500).text) == 500
    with pytest.raises(InvalidInput, match="500") as refusal:
        SearchQuery.parse("x" * 501)
    assert refusal.value.details["field"] == "q"


@pytest.mark.parametrize("match", ["ANY", "", "none", "\ud800"])
def test_a_match_other_than_any_and_all_is_refused(match: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        SearchQuery.parse("star", match=match)
    assert refusal.value.details["field"] == "match"


@given(any_text, any_text)
@settings(deadline=None)
def test_no_text_is_an_error_and_every_title_is_found_by_itself(title: str, other: str) -> None:
    assert SearchQuery.parse(title).matches(entry(title))
    assert SearchQuery.parse(title).matches(entry(f"{other} {title} {other}"))
    SearchQuery.parse(other).matches(entry(title))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("four christmases", "Four.Christmases.[2008].mp4"),
        ("CHRISTMASES Four", "Four.Christmases.[2008].mp4"),
        ("ristma", "Four.Christmases.[2008].mp4"),
        ("2008 four", "Four.Christmases.[2008].mp4"),
        ("mp4", "Four.Christmases.[2008].mp4"),
        ("wallace gromit", "Wallace & Gromit"),
        ("wallace and gromit", "Wallace & Gromit"),
        ("wallace & gromit", "Wallace and Gromit"),
        ("&", "Wallace and Gromit"),
        ("amelie", "Amélie"),
        ("AMÉLIE", "Le Fabuleux destin d'Amelie"),
        ("spiderman", "Spider-Man"),
        ("spider man", "SpiderMan"),
        ("wall e", "WALL-E"),
        ("walle", "WALL-E"),
        ("vip", "V.I.P. S01E01"),
        ("v.i.p.", "VIP"),
        ("s01 e04", "Show S01E04"),
        ("s01e04", "Show S01 E04"),
        ("dont", "Don't Look Now"),
        ("don’t", "Dont Look Now"),
        ("720p dvdrip", "Film.720p.DVDRip.mkv"),
        ("e", "WALL-E"),
        ("%", "100% Cult"),
        ("?? who", "Who?? Me"),
        ("アニメ", "Anime アニメ"),
    ],
)
def test_a_query_finds_what_people_mean(text: str, title: str) -> None:
    assert SearchQuery.parse(text).matches(entry(title))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("christmas five", "Four.Christmases"),
        ("%", "Four.Christmases"),
        ("_", "Four.Christmases"),
        ("*", "Star"),
        ("\0", "Star"),
        ("???", "Who?? Me"),
        ("star OR wars", "Star Trek"),
        ("カ", "ガ"),
    ],
)
def test_a_query_finds_nothing_else(text: str, title: str) -> None:
    assert not SearchQuery.parse(text).matches(entry(title))


def test_categories_are_exact_names_of_which_any_or_all_must_be_there() -> None:
    horror_film = entry("Star", "Movies", "2.Horror")

    def admitted(*categories: str, match: str = "any") -> bool:
        return SearchQuery.parse("star", categories, match=match).matches(horror_film)

    assert admitted()
    assert admitted(match="all")
    assert admitted("TV", "2.Horror")
    assert admitted("Movies", "2.Horror", match="all")
    assert not admitted("TV", "Movies", match="all")
    assert not admitted("Horror")
    assert not admitted("movies")


@pytest.mark.parametrize(
    ("text", "title", "rank"),
    [
        ("four christmases", "Four.Christmases.[2008].mp4", Rank.WHOLE_TITLE),
        ("four christmases 2008", "Four.Christmases.[2008].mp4", Rank.WHOLE_TITLE),
        ("Four.Christmases.[2008].mp4", "Four.Christmases.[2008].mp4", Rank.WHOLE_TITLE),
        ("alien raiders", "Alien.Raiders.DVDrip.DD5.1.x264-SDxT.mkv", Rank.WHOLE_TITLE),
        ("kiss kiss bang bang", "Kiss.Kiss.Bang.Bang.[2005].mp4", Rank.WHOLE_TITLE),
        ("it follows", "It Follows 2014.mkv", Rank.WHOLE_TITLE),
        ("walle", "WALL-E.[2008].mp4", Rank.WHOLE_TITLE),
        ("wall e", "WALL-E.[2008].mp4", Rank.WHOLE_TITLE),
        ("christmases four", "Four.Christmases.[2008].mp4", Rank.WHOLE_WORDS),
        ("four chr", "Four.Christmases.[2008].mp4", Rank.PREFIX),
        ("star", "Stardust.[2007].mp4", Rank.PREFIX),
        ("fou", "Four.Christmases.[2008].mp4", Rank.PREFIX),
        ("star", "Dark.Star.[1974].mp4", Rank.WHOLE_WORDS),
        ("man spider", "The Amazing Spider-Man", Rank.WHOLE_WORDS),
        ("spiderman", "The Amazing Spider-Man", Rank.WHOLE_WORDS),
        ("spiderm", "The Amazing Spider-Man", Rank.WORD_STARTS),
        ("star", "The Starship", Rank.WORD_STARTS),
        ("dark st", "The Dark Star", Rank.WORD_STARTS),
        ("star", "Mustard Bath", Rank.INSIDE_WORDS),
        ("bath star", "Mustard Bath", Rank.INSIDE_WORDS),
        ("star", "Raiders of the Lost Ark", Rank.ACROSS_WORDS),
        ("zingspi", "The Amazing Spider-Man", Rank.ACROSS_WORDS),
        ("", "Star", Rank.WHOLE_TITLE),
        ("%", "100%", Rank.WHOLE_TITLE),
        ("star", "Trek", None),
    ],
)
def test_how_well_a_title_fits(text: str, title: str, rank: Rank | None) -> None:
    assert ranked(text, title) == rank


@given(
    st.lists(st.sampled_from(["a", "ab", "b", "ba", "aa"]), min_size=1, max_size=5),
    st.text("ab", min_size=1, max_size=4),
)
@settings(deadline=None)
def test_words_written_together_are_placed_by_where_they_begin_and_end(title: list[str], word: str) -> None:
    """Against a plain reading of the rule, by positions in the title without blanks."""
    folded, joined = " ".join(title), "".join(title)
    if word not in joined:
        return
    bounds = {sum(map(len, title[:n])) for n in range(len(title) + 1)}
    starts = [at for at in range(len(joined)) if joined.startswith(word, at)]
    if any(at in bounds and at + len(word) in bounds for at in starts):
        plain = Rank.WHOLE_WORDS
    elif any(at in bounds for at in starts):
        plain = Rank.WORD_STARTS
    else:
        plain = Rank.INSIDE_WORDS if word in folded else Rank.ACROSS_WORDS
    placed = SearchQuery(words=(word,)).place(folded)
    # A word that stands in the title as it is, is placed there, even if it is better placed across others.
    assert placed == plain if word not in folded else placed >= plain
    assert placed == Rank.WHOLE_WORDS if word in title else True


def test_matches_are_ordered_by_rank_then_naturally_then_by_id() -> None:
    entries = [
        entry("Star Part 10.avi"),
        entry("Star Part 2.avi", video_id="b"),
        entry("star.part.2.avi", video_id="a"),
        entry("Dark Star.avi"),
        entry("Star.avi"),
    ]
    query = SearchQuery.parse("star")
    assert [e.item.title for e in sorted(entries, key=query.order)] == [
        "Star.avi",
        "star.part.2.avi",
        "Star Part 2.avi",
        "Star Part 10.avi",
        "Dark Star.avi",
    ]


def test_categories_are_counted_over_the_sets_of_them() -> None:
    sets = {(): 5, ("TV",): 2, ("10.Late", "TV"): 3, ("2.Horror", "2.Horror"): 1}
    assert list(count_categories(sets).items()) == [("2.Horror", 1), ("10.Late", 3), ("TV", 5)]
