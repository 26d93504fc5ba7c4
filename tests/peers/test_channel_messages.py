"""Private messages in bad company: behind slow adds, beside other services', too many at once, in a crash."""

import json
from typing import Any

import anyio
import nats
import pytest

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_adapters.channel.simulated import BOT
from playlist_core.domain.identity import Username
from playlist_core.errors import OutcomeUnknown, Undeliverable
from tests.peers import tape
from tests.peers.channels import END, back, has_sent, joins, manifest, opened, sent, under_way
from tests.peers.nats_server import NatsServer
from tests.peers.stack import Stack
from tests.peers.tape import Tape

pytest_plugins = ["tests.peers.kryten", "tests.peers.nats"]
pytestmark = pytest.mark.anyio
ALICE, BOB = Username("alice"), Username("bob")


def inbox(stack: Stack, name: str) -> list[str]:
    return [pm.text for pm in stack.cytube.do(lambda channel: channel.inbox(name))]


async def test_a_message_behind_an_add_waits_for_that_one_only(stack: Stack) -> None:
    joins(stack, "bob")
    async with opened(stack) as channel:
        async with (
            under_way(channel.add(manifest(stack, "slow", slow=3), position=END, temp=False)) as slow,
            under_way(channel.add(manifest(stack, "next", slow=1), position=END, temp=False)) as other,
        ):
            await has_sent(stack, "queue")
            async with under_way(channel.send(BOB, "hello")) as message:
                pass
            assert message.result is None
            assert message.seconds < 3.2
        assert [slow.result.title, other.result.title] == ["slow", "next"]
        assert [event for event, _ in sent(stack)] == ["queue", "pm", "queue"]


async def test_25_messages_at_once_all_arrive_once_although_others_send_as_well(stack: Stack) -> None:
    joins(stack, "bob")
    joins(stack, "carol")
    ours = [f"ours {n}" for n in range(25)]
    async with (
        opened(stack) as channel,
        await nats.connect(stack.nats.url) as client,
        anyio.create_task_group() as tasks,
    ):
        for n, text in enumerate(ours):
            tasks.start_soon(channel.send, BOB, text)
            args = {"to": "carol", "msg": f"theirs {n}"}
            tasks.start_soon(stack.robot.ask, client, "pm", args)
    assert inbox(stack, "bob") == ours


async def test_a_message_that_dies_with_the_robot_is_unknown_and_never_comes(stack: Stack) -> None:
    joins(stack, "bob")
    async with opened(stack) as channel, await nats.connect(stack.nats.url) as client:
        commands = await client.subscribe("kryten.robot.command")
        theirs = {"type": "cm", "id": manifest(stack, "theirs", slow=3), "pos": "end", "temp": False}
        async with under_way(stack.robot.ask(client, "addvideo", theirs, timeout=1)):
            await has_sent(stack, "queue")
            async with under_way(channel.send(BOB, "hello")) as message:
                while json.loads((await commands.next_msg()).data)["command"] != "pm":
                    pass
                stack.robot.start()
        assert isinstance(message.result, OutcomeUnknown)
        assert message.seconds < 5

        await back(channel)
        await channel.send(BOB, "another")
        assert inbox(stack, "bob") == ["another"]


# -- with a robot that says what we like ---------------------------------------------------


def answer(*events: tuple[str, Any]) -> dict[str, Any]:
    """A step in which a command is followed by these."""
    reply = {"service": "robot", "command": "pm", "success": True, "data": {"success": True}}
    return {"reply": reply, "events": [tape.event(*each) for each in events]}


def echo(to: str, text: str, by: str = BOT) -> tuple[str, Any]:
    return "pm", {"username": by, "msg": text, "meta": {}, "time": 0, "to": to}


async def sends(robot: Tape, channel: KrytenChannel, text: str, *answers: dict[str, Any]) -> list[str]:
    """Send a message to alice; the commands that the robot was given for it."""
    before = len(robot.told)
    for each in answers:
        robot.put_in(each)
    await channel.send(ALICE, text)
    assert robot.over
    return robot.told[before:]


async def test_only_the_echo_of_our_own_words_to_our_own_reader_is_a_proof(own_nats: NatsServer) -> None:
    strange = (
        echo("bob", "hello"),
        echo("alice", "something else"),
        echo(BOT, "hello", by="alice"),
        echo("alice", "hello", by="mallory"),
        ("errorMsg", {"msg": "PM failed: bob isn't connected to this channel."}),
        ("errorMsg", {"msg": "You can't PM yourself!"}),
    )
    async with tape.running(own_nats.url) as robot, opened(own_nats) as channel:
        robot.put_in(answer(*strange))
        async with under_way(channel.send(ALICE, "hello")) as message:
            await robot.was_told(1)
            await robot.heard_by(channel)
            assert not message.done.is_set()
            await robot.tell(*echo("alice", "hello"))
        assert message.result is None


async def test_too_fast_is_repeated_unless_it_was_said_to_somebody_else(own_nats: NatsServer) -> None:
    too_fast = ("cooldown", 100)
    async with tape.running(own_nats.url) as robot, opened(own_nats) as channel:
        ours = echo("alice", "hello")
        assert await sends(robot, channel, "hello", answer(ours, too_fast)) == ["pm"]
        assert await sends(robot, channel, "hello", answer(too_fast, ours)) == ["pm"]
        assert await sends(robot, channel, "hello", answer(too_fast, too_fast, ours)) == ["pm"]
        assert await sends(robot, channel, "hello", answer(too_fast), answer(ours)) == ["pm", "pm"]
        gone = ("errorMsg", {"msg": "PM failed: alice isn't connected to this channel."})
        with pytest.raises(Undeliverable):
            await sends(robot, channel, "hello", answer(too_fast, gone))
