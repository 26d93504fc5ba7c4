"""The adapter over a whole stack, and what the tests of its faults do again and again."""

from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import count
from typing import Any

import anyio
from attrs import define, field

from playlist_adapters.bus import open_bus
from playlist_adapters.channel.kryten import KrytenChannel, Wish, open_channel
from playlist_adapters.channel.simulated import BOT, FetchFailure, Manifest, SimulatedChannel
from playlist_adapters.system import SystemClock
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot
from playlist_core.errors import ChannelUnavailable
from tests.peers.nats_server import NatsServer
from tests.peers.stack import Stack

PATIENCE = 20
END = Position.END
# What a client sends when it comes; everything else it was told to send.
JOINING = frozenset({"joinChannel", "login", "initChannelCallbacks", "playerReady"})
_marks = count()


@asynccontextmanager
async def opened(
    where: Stack | NatsServer,
    *,
    wish: Wish | None = None,
    url: str | None = None,
    add_takes: float = 12.0,
    patience: float = PATIENCE,
) -> AsyncGenerator[KrytenChannel, None]:
    """The channel as a service has it; through `url` instead of directly."""
    server = where.nats if isinstance(where, Stack) else where
    clock, wish = SystemClock(), wish or Wish()
    async with (
        open_bus(server.config(servers=(url or server.url,))) as bus,
        open_channel(bus, wish, clock=clock, patience=patience, add_takes=add_takes) as channel,
    ):
        yield channel


def manifest(stack: Stack, slug: str, *, seconds: int = 600, slow: float = 0, broken: bool = False) -> str:
    """The address of a manifest titled `slug`; it answers after `slow` seconds, a broken one with 404."""
    url, delay = f"https://media.example/{slug}.json", timedelta(seconds=slow)
    stack.cytube.website.answers[url] = (
        FetchFailure(text="Expected HTTP 200 OK, not 404 Not Found", delay=delay)
        if broken
        else Manifest(title=slug, seconds=seconds, delay=delay)
    )
    return url


async def fill(stack: Stack, channel: KrytenChannel, *slugs: str) -> list[QueueItem]:
    return [await channel.add(manifest(stack, slug), position=END, temp=False) for slug in slugs]


def adds(stack: Stack, name: str, url: str) -> None:
    """Let somebody who is in the channel add something."""
    stack.cytube.do(lambda channel: channel.as_user(name).add(url))


def gives_bot_rank(stack: Stack, rank: float) -> None:
    """What CyTube tells when somebody of rank 3 gives the bot another rank; the name as they typed it."""

    def give(channel: SimulatedChannel) -> None:
        bot = channel.room.audience.named(BOT)
        assert bot is not None
        bot.rank = rank
        channel.room.audience.tell(bot, "rank", rank)
        channel.room.audience.tell_all("setUserRank", {"name": BOT.upper(), "rank": rank})

    stack.cytube.do(give)


def joins(stack: Stack, name: str, rank: float = 2) -> None:
    stack.cytube.do(lambda channel: channel.join(name, rank))


def sent(stack: Stack) -> list[tuple[str, Any]]:
    """What the bot was told to send, oldest first."""
    return [(each.event, each.payload) for each in stack.cytube.heard if each.event not in JOINING]


async def has_sent(stack: Stack, event: str, times: int = 1) -> None:
    """Return when the bot has sent such a frame so often."""
    await stack.cytube.until(lambda stage: sum(each.event == event for each in stage.heard) >= times)


async def heard(stack: Stack, channel: KrytenChannel) -> None:
    """Return when the adapter has heard all that the channel has told so far: events keep their order."""
    mark = f"mark_{next(_marks)}"
    stack.cytube.do(lambda double: double.join(mark, 0))
    with anyio.fail_after(PATIENCE):
        while await channel.present(Username(mark)) is None:
            await channel.following.changed()
    stack.cytube.do(lambda double: double.leave(mark))


async def back(channel: KrytenChannel) -> QueueSnapshot:
    """The first snapshot that can be had."""
    with anyio.fail_after(PATIENCE):
        while True:
            with suppress(ChannelUnavailable):
                return await channel.snapshot()
            await anyio.sleep(0.05)


async def away(channel: KrytenChannel) -> ChannelUnavailable:
    """Return when no snapshot can be had any more, with the reason."""
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                await channel.snapshot()
            except ChannelUnavailable as exc:
                return exc
            await anyio.sleep(0.02)


async def agrees(stack: Stack, channel: KrytenChannel) -> None:
    """The adapter shows exactly what is in the channel, in its order, with its flags and what plays."""
    await heard(stack, channel)
    seen, playing = await channel.snapshot(), stack.cytube.do(lambda double: double.now_playing)
    assert seen.items == stack.cytube.queue, f"{seen.items} instead of {stack.cytube.queue}"
    assert (seen.playing and seen.playing.uid) == (playing and playing.uid), f"{seen} instead of {playing}"


@define(eq=False)
class Outcome:
    """What became of a command that goes on beside the test."""

    result: Any = None
    done: anyio.Event = field(factory=anyio.Event)
    seconds: float = 0.0


@asynccontextmanager
async def under_way(command: Awaitable[Any]) -> AsyncGenerator[Outcome, None]:
    """A command that runs meanwhile; at the end it is through, and its outcome a value or its error."""
    outcome = Outcome()

    async def carry() -> None:
        began = anyio.current_time()
        try:
            outcome.result = await command
        except Exception as exc:  # noqa: BLE001 - the test looks at it
            outcome.result = exc
        outcome.seconds = anyio.current_time() - began
        outcome.done.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(carry)
        yield outcome
        with anyio.fail_after(PATIENCE):
            await outcome.done.wait()
