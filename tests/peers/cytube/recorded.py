"""What was recorded of a real robot in a real CyTube, and what was done then (tests/data/cytube)."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen

from playlist_adapters.channel.simulated import BOT, Room

DATA = Path(__file__).parents[2] / "data" / "cytube"
LEFT_OUT = "(left out)"
CHANNEL, DOMAIN = "testroom", "cytube.example"
Events = list[tuple[str, Any]]


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text())


def normalised(events: Iterable[tuple[str, Any]]) -> Events:
    """Without what differs from day to day.

    That is the time of day, parts of seconds, and how many `mediaUpdate` follow the first.
    """
    result: Events = []
    for event, payload in events:
        if event != "mediaUpdate" or all(seen != "mediaUpdate" for seen, _ in result):
            result.append((event, _normalised(event, payload)))
    return result


def _normalised(event: str, payload: Any) -> Any:
    if event in ("pm", "chatMsg"):
        return {key: value for key, value in payload.items() if key != "time"}
    if event in ("changeMedia", "mediaUpdate") and payload != LEFT_OUT:
        return payload | {"currentTime": round(payload["currentTime"])}
    return payload


class RecordedPicks(Random):
    """Chance that draws the items of a shuffle in the order of their recorded new uids."""

    def __init__(self, room: Room, recorded: Sequence[Any]) -> None:
        super().__init__(0)
        left = [item.media.media_id for item in room.playlist.items]
        drawn = [item["media"]["id"] for item in sorted(recorded, key=lambda item: item["uid"])]
        self._picks = [(left.index(media_id), left.remove(media_id))[0] for media_id in drawn]

    def randrange(self, *args: Any, **kwargs: Any) -> int:
        return self._picks.pop(0)


@frozen
class Act:
    """What somebody did, seconds after the step's beginning: a command to the robot, or a user's frame.

    A user's `join` and `leave` are no frames.
    """

    at: float
    by: str
    event: str
    payload: Any = None


@frozen
class Step:
    """What was done, and when it began: seconds after the step "clear", by the recording's own timestamps."""

    start: float
    acts: tuple[Act, ...] = ()
    recorded_for: float = 20.0


def manifest(url: str) -> str:
    return f"https://media.example/m/{url}"


def robot(command: str, **args: Any) -> tuple[Act, ...]:
    return (Act(0, BOT, command, args),)


def add(url: str, pos: str = "end", *, temp: bool = False, at: float = 0) -> tuple[Act, ...]:
    return (Act(at, BOT, "addvideo", _item(url, pos, temp=temp)),)


def _item(url: str, pos: str, *, temp: bool) -> Mapping[str, Any]:
    return {"id": manifest(url), "type": "cm", "pos": pos, "temp": temp}


def visit(name: str, joins: float, *acts: Act, leaves: float) -> tuple[Act, ...]:
    return (Act(joins, name, "join"), *acts, Act(leaves, name, "leave"))


RANKS = {"alice": 1, "bob": 1, "moddy": 2}
SHUFFLE = "shuffle by a user of rank 2"
K2 = "k2.json?dur=5&title=Second"
STEPS: Mapping[str, Step] = {
    "clear": Step(0.0, robot("clear")),
    "first add on an empty list": Step(1.004, add("k1.json?dur=600&title=First")),
    "second add": Step(2.059, add(K2)),
    "third add next": Step(3.067, add("k3.json?dur=1408&title=Show.S01E04.mkv", "next")),
    "temp add": Step(4.075, add("k4.json?dur=60", temp=True)),
    "duplicate end": Step(5.082, add(K2)),
    "duplicate next": Step(6.088, add("k4.json?dur=60", "next")),
    "manifest 404": Step(7.096, add("gone.json?status=404")),
    "manifest not json": Step(8.101, add("txt.json?ct=text/plain")),
    # Its add is answered by silence, for 8 real seconds: there is a test of that alone.
    "bad pos": Step(9.151),
    "slow manifest 9 s, client waits 8 s": Step(17.356, add("slow.json?delay=9&dur=60")),
    "move behind a uid": Step(28.363, robot("mvvideo", **{"from": 1, "after": 0})),
    "move to the end": Step(29.366, robot("mvvideo", **{"from": 2, "after": "append"})),
    "set temp": Step(30.371, robot("settemp", uid=2, temp=True)),
    "delete": Step(31.374, robot("rmvideo", uid=2)),
    "delete unknown uid": Step(32.379, robot("rmvideo", uid=99999)),
    "pm to an absent user": Step(33.384, robot("pm", to="nobodyhere", msg="hello")),
    "alice joins": Step(34.387, (Act(0.128, "alice", "join"),)),
    "pm to alice": Step(36.891, robot("pm", to="alice", msg="Your code: K7M2-PQ9X <b>&</b> 'quotes'")),
    "chat": Step(37.894, robot("say", message="hello all"), recorded_for=1.0),
    "a user's pm to the bot": Step(
        51.174,
        (
            Act(0.002, "alice", "leave"),
            *visit("bob", 0.1, Act(0.75, "bob", "pm", {"to": "krytenbot", "msg": "!like <3"}), leaves=1.355),
        ),
    ),
    "jump with a string uid": Step(54.032, robot("jump", uid="1")),
    "end of an item": Step(55.537),
    "someone else adds": Step(
        65.538,
        visit(
            "moddy",
            0.125,
            Act(0.82, "moddy", "queue", _item("foreign.json?dur=77&title=Foreign", "end", temp=True)),
            leaves=1.384,
        ),
    ),
    "twelve adds at once": Step(
        68.427, tuple(act for n in range(12) for act in add(f"p{n}.json?dur=60", at=0.05 * n))
    ),
    SHUFFLE: Step(70.873, visit("moddy", 0.1, Act(0.758, "moddy", "shufflePlaylist"), leaves=1.36)),
    "delete the playing item": Step(73.737, robot("rmvideo", uid=27)),
    "clear by a user of rank 2": Step(
        75.241, visit("moddy", 0.13, Act(0.78, "moddy", "clearPlaylist"), leaves=1.385)
    ),
}
END = 77.0
