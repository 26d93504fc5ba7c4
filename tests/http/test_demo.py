"""The window onto the simulated channel, open without signing in and only in the demo."""

from typing import Any

import pytest
from attrs import evolve

from tests.http.house import NIGHT, NOW, SITE, SOULS, House, open_house, refusal

pytestmark = pytest.mark.anyio

EVERYBODY = [
    {"name": "KrytenBot", "rank": 3},
    {"name": "alice", "rank": 3},
    {"name": "bob", "rank": 2},
    {"name": "carol", "rank": 1},
]


async def act(house: House, action: str, **other: Any) -> Any:
    answer = await house.call("POST", "/demo/channel", {"action": action, **other})
    assert answer.status_code == 200, answer.text
    return answer.json


async def test_the_window_shows_the_channel_to_everybody(house: House) -> None:
    assert (await house.call("GET", "/demo/channel")).json == {
        "connected": True,
        "now_playing": None,
        "queue": [],
        "users": EVERYBODY,
        "pms": [],
        "commands": [],
    }


async def test_it_shows_what_was_whispered_queued_and_commanded(house: House) -> None:
    await house.ask("bob")
    await house.apply(await house.save("Night", NIGHT))
    seen = (await house.call("GET", "/demo/channel")).json
    (pm,) = seen["pms"]
    assert (pm["to"], pm["at"], house.code("bob") in pm["text"]) == ("bob", NOW, True)
    assert seen["queue"] == [
        {
            "uid": 0,
            "video_id": "night1968",
            "title": NIGHT.title,
            "display_title": "Night of the Living Dead (1968)",
            "duration_seconds": 5760,
            "temp": False,
            "queueby": "KrytenBot",
        }
    ]
    assert seen["now_playing"] == {
        "uid": 0,
        "video_id": "night1968",
        "title": NIGHT.title,
        "display_title": "Night of the Living Dead (1968)",
        "duration_seconds": 5760,
        "position_seconds": -3.0,
    }
    assert seen["commands"] == [
        {"at": NOW, "command": "pm", "detail": "to=bob"},
        {
            "at": NOW,
            "command": "queue",
            "detail": f"id={SITE}/night1968.json?format=json type=cm pos=end temp=False",
        },
    ]


async def test_whoever_looks_often_leaves_the_commands_out(house: House) -> None:
    await house.ask("bob")
    whole = (await house.call("GET", "/demo/channel")).json
    short = (await house.call("GET", "/demo/channel", query="commands=false")).json
    assert len(whole["commands"]) == 1
    assert short == {**whole, "commands": []}


async def test_people_come_and_go(house: House) -> None:
    came = await act(house, "join", name="Dave")
    assert came["users"] == [*EVERYBODY, {"name": "Dave", "rank": 1}]
    await house.ask("dave")
    went = await act(house, "leave", name="dave")
    assert went["users"] == EVERYBODY
    assert [pm["to"] for pm in went["pms"]] == ["Dave"]
    gone = await house.call("POST", "/demo/channel", {"action": "leave", "name": "dave"})
    assert refusal(gone) == (404, "not_in_channel", {"name": "dave"})
    answer = await house.call("POST", "auth/otp/request", {"username": "dave"})
    assert refusal(answer)[:2] == (404, "not_in_channel")


async def test_the_playing_item_can_be_skipped_and_the_next_plays(house: House) -> None:
    await house.apply(await house.save("Night", NIGHT, SOULS))
    assert (await act(house, "skip"))["now_playing"]["video_id"] == "souls1962"


async def test_the_bot_can_lose_the_channel_and_come_back(house: House) -> None:
    assert (await act(house, "disconnect"))["connected"] is False
    assert (await act(house, "disconnect"))["connected"] is False
    assert (await act(house, "reconnect"))["connected"] is True
    assert (await house.call("GET", "queue", by="carol")).json["connected"] is True


async def test_additions_can_be_made_to_fail(house: House) -> None:
    await act(house, "refuse_next", reason="bad_manifest", count=1, video_id="souls1962")
    answer = await house.apply(await house.save("Night", NIGHT, SOULS))
    assert [each["video_id"] for each in answer.json["failed"]] == ["souls1962"]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"action": "dance"}, "action"),
        ({"action": "join"}, "name"),
        ({"action": "join", "name": "no body"}, "name"),
        ({"action": "join", "name": "KrytenBot"}, "name"),
        ({"action": "join", "name": "A1ice"}, "name"),
        ({"action": "refuse_next", "count": 0}, "count"),
        ({"action": "refuse_next", "count": 1001}, "count"),
        ({"action": "refuse_next", "reason": "slow nan"}, "reason"),
        ({"action": "refuse_next", "reason": "slow -1"}, "reason"),
        ({"action": "refuse_next", "reason": "  "}, "reason"),
    ],
)
async def test_what_cannot_happen_is_refused_by_name(house: House, order: dict[str, Any], field: str) -> None:
    before = (await house.call("GET", "/demo/channel")).json
    answer = await house.call("POST", "/demo/channel", order)
    status, code, details = refusal(answer)
    assert (status, code, details["field"]) == (422, "invalid", field)
    assert (await house.call("GET", "/demo/channel")).json == before


@pytest.mark.parametrize("slow", ["slow 1e6", "slow 1e9", "slow 1e12"])
async def test_an_answer_however_slow_ends_no_service(slow: str) -> None:
    async with open_house() as house:
        await house.call("POST", "/demo/channel", {"action": "refuse_next", "reason": slow})
        answer = await house.apply(await house.save("Night", NIGHT))
        assert answer.status_code == 200
        assert (await house.call("GET", "/health/live")).status_code == 200


async def test_pages_of_others_cannot_move_the_demo(house: House) -> None:
    answer = await house.call(
        "POST", "/demo/channel", {"action": "disconnect"}, headers={"Origin": "http://evil.example"}
    )
    assert refusal(answer) == (403, "bad_origin", {})
    assert house.channel.connected


async def test_where_the_channel_is_real_there_is_no_window() -> None:
    async with open_house(services=lambda wired: evolve(wired, demo=None)) as house:
        for method in ("GET", "POST"):
            answer = await house.call(method, "/demo/channel")
            assert refusal(answer) == (404, "no_such_route", {})
        paths = (await house.call("GET", "/api/v1/openapi.json")).json["paths"]
        assert "/demo/channel" not in paths
