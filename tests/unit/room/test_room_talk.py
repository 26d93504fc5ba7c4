"""Private messages and chat."""

import pytest

from tests.unit.room.scene import (
    START,
    Scene,
    brief,
)


def whisper(scene: Scene, text: str, *, to: str = "carol", by: str = "bob") -> None:
    scene.send(by, "pm", {"to": to, "msg": text})


def test_a_private_message_comes_to_the_receiver_and_back(scene: Scene) -> None:
    assert scene["carol"].name == "carol"
    whisper(scene, "a < b", to="CAROL")
    message = {
        "username": "bob",
        "msg": "a &lt; b",
        "meta": {},
        "time": round(START.timestamp() * 1000),
        "to": "carol",
    }
    assert [frame.payload for frame in scene["carol"].collect() if frame.event == "pm"] == [message]
    assert [frame.payload for frame in scene["bob"].collect() if frame.event == "pm"] == [message]
    assert [frame for frame in scene["admin"].collect() if frame.event == "pm"] == []


@pytest.mark.parametrize(
    ("to", "complaint"),
    [
        ("BoB", "You can't PM yourself!"),
        ("No One", "PM failed: no one isn't a valid username."),
        ("Nobody", "PM failed: nobody isn't connected to this channel."),
    ],
)
def test_a_private_message_that_cannot_arrive_is_complained_of(scene: Scene, to: str, complaint: str) -> None:
    whisper(scene, "hello", to=to)
    assert scene.told("bob") == [("errorMsg", complaint)]


def test_who_is_not_signed_in_sends_no_private_messages(scene: Scene) -> None:
    nameless = scene.room.connect()
    scene.room.send(nameless, "joinChannel", {"name": "testroom"})
    nameless.collect()
    scene.room.send(nameless, "pm", {"to": "admin", "msg": "hello"})
    assert [brief(frame) for frame in nameless.collect()] == [
        ("errorMsg", "You must be signed in to send PMs")
    ]


def test_of_40_messages_at_once_20_arrive_and_20_are_lost(scene: Scene) -> None:
    assert scene["carol"].name == "carol"
    for number in range(40):
        whisper(scene, f"n{number}")
    assert scene.told("bob") == [("pm", f"n{number}") for number in range(20)] + [("cooldown", 100)] * 20


def test_60_messages_105_ms_apart_all_arrive(scene: Scene) -> None:
    for number in range(60):
        whisper(scene, f"n{number}", to="admin")
        scene.wait(0.105)
    assert len([what for event, what in scene.told("admin") if event == "pm"]) == 60


def test_a_message_is_cut_before_it_is_escaped(scene: Scene) -> None:
    whisper(scene, "&" * 321, to="admin")
    whisper(scene, "x" * 500, to="admin")
    whisper(scene, "🎬" * 200, to="admin")
    texts = [what for event, what in scene.told("admin") if event == "pm"]
    assert texts == ["&amp;" * 320, "x" * 320, "🎬" * 160]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*b* _i_ ~~s~~ `c`", "<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>"),
        ("a_b_c", "a<em>b</em>c"),
        ('it\'s ("so")', 'it\'s ("so")'),
        (
            "see https://s/a_b_c?x=1&y=2 now",
            'see <a href="https://s/a_b_c?x=1&amp;y=2" target="_blank">https://s/a_b_c?x=1&amp;y=2</a> now',
        ),
        ("", ""),
        ("two\nlines", "two\nlines"),
    ],
)
def test_messages_run_through_the_channels_filters(scene: Scene, text: str, html: str) -> None:
    whisper(scene, text, to="admin")
    assert [what for event, what in scene.told("admin") if event == "pm"] == [html]


def test_chat_and_private_messages_share_one_limit(scene: Scene) -> None:
    for number in range(15):
        scene.send("bob", "chatMsg", {"msg": f"c{number}"})
        whisper(scene, f"p{number}", to="admin")
    assert len([event for event, _ in scene.told("bob") if event == "cooldown"]) == 10


def test_who_joins_hears_the_last_fifteen_lines(scene: Scene) -> None:
    for number in range(17):
        scene.send("bob", "chatMsg", {"msg": f"c{number}"})
    scene.send("bob", "chatMsg", {"msg": "   "})
    newcomer = scene.room.connect()
    scene.room.send(newcomer, "joinChannel", {"name": "testroom"})
    lines = [frame.payload["msg"] for frame in newcomer.collect() if frame.event == "chatMsg"]
    assert lines == [f"c{number}" for number in range(2, 17)]
