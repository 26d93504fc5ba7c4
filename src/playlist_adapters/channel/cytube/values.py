"""CyTube's values, checked: over the wire anything may come, and it would hurt far from where it came in."""

from typing import Any, Final

# JavaScript counts no further; whatever is larger is no number of CyTube's.
_LARGEST: Final = 2**53


def number(value: Any) -> float:
    """A number that can be reckoned with; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise ValueError("not a number")
    return value


def whole(value: Any) -> int:
    """A number from 0 on without a fraction; ValueError for anything else."""
    if number(value) != int(value) or value < 0:
        raise ValueError("not a whole number")
    return int(value)


def text(value: Any) -> str:
    """A text; ValueError for anything else.

    CyTube cuts titles by UTF-16 units, so that half a sign may be left, which no UTF-8 can hold: it is told
    as U+FFFD.
    """
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def text_or_nothing(value: Any) -> str:
    """A text that is only shown: what is none is empty."""
    return text(value) if isinstance(value, str) else ""


def seconds(value: Any) -> int:
    """A length as CyTube has it: 0 where it is not known."""
    try:
        return whole(value)
    except ValueError:
        return 0
