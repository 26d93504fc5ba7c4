"""The channel ports over the real robot, a real nats-server and the double of CyTube."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import anyio
import pytest
from attrs import define, field

from playlist_adapters.bus import open_bus
from playlist_adapters.channel.kryten import KrytenChannel, Wish, open_channel
from playlist_adapters.channel.simulated import BOT, FetchFailure, Manifest
from playlist_adapters.system import SystemClock
from playlist_adapters.testing.channel_plays_suite import PlayContract
from playlist_adapters.testing.channel_stage import ChannelStage
from playlist_adapters.testing.channel_suite import ChannelContract
from playlist_core.domain.identity import Username
from playlist_core.errors import PlaylistError
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio
PATIENCE = 20
NOT_THERE = "Expected HTTP 200 OK, not 404 Not Found"


@define(eq=False)
class RobotStage(ChannelStage):
    """Hands on the double, each of which returns when the adapter has heard what came of it."""

    stack: Stack
    channel: KrytenChannel
    clock: SystemClock = field(factory=SystemClock)
    bot: str = BOT
    add_takes: float = 3.0
    there: bool = True
    _marks: int = 0

    @property
    def gateway(self) -> KrytenChannel:
        return self.channel

    @property
    def pms(self) -> KrytenChannel:
        return self.channel

    @property
    def users(self) -> KrytenChannel:
        return self.channel

    @property
    def plays(self) -> KrytenChannel:
        return self.channel

    def manifest(self, slug: str, *, seconds: int = 600, slow: float = 0, broken: bool = False) -> str:
        url = f"https://media.example/{slug}.json"
        delay = timedelta(seconds=slow)
        self.stack.cytube.website.answers[url] = (
            FetchFailure(text=NOT_THERE, delay=delay)
            if broken
            else Manifest(title=slug, seconds=seconds, delay=delay)
        )
        return url

    async def join(self, name: str, rank: float) -> None:
        self.stack.cytube.do(lambda channel: channel.join(name, rank))
        await self.heard()

    async def leave(self, name: str) -> None:
        self.stack.cytube.do(lambda channel: channel.leave(name))
        await self.heard()

    async def send_as(self, name: str, event: str, payload: Any = None) -> None:
        args = () if payload is None else (payload,)
        self.stack.cytube.do(lambda channel: channel.as_user(name).send(event, *args))
        await self.heard()

    async def messages_to(self, name: str) -> Sequence[str]:
        return [pm.html for pm in self.stack.cytube.do(lambda channel: channel.inbox(name))]

    async def disconnect(self) -> None:
        self.stack.robot.kill()
        self.there = False
        with anyio.fail_after(PATIENCE):
            while await self._answers():  # noqa: ASYNC110 - it is asked, it does not tell
                await anyio.sleep(0.02)

    async def reconnect(self) -> None:
        self.stack.robot.start()
        self.there = True
        await self.stack.robot.ready()
        with anyio.fail_after(PATIENCE):
            while not await self._answers():  # noqa: ASYNC110 - it is asked, it does not tell
                await anyio.sleep(0.02)

    async def heard(self) -> None:
        """Return when the adapter has heard all that the channel has told so far: events keep their order."""
        if not self.there:
            return
        self._marks += 1
        mark = f"mark_{self._marks}"
        self.stack.cytube.do(lambda channel: channel.join(mark, 0))
        with anyio.fail_after(PATIENCE):
            while await self.channel.present(Username(mark)) is None:
                await self.channel.following.changed()
        self.stack.cytube.do(lambda channel: channel.leave(mark))

    async def _answers(self) -> bool:
        with suppress(PlaylistError):
            await self.channel.snapshot()
            return True
        return False


@pytest.fixture
async def stage(stack: Stack) -> AsyncIterator[RobotStage]:
    """A channel that is empty but for the bot."""
    async with (
        open_bus(stack.nats.config()) as bus,
        open_channel(bus, Wish(), clock=SystemClock(), patience=PATIENCE, add_takes=3.0) as channel,
    ):
        yield RobotStage(stack, channel)


class TestKrytenChannel(ChannelContract, PlayContract):
    pass
