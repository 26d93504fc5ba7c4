"""What CyTube tells, as values that the rest of the service can do something with."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.channel.cytube.values import seconds, text, text_or_nothing, whole
from playlist_adapters.channel.cytube.view import read_item


def packed(title: Any) -> dict[str, Any]:
    media = {"id": "https://media.example/a.json", "type": "cm", "title": title, "seconds": 60}
    return {"media": media, "uid": 7, "temp": False, "queueby": "bot"}


def test_a_title_that_was_cut_in_the_middle_of_a_sign_can_be_told() -> None:
    heard = json.loads('"' + "x" * 96 + r'\ud83d..."')
    item = read_item(packed(heard))
    assert item.title == "x" * 96 + "\ufffd..."
    assert orjson.loads(orjson.dumps(item.title)) == item.title


def test_signs_that_are_whole_stay_as_they_are() -> None:
    assert text("Häxan \U0001f383 été") == "Häxan \U0001f383 été"


@given(st.text(alphabet=st.characters(categories=["Cs", "Lu", "So", "Zs"])))
def test_whatever_text_comes_can_be_written(heard: str) -> None:
    orjson.dumps(text(heard))


@pytest.mark.parametrize("nonsense", [None, 5, ["x"], {}])
def test_what_is_no_text_is_refused_or_shown_as_nothing(nonsense: Any) -> None:
    assert text_or_nothing(nonsense) == ""
    with pytest.raises(ValueError, match="not a text"):
        text(nonsense)


@pytest.mark.parametrize("nonsense", [True, -1, 0.5, float("nan"), float("inf"), 2**60, "7", None])
def test_what_is_no_whole_number_is_refused_and_no_length(nonsense: Any) -> None:
    assert seconds(nonsense) == 0
    with pytest.raises(ValueError, match="number"):
        whole(nonsense)
