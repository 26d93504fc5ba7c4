"""What is on the air, and when it ends."""

from datetime import datetime, timedelta

import pytest

from playlist_adapters.channel.simulated import (
    Frame,
)
from tests.unit.room.scene import AROUND, START, Scene, new_scene


def times_of(scene: Scene, event: str, since: datetime) -> list[float]:
    frames = scene["admin"].collect()
    return [(frame.at - since).total_seconds() for frame in frames if frame.event == event]


@pytest.mark.parametrize("seconds", [3, 4, 600])
def test_an_item_occupies_its_length_and_five_seconds(scene: Scene, seconds: int) -> None:
    scene.fill(f"a@{seconds}", "b")
    started = scene.room.playlist.items[0]
    scene.send("admin", "jumpTo", started.uid)
    since = scene.room.now
    scene.wait(seconds + 10)
    assert times_of(scene, "setCurrent", since)[1] == seconds + 5


def test_the_position_is_told_at_the_end_of_the_lead_in_and_every_five_seconds(scene: Scene) -> None:
    scene.add("a", wait=0.01)
    scene["admin"].collect()
    scene.wait(20)
    assert scene.told("admin") == [("mediaUpdate", seconds) for seconds in (0, 5, 10, 15)]


def test_items_that_stay_go_round_in_circles(scene: Scene) -> None:
    scene.fill("a@1", "b@1")
    scene.wait(2)
    scene["admin"].collect()
    scene.wait(15)
    assert [what for event, what in scene.told("admin") if event == "setCurrent"] == [1, 0]


def test_an_item_alone_begins_again(scene: Scene) -> None:
    scene.fill("a@1")
    scene.wait(7)
    assert ("changeMedia", ("a", -3)) in scene.told("admin")


def test_a_temp_item_goes_at_its_end_and_its_successor_starts(scene: Scene) -> None:
    scene.fill("a@1", temp=True)
    scene.fill("b")
    scene.wait(6.5)
    assert scene.told("admin", without=[*AROUND, "mediaUpdate"]) == [
        ("delete", {"uid": 0}),
        ("setCurrent", 1),
        ("changeMedia", ("b", -3)),
    ]


def test_a_live_item_never_ends_and_needs_no_updates(scene: Scene) -> None:
    scene.fill("live@0", "b")
    scene.wait(100_000)
    assert scene.told("admin") == []
    assert scene.on_air() == "live"
    scene.send("bob", "playNext")
    assert scene.on_air() == "b"


def test_one_leap_in_time_tells_the_same_as_many_steps() -> None:
    def run(step: float) -> list[Frame]:
        scene = new_scene()
        scene.add("a@3", "slow@7+2", "c@9", temp=True, wait=0)
        for _ in range(round(60 / step)):
            scene.wait(step)
        return scene["admin"].collect()

    assert run(60) == run(0.25)


def test_time_does_not_go_back(scene: Scene) -> None:
    scene.wait(10)
    scene.room.advance(START)
    assert scene.room.now == START + timedelta(seconds=10)
