"""The adapter through robots that are killed, restarted, demoted and late, and a channel that is reloaded."""

import time
from datetime import timedelta

import anyio
import pytest

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_adapters.channel.kryten.following import State
from playlist_adapters.channel.simulated import BOT
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Refusal
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown, QueueRefused
from playlist_core.ports import ChannelUser
from tests.peers.channels import (
    END,
    agrees,
    away,
    back,
    fill,
    gives_bot_rank,
    has_sent,
    heard,
    joins,
    manifest,
    opened,
    sent,
    under_way,
)
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio


async def replaced(stack: Stack) -> None:
    """As its supervisor does it: another robot after the end of the one before."""
    await stack.robot.gone()
    stack.robot.start()


async def test_a_robot_killed_under_a_command_leaves_it_unknown_and_nothing_is_sent_again(
    stack: Stack,
) -> None:
    joins(stack, "bob")
    async with opened(stack) as channel:
        (first,) = await fill(stack, channel, "first")
        slow = manifest(stack, "slow", slow=1.5)
        async with under_way(channel.add(slow, position=END, temp=False)) as add:
            await has_sent(stack, "queue", 2)
            stack.robot.kill()
            stack.robot.start()
        assert isinstance(add.result, OutcomeUnknown)

        before = (await back(channel)).generation
        async with under_way(channel.add(manifest(stack, "next"), position=END, temp=False)) as add:
            pass
        # The line was not held until the dead robot's reply would have been given up.
        assert add.seconds < 5
        assert (add.result.title, (await channel.snapshot()).generation) == ("next", before)
        await stack.cytube.until(lambda stage: len(stage.channel.queue) == 3)
        await agrees(stack, channel)
        assert [payload["id"] for _, payload in sent(stack)] == [
            first.media_id,
            slow,
            "https://media.example/next.json",
        ]


async def test_after_a_restart_commands_wait_until_the_bot_has_its_rank_again(stack: Stack) -> None:
    joins(stack, "bob")
    stack.cytube.do(lambda channel: setattr(channel.room.doors, "rank_delay", timedelta(seconds=1)))
    async with opened(stack) as channel:
        await fill(stack, channel, "first")
        old = (await channel.snapshot()).generation
        stack.robot.kill()
        await stack.cytube.until(lambda stage: stage.bot is None)
        stack.robot.start()
        await stack.cytube.until(lambda stage: stage.channel.room.audience.named(BOT))
        with anyio.fail_after(5):
            while channel.following.state is not State.SETTLING:
                await channel.following.changed()

        (second,) = await fill(stack, channel, "second")

        assert second in stack.cytube.queue
        assert (await channel.snapshot()).generation > old
        await agrees(stack, channel)


async def three_of_which_the_first_goes(stack: Stack, channel: KrytenChannel) -> int:
    """What stands there as 1 and 2 will be 0 and 1 when the channel is loaded again; their generation."""
    a, *_ = await fill(stack, channel, "a", "b", "c")
    now = (await channel.snapshot()).generation
    await channel.remove(a.uid, generation=now)
    return now


async def test_a_command_for_a_uid_is_not_sent_once_the_channel_was_reloaded(stack: Stack) -> None:
    async with opened(stack) as channel:
        now = await three_of_which_the_first_goes(stack, channel)
        so_far = sent(stack)

        stack.cytube.restart()
        await replaced(stack)
        await back(channel)

        assert [(item.uid, item.title) for item in stack.cytube.queue] == [(0, "b"), (1, "c")]
        for command in (
            channel.remove(1, generation=now),
            channel.move(1, after=None, generation=now),
            channel.jump(1, generation=now),
            channel.set_temp(1, temp=True, generation=now),
        ):
            with pytest.raises(OutcomeUnknown):
                await command
        assert sent(stack) == so_far
        await agrees(stack, channel)


async def test_nor_is_one_that_waited_for_its_turn_when_that_happened(stack: Stack) -> None:
    async with opened(stack) as channel:
        now = await three_of_which_the_first_goes(stack, channel)
        so_far = sent(stack)
        slow = manifest(stack, "slow", slow=30)
        async with (
            under_way(channel.add(slow, position=END, temp=False)) as add,
            under_way(channel.remove(1, generation=now)) as remove,
            under_way(channel.send(Username(BOT), "to myself")) as message,
        ):
            await has_sent(stack, "queue", 4)
            stack.cytube.restart()
            await replaced(stack)

        assert isinstance(add.result, OutcomeUnknown)
        assert isinstance(remove.result, OutcomeUnknown | ChannelUnavailable)
        assert isinstance(message.result, ChannelUnavailable)
        await back(channel)
        await agrees(stack, channel)
        assert sent(stack)[len(so_far) :] == [
            ("queue", {"id": slow, "type": "cm", "pos": "end", "temp": False})
        ]


def stand_still(seconds: float) -> None:
    """As a process that was stopped: nothing of ours moves, the rest of the world does."""
    time.sleep(seconds)


async def test_a_process_that_stood_still_meanwhile_does_not_send_one_either(stack: Stack) -> None:
    async with opened(stack) as channel:
        now = await three_of_which_the_first_goes(stack, channel)
        so_far = sent(stack)

        stack.cytube.restart()
        stack.robot.start()
        while stack.cytube.told < 20:
            stand_still(0.1)
        stand_still(0.5)
        async with under_way(channel.remove(1, generation=now)) as remove:
            pass

        assert isinstance(remove.result, OutcomeUnknown | ChannelUnavailable)
        assert sent(stack) == so_far
        await back(channel)
        await agrees(stack, channel)


async def test_what_the_bot_may_do_follows_the_rank_that_it_is_given(stack: Stack) -> None:
    async with opened(stack) as channel:
        (item,) = await fill(stack, channel, "first")
        so_far = sent(stack)

        gives_bot_rank(stack, 1.5)
        await heard(stack, channel)
        seen = await channel.snapshot()
        given = seen.capabilities
        assert (given.rank, given.can_add, given.can_delete, given.can_set_temp) == (1.5, False, False, False)
        assert (given.can_move, given.can_jump) == (True, True)
        for command in (
            channel.remove(item.uid, generation=seen.generation),
            channel.set_temp(item.uid, temp=True, generation=seen.generation),
        ):
            with pytest.raises(QueueRefused) as refusal:
                await command
            assert refusal.value.reason == Refusal.NO_PERMISSION
        assert sent(stack) == so_far
        with pytest.raises(QueueRefused) as refusal:
            await fill(stack, channel, "second")
        assert refusal.value.reason == Refusal.NO_PERMISSION
        assert await channel.present(Username(BOT)) == ChannelUser(Username(BOT), 1.5)

        gives_bot_rank(stack, 2)
        await heard(stack, channel)
        assert (await channel.snapshot()).capabilities.can_delete
        await fill(stack, channel, "second")
        await agrees(stack, channel)


async def test_whoever_is_given_a_rank_while_absent_is_not_taken_for_present(stack: Stack) -> None:
    async with opened(stack) as channel:
        absent = {"name": "absent", "rank": 2}
        stack.cytube.do(lambda double: double.room.audience.tell_all("setUserRank", absent))
        await heard(stack, channel)
        assert await channel.present(Username("absent")) is None


async def test_the_log_tells_when_the_channel_goes_and_when_it_is_there_again(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(stack) as channel:
        stack.robot.kill()
        await away(channel)
        stack.robot.start()
        await back(channel)
    told = [record.message for record in caplog.records if record.name == "kryten_playlist.channel"]
    assert told[0].startswith("The channel is away: ")
    assert told[-1] == f"The channel is there again: {stack.cytube.channel} on {stack.cytube.domain}."
