"""The bus over a real nats-server: the truth about the connection, and its buckets."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import define, field
from nats.aio.msg import Msg

from playlist_adapters.bus import Announced, Bus, open_bus
from playlist_app.config import NatsSettings
from playlist_core.errors import InvalidInput, PlaylistError, Unavailable
from tests.peers.nats_server import NatsServer, running

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

PATIENCE = 20


@pytest.fixture
async def bus(own_nats: NatsServer) -> AsyncIterator[Bus]:
    async with open_bus(own_nats.config()) as bus:
        yield bus


async def until_connected(bus: Bus, wanted: bool) -> None:
    with anyio.fail_after(PATIENCE):
        while bus.connected is not wanted:  # noqa: ASYNC110 - there is nobody to ask
            await anyio.sleep(0.01)


async def test_an_outage_is_told_at_once_though_kryten_py_does_not_see_it(
    bus: Bus, own_nats: NatsServer
) -> None:
    bus.require_connection()
    own_nats.kill()
    await until_connected(bus, False)

    assert bus.client.is_connected
    with pytest.raises(Unavailable) as refused:
        bus.require_connection()
    assert (refused.value.code, refused.value.details) == ("nats_unavailable", {"dependency": "nats"})


async def test_what_is_published_in_an_outage_fails_at_once_and_never_arrives(
    bus: Bus, own_nats: NatsServer
) -> None:
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    await bus.client.subscribe("said", hear)
    own_nats.kill()
    await until_connected(bus, False)
    with pytest.raises(Exception, match="outbound buffer limit exceeded"):
        await bus.client.publish("said", "late")
    own_nats.start()
    await until_connected(bus, True)
    await bus.client.publish("said", "in time")

    with anyio.fail_after(PATIENCE):
        while not heard:
            await checkpoint()
    assert heard == [b"in time"]


async def test_a_reconnection_is_counted_and_told_to_who_asked(bus: Bus, own_nats: NatsServer) -> None:
    told = anyio.Event()
    forgotten: list[int] = []
    with bus.on_reconnect(lambda: forgotten.append(1)):
        pass
    with bus.on_reconnect(told.set):
        assert bus.connections == 1
        own_nats.kill()
        await until_connected(bus, False)
        own_nats.start()
        with anyio.fail_after(PATIENCE):
            await told.wait()

    assert (bus.connected, bus.connections, forgotten) == (True, 2, [])
    bus.require_connection()


async def test_a_connection_that_nats_closes_for_good_says_so(bus: Bus) -> None:
    with pytest.raises(Exception, match="timeout"):
        # More than the server takes, which nats-py sees only in the value itself: the server hangs up.
        await bus.jetstream().publish("any", b"x" * bus.max_payload, headers={"More": "x"}, timeout=0.5)

    with anyio.fail_after(PATIENCE):
        await bus.closed()
    with pytest.raises(Unavailable, match="closed the connection"):
        bus.require_connection()


async def test_nats_that_is_not_there_is_unavailable_after_the_patience(own_nats: NatsServer) -> None:
    own_nats.kill()
    with pytest.raises(Unavailable, match="cannot be reached"):
        async with open_bus(own_nats.config(), patience=0.5):
            pass


async def test_a_peer_that_says_nothing_is_unavailable_after_the_patience() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        silent = NatsSettings(servers=(f"nats://127.0.0.1:{port}",))
        with pytest.raises(Unavailable, match="cannot be reached"):
            async with open_bus(silent, patience=0.5):
                pass


async def test_wrong_credentials_are_named_as_the_reason_and_told_nowhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running("--user", "kryten", "--pass", "right") as server, caplog.at_level(logging.DEBUG):
        with pytest.raises(Unavailable, match="refused the user") as refused:
            async with open_bus(server.config(user="kryten", password="hush-hush"), patience=1):
                pass
        async with open_bus(server.config(user="kryten", password="right")) as bus:
            assert bus.connected

    assert "hush-hush" not in caplog.text + repr(refused.value.__cause__)
    assert "right" not in caplog.text


async def test_an_address_that_holds_a_password_is_refused_because_it_would_be_logged() -> None:
    with pytest.raises(InvalidInput, match="apart from the address") as refused:
        async with open_bus(NatsSettings(servers=("nats://a:secret@x",))):
            pass
    assert "secret" not in refused.value.message


async def test_a_bus_that_was_left_is_disconnected(own_nats: NatsServer) -> None:
    async with open_bus(own_nats.config()) as bus:
        pass
    assert not bus.connected
    with pytest.raises(PlaylistError):
        bus.require_connection()


@define(eq=False)
class HangsUp:
    """A server that is only starting: it takes connections and ends them at once."""

    port: int
    times: int = 0
    _heard: anyio.Event = field(factory=anyio.Event)

    async def hang_up(self, stream: anyio.abc.SocketStream) -> None:
        await stream.aclose()
        self.times += 1
        heard, self._heard = self._heard, anyio.Event()
        heard.set()

    async def until(self, times: int) -> None:
        with anyio.fail_after(PATIENCE):
            while self.times < times:
                await self._heard.wait()


@asynccontextmanager
async def hangs_up() -> AsyncGenerator[HangsUp, None]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        server = HangsUp(listener.extra(anyio.abc.SocketAttribute.local_port))
        tasks.start_soon(listener.serve, server.hang_up)
        yield server
        tasks.cancel_scope.cancel()


async def test_an_outage_is_logged_in_a_few_lines_and_the_next_one_again(
    own_nats: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Three servers that fail each in its way, in turn; and heartbeats that cannot be sent."""

    async def outage() -> list[str]:
        caplog.clear()
        connections, hung_up = bus.connections, starting.times
        own_nats.kill()
        await until_connected(bus, False)
        await starting.until(hung_up + 3)
        assert bus.client.lifecycle is not None
        for _ in range(5):
            await bus.client.lifecycle.publish_heartbeat()
        logged = [record for record in caplog.records if record.name.startswith("kryten_playlist.bus")]
        own_nats.start()
        with anyio.fail_after(PATIENCE):
            while bus.connections == connections:  # noqa: ASYNC110 - there is nobody to ask
                await anyio.sleep(0.01)
        assert [record.exc_info for record in logged if record.exc_info] == []
        return sorted(record.getMessage() for record in logged)

    async with hangs_up() as starting:
        servers = (own_nats.url, "nats://127.0.0.1:1", f"nats://127.0.0.1:{starting.port}")
        announced = Announced(name="playlist", version="1")
        async with open_bus(own_nats.config(servers=servers), announced=announced) as bus:
            first, second = await outage(), await outage()

    assert len(first) == len(set(first)) <= 7
    assert "Failed to publish heartbeat: nats: outbound buffer limit exceeded" in first
    assert [line for line in first if line.startswith("NATS: ") and "Connect call failed" in line]
    assert set(second) >= {line for line in first if "heartbeat" in line or "Connect call failed" in line}
    assert len(second) == len(set(second)) <= 7


async def test_one_server_that_refuses_us_again_and_again_does_not_speak_for_the_other() -> None:
    with running("--user", "kryten", "--pass", "right") as refusing:
        async with hangs_up() as starting:
            servers = (refusing.url, f"nats://127.0.0.1:{starting.port}")
            nats = refusing.config(servers=servers, user="kryten", password="wrong")
            with pytest.raises(Unavailable, match="refused the user"):
                async with open_bus(nats, patience=4):
                    pass
            assert starting.times >= 3


async def test_two_servers_that_both_refuse_us_end_the_attempt_at_once() -> None:
    access = ("--user", "kryten", "--pass", "right")
    with running(*access) as one, running(*access) as other:
        nats = one.config(servers=(one.url, other.url), user="kryten", password="wrong")
        with anyio.fail_after(PATIENCE), pytest.raises(Unavailable, match="refused the user"):
            async with open_bus(nats, patience=10 * PATIENCE):
                pass
