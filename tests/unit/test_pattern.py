"""The pattern grammar: what it means, and what it refuses at which character."""

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from playlist_core.domain.pattern import MAX_PATTERN_LENGTH, Pattern, Token, label_of, parse_pattern
from playlist_core.errors import Malformed


def _pairs(text: str, sources: int = 3) -> list[tuple[int, int]]:
    return [(token.source, token.count) for token in parse_pattern(text, sources=sources).tokens]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A B", [(0, 1), (1, 1)]),
        ("A,B", [(0, 1), (1, 1)]),
        ("A|B", [(0, 1), (1, 1)]),
        ("A-B", [(0, 1), (1, 1)]),
        ("AB", [(0, 1), (1, 1)]),
        ("A2B2", [(0, 2), (1, 2)]),
        ("A2 B2", [(0, 2), (1, 2)]),
        ("A2B1C2", [(0, 2), (1, 1), (2, 2)]),
        ("a2b1c2", [(0, 2), (1, 1), (2, 2)]),
        ("A, A, B, C, C, A", [(0, 1), (0, 1), (1, 1), (2, 1), (2, 1), (0, 1)]),
        ("A2-B1-C2", [(0, 2), (1, 1), (2, 2)]),
        (" \t,A2 ,| - B\n", [(0, 2), (1, 1)]),
        ("A007B", [(0, 7), (1, 1)]),
        ("A1000000000", [(0, 10**9)]),
        ("C", [(2, 1)]),
    ],
)
def test_a_pattern_is_read(text: str, tokens: list[tuple[int, int]]) -> None:
    assert _pairs(text) == tokens


@pytest.mark.parametrize("text", ["", " ", "\t\r\n  "])
def test_a_blank_pattern_is_round_robin_over_all_sources(text: str) -> None:
    assert parse_pattern(text, sources=3) == Pattern((Token(0), Token(1), Token(2)))


def test_all_26_labels_are_known() -> None:
    alphabet = "".join(label_of(source) for source in range(26))
    assert alphabet == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert _pairs(alphabet + alphabet.lower(), 26) == [(source, 1) for source in range(26)] * 2


@frozen
class Refusal:
    """Where and on what a pattern fails."""

    position: int
    token: str


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("A-1", Refusal(2, "1")),
        ("A 1", Refusal(2, "1")),
        ("2A", Refusal(0, "2")),
        ("2A B", Refusal(0, "2")),
        ("A0", Refusal(1, "A0")),
        ("B A000", Refusal(3, "A000")),
        ("A2?B", Refusal(2, "?")),
        ("A B D", Refusal(4, "D")),
        ("A B d12", Refusal(4, "d12")),
        ("A1000000001", Refusal(1, "A1000000001")),
        ("A" + "9" * 900, Refusal(1, "A9999999999999999999…")),
        ("7" * 900, Refusal(0, "77777777777777777777…")),
        (",-|", Refusal(0, ",")),
        ("A+B", Refusal(1, "+")),
        ("A;B", Refusal(1, ";")),
        ("A–B", Refusal(1, "–")),
        ("A１", Refusal(1, "１")),
        ("A٢", Refusal(1, "٢")),
        ("A²", Refusal(1, "²")),
        ("Ａ", Refusal(0, "Ａ")),
        ("ſ", Refusal(0, "ſ")),
        ("ı", Refusal(0, "ı")),
        ("A\u00a0B", Refusal(1, "\u00a0")),
        ("A\0", Refusal(1, "\0")),
        ("A\ud800", Refusal(1, "\\ud800")),
        ("A " * 500 + "B", Refusal(1000, "B")),
    ],
)
def test_a_bad_pattern_is_refused_at_its_character(text: str, refusal: Refusal) -> None:
    with pytest.raises(Malformed) as caught:
        parse_pattern(text, sources=3)
    error = caught.value
    assert (error.code, error.status) == ("bad_pattern", 400)
    assert Refusal(error.details["position"], error.details["token"]) == refusal
    assert f"character {refusal.position + 1}:" in error.message


def test_a_pattern_of_exactly_the_longest_length_is_read() -> None:
    assert len(_pairs("A" * MAX_PATTERN_LENGTH)) == MAX_PATTERN_LENGTH


@pytest.mark.parametrize(
    ("text", "sources", "message"),
    [
        ("B", 1, "Pattern, character 1: there is no source B; the only source is A."),
        ("Z", 3, "Pattern, character 1: there is no source Z; the sources are A to C."),
        ("A-1", 3, "Pattern, character 3: the number 1 has no label directly before it, as in A2."),
        ("A0", 3, "Pattern, character 2: the count of A is 0, and a count is at least 1."),
        (
            "A2?B",
            3,
            'Pattern, character 3: "?" has no meaning in a pattern; use labels, counts, blanks and , - |.',
        ),
    ],
)
def test_the_sentence_says_what_to_do(text: str, sources: int, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_pattern(text, sources=sources)
    assert caught.value.message == message


@pytest.mark.parametrize("sources", range(1, 27))
def test_the_examples_of_an_error_are_right_themselves(sources: int) -> None:
    with pytest.raises(Malformed) as caught:
        parse_pattern("?", sources=sources)
    for example in caught.value.details["examples"]:
        assert parse_pattern(example, sources=sources).tokens


def test_the_longest_run_counts_neighbours_and_the_seam() -> None:
    pattern = parse_pattern("A2 B A A3 B2 C A", sources=3)
    assert [pattern.longest_run(source) for source in range(3)] == [4, 2, 1]


@given(
    st.lists(st.tuples(st.integers(0, 25), st.integers(1, 10**9)), min_size=1, max_size=30),
    st.sampled_from(["", " ", ",", "-", "|", " - ", ", "]),
    st.booleans(),
)
def test_what_is_written_is_what_is_read(tokens: list[tuple[int, int]], gap: str, lower: bool) -> None:
    text = gap.join(f"{label_of(source)}{count}" for source, count in tokens)
    assert _pairs(text.lower() if lower else text, 26) == tokens


@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from("ABab12 ,-|")), max_size=30),
    st.integers(1, 26),
)
def test_any_text_is_a_pattern_or_refused_at_a_place_in_it(text: str, sources: int) -> None:
    try:
        pattern = parse_pattern(text, sources=sources)
    except Malformed as error:
        assert 0 <= error.details["position"] < len(text)
        error.message.encode()
        error.details["token"].encode()
    else:
        assert pattern.named <= set(range(sources))
        assert all(token.count >= 1 for token in pattern.tokens)
