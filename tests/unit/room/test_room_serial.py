"""One manifest after the other: the channel's serial queue."""

from tests.unit.room.scene import Scene


def test_a_slow_manifest_delays_what_comes_behind_without_reordering_it(scene: Scene) -> None:
    scene.add("a", "slow@60+2", "b", wait=1.9)
    assert scene.titles() == ["a"]
    scene.wait(0.2)
    assert scene.titles() == ["a", "slow", "b"]


def test_a_failing_fetch_frees_the_queue(scene: Scene) -> None:
    scene.add("gone", "a")
    assert scene.titles() == ["a"]


def test_a_delete_waits_its_turn_and_a_jump_does_not(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.add("slow@60+2", wait=0)
    scene.send("bob", "delete", 0)
    scene.send("bob", "jumpTo", 1)
    assert (scene.titles(), scene.on_air()) == (["a", "b"], "b")
    scene.wait(2)
    assert scene.titles() == ["b", "slow"]


def test_a_lock_held_for_over_20_seconds_is_lost_to_the_next_job(scene: Scene) -> None:
    scene.add("slow@60+25", "waiting", wait=20)
    assert scene.titles() == []
    scene.wait(0.5)
    scene.add("late")
    assert scene.titles() == ["waiting", "late"]
    scene.wait(5)
    assert scene.titles() == ["waiting", "late", "slow"]


def test_a_clear_makes_waiting_adds_vanish_and_the_one_being_fetched_come_after_it(scene: Scene) -> None:
    scene.fill("old")
    scene.add("k1@60+2", "lost", wait=0.5)
    scene.send("bob", "clearPlaylist")
    scene.add("k2", "k3", wait=3)
    assert scene.titles() == ["k2", "k3", "k1"]
    assert "queueFail" not in [event for event, _ in scene.told("bob")]


def test_a_shuffle_makes_waiting_adds_vanish_too(scene: Scene) -> None:
    scene.fill("old")
    scene.add("k1@60+2", "lost", wait=0.5)
    scene.send("bob", "shufflePlaylist")
    scene.wait(3)
    assert scene.titles() == ["old", "k1"]


def test_a_clear_says_nothing_about_what_played(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "clearPlaylist")
    scene.wait(1000)
    assert scene.told("bob") == [("playlist", [])]
    assert scene.on_air() is None


def test_adds_accepted_before_the_sender_goes_are_carried_out(scene: Scene) -> None:
    scene.add("a", "b", wait=0)
    scene.room.disconnect(scene["bob"])
    scene.wait(1)
    assert scene.titles() == ["a", "b"]
