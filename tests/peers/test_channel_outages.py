"""The adapter through outages of NATS: its own, which the robot does not notice, and everybody's."""

import time
from collections.abc import AsyncIterator

import anyio
import nats
import pytest

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_core.domain.identity import Username
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown
from tests.peers.cable import Cable, cable_to
from tests.peers.channels import (
    END,
    adds,
    agrees,
    back,
    fill,
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


@pytest.fixture
async def cable(stack: Stack) -> AsyncIterator[Cable]:
    """What stands between the adapter alone and nats-server."""
    async with cable_to(stack.nats.port) as cable:
        yield cable


def rearranges(stack: Stack, name: str) -> None:
    """Somebody moves, removes and changes things: whoever hears it twice has another order in the end."""
    (a, _, c, d) = (item.uid for item in stack.cytube.queue[:4])
    hands = stack.cytube
    hands.do(lambda channel: channel.as_user(name).move(a, after=c))
    hands.do(lambda channel: channel.as_user(name).move(c, after=None))
    hands.do(lambda channel: channel.as_user(name).remove(d))
    hands.do(lambda channel: channel.as_user(name).send("setTemp", {"uid": c, "temp": True}))
    hands.do(lambda channel: channel.as_user(name).send("jumpTo", a))


async def test_what_happens_while_our_connection_is_cut_is_seen_afterwards(
    stack: Stack, cable: Cable
) -> None:
    joins(stack, "bob")
    async with opened(stack, url=cable.url) as channel:
        await fill(stack, channel, "used-up", "a", "b", "c", "d")
        await channel.remove(0, generation=(await channel.snapshot()).generation)
        old = (await channel.snapshot()).generation
        so_far = sent(stack)

        cable.cut()
        rearranges(stack, "bob")
        adds(stack, "bob", manifest(stack, "theirs"))
        await stack.cytube.until(lambda stage: len(stage.channel.queue) == 4)
        await cable.mend()

        assert (await back(channel)).generation > old
        await agrees_but_for_flags(stack, channel)
        assert sent(stack) == so_far


async def agrees_but_for_flags(stack: Stack, channel: KrytenChannel) -> None:
    """The robot does not hear of a changed flag, so it is lost to whoever did not hear it either."""
    await heard(stack, channel)
    seen, there = await channel.snapshot(), stack.cytube.queue
    assert [(item.uid, item.title) for item in seen.items] == [(item.uid, item.title) for item in there]


@pytest.mark.parametrize("shuffled", [False, True], ids=["list", "shuffled"])
async def test_the_first_item_ever_that_comes_or_goes_while_our_connection_is_cut_is_no_exception(
    stack: Stack, cable: Cable, shuffled: bool
) -> None:
    joins(stack, "bob")
    async with opened(stack, url=cable.url) as channel:
        await back(channel)
        cable.cut()
        adds(stack, "bob", manifest(stack, "first"))
        adds(stack, "bob", manifest(stack, "second"))
        await stack.cytube.until(lambda stage: len(stage.channel.queue) == 2)
        await cable.mend()
        await back(channel)
        await agrees(stack, channel)
        assert [item.uid for item in stack.cytube.queue] == [0, 1]

        cable.cut()
        if shuffled:
            stack.cytube.do(lambda channel: channel.as_user("bob").shuffle())
        else:
            stack.cytube.do(lambda channel: channel.as_user("bob").remove(0))
        await cable.mend()
        await back(channel)
        await agrees(stack, channel)
        assert 0 not in [item.uid for item in stack.cytube.queue]


async def dropped(stack: Stack) -> int:
    """How many events the robot gave up telling."""
    async with await nats.connect(stack.nats.url) as client:
        return (await stack.robot.inquire(client, "system.stats"))["data"]["events"]["failed"]


@pytest.mark.parametrize("seconds", [2, 9])
async def test_an_outage_of_nats_leaves_no_trace_but_what_it_made_unknown(
    own_stack: Stack, seconds: int
) -> None:
    """The robot answers up to 4 s before it has told what happened meanwhile, and drops events after 7 s."""
    stack = own_stack
    joins(stack, "bob")
    async with opened(stack) as channel:
        await fill(stack, channel, "a", "b", "c", "d")
        old = (await channel.snapshot()).generation
        so_far = sent(stack)
        slow = manifest(stack, "slow", slow=0.5)
        async with (
            under_way(channel.add(slow, position=END, temp=False)) as add,
            under_way(channel.send(Username("bob"), "before")) as waiting,
            under_way(channel.remove(1, generation=old)) as remove,
        ):
            await has_sent(stack, "queue", 5)
            stack.nats.kill()
            until = time.monotonic() + seconds
            await stack.cytube.until(lambda stage: len(stage.channel.queue) == 5)
            rearranges(stack, "bob")
            adds(stack, "bob", manifest(stack, "theirs"))
            for command in (
                channel.send(Username("bob"), "during"),
                channel.add(manifest(stack, "refused"), position=END, temp=False),
                channel.snapshot(),
            ):
                with pytest.raises(ChannelUnavailable):
                    await command
            await anyio.sleep(max(0.0, until - time.monotonic()))
            stack.nats.start()
        assert isinstance(add.result, OutcomeUnknown)
        assert isinstance(waiting.result, ChannelUnavailable)
        assert isinstance(remove.result, ChannelUnavailable | OutcomeUnknown)

        assert (await back(channel)).generation > old
        assert await dropped(stack) == (seconds > 7)
        await agrees(stack, channel)
        (e,) = await fill(stack, channel, "e")
        await channel.send(Username("bob"), "after")
        await agrees(stack, channel)
        ours = [(event, payload) for event, payload in sent(stack)[len(so_far) :] if event != "setTemp"]
        assert [(event, payload.get("id") or payload.get("msg")) for event, payload in ours] == [
            ("queue", slow),
            ("queue", e.media_id),
            ("pm", "after"),
        ]
        assert [pm.text for pm in stack.cytube.do(lambda double: double.inbox("bob"))] == ["after"]
