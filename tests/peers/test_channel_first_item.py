"""The item with uid 0, which the robot never takes off its own list, over the real robot."""

import pytest

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_core.errors import OutcomeUnknown
from tests.peers.channels import (
    adds,
    agrees,
    fill,
    has_sent,
    joins,
    manifest,
    opened,
    sent,
    under_way,
)
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio


async def era(channel: KrytenChannel) -> int:
    return (await channel.snapshot()).generation


async def test_everything_can_be_done_with_an_item_of_uid_0(stack: Stack) -> None:
    async with opened(stack) as channel:
        a, b = await fill(stack, channel, "a", "b")
        now = await era(channel)
        assert (a.uid, b.uid) == (0, 1)

        await channel.move(0, after=1, generation=now)
        assert [item.uid for item in stack.cytube.queue] == [1, 0]
        await channel.move(1, after=0, generation=now)
        assert [item.uid for item in stack.cytube.queue] == [0, 1]
        await channel.set_temp(0, temp=True, generation=now)
        assert stack.cytube.queue[0].temp
        await channel.jump(1, generation=now)
        await channel.set_temp(1, temp=True, generation=now)
        await agrees(stack, channel)
        assert [item.uid for item in stack.cytube.queue] == [1]


async def test_an_item_of_uid_0_that_is_there_is_shown_to_whoever_comes_later(stack: Stack) -> None:
    async with opened(stack) as before:
        await fill(stack, before, "a", "b", "c")

    async with opened(stack) as channel:
        await agrees(stack, channel)
        await channel.remove(0, generation=await era(channel))
        await agrees(stack, channel)


async def test_one_that_was_moved_is_put_back_by_the_first_command_of_whoever_comes_later(
    stack: Stack,
) -> None:
    """The robot does not follow it, so where it stands now nobody can say."""
    async with opened(stack) as before:
        await fill(stack, before, "a", "b", "c")
        await before.move(0, after=1, generation=await era(before))

    async with opened(stack) as channel:
        assert [item.uid for item in (await channel.snapshot()).items] == [0, 1, 2]
        assert [item.uid for item in stack.cytube.queue] == [1, 0, 2]
        await fill(stack, channel, "d")
        await agrees(stack, channel)
        await channel.move(0, after=2, generation=await era(channel))
        channel.following.doubt()
        await agrees(stack, channel)
        assert [item.uid for item in stack.cytube.queue] == [1, 2, 0, 3]


async def test_one_that_is_gone_is_not_shown_to_whoever_comes_later_and_nothing_is_put_behind_it(
    stack: Stack,
) -> None:
    """CyTube would lose what is moved behind an item that is not there."""
    async with opened(stack) as before:
        await fill(stack, before, "a", "b", "c")
        await before.remove(0, generation=await era(before))

    async with opened(stack) as channel:
        await agrees(stack, channel)
        now, so_far = await era(channel), sent(stack)
        for command in (
            channel.move(2, after=0, generation=now),
            channel.move(0, after=2, generation=now),
            channel.remove(0, generation=now),
            channel.set_temp(0, temp=True, generation=now),
            channel.jump(0, generation=now),
        ):
            with pytest.raises(OutcomeUnknown):
                await command
        assert sent(stack) == so_far
        await fill(stack, channel, "d")
        await agrees(stack, channel)


async def test_one_that_is_gone_stays_so_when_the_list_is_read_again(stack: Stack) -> None:
    async with opened(stack) as channel:
        await fill(stack, channel, "a", "b")
        await channel.remove(0, generation=await era(channel))
        so_far = sent(stack)

        channel.following.doubt()

        await agrees(stack, channel)
        assert sent(stack) == so_far


async def test_it_is_shown_at_once_also_while_a_slow_manifest_holds_up_all_edits(stack: Stack) -> None:
    async with opened(stack) as before:
        await fill(stack, before, "a", "b")
    joins(stack, "bob")
    adds(stack, "bob", manifest(stack, "slow", slow=2.5))

    async with opened(stack) as channel:
        await agrees(stack, channel)
        assert len(stack.cytube.queue) == 2


async def test_a_command_for_it_waits_as_long_as_any_other(stack: Stack) -> None:
    async with opened(stack) as channel:
        await fill(stack, channel, "a", "b")
        joins(stack, "bob")
        adds(stack, "bob", manifest(stack, "slow", slow=3.5))

        async with under_way(channel.move(0, after=1, generation=await era(channel))) as move:
            await has_sent(stack, "moveMedia")
        assert move.result is None
        assert move.seconds > 3
        await agrees(stack, channel)
