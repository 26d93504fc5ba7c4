"""How the service lives and ends as part of an installation: its door, its listing, its restarts."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial

import anyio
import anyio.abc
import anyio.lowlevel
import pytest
from attrs import define, field

from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import SeededRandomness
from playlist_app.config import Settings
from playlist_app.membership import Membership
from playlist_app.server import address_of, bind
from playlist_app.supervisor import serve_member
from playlist_app.tasks import background
from playlist_app.wiring import wire_memory
from playlist_core.errors import Unavailable
from tests.unit.command_world import WireBus

pytestmark = pytest.mark.anyio


@define(eq=False)
class Installation:
    """The other services, as far as a member hears of them."""

    bus: WireBus = field(factory=WireBus)
    listed: anyio.Event = field(factory=anyio.Event)
    restart: anyio.Event = field(factory=anyio.Event)
    nats_gone: anyio.Event = field(factory=anyio.Event)

    async def stay_listed(self) -> None:
        self.listed.set()
        await anyio.sleep_forever()

    @asynccontextmanager
    async def member(self) -> AsyncGenerator[Membership, None]:
        async with wire_memory(Settings(), FakeSource()) as services:
            yield Membership(
                services,
                requests=self.bus,
                randomness=SeededRandomness(),
                connected=lambda: True,
                channel_name=lambda: "Movies",
                stay_listed=self.stay_listed,
                told_to_restart=self.restart.wait,
                closed=self.nats_gone.wait,
            )


async def talk(bound: socket.socket, text: str) -> anyio.abc.SocketStream:
    stream = await anyio.connect_tcp(*address_of(bound))
    await stream.send(text.encode())
    return stream


async def test_a_member_is_listed_and_takes_commands_until_all_services_restart() -> None:
    there = Installation()
    with bind("127.0.0.1", 0) as bound, anyio.fail_after(20):
        async with there.member() as member, background() as tasks:
            ended = anyio.Event()

            async def live() -> None:
                await serve_member(member, bound, ready=lambda: None)
                ended.set()

            tasks.start_soon(live)
            await there.listed.wait()
            assert set(there.bus.served) == {"kryten.playlist.cmd.*", "kryten.playlist.command"}
            there.restart.set()
            await ended.wait()
    assert there.bus.served == {}


async def test_without_nats_for_good_it_ends_so_that_it_is_started_anew() -> None:
    there = Installation()
    there.nats_gone.set()
    with bind("127.0.0.1", 0) as bound, anyio.fail_after(20):
        async with there.member() as member:
            with pytest.raises(Unavailable, match="for good"):
                await serve_member(member, bound, ready=lambda: None)


async def test_from_the_moment_of_stopping_no_command_is_heard_whoever_still_holds_a_connection() -> None:
    there = Installation()
    with bind("127.0.0.1", 0) as bound, anyio.fail_after(20):
        async with there.member() as member, background() as tasks:
            answering = anyio.Event()
            tasks.start_soon(partial(serve_member, member, bound, ready=answering.set))
            await answering.wait()
            half = await talk(
                bound, "POST /api/v1/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
            )
            there.restart.set()
            while there.bus.served:
                await anyio.lowlevel.checkpoint()
            # The server still waits for the rest of that request.
            with suppress(anyio.EndOfStream), anyio.move_on_after(0):
                assert await half.receive() == b""
            await half.aclose()


async def test_metrics_are_told_on_their_own_port_before_it_is_said_to_be_ready() -> None:
    there = Installation()
    with bind("127.0.0.1", 0) as bound, bind("127.0.0.1", 0) as beside, anyio.fail_after(20):
        async with there.member() as member, background() as tasks:
            ready = anyio.Event()
            tasks.start_soon(partial(serve_member, member, bound, ready=ready.set, metrics_bound=beside))
            await ready.wait()
            answer = await talk(beside, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert (await answer.receive()).startswith(b"HTTP/1.1 200")
            await answer.aclose()
