"""The commands of a whole service in memory, over a bus that only carries what a test sends."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from attrs import define, field

from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import SeededRandomness
from playlist_app.commands.door import CommandDoor, command_door
from playlist_app.commands.orders import Command
from playlist_app.commands.port import Answer
from playlist_app.config import Settings
from playlist_app.metrics import Metrics
from playlist_app.services import Services
from tests.http.house import ADMIN, House, open_house

SERVER_LIMIT = 1024 * 1024


@define(eq=False)
class Sent:
    """A request under way; `replies` are all that came, of which there shall be one."""

    subject: str
    body: bytes
    reply_limit: int = SERVER_LIMIT
    replies: list[bytes] = field(factory=list)
    _replied: anyio.Event = field(factory=anyio.Event)

    async def reply(self, payload: bytes) -> None:
        self.replies.append(payload)
        self._replied.set()

    async def answer(self) -> dict[str, Any]:
        with anyio.fail_after(30):
            await self._replied.wait()
        (payload,) = self.replies
        assert len(payload) <= self.reply_limit
        return json.loads(payload)


@define(eq=False)
class WireBus:
    """A `CommandBus` without anything between: what is sent is heard by whoever serves the subject."""

    served: dict[str, tuple[str, Callable[[Sent], object]]] = field(factory=dict)

    @asynccontextmanager
    async def serve(self, subject: str, answer: Answer, *, queue: str) -> AsyncGenerator[None, None]:
        async with anyio.create_task_group() as tasks:
            self.served[subject] = (queue, lambda sent: tasks.start_soon(answer, sent))
            try:
                yield
            finally:
                del self.served[subject]

    def send(self, subject: str, body: bytes, *, reply_limit: int = SERVER_LIMIT) -> Sent:
        sent = Sent(subject, body, reply_limit)
        stem = subject.rpartition(".")[0]
        _, hear = self.served.get(subject) or self.served[f"{stem}.*"]
        hear(sent)
        return sent


@define(eq=False)
class CommandWorld:
    """A service and what is asked of it; who asks is alice the admin, unless a test says otherwise."""

    house: House
    door: CommandDoor
    bus: WireBus
    metrics: Metrics

    @property
    def services(self) -> Services:
        return self.house.services

    @property
    def commands(self) -> dict[str, Command]:
        return dict(self.door.desk.commands)

    async def ask(self, command: str, *, by: str | None = ADMIN, **fields: Any) -> dict[str, Any]:
        """The reply on the subject of a command."""
        if by is not None:
            fields["requested_by"] = by
        return await self.ask_raw(f"kryten.playlist.cmd.{command}", fields)

    async def envelope(self, **message: Any) -> dict[str, Any]:
        """The reply on the subject that all commands share."""
        return await self.ask_raw("kryten.playlist.command", message)

    async def ask_raw(self, subject: str, message: Any) -> dict[str, Any]:
        """The reply to a message that is sent as it is when it is bytes, otherwise as JSON."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return await self.bus.send(subject, body).answer()


@asynccontextmanager
async def open_commands(
    settings: Settings | None = None,
    *,
    source: FakeSource | None = None,
    with_catalog: bool = True,
    services: Callable[[Services], Services] = lambda services: services,
    commands: Callable[[dict[str, Command]], dict[str, Command]] = lambda commands: commands,
) -> AsyncGenerator[CommandWorld, None]:
    """`services` may break a part of the service, `commands` add a command of the test's own."""
    async with open_house(settings, source=source, with_catalog=with_catalog) as house:
        metrics = Metrics.of("1.2.3")
        door = command_door(services(house.services), metrics, randomness=SeededRandomness())
        door.desk.commands = commands(dict(door.desk.commands))
        bus = WireBus()
        async with door.open(bus):
            yield CommandWorld(house, door, bus, metrics)
