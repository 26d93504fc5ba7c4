"""Moving, deleting, jumping, shuffling, clearing."""

from typing import Any

import pytest

from tests.unit.room.scene import (
    Scene,
)


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("delete", ["0"]),
        ("delete", [{"uid": 0}]),
        ("delete", [True]),
        ("delete", [99]),
        ("jumpTo", [99]),
        ("jumpTo", [{"uid": 1}]),
        ("setTemp", [{"uid": 99, "temp": True}]),
        ("moveMedia", [{"from": 99, "after": 0}]),
        ("moveMedia", [{"from": 1, "after": 1}]),
        ("dance", [1]),
    ],
)
def test_what_cannot_be_done_is_dropped_in_silence(scene: Scene, event: str, args: list[Any]) -> None:
    scene.fill("a", "b")
    scene.send("bob", event, *args)
    assert (scene.told("bob"), scene.titles(), scene.on_air()) == ([], ["a", "b"], "a")


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("delete", [0]),
        ("jumpTo", [1]),
        ("playNext", []),
        ("setTemp", [{"uid": 0, "temp": True}]),
        ("moveMedia", [{"from": 1, "after": "prepend"}]),
        ("clearPlaylist", []),
        ("shufflePlaylist", []),
        ("togglePlaylistLock", []),
    ],
)
def test_without_the_permission_edits_are_dropped_in_silence(
    scene: Scene, event: str, args: list[Any]
) -> None:
    scene.fill("a", "b")
    scene["carol"].collect()
    scene.send("carol", event, *args)
    assert (scene.told("carol"), scene.titles(), scene.on_air()) == ([], ["a", "b"], "a")


@pytest.mark.parametrize(("after", "order"), [("prepend", "cab"), ("append", "abc"), (0, "acb")])
def test_items_can_be_moved(scene: Scene, after: Any, order: str) -> None:
    scene.fill("a", "b", "c")
    scene.send("bob", "moveMedia", {"from": 2, "after": after})
    assert scene.told("bob") == [("moveVideo", {"from": 2, "after": after})]
    assert scene.titles() == list(order)


def test_an_item_moved_behind_one_that_is_gone_is_lost_without_a_word(scene: Scene) -> None:
    scene.fill("a", "b", "c")
    scene.send("bob", "moveMedia", {"from": 1, "after": 99})
    assert scene.told("bob") == []
    assert scene.titles() == ["a", "c"]


def test_next_to_a_playing_item_that_was_lost_nothing_can_be_added(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "moveMedia", {"from": 0, "after": 99})
    scene.add("c", pos="next")
    assert scene.told("bob") == [("queueFail", "Playlist failure")]
    assert scene.on_air() == "a"
    scene.send("bob", "playNext")
    assert scene.on_air() == "b"


def test_deleting_the_playing_item_starts_the_next_and_behind_the_last_the_first(scene: Scene) -> None:
    scene.fill("a", "b", "c")
    scene.send("bob", "jumpTo", 2)
    scene.forget()
    scene.send("bob", "delete", 2)
    assert scene.told("bob") == [("delete", {"uid": 2}), ("setCurrent", 0), ("changeMedia", ("a", -3))]


def test_deleting_the_only_item_says_nothing_about_silence(scene: Scene) -> None:
    scene.fill("a")
    scene.send("bob", "delete", 0)
    scene.wait(1000)
    assert scene.told("bob") == [("delete", {"uid": 0})]


def test_a_jump_away_from_a_temp_item_tells_its_delete_first(scene: Scene) -> None:
    scene.fill("a", temp=True)
    scene.fill("b")
    scene.send("bob", "jumpTo", "1")
    assert scene.told("bob") == [("delete", {"uid": 0}), ("setCurrent", 1), ("changeMedia", ("b", -3))]


def test_a_jump_to_the_playing_temp_item_begins_it_again(scene: Scene) -> None:
    scene.fill("a", temp=True)
    scene.send("bob", "jumpTo", 0)
    assert scene.told("bob") == [("setCurrent", 0), ("changeMedia", ("a", -3))]


def test_a_shuffle_gives_every_item_a_new_uid_and_plays_on(scene: Scene) -> None:
    scene.fill(*"abcdef")
    scene.send("bob", "jumpTo", 3)
    scene.wait(13.5)
    scene.forget()
    scene.send("bob", "shufflePlaylist")
    first = scene.room.playlist.items[0]
    assert scene.told("bob") == [
        ("playlist", scene.titles()),
        ("setCurrent", first.uid),
        ("changeMedia", ("d", 10)),
    ]
    assert sorted(scene.uids()) == list(range(6, 12))
    assert sorted(scene.titles()) == list("abcdef")


def test_who_may_not_see_the_list_gets_only_its_length(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"seeplaylist": 2})
    scene["carol"].collect()
    scene.add("a", wait=0.02)
    assert [frame.event for frame in scene["carol"].collect()] == [
        *("setPlaylistMeta", "setCurrent", "changeMedia", "drinkCount"),
    ]


def test_the_list_can_be_asked_for_once_a_minute(scene: Scene) -> None:
    scene.fill("a")
    scene.send("bob", "requestPlaylist")
    scene.send("bob", "requestPlaylist")
    given = scene["bob"].collect()
    assert [frame.event for frame in given] == ["setPlaylistMeta", "playlist", "setCurrent", "errorMsg"]
    assert given[-1].payload["code"] == "REQ_PLAYLIST_LIMIT_REACHED"
    scene.wait(60.001)
    scene.forget()
    scene.send("bob", "requestPlaylist")
    assert scene.told("bob")[0] == ("playlist", ["a"])


def test_a_ready_player_is_told_what_is_on_the_air(scene: Scene) -> None:
    scene.fill("a")
    scene.wait(8)
    scene["bob"].collect()
    scene.send("bob", "playerReady")
    assert scene.told("bob") == [("setCurrent", 0), ("changeMedia", ("a", 5))]
