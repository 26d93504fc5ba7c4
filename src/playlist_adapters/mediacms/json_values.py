"""Reads one JSON value out of a text, strictly, and says what is wrong without holding on to the text.

The exceptions of `json` carry the whole text they failed on, and exports hold password hashes: so what is
wrong comes back as a value, and whoever raises it does so outside of any `except`.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from attrs import frozen

Members = list[tuple[str, Any]]


@frozen
class Problem:
    """Why a value cannot be read (yet), and where in the text; `final` when more text cannot help."""

    text: str
    at: int
    final: bool = False


def strict_decoder(keep: Callable[[Members], Any]) -> json.JSONDecoder:
    """A decoder for `value_at`; `keep` gets the members of each object and decides what is kept at all."""
    return json.JSONDecoder(object_pairs_hook=keep, parse_constant=_refuse_constant)


def value_at(decoder: json.JSONDecoder, text: str, at: int) -> tuple[Any, int] | Problem:
    """The value that begins exactly at an index, and the index behind it."""
    try:
        return decoder.raw_decode(text, at)
    except json.JSONDecodeError as exc:
        return Problem(exc.msg, exc.pos)
    except RecursionError:
        return Problem("nested too deeply", at, final=True)
    except ValueError:
        return Problem("a number that JSON does not have", at, final=True)


def member_names(decoder: json.JSONDecoder, text: str) -> Iterator[tuple[str, int]]:
    """The names of the members of the object at the start of a text, in order, each with its index.

    Ends where the text cannot be read any further.
    """
    at = 0
    while text[at : at + 1] in ("{", ","):
        at = skip_blank(text, at + 1)
        name = value_at(decoder, text, at)
        if isinstance(name, Problem) or not isinstance(name[0], str):
            return
        yield name[0], at
        value = value_at(decoder, text, skip_blank(text, skip_blank(text, name[1]) + 1))
        if isinstance(value, Problem):
            return
        at = skip_blank(text, value[1])


def skip_blank(text: str, at: int) -> int:
    """The index of the next character that is not blank, or of the end."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _refuse_constant(constant: str) -> NoReturn:
    """`NaN` and `Infinity`, which Python reads although JSON does not have them."""
    raise ValueError(constant)
