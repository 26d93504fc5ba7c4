"""Marathons: what each method makes of the sources, and what must hold for all of them whatever comes in."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_core.domain.episodes import read_episodes
from playlist_core.domain.marathon import (
    Entry,
    Marathon,
    MarathonEntry,
    MarathonWarning,
    Method,
    Source,
    build,
    interleave,
)
from playlist_core.domain.pattern import Pattern, Token, label_of
from playlist_core.domain.permutation import shuffled
from playlist_core.errors import InvalidInput, Malformed


def _source(name: str, *titles: str) -> Source:
    """Each title is its own id and lasts ten minutes."""
    return Source(name, tuple(Entry(title, title, duration_seconds=600) for title in titles))


def _films(name: str, number: int) -> Source:
    return _source(name, *(f"{name}{at}" for at in range(1, number + 1)))


def _titles(marathon: Marathon) -> list[str]:
    return [entry.title for entry in marathon.entries]


def _codes(marathon: Marathon) -> list[str]:
    return [warning.code for warning in marathon.warnings]


ALF = _source("Alf", "Alf S01E03", "Alf S01E01", "Alf S01E02")
BAT = _source("Bat", "Bat 1x02", "Bat 1x01")


def test_concatenate_is_the_default_and_sorts_each_series() -> None:
    marathon = build([ALF, BAT])
    assert _titles(marathon) == ["Alf S01E01", "Alf S01E02", "Alf S01E03", "Bat 1x01", "Bat 1x02"]
    assert marathon.seed is None
    assert marathon.warnings == ()


def test_without_episode_order_the_source_is_taken_as_it_is() -> None:
    marathon = build([ALF, BAT], preserve_episode_order=False)
    assert _titles(marathon) == ["Alf S01E03", "Alf S01E01", "Alf S01E02", "Bat 1x02", "Bat 1x01"]


def test_a_marathon_says_all_about_each_entry() -> None:
    source = Source(
        "Mix", (Entry("a", "Alf S02E05", duration_seconds=1500), Entry("b", "A Film"), Entry("c", "Coda"))
    )
    assert build([source]) == Marathon(
        entries=(
            MarathonEntry(
                video_id="a",
                title="Alf S02E05",
                source="A",
                season=2,
                episode=5,
                duration_seconds=1500,
                starts_at_offset_seconds=0,
            ),
            MarathonEntry(
                video_id="b",
                title="A Film",
                source="A",
                season=None,
                episode=None,
                duration_seconds=None,
                starts_at_offset_seconds=1500,
            ),
            MarathonEntry(
                video_id="c",
                title="Coda",
                source="A",
                season=None,
                episode=None,
                duration_seconds=None,
                starts_at_offset_seconds=1500,
            ),
        ),
        warnings=(),
        seed=None,
        total_duration_seconds=1500,
        unknown_durations=2,
    )


def test_items_without_a_number_keep_their_places() -> None:
    source = _source("Mix", "Intro", "Alf S01E02", "A Film", "Alf S01E01", "Outro")
    assert _titles(build([source])) == ["Intro", "Alf S01E01", "A Film", "Alf S01E02", "Outro"]


def test_two_series_in_one_source_are_not_mixed_into_each_other() -> None:
    source = _source("Mix", "Alf S01E02", "Bat S01E03", "Alf S01E01", "Bat S01E01")
    assert _titles(build([source])) == ["Alf S01E01", "Bat S01E01", "Alf S01E02", "Bat S01E03"]


def test_one_series_in_two_sources_is_ordered_in_each_alone() -> None:
    first, second = _source("One", "Alf S01E04", "Alf S01E03"), _source("Two", "Alf S01E02", "Alf S01E01")
    assert _titles(build([first, second])) == ["Alf S01E03", "Alf S01E04", "Alf S01E01", "Alf S01E02"]


def test_spellings_of_one_series_are_ordered_together() -> None:
    source = _source("Mix", "Key.&.Peele - S02E01.avi", "key and peele 1x05.mkv")
    assert _titles(build([source])) == ["key and peele 1x05.mkv", "Key.&.Peele - S02E01.avi"]


def test_copies_of_an_episode_keep_their_order() -> None:
    source = _source("Mix", "Alf S01E02 new", "Alf S01E01", "Alf S01E02 old")
    assert _titles(build([source])) == ["Alf S01E01", "Alf S01E02 new", "Alf S01E02 old"]


def test_three_digit_episodes_are_ordered_when_siblings_agree() -> None:
    source = _source("Orel", "Orel 210 c", "Orel 103 b", "Orel 102 a")
    assert _titles(build([source])) == ["Orel 102 a", "Orel 103 b", "Orel 210 c"]


def test_a_blank_pattern_interleaves_round_robin() -> None:
    for pattern in (None, "", "  "):
        marathon = build([ALF, BAT], method=Method.INTERLEAVE, pattern=pattern)
        assert _titles(marathon) == ["Alf S01E01", "Bat 1x01", "Alf S01E02", "Bat 1x02", "Alf S01E03"]


def test_blocks_and_custom_patterns_repeat_until_all_is_used() -> None:
    sources = [_films("a", 4), _films("b", 2), _films("c", 3)]
    blocks = build(sources, method=Method.INTERLEAVE, pattern="A2B1C2")
    assert _titles(blocks) == ["a1", "a2", "b1", "c1", "c2", "a3", "a4", "b2", "c3"]
    custom = build(sources, method=Method.INTERLEAVE, pattern="A, A, B, C, C, A")
    assert _titles(custom) == ["a1", "a2", "b1", "c1", "c2", "a3", "a4", "b2", "c3"]


def test_an_exhausted_source_is_skipped() -> None:
    marathon = build([_films("a", 1), _films("b", 3)], method=Method.INTERLEAVE, pattern="A2B1")
    assert _titles(marathon) == ["a1", "b1", "b2", "b3"]


def test_a_source_that_the_pattern_never_names_is_left_out_and_named() -> None:
    marathon = build([_films("a", 2), _films("b", 2)], method=Method.INTERLEAVE, pattern="A")
    assert _titles(marathon) == ["a1", "a2"]
    assert marathon.warnings == (
        MarathonWarning(
            "source_unused",
            "Source B (b) is left out: the pattern never names it.",
            facts={"source": "B", "name": "b"},
        ),
    )


def test_a_huge_count_takes_what_is_there() -> None:
    marathon = build(
        [_films("a", 2), _films("b", 2)], method=Method.INTERLEAVE, pattern="A1000000000 B1000000000"
    )
    assert _titles(marathon) == ["a1", "a2", "b1", "b2"]


def test_26_sources_can_be_woven_and_27_are_refused() -> None:
    sources = [_films(f"s{at:02}-", 2) for at in range(26)]
    woven = build(sources, method=Method.INTERLEAVE, pattern="ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert [entry.source for entry in woven.entries] == [label_of(at) for at in range(26)] * 2
    with pytest.raises(InvalidInput) as caught:
        build([*sources, _films("z", 1)])
    assert (caught.value.code, caught.value.details["field"]) == ("invalid", "sources")


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(Malformed) as caught:
        build([])
    assert caught.value.code == "too_few_sources"


def test_a_bad_pattern_matters_to_an_interleave_only() -> None:
    assert len(build([ALF], pattern="?").entries) == 3
    with pytest.raises(Malformed):
        build([ALF], method=Method.INTERLEAVE, pattern="?")


def test_an_empty_source_is_named_and_the_rest_goes_on() -> None:
    for method in Method:
        marathon = build([Source("Void", ()), BAT], method=method, seed="s")
        assert len(marathon.entries) == 2
        assert marathon.warnings == (
            MarathonWarning(
                "source_empty", "Source A (Void) has no items.", facts={"source": "A", "name": "Void"}
            ),
        )


def test_nothing_but_empty_sources_is_an_empty_marathon() -> None:
    for method in Method:
        marathon = build([Source("Void", ()), Source("Gap", ())], method=method, seed="s")
        assert marathon.entries == ()
        assert _codes(marathon) == ["source_empty", "source_empty"]


def test_unread_episodes_are_listed_where_most_are_read() -> None:
    source = _source("Alf", "Alf S01E01", "Alf S01E02", "Alf Reunion")
    assert build([source]).warnings == (
        MarathonWarning(
            "unread_episodes",
            "Season and episode were read in 2 of 3 items of A (Alf); "
            "what was not read has no order to keep.",
            facts={"source": "A", "name": "Alf", "read": 2, "unread": 1, "titles": ("Alf Reunion",)},
        ),
    )


def test_a_list_of_films_is_not_accused_of_unread_episodes() -> None:
    assert build([_source("Films", "Alf S01E01", "Jaws", "Dune")]).warnings == ()
    mostly_read = _source("Alf", "Alf S01E01", "Alf S01E02", "Alf Reunion")
    assert build([mostly_read], preserve_episode_order=False).warnings == ()


def test_an_item_that_comes_twice_is_told() -> None:
    marathon = build([_films("a", 2), _films("a", 3)])
    assert marathon.warnings == (
        MarathonWarning(
            "duplicate_items",
            "Items that occur more than once: 2.",
            facts={"count": 2, "video_ids": ("a1", "a2")},
        ),
    )


def test_a_duplicate_in_a_source_that_is_left_out_does_not_count() -> None:
    marathon = build([_films("a", 2), _films("a", 2)], method=Method.INTERLEAVE, pattern="A")
    assert _codes(marathon) == ["source_unused"]


def test_a_long_tail_of_one_source_is_told() -> None:
    marathon = build([_films("a", 1), _films("b", 5)], method=Method.INTERLEAVE)
    assert marathon.warnings == (
        MarathonWarning(
            "tail",
            "The last 5 items all come from B (b): the others are used up.",
            facts={"source": "B", "name": "b", "count": 5},
        ),
    )


@pytest.mark.parametrize(
    ("sizes", "pattern"),
    [((3, 3), "AB"), ((3, 4), "AB"), ((1, 9), "A B9"), ((9, 1), "A"), ((0, 9), "AB"), ((1, 6), "B3 A B3")],
)
def test_what_the_pattern_asks_for_is_no_tail(sizes: tuple[int, int], pattern: str) -> None:
    sources = [_films("a", sizes[0]), _films("b", sizes[1])]
    assert "tail" not in _codes(build(sources, method=Method.INTERLEAVE, pattern=pattern))


def test_a_concatenation_has_no_tail() -> None:
    assert build([_films("a", 1), _films("b", 9)]).warnings == ()


def test_known_seeds_give_known_orders_for_ever() -> None:
    """These were computed once: a failure here means that every saved seed now stands for another order."""
    assert shuffled("abcdefghij", seed="") == list("cdhjeaigbf")
    assert shuffled("abcdefghij", seed="brg7k2mx") == list("aegjcbhidf")
    assert shuffled("abcdefghij", seed="Größe 映画 🎬") == list("ebidgfachj")


def test_a_known_seed_gives_a_known_marathon() -> None:
    marathon = build([ALF, BAT, _films("film", 3)], method=Method.SHUFFLE, seed="brg7k2mx")
    assert _titles(marathon) == [
        "film2",
        "Alf S01E01",
        "Alf S01E02",
        "Bat 1x01",
        "film1",
        "film3",
        "Alf S01E03",
        "Bat 1x02",
    ]
    assert marathon.seed == "brg7k2mx"


def test_every_order_is_about_equally_likely() -> None:
    drawn = Counter("".join(shuffled("abcd", seed=str(number))) for number in range(2_400))
    assert set(drawn) == {"".join(order) for order in itertools.permutations("abcd")}
    assert min(drawn.values()) > 65
    assert max(drawn.values()) < 140


def test_a_shuffle_without_a_seed_or_with_an_impossible_one_is_refused() -> None:
    for seed in (None, "\ud800", "x" * 201):
        with pytest.raises(InvalidInput) as caught:
            build([ALF], method=Method.SHUFFLE, seed=seed)
        assert caught.value.details["field"] == "shuffle_seed"


def test_a_shuffle_moves_films_but_never_an_episode_before_an_earlier_one() -> None:
    films = _films("film", 3)
    firsts: set[str] = set()
    for number in range(60):
        titles = _titles(build([ALF, films], method=Method.SHUFFLE, seed=str(number)))
        assert [title for title in titles if "Alf" in title] == ["Alf S01E01", "Alf S01E02", "Alf S01E03"]
        firsts.add(titles[0])
    assert firsts == {"Alf S01E01", "film1", "film2", "film3"}


def test_a_shuffle_that_keeps_no_order_lets_episodes_fall_as_they_will() -> None:
    orders = {
        tuple(_titles(build([ALF], method=Method.SHUFFLE, seed=str(number), preserve_episode_order=False)))
        for number in range(60)
    }
    assert len(orders) == 6


SOURCES = st.lists(
    st.lists(
        st.one_of(
            st.builds(
                "{} S{:02}E{:02}".format,
                st.sampled_from(["Alf", "Bat"]),
                st.integers(0, 2),
                st.integers(1, 5),
            ),
            st.builds("Orel {}{:02}".format, st.integers(1, 2), st.integers(1, 9)),
            st.sampled_from(["Jaws", "Dune", "Alien"]),
        ),
        max_size=12,
    ),
    min_size=1,
    max_size=5,
)
PATTERNS = st.lists(st.tuples(st.integers(0, 4), st.one_of(st.integers(1, 4), st.just(10**9))), max_size=8)


def _numbered(lists: Sequence[Sequence[str]]) -> list[Source]:
    """Sources whose ids tell where an item came from: label and index."""
    return [
        Source(
            f"S{at}",
            tuple(
                Entry(f"{label_of(at)}{index}", title, duration_seconds=index % 3 * 60 or None)
                for index, title in enumerate(titles)
            ),
        )
        for at, titles in enumerate(lists)
    ]


def _written(pattern: Sequence[tuple[int, int]], sources: int) -> str:
    return " ".join(f"{label_of(source)}{count}" for source, count in pattern if source < sources)


@given(
    SOURCES,
    PATTERNS,
    st.sampled_from(Method),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.booleans(),
)
def test_nothing_is_lost_nothing_comes_twice_and_it_always_ends(
    lists: list[list[str]], pattern: list[tuple[int, int]], method: Method, seed: str, preserve: bool
) -> None:
    sources, written = _numbered(lists), _written(pattern, len(lists))
    marathon = build(sources, method=method, pattern=written, seed=seed, preserve_episode_order=preserve)
    unused = {warning.facts["source"] for warning in marathon.warnings if warning.code == "source_unused"}
    expected = [
        entry.video_id
        for at, source in enumerate(sources)
        for entry in source.entries
        if label_of(at) not in unused
    ]
    assert sorted(entry.video_id for entry in marathon.entries) == sorted(expected)
    if method is Method.INTERLEAVE and written:
        assert unused == {label_of(at) for at in range(len(lists))} - set(written)
    else:
        assert unused == set()


@given(SOURCES, PATTERNS, st.sampled_from(Method), st.text(st.characters(codec="utf-8"), max_size=8))
def test_every_series_of_every_source_ascends_in_the_result(
    lists: list[list[str]], pattern: list[tuple[int, int]], method: Method, seed: str
) -> None:
    sources = _numbered(lists)
    marathon = build(sources, method=method, pattern=_written(pattern, len(lists)), seed=seed)
    shown: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    keys = {
        entry.video_id: episode.series_key
        for source in sources
        for entry, episode in zip(
            source.entries, read_episodes([entry.title for entry in source.entries]), strict=True
        )
        if episode
    }
    for entry in marathon.entries:
        if entry.season is not None and entry.episode is not None:
            shown[entry.source, keys[entry.video_id]].append((entry.season, entry.episode))
    assert sum(map(len, shown.values())) == sum(entry.video_id in keys for entry in marathon.entries)
    for numbers in shown.values():
        assert numbers == sorted(numbers)


@given(SOURCES, PATTERNS, st.sampled_from([Method.CONCATENATE, Method.INTERLEAVE]))
def test_a_source_comes_out_in_its_own_order_but_for_the_episodes(
    lists: list[list[str]], pattern: list[tuple[int, int]], method: Method
) -> None:
    """Each source's part of the result is exactly that source concatenated alone."""
    sources = _numbered(lists)
    marathon = build(sources, method=method, pattern=_written(pattern, len(lists)))
    for at, source in enumerate(sources):
        part = [entry.video_id for entry in marathon.entries if entry.source == label_of(at)]
        alone = [entry.video_id for entry in build([source]).entries]
        assert part in ([], alone)
        reread = read_episodes([entry.title for entry in source.entries])
        unnumbered = {index for index, episode in enumerate(reread) if episode is None}
        assert all(alone[index] == source.entries[index].video_id for index in unnumbered)


@given(SOURCES, st.text(st.characters(codec="utf-8"), max_size=8))
def test_equal_seeds_give_equal_marathons(lists: list[list[str]], seed: str) -> None:
    sources = _numbered(lists)
    first = build(sources, method=Method.SHUFFLE, seed=seed)
    assert build(sources, method=Method.SHUFFLE, seed=seed) == first


@given(SOURCES, st.sampled_from(Method))
def test_offsets_are_the_sums_of_what_is_known(lists: list[list[str]], method: Method) -> None:
    marathon = build(_numbered(lists), method=method, seed="s")
    lengths = [entry.duration_seconds for entry in marathon.entries]
    known = [length or 0 for length in lengths]
    assert [entry.starts_at_offset_seconds for entry in marathon.entries] == [
        sum(known[:at]) for at in range(len(known))
    ]
    assert marathon.total_duration_seconds == sum(known)
    assert marathon.unknown_durations == lengths.count(None)


def _popping(runs: Sequence[Sequence[str]], pattern: Pattern) -> list[str]:
    """The rule said in the plainest way, one item at a time."""
    left = [list(run) for run in runs]
    woven: list[str] = []
    while any(left[source] for source in pattern.named):
        for token in pattern.tokens:
            for _ in range(min(token.count, len(left[token.source]))):
                woven.append(left[token.source].pop(0))
    return woven


@given(
    st.lists(st.lists(st.text(max_size=2), max_size=9), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=6),
)
def test_interleaving_by_cursors_is_interleaving_by_popping(
    runs: list[list[str]], tokens: list[tuple[int, int]]
) -> None:
    pattern = Pattern(tuple(Token(source, count) for source, count in tokens))
    assert interleave(runs, pattern) == _popping(runs, pattern)


def test_a_pattern_without_its_method_is_told() -> None:
    one = Source("One", (Entry("a", "A"),))
    (warning,) = build([one], pattern="A2").warnings
    assert (warning.code, warning.facts) == ("pattern_ignored", {"method": "concatenate"})
    assert build([one], pattern="A2", method=Method.INTERLEAVE).warnings == ()
    assert build([one], pattern="  ").warnings == ()


def test_a_method_may_be_given_by_its_name_and_nonsense_is_refused() -> None:
    sources = [Source("One", (Entry("a", "A"), Entry("b", "B"))), Source("Two", (Entry("c", "C"),))]
    woven = build(sources, method="interleave", pattern="AB")
    assert [entry.video_id for entry in woven.entries] == ["a", "c", "b"]
    with pytest.raises(InvalidInput) as caught:
        build(sources, method="nonsense")
    assert caught.value.details["field"] == "method"
