"""All that stands around the service: a nats-server, the double of CyTube, and the robot between them."""

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import nats
from attrs import define
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from tests.peers import cytube, nats_server, robot
from tests.peers.cytube import CyTube
from tests.peers.nats_server import NatsServer
from tests.peers.robot import Robot

PATIENCE = 20


@define(eq=False)
class Ear:
    """Hears what the robot publishes of the channel, and may ask it things over the same connection."""

    client: Client
    _cytube: CyTube
    _events: Subscription
    _taken: int

    async def take(self, count: int) -> list[tuple[str, Any]]:
        """The next `count` events (name, payload), waited for."""
        messages = [await self._events.next_msg(PATIENCE) for _ in range(count)]
        said = [json.loads(message.data) for message in messages]
        self._taken += count
        return [(event["event_name"], event["payload"]) for event in said]

    async def take_all(self) -> list[tuple[str, Any]]:
        """The events for all frames that the bot's socket was given since; not beyond a robot's life."""
        return await self.take(self._cytube.told - self._taken)


@define(eq=False)
class Stack:
    """The three, each of which can be killed and started again; see their hands."""

    nats: NatsServer
    cytube: CyTube
    robot: Robot

    async def reset(self) -> None:
        """An empty default channel, and the robot in it, up to date and ready for commands.

        A robot that still has commands of an earlier test to carry out is started anew. nats-server has to
        be there; a robot that was long without it is deaf for good and takes as long to be noticed.
        """
        if not self.robot.alive or (self.cytube.told and await self.robot.busy()):
            self.robot.start()
        self.cytube.reset()
        await self.robot.ready()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Ear, None]:
        """An ear from now on, at a time when the robot is `ready`."""
        async with await nats.connect(self.nats.url) as client:
            events = await client.subscribe(f"kryten.events.cytube.{self.cytube.channel.lower()}.>")
            await client.flush()
            yield Ear(client, self.cytube, events, self.cytube.told)


@contextmanager
def running() -> Iterator[Stack]:
    """A stack that has been started; the robot is still on its way into the channel."""
    with (
        nats_server.running() as nats,
        cytube.running() as channel,
        robot.running(channel, nats) as bot,
    ):
        yield Stack(nats, channel, bot)
