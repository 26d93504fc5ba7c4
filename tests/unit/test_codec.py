"""The one strict codec: nothing is coerced."""

import json
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

import cattrs
import pytest
from attrs import frozen

from playlist_core.services.codec import strict_converter, time_text

codec = strict_converter(forbid_extra_keys=True)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


@frozen
class Thing:
    text: str = ""
    number: int = 0
    flag: bool = False
    share: float = 0.0
    names: tuple[str, ...] = ()
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    when: datetime | None = None


def test_a_thing_comes_back_as_it_went() -> None:
    thing = Thing("x", 3, True, 0.5, ("a", "b"), Colour.RED, Level.LOW, datetime(2026, 1, 2, tzinfo=UTC))
    plain = json.loads(json.dumps(codec.unstructure(thing)))
    assert codec.structure(plain, Thing) == thing


def test_an_enum_becomes_a_member_and_not_its_text() -> None:
    assert codec.structure({"colour": "red"}, Thing).colour is Colour.RED
    assert codec.structure({"level": 1}, Thing).level is Level.LOW


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 1},
        {"text": None},
        {"number": "7"},
        {"number": True},
        {"number": 1.0},
        {"flag": 1},
        {"flag": "true"},
        {"share": "0.5"},
        {"share": True},
        {"names": "abc"},
        {"names": {"a": 1}},
        {"names": ["a", 1]},
        {"colour": "blue"},
        {"colour": 1},
        {"level": True},
        {"level": "1"},
        {"when": "2026-01-02T00:00:00"},
        {"when": 0},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(cattrs.BaseValidationError):
        codec.structure(wrong, Thing)


@pytest.mark.parametrize("wrong", [[], "text", None, 1, ["text"]])
def test_only_an_object_is_a_thing(wrong: Any) -> None:
    with pytest.raises(TypeError):
        codec.structure(wrong, Thing)


def test_times_are_written_in_utc_with_a_z() -> None:
    assert time_text(datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)) == "2026-01-02T03:04:05.678900Z"
