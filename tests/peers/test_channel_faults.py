"""Adds that the robot answers wrongly, late or for somebody else, over the real robot."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest
from nats.aio.msg import Msg

from playlist_adapters.channel.simulated import BOT
from playlist_core.domain.queue import QueueItem, Refusal
from playlist_core.errors import QueueRefused
from tests.peers.channels import END, adds, agrees, fill, heard, joins, manifest, opened, under_way
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio


@asynccontextmanager
async def overhearing(stack: Stack) -> AsyncIterator[list[int | None]]:
    """The uids that the robot names in its replies to adds, while the context is open."""
    uids: list[int | None] = []

    async def hear(message: Msg) -> None:
        said = json.loads(message.data)
        if said.get("command") == "addvideo":
            uids.append(said["data"].get("uid"))

    async with await nats.connect(stack.nats.url) as client:
        await client.subscribe("_INBOX.>", cb=hear)
        await client.flush()
        yield uids


async def test_an_add_that_the_robot_answers_with_a_strangers_item_returns_ours(stack: Stack) -> None:
    async with opened(stack) as channel, overhearing(stack) as told:
        joins(stack, "bob")
        adds(stack, "bob", manifest(stack, "theirs", slow=0.5))
        ours = await channel.add(manifest(stack, "ours", slow=0.2), position=END, temp=False)

        (theirs, inserted) = stack.cytube.queue
        assert (theirs.title, told) == ("theirs", [theirs.uid])
        assert (
            ours
            == inserted
            == QueueItem(
                1,
                "https://media.example/ours.json",
                media_type="cm",
                title="ours",
                seconds=600,
                temp=False,
                queueby=BOT,
            )
        )


async def test_an_add_that_fails_after_the_robot_has_called_a_strangers_item_its_success_is_refused(
    stack: Stack,
) -> None:
    async with opened(stack) as channel, overhearing(stack) as told:
        joins(stack, "bob")
        adds(stack, "bob", manifest(stack, "theirs", slow=0.5))
        with pytest.raises(QueueRefused) as refusal:
            await channel.add(manifest(stack, "ours", slow=0.2, broken=True), position=END, temp=False)

        assert refusal.value.reason == Refusal.BAD_MANIFEST
        assert told == [item.uid for item in stack.cytube.queue]
        await agrees(stack, channel)


async def test_an_add_of_9_seconds_which_the_robot_gives_up_after_8_is_confirmed(stack: Stack) -> None:
    async with opened(stack) as channel, overhearing(stack) as told:
        slow = await channel.add(manifest(stack, "slow", slow=9), position=END, temp=False)

        assert (told, stack.cytube.queue) == ([None], (slow,))


async def test_of_two_services_that_add_the_same_at_once_one_has_it_and_the_other_is_refused(
    stack: Stack,
) -> None:
    async with opened(stack) as one, opened(stack) as other:
        for n in range(4):
            url = manifest(stack, f"wanted-{n}", slow=0.05)
            async with (
                under_way(one.add(url, position=END, temp=False)) as first,
                under_way(other.add(url, position=END, temp=False)) as second,
            ):
                pass

            item = stack.cytube.queue[-1]
            outcomes = [first.result, second.result]
            assert item in outcomes
            (refusal,) = [each for each in outcomes if each != item]
            assert (type(refusal), getattr(refusal, "reason", None)) == (QueueRefused, Refusal.DUPLICATE)
        assert len(stack.cytube.queue) == 4


async def test_two_services_see_each_others_items_as_the_bots(stack: Stack) -> None:
    async with opened(stack) as one, opened(stack) as other:
        (a,) = await fill(stack, one, "a")
        (b,) = await fill(stack, other, "b")

        for channel in (one, other):
            await heard(stack, channel)
            assert (await channel.snapshot()).items == (a, b)
        assert (a.queueby, b.queueby) == (BOT, BOT)
