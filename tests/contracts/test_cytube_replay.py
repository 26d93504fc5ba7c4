"""The room gives the frames that a real CyTube 3.86 gave, step by step (recordings in tests/data/cytube).

What is made equal before comparing, and why:
- `time` of chat lines and private messages, and the moments within a step: the wall clock of that day;
- positions are rounded to whole seconds: the real ones are off by the milliseconds of its timer;
- of several `mediaUpdate` in one step the recordings keep the first, so only that one counts here;
- the greeting `rank -1` was written down with the step "join", one after the connecting it belongs to;
- after the step "chat" nobody was recording for twelve seconds;
- a payload "(left out)" was left out by whoever recorded it.
Shuffles are not made equal: the room is given the recorded picks instead of chance.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define
from tests.peers.cytube.recorded import LEFT_OUT, Events, RecordedPicks, load, normalised
from tests.peers.cytube.website import Website

from playlist_adapters.channel.simulated import Account, Connection, Room

START = datetime(2026, 11, 20, 9, 46, 32, tzinfo=UTC)


@define
class Stage:
    """A room at a moment, and the client whose frames were recorded."""

    room: Room
    now: datetime
    watched: Connection
    others: dict[str, Connection]

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.room.advance(self.now)

    def send(self, event: str, *args: Any) -> None:
        self.room.send(self.watched, event, *args)

    def add(self, url: str, *, pos: str = "end", temp: bool = False) -> None:
        self.send("queue", queue_payload(url, pos=pos, temp=temp))

    def frames(self) -> Events:
        return normalised((frame.event, frame.payload) for frame in self.watched.collect())

    def enter(self, name: str) -> None:
        self.others[name] = self.room.connect()
        self.room.send(self.others[name], "joinChannel", {"name": "testroom"})

    def log_in(self, name: str) -> None:
        self.room.send(self.others[name], "login", {"name": name, "pw": "x"})

    def leave(self, name: str) -> None:
        self.room.disconnect(self.others.pop(name))


def queue_payload(url: str, *, pos: str = "end", temp: bool = False) -> dict[str, Any]:
    return {"id": f"https://media.example/m/{url}", "type": "cm", "pos": pos, "temp": temp}


def new_stage() -> Stage:
    """The channel of the recordings with KrytenBot in it, somewhat later."""
    accounts = [Account("KrytenBot", 3), Account("moddy", 2), Account("alice", 1), Account("bob", 1)]
    room = Room.create(Website(), now=START, accounts=accounts, rank_delay=timedelta(milliseconds=1))
    bot = room.connect()
    room.send(bot, "joinChannel", {"name": "testroom"})
    room.send(bot, "login", {"name": "KrytenBot", "pw": "x"})
    stage = Stage(room, START, bot, {})
    stage.wait(20)
    bot.collect()
    return stage


def use_up_uids(stage: Stage, next_uid: int) -> None:
    """Bring the uid counter to where it was when the recording began; a shuffle of one item takes one uid."""
    stage.add("used-up.json?dur=600")
    stage.wait(0.1)
    for _ in range(next_uid - 1):
        stage.send("shufflePlaylist")


# -- a client of rank 2 ---------------------------------------------------------

# Seconds until the next step, as the recorded positions tell; 0.9 where nothing tells otherwise.
FRAME_STEPS_LAST = {
    **dict.fromkeys(range(7, 13), 0.8),
    14: 11.0,
    18: 0.95,
    19: 0.0,
    20: 1.1,
    21: 2.5,
}


def replayed_frames() -> Iterator[tuple[str, Events, Events]]:
    recorded = load("cytube-frames.json")
    stage = new_stage()
    room, bot = stage.room, stage.watched
    room.send(bot, "chatMsg", {"msg": "hello all"})
    use_up_uids(stage, 32)
    stage.wait(6.5)
    room.send(bot, "delete", 31)
    stage.wait(10)
    for number, step in enumerate(recorded):
        if step["step"] == "connect":
            stage.watched = room.connect()
        act_frames_step(stage, step)
        stage.wait(FRAME_STEPS_LAST.get(number, 0.9))
        if step["step"] == "connect":
            continue
        expected = normalised((frame["event"], frame["args"][0]) for frame in step["frames"])
        yield step["step"], expected, stage.frames()


def act_frames_step(stage: Stage, step: Any) -> None:
    match step["sent"]:
        case None:
            return
        case ["pm x 25"]:
            for number in range(25):
                stage.send("pm", {"to": "KrytenBot", "msg": f"n{number}", "meta": {}})
        case ["queue x 14"]:
            for number in range(14):
                stage.add(f"q{number}.json?dur=60", temp=True)
        case ["shufflePlaylist"]:
            stage.room.playlist.random = RecordedPicks(stage.room, step["frames"][0]["args"][0])
            stage.send("shufflePlaylist")
        case [event, *args]:
            stage.send(event, *args)


FRAMES = list(replayed_frames())


@pytest.mark.parametrize(("expected", "given"), [pytest.param(*f, id=name) for name, *f in FRAMES])
def test_a_client_of_rank_2_gets_the_recorded_frames(expected: Events, given: Events) -> None:
    assert given == expected


def test_every_recorded_step_of_the_client_was_replayed() -> None:
    assert len(FRAMES) == len(load("cytube-frames.json")) - 1


# -- the robot --------------------------------------------------------------------

Act = tuple[float, Callable[[Stage], None]]


def bot(event: str, *args: Any) -> list[Act]:
    return [(0, lambda stage: stage.send(event, *args))]


def add(url: str, *, pos: str = "end", temp: bool = False) -> list[Act]:
    return bot("queue", queue_payload(url, pos=pos, temp=temp))


def visit(name: str, joins: float, logs_in: float, *acts: Act, leaves: float | None = None) -> list[Act]:
    """Somebody comes, does something and perhaps goes, at seconds within the step."""
    last = [] if leaves is None else [(leaves, lambda stage: stage.leave(name))]
    return [
        (joins, lambda stage: stage.enter(name)),
        (logs_in, lambda stage: stage.log_in(name)),
        *acts,
        *last,
    ]


def by(name: str, at: float, event: str, *args: Any) -> Act:
    return at, lambda stage: stage.room.send(stage.others[name], event, *args)


def one_after_the_other(stage: Stage) -> None:
    """The robot sends an add when the one before has been answered."""
    for number in range(12):
        stage.add(f"p{number}.json?dur=60")
        stage.wait(0.05)


def shuffle(stage: Stage, recorded: Any) -> None:
    stage.room.playlist.random = RecordedPicks(stage.room, recorded)
    stage.room.send(stage.others["moddy"], "shufflePlaylist")


K2 = "k2.json?dur=5&title=Second"
CODE = "Your code: K7M2-PQ9X <b>&</b> 'quotes'"
FOREIGN = queue_payload("foreign.json?dur=77&title=Foreign", temp=True)
# For each step: seconds after the step "clear" at which it began (the recording's own timestamps), and what
# was done. Steps that are not here ask the robot about itself and have no frames.
EVENT_STEPS: dict[str, tuple[float, list[Act]]] = {
    "clear": (0.0, bot("clearPlaylist")),
    "first add on an empty list": (1.004, add("k1.json?dur=600&title=First")),
    "second add": (2.059, add(K2)),
    "third add next": (3.067, add("k3.json?dur=1408&title=Show.S01E04.mkv", pos="next")),
    "temp add": (4.075, add("k4.json?dur=60", temp=True)),
    "duplicate end": (5.082, add(K2)),
    "duplicate next": (6.088, add("k4.json?dur=60", pos="next")),
    "manifest 404": (7.096, add("gone.json?status=404")),
    "manifest not json": (8.101, add("txt.json?ct=text/plain")),
    "bad pos": (9.151, add("k9.json?dur=60", pos="middle")),
    "slow manifest 9 s, client waits 8 s": (17.356, add("slow.json?delay=9&dur=60")),
    "move behind a uid": (28.363, bot("moveMedia", {"from": 1, "after": 0})),
    "move to the end": (29.366, bot("moveMedia", {"from": 2, "after": "append"})),
    "set temp": (30.371, bot("setTemp", {"uid": 2, "temp": True})),
    "delete": (31.374, bot("delete", 2)),
    "delete unknown uid": (32.379, bot("delete", 99999)),
    "pm to an absent user": (33.384, bot("pm", {"to": "nobodyhere", "msg": "hello", "meta": {}})),
    "alice joins": (34.387, visit("alice", 0.128, 0.18)),
    "pm to alice": (36.891, bot("pm", {"to": "alice", "msg": CODE, "meta": {}})),
    "chat": (37.894, bot("chatMsg", {"msg": "hello all", "meta": {}})),
    "a user's pm to the bot": (
        51.174,
        [
            (0.002, lambda stage: stage.leave("alice")),
            *visit(
                "bob",
                0.1,
                0.147,
                by("bob", 0.75, "pm", {"to": "krytenbot", "msg": "!like <3", "meta": {}}),
                leaves=1.355,
            ),
        ],
    ),
    "jump with a string uid": (54.032, bot("jumpTo", "1")),
    "end of an item": (55.537, []),
    "someone else adds": (
        65.538,
        visit("moddy", 0.125, 0.173, by("moddy", 0.82, "queue", FOREIGN), leaves=1.384),
    ),
    "twelve adds at once": (68.427, [(0, one_after_the_other)]),
    "shuffle by a user of rank 2": (70.873, []),
    "delete the playing item": (73.737, bot("delete", 27)),
    "clear by a user of rank 2": (
        75.241,
        visit("moddy", 0.13, 0.176, by("moddy", 0.78, "clearPlaylist"), leaves=1.385),
    ),
    "KV after clear": (77.0, []),
}

RECORDED_FOR = {"chat": 1.0}


def replayed_events() -> Iterator[tuple[str, Events, Events]]:
    stage = new_stage()
    steps = [step for step in load("kryten-events.json") if step["step"] in EVENT_STEPS]
    ends = [EVENT_STEPS[step["step"]][0] for step in steps[1:]] + [80.0]
    began = stage.now
    for step, end in zip(steps, ends, strict=True):
        start, acts = EVENT_STEPS[step["step"]]
        events = [(event["data"]["event_name"], event["data"]["payload"]) for event in step["events"]]
        if step["step"].startswith("shuffle"):
            recorded = next(payload for event, payload in events if event == "playlist")
            picked: Act = (0.758, lambda stage, recorded=recorded: shuffle(stage, recorded))
            acts = visit("moddy", 0.1, 0.15, picked, leaves=1.36)
        for at, act in acts:
            stage.wait(start + at - (stage.now - began).total_seconds())
            act(stage)
        until = min(end, start + RECORDED_FOR.get(step["step"], 20.0))
        stage.wait(until - (stage.now - began).total_seconds())
        yield step["step"], normalised(events), stage.frames()
        stage.wait(end - until)
        stage.watched.collect()


EVENTS = list(replayed_events())


@pytest.mark.parametrize(("expected", "given"), [pytest.param(*e, id=name) for name, *e in EVENTS])
def test_the_robot_gets_the_recorded_events(expected: Events, given: Events) -> None:
    assert given == expected


def test_every_step_of_the_robot_that_has_events_was_replayed() -> None:
    named = {step["step"] for step in load("kryten-events.json") if step["events"]}
    assert named <= {name for name, _, _ in EVENTS}


# -- the robot killed and started again ---------------------------------------------


def test_the_robot_that_was_alone_finds_the_channel_renumbered_when_it_comes_back() -> None:
    recorded = [
        (event["data"]["event_name"], event["data"]["payload"])
        for event in load("robot-restart.json")["events"]
        if event["subject"].startswith("kryten.events.cytube")
    ]
    stage = new_stage()
    stage.send("chatMsg", {"msg": "hello all"})
    use_up_uids(stage, 56)
    stage.send("delete", 55)
    stage.wait(10)
    stage.watched.collect()

    stage.add("k1.json?dur=600&title=First")
    stage.wait(0.05)
    stage.room.disconnect(stage.watched)
    before = stage.watched.collect()
    stage.wait(3)
    stage.watched = stage.room.connect()
    stage.send("joinChannel", {"name": "testroom"})
    stage.send("login", {"name": "KrytenBot", "pw": "x"})
    stage.send("playerReady")
    stage.wait(3.1)

    given = normalised((frame.event, frame.payload) for frame in [*before, *stage.watched.collect()])
    left_out = [payload == LEFT_OUT for _, payload in recorded]
    assert len(given) == len(recorded)
    given = [
        (event, LEFT_OUT if hidden else payload)
        for (event, payload), hidden in zip(given, left_out, strict=True)
    ]
    assert given == normalised(recorded)


def test_the_replay_compares_every_kind_of_event_the_service_relies_on() -> None:
    given = {event for _, _, frames in [*FRAMES, *EVENTS] for event, _ in frames}
    assert given >= {
        *("queue", "queueFail", "delete", "moveVideo", "setTemp", "setCurrent", "changeMedia", "mediaUpdate"),
        *("playlist", "setPlaylistMeta", "pm", "errorMsg", "cooldown", "chatMsg", "rank", "login"),
        *("userlist", "addUser", "userLeave", "setUserRank", "usercount", "setPermissions", "channelOpts"),
    }
