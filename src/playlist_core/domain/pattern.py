"""The interleave pattern: which source gives how many items before the next one does (PRD, functional 4)."""

import re
from string import ascii_uppercase

from attrs import frozen

from playlist_core.errors import Malformed

LABELS = ascii_uppercase
MAX_SOURCES = len(LABELS)
MAX_PATTERN_LENGTH = 1_000
MAX_COUNT = 10**9

# Spelled out: `\d`, `\s` and IGNORECASE would let full-width digits, exotic blanks and a long s pass.
_SEPARATORS = re.compile(r"[ \t\r\n,|-]*")
_TOKEN = re.compile(r"([A-Za-z])([0-9]*)")
_DIGITS = re.compile(r"[0-9]+")
_SHOWN = 20


@frozen
class Token:
    """A source (0-based, in order of selection) and how many of its items come in a row, at least 1."""

    source: int
    count: int = 1


@frozen
class Pattern:
    """Tokens that repeat from the first until every source they name is empty."""

    tokens: tuple[Token, ...]

    @property
    def named(self) -> frozenset[int]:
        """The sources that occur at least once."""
        return frozenset(token.source for token in self.tokens)

    def longest_run(self, source: int) -> int:
        """How many items of `source` the pattern asks for in a row, repetition included.

        Neighbouring tokens add up (`A2A1B` asks for three). Meaningless when no other source is named.
        """
        longest = run = 0
        for token in self.tokens * 2:
            run = run + token.count if token.source == source else 0
            longest = max(longest, run)
        return longest


def label_of(source: int) -> str:
    """`A` for source 0 up to `Z` for source 25."""
    return LABELS[source]


def parse_pattern(text: str, *, sources: int) -> Pattern:
    """The pattern that `text` spells over `sources` sources (1 to 26).

    Tokens are a label and an optional count, `A`, `b3`; between, before and behind them stand any number
    of blanks, commas, dashes and pipes, so a dash never means minus. A blank text is round robin over all.
    Raises Malformed `bad_pattern` with `position` (0-based), `token` and `examples` for anything else.
    """
    if not text.strip(" \t\r\n"):
        return Pattern(tuple(Token(source) for source in range(sources)))
    if len(text) > MAX_PATTERN_LENGTH:
        problem = f"a pattern has at most {MAX_PATTERN_LENGTH:,} characters, this one has {len(text):,}"
        raise _bad(problem, MAX_PATTERN_LENGTH, text[MAX_PATTERN_LENGTH], sources)
    tokens: list[Token] = []
    at = _after_separators(text, 0)
    while at < len(text):
        token, end = _token(text, at, sources)
        tokens.append(token)
        at = _after_separators(text, end)
    if not tokens:
        raise _bad("the pattern has separators but names no source", 0, text[0], sources)
    return Pattern(tuple(tokens))


def _after_separators(text: str, at: int) -> int:
    found = _SEPARATORS.match(text, at)
    return found.end() if found else at


def _token(text: str, at: int, sources: int) -> tuple[Token, int]:
    """The token that begins at `at`, and where it ends."""
    found = _TOKEN.match(text, at)
    if found is None:
        raise _not_a_token(text, at, sources)
    letter, digits = found.groups()
    source = LABELS.index(letter.upper())
    if source >= sources:
        problem = f"there is no source {letter.upper()}; {_known_labels(sources)}"
        raise _bad(problem, at, found[0], sources)
    # Compared by length first: int() of a huge digit string is slow, and refused by Python itself.
    significant = digits.lstrip("0")
    if digits and not significant:
        raise _bad(f"the count of {letter} is 0, and a count is at least 1", at + 1, found[0], sources)
    if len(significant) > len(str(MAX_COUNT)) or int(significant or "1") > MAX_COUNT:
        raise _bad(f"the count of {letter} is over {MAX_COUNT:,}", at + 1, found[0], sources)
    return Token(source, int(significant or "1")), found.end()


def _not_a_token(text: str, at: int, sources: int) -> Malformed:
    digits = _DIGITS.match(text, at)
    if digits is not None:
        problem = f"the number {_shown(digits[0])} has no label directly before it, as in A2"
        return _bad(problem, at, digits[0], sources)
    problem = f'"{_shown(text[at])}" has no meaning in a pattern; use labels, counts, blanks and , - |'
    return _bad(problem, at, text[at], sources)


def _bad(problem: str, position: int, token: str, sources: int) -> Malformed:
    return Malformed(
        f"Pattern, character {position + 1}: {problem}.",
        code="bad_pattern",
        position=position,
        token=_shown(token),
        examples=_examples(sources),
    )


def _shown(token: str) -> str:
    """Short, and sure to be encodable: a lone surrogate would break the answer that quotes it."""
    cut = token if len(token) <= _SHOWN else token[:_SHOWN] + "…"
    return cut.encode("utf-8", "backslashreplace").decode()


def _known_labels(sources: int) -> str:
    return "the only source is A" if sources == 1 else f"the sources are A to {label_of(sources - 1)}"


def _examples(sources: int) -> list[str]:
    """Patterns that are right for this number of sources."""
    if sources == 1:
        return ["A", "A2"]
    if sources == 2:
        return ["A B", "A2B1", "A,A,B"]
    return ["A B C", "A2B1C2", "A|A|B|C"]
