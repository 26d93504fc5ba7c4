"""Which channel it is, and what is said where there is none: robots elsewhere, late, or disobedient."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import nats
import pytest
from nats.aio.msg import Msg

from playlist_adapters.channel.kryten import Place, Wish
from playlist_core.domain.identity import Username
from playlist_core.errors import ChannelUnavailable, Unavailable
from tests.peers import cytube
from tests.peers.cable import cable_to
from tests.peers.channels import END, agrees, away, back, fill, joins, manifest, opened
from tests.peers.nats_server import NatsServer
from tests.peers.robot import Robot
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.kryten", "tests.peers.nats"]
pytestmark = pytest.mark.anyio


class Disobedient(Robot):
    """A robot as it is before anybody has enabled its commands."""

    def _config(self) -> dict[str, Any]:
        return {**super()._config(), "commands": {"enabled": False}}


async def test_a_channel_that_is_configured_in_other_letters_is_found(stack: Stack) -> None:
    domain, channel = stack.cytube.domain, stack.cytube.channel
    async with opened(stack, wish=Wish(domain.upper(), channel.swapcase())) as found:
        assert found.place == Place(domain, channel)
        await fill(stack, found, "a")
        await agrees(stack, found)


async def test_a_robot_that_is_elsewhere_is_named_with_the_place_that_was_meant(stack: Stack) -> None:
    async with opened(stack, wish=Wish(None, "elsewhere"), patience=0.5) as channel:
        for command in (channel.snapshot(), channel.send(Username("bob"), "hello")):
            with pytest.raises(ChannelUnavailable) as trouble:
                await command
            assert trouble.value.message == (
                f"The robot is in {stack.cytube.channel} on {stack.cytube.domain}; "
                "the settings ask for elsewhere on any site."
            )


async def test_a_robot_that_comes_later_is_found(stack: Stack) -> None:
    stack.robot.kill()
    async with opened(stack, patience=0.2) as channel:
        await away(channel)
        assert channel.place is None

        stack.robot.start()
        await back(channel)
        await agrees(stack, channel)


@pytest.mark.parametrize("unheard", [False, True], ids=["heard", "unheard"])
async def test_a_robot_that_moves_to_another_channel_is_followed(
    stack: Stack, tmp_path: Path, unheard: bool
) -> None:
    with cytube.running("Other") as other:
        moved = Robot(tmp_path, other, stack.nats)
        async with cable_to(stack.nats.port) as cable, opened(stack, url=cable.url) as channel:
            await fill(stack, channel, "a")
            if unheard:
                cable.cut()
            stack.robot.kill()
            try:
                moved.start()
                await moved.ready()
                if unheard:
                    await cable.mend()
                there = Stack(stack.nats, other, moved)
                with anyio.fail_after(10):
                    while channel.place != Place(other.domain, "Other"):
                        await channel.following.changed()
                await back(channel)
                await fill(there, channel, "b")
                await agrees(there, channel)
            finally:
                moved.kill()


async def test_a_robot_that_takes_no_commands_is_said_to_and_the_channel_is_still_seen(stack: Stack) -> None:
    joins(stack, "bob")
    stack.cytube.do(lambda channel: channel.as_user("bob").add(manifest(stack, "theirs")))
    stack.robot.kill()
    robot = Disobedient(stack.robot.directory, stack.cytube, stack.nats)
    try:
        robot.start()
        await stack.cytube.until(lambda stage: stage.bot)
        async with opened(stack) as channel:
            await back(channel)
            await agrees(stack, channel)
            for command in (
                channel.add(manifest(stack, "a"), position=END, temp=False),
                channel.send(Username("bob"), "hello"),
            ):
                with pytest.raises(ChannelUnavailable) as trouble:
                    await command
                assert trouble.value.message == (
                    "The robot takes no commands: set commands.enabled in its settings, then restart it."
                )
            assert [item.title for item in (await back(channel)).items] == ["theirs"]
    finally:
        robot.kill()


async def test_a_robot_without_an_answer_is_not_pressed(own_nats: NatsServer) -> None:
    """Nonsense is answered at once, so whoever asks again at once would ask a thousand times a second."""
    asked: list[Mapping[str, Any]] = []

    async def hear(message: Msg) -> None:
        asked.append(json.loads(message.data))
        await message.respond(b'{"success": true, "data": {"channels": [{"domain": "d", "channel": "c"}]}}')

    async with await nats.connect(own_nats.url) as client:
        await client.subscribe("kryten.robot.command", cb=hear)
        await client.flush()
        async with opened(own_nats, patience=1.5):
            assert 2 <= sum(each["command"] == "system.stats" for each in asked) <= 3


async def test_what_fails_while_the_channel_is_followed_comes_out_as_it_is(stack: Stack) -> None:
    with pytest.raises(Unavailable, match="gone for good"):
        async with opened(stack):
            raise Unavailable("NATS is gone for good")
