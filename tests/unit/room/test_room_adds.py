"""What the room takes, refuses, and passes over in silence."""

from typing import Any

import pytest

from tests.unit.room.scene import (
    DUPLICATE,
    NO_RAW_FILES,
    Scene,
    new_scene,
)


def test_the_first_item_has_uid_0_and_goes_on_the_air(scene: Scene) -> None:
    scene.add("a@90", temp=True)
    frames = scene["admin"].collect()
    assert [frame.event for frame in frames[-6:]] == [
        *("queue", "setPlaylistMeta", "setCurrent", "changeMedia", "drinkCount", "voteskip"),
    ]
    media = {
        "id": "https://s/a@90",
        "title": "a",
        "seconds": 90,
        "duration": "01:30",
        "type": "cm",
        "meta": {},
    }
    assert [frame.payload for frame in frames[-6:-2]] == [
        {"item": {"media": media, "uid": 0, "temp": True, "queueby": "bob"}, "after": "prepend"},
        {"count": 1, "rawTime": 90, "time": "01:30"},
        0,
        media | {"currentTime": -3, "paused": True},
    ]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"id": "x", "type": "cm", "pos": "end", "foo": 1}, "Extra key: foo"),
        ({"id": "x", "pos": "end"}, "Missing key: string:type"),
        ({"id": "x", "type": "cm", "pos": 1}, "Expected key pos to be of type string, instead got number"),
        (
            {"id": "x", "type": "cm", "pos": "end", "temp": 1},
            "Expected key temp to be of type boolean,optional, instead got number",
        ),
        ("text", "Missing key: string,boolean:id"),
        (None, "Cannot convert undefined or null to object"),
    ],
)
def test_a_misshapen_add_is_an_error_message_and_no_refusal(scene: Scene, payload: Any, problem: str) -> None:
    scene.send("bob", "queue", payload)
    assert scene.told("bob") == [("errorMsg", f"Unexpected error for message queue: {problem}")]


def test_a_wrong_position_is_dropped_in_silence(scene: Scene) -> None:
    scene.add("a", pos="middle")
    assert (scene.told("bob"), scene.site.fetched) == ([], [])


def test_without_the_permission_to_add_there_is_silence(scene: Scene) -> None:
    scene.add("a", by="carol")
    assert (scene.told("carol"), scene.site.fetched) == ([], [])


def test_without_the_permission_to_add_next_there_is_silence(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"playlistnext": 3})
    scene.told("bob")
    scene.add("a", pos="next")
    scene.add("b", pos="end")
    assert scene.told("bob")[0] == ("queue", ("b", "prepend"))


def test_unlocking_the_list_lets_everybody_add_but_no_custom_manifests(scene: Scene) -> None:
    scene.send("admin", "togglePlaylistLock")
    scene.add("a", by="carol")
    assert scene.told("carol") == [("setPlaylistLocked", False), ("queueFail", NO_RAW_FILES)]


def test_a_refusal_for_the_type_costs_no_token(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"playlistadd": 1, "playlistaddrawfile": 2})
    scene.add(*"abcdefgh", by="carol")
    scene.send("admin", "setPermissions", {"playlistaddrawfile": 1})
    scene.add("i", "j", "k", by="carol")
    assert scene.titles() == ["i", "j", "k"]


def test_who_may_not_keep_items_adds_temp_ones(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"addnontemp": 3})
    scene.add("a", by="bob", temp=False)
    assert [item.temp for item in scene.room.playlist.items] == [True]


def test_a_refusal_goes_to_the_sender_alone(scene: Scene) -> None:
    scene.add("gone")
    assert scene.told("bob") == [("queueFail", "Expected HTTP 200 OK, not 404 Not Found")]
    assert scene.told("admin") == []


def test_messages_of_the_fetch_are_escaped(scene: Scene) -> None:
    scene.send("bob", "queue", {"id": "ftp://s/a", "type": "cm", "pos": "end"})
    scene.send("bob", "queue", {"id": "nothing", "type": "cm", "pos": "end"})
    scene.send("bob", "queue", {"id": "x", "type": "zz", "pos": "end"})
    scene.wait(1)
    assert scene.told("bob") == [
        (
            "queueFail",
            "Unacceptable protocol &quot;ftp:&quot;.  Custom metadata must be retrieved by HTTP or HTTPS",
        ),
        ("queueFail", "Invalid URL &quot;nothing&quot;"),
        ("queueFail", "Unknown media type &#39;zz&#39;"),
    ]


@pytest.mark.parametrize(
    ("media_type", "message"),
    [
        ("yp", "You don't have permission to add playlists"),
        ("tw", "You don't have permission to add live media"),
        ("cu", "You don't have permission to add custom embeds"),
        ("fi", NO_RAW_FILES),
    ],
)
def test_some_types_need_a_permission_of_their_own(scene: Scene, media_type: str, message: str) -> None:
    scene.send(
        "admin", "setPermissions", {"playlistadd": 1, "playlistaddlive": 1 if media_type == "cu" else 2}
    )
    scene["carol"].collect()
    scene.send("carol", "queue", {"id": "x", "type": media_type, "pos": "end"})
    assert scene.told("carol") == [("queueFail", message)]


def test_a_full_list_refuses(scene: Scene) -> None:
    scene = new_scene(max_items=3)
    scene.add(*"abcd")
    assert scene.titles() == ["a", "b", "c"]
    assert scene.told("bob")[-1] == ("queueFail", "Playlist limit reached (3)")


def test_a_full_list_is_noticed_before_a_duplicate() -> None:
    scene = new_scene(max_items=2)
    scene.add("a", "b")
    scene.forget()
    scene.add("b", pos="next")
    assert scene.told("bob") == [("queueFail", "Playlist limit reached (2)")]


def test_the_whole_address_makes_an_id(scene: Scene) -> None:
    scene.add("a", "a?r=1", "a?r=2", "a#1", "a#2", "a")
    assert len(scene.uids()) == 5
    assert scene.told("bob")[-1] == ("queueFail", DUPLICATE)


def test_duplicates_can_be_allowed(scene: Scene) -> None:
    scene.send("admin", "setOptions", {"allow_dupes": True})
    scene.add("a", "a", "a")
    assert scene.titles() == ["a", "a", "a"]


def test_a_duplicate_next_is_deleted_and_inserted_anew_with_the_old_temp_flag(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.fill("c", temp=True)
    scene.add("c", pos="next", temp=False)
    assert scene.told("bob") == [("delete", {"uid": 2}), ("queue", ("c", 0))]
    assert [(item.media.title, item.uid, item.temp) for item in scene.room.playlist.items] == [
        ("a", 0, False),
        ("c", 3, True),
        ("b", 1, False),
    ]


def test_too_long_items_are_refused_to_those_who_may_not(scene: Scene) -> None:
    scene.send("admin", "setOptions", {"maxlength": 100})
    scene.send("admin", "setPermissions", {"exceedmaxlength": 3})
    scene["bob"].collect()
    scene.add("long@101", "short@100")
    message = "Video exceeds the maximum length set by the channel admin: 100 seconds"
    assert scene.told("bob")[0] == ("queueFail", message)
    assert scene.titles() == ["short"]


def test_items_and_time_of_one_user_can_be_limited(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"exceedmaxitems": 3, "exceedmaxdurationperuser": 3})
    scene.send("admin", "setOptions", {"playlist_max_per_user": 2})
    scene.forget()
    scene.add("a@1", "b@1", "c@1")
    assert scene.told("bob")[-1] == ("queueFail", "Channel limit exceeded: maximum number of videos per user")
    scene.send("admin", "setOptions", {"playlist_max_per_user": 0, "playlist_max_duration_per_user": 10})
    scene.add("d@8")
    assert scene.told("bob")[-1] == (
        "queueFail",
        "Channel limit exceeded: maximum total playlist time per user",
    )
    scene.add("d@7")
    assert scene.titles() == ["a", "b", "d"]


def test_live_items_need_a_permission(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"playlistaddlive": 3})
    scene["bob"].collect()
    scene.add("live@0")
    assert scene.told("bob") == [("queueFail", "You don't have permission to add livestreams")]


def test_long_titles_are_cut(scene: Scene) -> None:
    scene.add("x" * 101, "y" * 100)
    assert scene.titles() == ["x" * 97 + "...", "y" * 100]
