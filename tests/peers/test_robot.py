"""The robot and the double of CyTube, held to what was recorded of the real two (tests/data/cytube)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import define
from nats.errors import TimeoutError as NoAnswer

from playlist_adapters.channel.simulated import BOT
from tests.peers.cytube.recorded import (
    CHANNEL,
    DOMAIN,
    END,
    LEFT_OUT,
    RANKS,
    SHUFFLE,
    STEPS,
    Act,
    Events,
    RecordedPicks,
    add,
    load,
    normalised,
    robot,
)
from tests.peers.stack import Ear, Stack

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio


@pytest.fixture
async def ear(stack: Stack) -> AsyncIterator[Ear]:
    async with stack.listening() as ear:
        yield ear


# -- the recorded steps, once more ---------------------------------------------------


@define(eq=False)
class Replay:
    """The channel's time stands still but for what the steps say, so that every run is the same."""

    stack: Stack
    ear: Ear
    passed: float = 0.0

    def until(self, seconds: float) -> None:
        self.stack.cytube.elapse(seconds - self.passed)
        self.passed = seconds

    async def act(self, start: float, acts: tuple[Act, ...]) -> list[Any]:
        """Do what was done; the replies to commands come when the channel's time has gone on."""
        self.until(start)
        robot, client = self.stack.robot, self.ear.client
        replies = [
            asyncio.ensure_future(robot.ask(client, act.event, act.payload)) for act in acts if act.by == BOT
        ]
        heard = len(self.stack.cytube.heard)
        for act in acts:
            self.until(start + act.at)
            if act.by == BOT:
                heard += 1
                await self.stack.cytube.until(lambda stage, heard=heard: len(stage.heard) >= heard)
            else:
                self.visit(act)
        return replies

    def visit(self, act: Act) -> None:
        match act.event:
            case "join":
                self.stack.cytube.do(lambda channel: channel.join(act.by, RANKS[act.by]))
            case "leave":
                self.stack.cytube.do(lambda channel: channel.leave(act.by))
            case event:
                payload = () if act.payload is None else (act.payload,)
                self.stack.cytube.do(lambda channel: channel.as_user(act.by).send(event, *payload))

    def shuffle_as(self, recorded: Events) -> None:
        items = next(payload for event, payload in recorded if event == "playlist")

        def prepare(channel: Any) -> None:
            channel.room.playlist.random = RecordedPicks(channel.room, items)

        self.stack.cytube.do(prepare)


async def test_the_robot_answers_and_tells_what_it_did_when_it_was_recorded(stack: Stack, ear: Ear) -> None:
    stack.cytube.set_speed(0)
    stack.cytube.elapse(20)
    await ear.take_all()
    replay = Replay(stack, ear)
    steps = [step for step in load("kryten-events.json") if step["step"] in STEPS]
    assert [step["step"] for step in steps] == list(STEPS)

    for (name, step), end, recorded in zip(
        STEPS.items(), [*(step.start for step in list(STEPS.values())[1:]), END], steps, strict=True
    ):
        events = [(event["data"]["event_name"], event["data"]["payload"]) for event in recorded["events"]]
        if name == SHUFFLE:
            replay.shuffle_as(events)
        replies = await replay.act(step.start, step.acts)
        replay.until(min(end, step.start + step.recorded_for))
        given = [await reply for reply in replies]
        # Here the manifest of 9 s comes at once, before anybody has lost patience.
        if given and not str(recorded["reply"]).startswith("builtins.TimeoutError"):
            assert (name, given) == (name, _as_list(recorded["reply"]))
        assert (name, normalised(await ear.take_all())) == (name, normalised(events))
        replay.until(end)
        await ear.take_all()
    await compare_kv(stack, ear)


def _as_list(reply: Any) -> list[Any]:
    return reply if isinstance(reply, list) else [reply]


async def compare_kv(stack: Stack, ear: Ear) -> None:
    """What was playing stays there after a clear."""
    bucket = await ear.client.jetstream().key_value(f"kryten_{stack.cytube.channel}_playlist")
    kept = {key: json.loads((await bucket.get(key)).value or b"") for key in ("current", "items")}
    (recorded,) = [step["reply"] for step in load("kryten-events.json") if step["step"] == "KV after clear"]
    assert kept == recorded


# -- what the robot says of itself ----------------------------------------------------


async def test_the_robot_says_of_itself_what_it_said_when_it_was_recorded(stack: Stack, ear: Ear) -> None:
    recorded = {step["step"]: step["reply"] for step in load("kryten-events.json")}
    asked = [name for name in recorded if name.startswith(("system.", "state."))]
    given = {name: await stack.robot.inquire(ear.client, name) for name in asked}

    for name in ("system.stats", "system.ping"):
        assert names_in(given.pop(name)) == names_in(recorded.pop(name))
    here = json.dumps(given).replace(stack.cytube.domain, DOMAIN).replace(stack.cytube.channel, CHANNEL)
    assert json.loads(here) == {name: recorded[name] for name in given}


def names_in(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: names_in(each) for key, each in value.items()}
    return None


async def test_an_item_with_uid_0_can_be_moved_and_deleted_but_stays_in_the_robots_own_list(
    stack: Stack, ear: Ear
) -> None:
    await ask(stack, ear, add("a.json") + add("b.json"))
    assert [item.uid for item in stack.cytube.queue] == [0, 1]
    await ear.take_all()

    await ask(stack, ear, robot("mvvideo", **{"from": 0, "after": 1}) + robot("rmvideo", uid=0))

    assert ("moveVideo", {"from": 0, "after": 1}) in (told := await ear.take_all())
    assert ("delete", {"uid": 0}) in told
    assert [item.uid for item in stack.cytube.queue] == [1]
    held = (await stack.robot.inquire(ear.client, "state.playlist"))["data"]["playlist"]
    assert [item["uid"] for item in held] == [0, 1]


async def test_commands_wait_for_each_other_and_an_add_in_silence_holds_them_up_for_8_seconds(
    stack: Stack, ear: Ear
) -> None:
    """The recorded steps "bad pos" and "slow manifest 9 s, client waits 8 s"."""
    stack.cytube.set_speed(0)
    recorded = {step["step"]: step["reply"] for step in load("kryten-events.json")}
    (silent,), (behind,) = add("k9.json?dur=60", "middle"), add("slow.json?delay=9&dur=60")

    unanswered = asyncio.ensure_future(stack.robot.ask(ear.client, silent.event, silent.payload))
    await stack.cytube.until(lambda stage: stage.heard)
    with pytest.raises(NoAnswer):
        await stack.robot.ask(ear.client, behind.event, behind.payload, timeout=8)
    assert await unanswered == recorded["bad pos"]
    await stack.cytube.until(lambda stage: len(stage.heard) == 2)
    assert [heard.payload["pos"] for heard in stack.cytube.heard] == ["middle", "end"]

    stack.cytube.elapse(9)
    await ear.take_all()
    assert [item.media_id for item in stack.cytube.queue] == [behind.payload["id"]]


# -- the robot killed and started again -------------------------------------------------


async def test_the_robot_killed_and_started_again_tells_the_recorded_join(stack: Stack, ear: Ear) -> None:
    recorded = [
        (event["data"]["event_name"], event["data"]["payload"])
        for event in load("robot-restart.json")["events"]
        if event["subject"].startswith("kryten.events.cytube")
    ]
    join = recorded[recorded.index(("rank", -1)) : -1]
    stack.cytube.do(lambda channel: setattr(channel.room.doors, "rank_delay", timedelta(seconds=1)))
    await ask(stack, ear, add("used-up.json") + add("k1.json?dur=600&title=First"))
    await ask(stack, ear, robot("rmvideo", uid=0) + robot("say", message="hello all"))
    assert [item.uid for item in stack.cytube.queue] == [1]
    await ear.take_all()

    stack.cytube.set_speed(0)
    stack.robot.kill()
    await stack.cytube.until(lambda stage: not stage.channel.users)
    stack.robot.start()
    await stack.cytube.until(lambda stage: stage.heard[-1].event == "playerReady")
    stack.cytube.elapse(1)
    await stack.robot.ready()

    told = normalised(await ear.take(stack.cytube.told))
    left_out = {event for event, payload in join if payload == LEFT_OUT}
    told = [(event, LEFT_OUT if event in left_out else payload) for event, payload in told]
    here = json.dumps(normalised(join)).replace(CHANNEL, stack.cytube.channel)
    assert [list(each) for each in told] == json.loads(here)


async def test_a_robot_that_was_kicked_ends_and_is_there_again_for_the_next_test(
    stack: Stack, ear: Ear
) -> None:
    await ask(stack, ear, add("k1.json"))
    stack.cytube.kick_bot()
    await stack.robot.gone()

    await stack.reset()

    assert (stack.robot.alive, stack.cytube.queue) == (True, ())
    assert [(user.name.spelling, user.rank) for user in stack.cytube.do(lambda it: it.users)] == [(BOT, 3)]


# -- the double's time and people ------------------------------------------------------


async def test_the_channels_time_passes_by_itself_as_fast_as_it_was_told(stack: Stack, ear: Ear) -> None:
    stack.cytube.set_speed(100)
    await ask(stack, ear, add("short.json?dur=5") + add("next.json?delay=4"))
    await stack.cytube.until(lambda stage: (now := stage.channel.now_playing) and now.uid == 1)
    assert ("setCurrent", 1) in await ear.take_all()


async def test_a_private_message_reaches_its_reader_and_comes_back_as_the_proof(
    stack: Stack, ear: Ear
) -> None:
    stack.cytube.do(lambda channel: channel.join("alice"))
    await ear.take_all()

    await ask(stack, ear, robot("pm", to="ALICE", msg="3 < 4"))

    ((event, echo),) = await ear.take_all()
    assert (event, echo["username"], echo["to"], echo["msg"]) == ("pm", BOT, "alice", "3 &lt; 4")
    assert [pm.text for pm in stack.cytube.do(lambda channel: channel.inbox("alice"))] == ["3 < 4"]


async def ask(stack: Stack, ear: Ear, acts: tuple[Act, ...]) -> None:
    """Let the robot do it; the reply alone does not say that the channel has heard of it yet."""
    for act in acts:
        heard = len(stack.cytube.heard)
        reply = await stack.robot.ask(ear.client, act.event, act.payload)
        assert reply["data"]["success"], reply
        await stack.cytube.until(lambda stage, heard=heard: len(stage.heard) > heard)
