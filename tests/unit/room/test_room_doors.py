"""Coming, going, ranks, and the channel being put away."""

from datetime import timedelta
from typing import Any

import pytest

from playlist_adapters.channel.simulated import (
    Account,
)
from playlist_core.errors import InvalidInput
from tests.unit.room.scene import Scene, brief, new_scene


def test_until_the_channel_rank_is_known_a_user_is_of_rank_1() -> None:
    scene = new_scene()
    scene.room.register(Account("erin", 2))
    scene.room.doors.rank_delay = timedelta(milliseconds=50)
    erin = scene.room.connect()
    scene.people["erin"] = erin
    scene.room.send(erin, "joinChannel", {"name": "testroom"})
    scene.room.send(erin, "login", {"name": "erin", "pw": "x"})
    erin.collect()
    assert erin.rank == 1
    scene.add("early", by="erin", wait=0.06)
    assert [event for event, _ in scene.told("erin")] == ["rank", "userlist", "playlist"]
    assert erin.rank == 2
    scene.add("late", by="erin")
    assert scene.titles() == ["late"]


def test_nothing_is_done_before_joining(scene: Scene) -> None:
    stranger = scene.room.connect()
    scene.room.send(stranger, "login", {"name": "admin", "pw": "x"})
    scene.room.send(stranger, "queue", {"id": "https://s/a", "type": "cm", "pos": "end"})
    scene.wait(1)
    assert scene.titles() == []


def test_a_login_before_joining_counts(scene: Scene) -> None:
    early = scene.room.connect()
    scene.room.send(early, "login", {"name": "dave", "pw": "x"})
    scene.room.send(early, "joinChannel", {"name": "TestRoom"})
    told = scene.told("admin", without=["usercount"])
    assert [event for event, _ in told] == ["addUser", "chatMsg", "setUserRank"]
    assert told[-1] == ("setUserRank", {"name": "dave", "rank": 1})


@pytest.mark.parametrize(
    ("login", "error"),
    [
        ({"name": "ghost", "pw": "x"}, "Invalid username/password combination"),
        ({"name": "bob"}, "That username is registered."),
        ({"name": "B0B"}, "That username is registered."),
        ({"name": "here"}, "That name is already in use on this channel."),
        (
            {"name": "no name"},
            "Invalid username.  Usernames must be 1-20 characters long and "
            "consist only of characters a-z, A-Z, 0-9, -, or _.",
        ),
    ],
)
def test_a_login_can_fail(scene: Scene, login: dict[str, str], error: str) -> None:
    assert scene["here"].name == "here"
    stranger = scene.room.connect()
    scene.room.send(stranger, "joinChannel", {"name": "testroom"})
    stranger.collect()
    scene.room.send(stranger, "login", login)
    assert [frame.payload for frame in stranger.collect()] == [{"success": False, "error": error}]


def test_accounts_that_look_alike_cannot_both_be(scene: Scene) -> None:
    with pytest.raises(InvalidInput):
        scene.room.register(Account("car0l", 1))
    with pytest.raises(InvalidInput):
        scene.room.register(Account("not a name", 1))


def test_a_second_login_throws_the_first_out(scene: Scene) -> None:
    first = scene["bob"]
    del scene.people["bob"]
    second = scene["bob"]
    assert [brief(frame) for frame in first.collect()][-1] == ("kick", {"reason": "Duplicate login"})
    assert (first.closed, second.closed) == (True, False)
    assert ("userLeave", {"name": "bob"}) in scene.told("admin")


def test_when_the_last_has_left_the_uids_begin_again_at_0(scene: Scene) -> None:
    scene.add("a", "b", "c", temp=False)
    scene.send("bob", "delete", 0)
    scene.wait(10)
    for name in list(scene.people):
        scene.room.disconnect(scene.people.pop(name))
    scene.wait(1000)
    assert scene["bob"].rank == 2
    assert (scene.titles(), scene.uids(), scene.on_air()) == (["b", "c"], [0, 1], "b")
    # What played goes on from where it was put away.
    scene.send("bob", "playerReady")
    assert scene.told("bob") == [("setCurrent", 0), ("changeMedia", ("b", 7))]


def test_a_channel_is_not_put_away_while_an_add_is_under_way(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "delete", 0)
    scene.add("slow@60+3", wait=0)
    for name in list(scene.people):
        scene.room.disconnect(scene.people.pop(name))
    scene.wait(2)
    assert scene.uids() == [1]
    scene.wait(2)
    assert (scene.titles(), scene.uids()) == (["b", "slow"], [0, 1])


def test_a_restart_drops_everybody_and_what_was_under_way(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "delete", 0)
    scene.add("slow@60+3", wait=0)
    scene.room.reload()
    assert all(person.closed for person in scene.people.values())
    scene.wait(10)
    assert (scene.titles(), scene.uids()) == (["b"], [0])


@pytest.mark.parametrize(
    ("name", "event", "payload"),
    [
        ("bob", "setPermissions", {"playlistadd": 0}),
        ("carol", "setOptions", {"allow_dupes": True}),
        ("carol", "assignLeader", {"name": "carol"}),
    ],
)
def test_some_attempts_without_the_rank_end_in_a_kick(
    scene: Scene, name: str, event: str, payload: dict[str, Any]
) -> None:
    culprit = scene[name]
    scene.send(name, event, payload)
    assert culprit.closed
    assert culprit.collect()[-1].event == "kick"


def test_options_for_rank_3_are_passed_over_from_rank_2(scene: Scene) -> None:
    scene.send("bob", "setOptions", {"playlist_max_per_user": 1, "allow_dupes": "yes"})
    assert scene.told("bob") == []
