"""Which frames mean that an item has started, held to what was recorded and to what CyTube sends again."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.starts import Starts, play_of
from playlist_core.ports import Play
from tests.peers.cytube.recorded import load

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def recorded(events: Iterable[Any]) -> list[Frame]:
    """The channel's frames of a recording, each at its own time."""
    return [
        Frame(datetime.fromisoformat(said["timestamp"]), said["event_name"], (said["payload"],))
        for event in events
        if event["subject"].startswith("kryten.events.")
        and (said := event["data"])["payload"] != "(left out)"
    ]


def shown(uid: int, *, after: float, at: float = -3, seconds: int = 600, media: str = "film") -> list[Frame]:
    """What CyTube sends when an item starts, and to whoever comes while it plays."""
    media_packed = {"id": media, "type": "cm", "title": media, "seconds": seconds, "currentTime": at}
    moment = NOON + timedelta(seconds=after)
    return [Frame(moment, "setCurrent", (uid,)), Frame(moment, "changeMedia", (media_packed,))]


def joined(*, after: float) -> list[Frame]:
    return [Frame(NOON + timedelta(seconds=after), "rank", (-1,))]


def started(frames: Iterable[Frame]) -> list[str]:
    """The media that have started."""
    starts = Starts()
    return [frame.payload["id"] for frame in frames if starts.take(frame)]


def test_the_recorded_evening_has_four_plays_and_its_shuffle_is_none() -> None:
    frames = recorded(event for step in load("kryten-events.json") for event in step["events"])
    assert [media.partition("?")[0].rpartition("/")[2] for media in started(frames)] == [
        "k1.json",
        "k2.json",
        "k4.json",
        "p6.json",
    ]


def test_in_the_recorded_restart_only_what_was_before_the_join_is_a_play() -> None:
    events = load("robot-restart.json")["events"]
    before = next(at for at, event in enumerate(events) if "lifecycle" in event["subject"])
    assert len(started(recorded(events[:before]))) == 1
    assert started(recorded(events[before:])) == []


def test_what_a_join_shows_is_no_play_even_at_its_very_beginning() -> None:
    assert started(joined(after=0) + shown(1, after=0) + shown(1, after=0.5) + shown(1, after=1.9)) == []


def test_what_starts_after_a_join_is_one() -> None:
    frames = joined(after=0) + shown(1, after=0, at=100) + shown(2, after=2.1, media="next")
    assert started(frames) == ["next"]


def test_what_is_shown_in_its_middle_is_none() -> None:
    assert started(shown(1, after=0, at=-2.9) + shown(1, after=9, at=6.1)) == []


def test_media_without_an_item_in_front_are_none() -> None:
    (_, media) = shown(1, after=0)
    assert started([media]) == []
    assert started([*shown(1, after=0), media]) == ["film"]


def test_the_only_item_of_a_list_starts_again_at_its_end() -> None:
    assert started(shown(1, after=0) + shown(1, after=605)) == ["film", "film"]


def test_another_item_right_after_one_is_a_play_and_the_one_before_was_as_well() -> None:
    frames = shown(1, after=0) + shown(2, after=0.1, media="next") + shown(1, after=0.2)
    assert started(frames) == ["film", "next", "film"]


def test_what_has_no_length_begins_without_a_lead_in() -> None:
    live = shown(1, after=0, at=0, seconds=0, media="live")
    assert started(live) == ["live"]
    assert started(shown(1, after=0, at=12, seconds=0)) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.floats(3, 900), st.lists(st.floats(0, 2.9), max_size=3)),
        max_size=20,
    )
)
def test_what_is_sent_again_within_the_lead_in_never_counts_twice(
    plays: list[tuple[str, float, list[float]]],
) -> None:
    frames, passed = list[Frame](), 0.0
    for uid, (media, lasts, repeated) in enumerate(plays):
        for again in [0.0, *sorted(repeated)]:
            frames += shown(uid, after=passed + again, media=media)
        passed += lasts
    assert started(frames) == [media for media, _, _ in plays]


def test_a_play_says_what_plays_since_when() -> None:
    (_, frame) = shown(1, after=0, media="film")
    at = NOON - timedelta(seconds=1)
    assert play_of(frame, "id", at) == Play(
        play_id="id", at=at, media_id="film", media_type="cm", title="film", seconds=600
    )


@pytest.mark.parametrize("broken", [{"id": 5}, {"type": None}, {"id": ["film"]}])
def test_what_cannot_be_named_is_no_play(broken: dict[str, Any]) -> None:
    (_, frame) = shown(1, after=0)
    with pytest.raises(ValueError, match="not a text"):
        play_of(Frame(NOON, "changeMedia", (frame.payload | broken,)), "id", NOON)
