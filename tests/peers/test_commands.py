"""Commands and lifecycle over a real nats-server, with two services on it."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any

import anyio
import nats
import pytest
from anyio.abc import TaskStatus
from anyio.lowlevel import checkpoint
from attrs import define, field
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.api import StreamConfig

from playlist_adapters.bus import Announced, Bus, open_bus
from playlist_adapters.lifecycle import Lifecycle
from playlist_adapters.requests import BusRequest, BusRequests
from playlist_adapters.testing.time import SeededRandomness
from playlist_app.commands.door import command_door
from playlist_app.config import Settings
from playlist_app.metrics import Metrics
from playlist_app.services import Services
from playlist_app.wiring import wire_memory
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import PlaylistItem
from playlist_core.errors import InvalidInput, OutcomeUnknown, Unavailable
from tests.peers.nats_server import NatsServer, running

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

PATIENCE = 30
ADMIN = Actor(Username("alice"), Role.ADMIN)
_numbers = count(1)


@define(eq=False)
class Heard:
    """What came over some subjects, in order: the last part of each subject and what was in the message."""

    told: list[tuple[str, dict[str, Any]]] = field(factory=list)
    _more: anyio.Event = field(factory=anyio.Event)

    async def hear(self, message: Msg) -> None:
        self.told.append((message.subject.rpartition(".")[2], json.loads(message.data)))
        self._more.set()
        self._more = anyio.Event()

    async def until(self, enough: Callable[[list[str]], bool]) -> None:
        """Wait until the kinds of what was heard are enough."""
        with anyio.fail_after(PATIENCE):
            while not enough([kind for kind, _ in self.told]):
                await self._more.wait()


@pytest.fixture
def prefix() -> str:
    return f"tv{next(_numbers)}.kryten"


@pytest.fixture
async def caller(nats_server: NatsServer) -> AsyncIterator[Bus]:
    """Somebody else on the same NATS."""
    async with open_bus(nats_server.config()) as bus:
        yield bus


@asynccontextmanager
async def open_replica(server: NatsServer, prefix: str) -> AsyncGenerator[Services, None]:
    settings = Settings(admins=(ADMIN.username,), nats_subject_prefix=prefix)
    async with wire_memory(settings, None) as services, open_bus(server.config()) as bus:
        metrics = Metrics.of("1.2.3", nats_connected=lambda: bus.connected)
        door = command_door(services, metrics, randomness=SeededRandomness())
        async with door.open(BusRequests(bus)):
            yield services


async def blessed(services: Services) -> list[str]:
    return [member.username for member in await services.access.members(ADMIN, Role.BLESSED)]


async def test_of_two_services_one_acts_on_a_command_a_hundred_times_in_a_row(
    nats_server: NatsServer, caller: Bus, prefix: str
) -> None:
    names = [f"user{number}" for number in range(100)]
    async with open_replica(nats_server, prefix) as one, open_replica(nats_server, prefix) as other:
        replies: list[dict[str, Any]] = []

        async def bless(name: str) -> None:
            order = {"requested_by": "alice", "username": name, "correlation_id": name}
            replies.append(await caller.ask(f"{prefix}.playlist.cmd.blessed_add", order, timeout=PATIENCE))

        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(bless, name)
        assert sorted(reply["correlation_id"] for reply in replies) == sorted(names)
        assert {reply["status"] for reply in replies} == {"ok"}
        acted = [await blessed(one), await blessed(other)]
        assert sorted(acted[0] + acted[1]) == sorted(names)
        assert all(acted)


async def test_the_subjects_of_the_contract_are_those_without_any_settings(
    nats_server: NatsServer, caller: Bus
) -> None:
    async with open_replica(nats_server, "kryten"):
        told = await caller.ask("kryten.playlist.cmd.status", {}, timeout=PATIENCE)
        assert (told["status"], told["namespace"]) == ("ok", "default")
        envelope = {"service": "playlist", "command": "system.ping"}
        pong = await caller.client.nats_request("kryten.playlist.command", envelope, timeout=PATIENCE)
        assert (pong["success"], pong["data"]["pong"]) == (True, True)


async def test_what_is_no_json_and_what_is_no_command_is_answered(
    nats_server: NatsServer, prefix: str
) -> None:
    stranger = await nats.connect(nats_server.url)
    async with open_replica(nats_server, prefix):
        codes = []
        for subject, body in (
            ("cmd.status", b"{"),
            ("cmd.status", b"[]"),
            ("cmd.nonsense", b"{}"),
            ("command", b"\xff"),
        ):
            reply = await stranger.request(f"{prefix}.playlist.{subject}", body, timeout=PATIENCE)
            told = json.loads(reply.data)
            codes.append(told.get("code", told["error"]))
        assert codes == ["bad_json", "invalid", "unknown_command", "bad_json"]
    await stranger.close()


async def test_requests_are_answered_side_by_side(caller: Bus, prefix: str) -> None:
    second = anyio.Event()

    async def answer(request: BusRequest) -> None:
        if request.body == b'{"number": 1}':
            await second.wait()
        await request.reply(request.body)
        second.set()

    served = BusRequests(caller).serve(f"{prefix}.echo", answer, queue="q")
    async with served, anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: caller.ask(f"{prefix}.echo", {"number": 1}, timeout=PATIENCE))
        told = await caller.ask(f"{prefix}.echo", {"number": 2}, timeout=PATIENCE)
    assert told == {"number": 2}


async def test_a_bug_comes_out_where_the_subject_is_served(caller: Bus, prefix: str) -> None:
    async def answer(request: BusRequest) -> None:
        await request.reply(b"{}")
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        async with BusRequests(caller).serve(f"{prefix}.echo", answer, queue="q"):
            await caller.ask(f"{prefix}.echo", {}, timeout=PATIENCE)
            await anyio.sleep_forever()
    assert caught.group_contains(ZeroDivisionError)


async def test_who_wants_no_answer_has_it_done_all_the_same(
    nats_server: NatsServer, caller: Bus, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "kryten_playlist.requests")
    async with open_replica(nats_server, prefix) as service:
        order = {"requested_by": "alice", "username": "dave"}
        await caller.publish(f"{prefix}.playlist.cmd.blessed_add", json.dumps(order).encode())
        order = {"requested_by": "alice", "username": "erin"}
        message = {"command": "blessed_add", "args": order}
        await caller.publish(f"{prefix}.playlist.command", json.dumps(message).encode())
        with anyio.fail_after(PATIENCE):
            while await blessed(service) != ["dave", "erin"]:
                await checkpoint()
    assert [each for each in caplog.records if each.name == "kryten_playlist.requests"] == []


async def test_commands_are_served_again_after_nats_was_away(own_nats: NatsServer, prefix: str) -> None:
    async with open_replica(own_nats, prefix), open_bus(own_nats.config()) as caller:
        own_nats.kill()
        own_nats.start()
        told: dict[str, Any] = {}
        with anyio.fail_after(PATIENCE):
            while not told:
                await checkpoint()
                with suppress(Unavailable, OutcomeUnknown):
                    told = await caller.ask(f"{prefix}.playlist.cmd.status", {}, timeout=0.5)
        assert told["status"] == "ok"


async def test_a_reply_over_the_limit_of_the_server_does_not_cost_the_connection(
    nats_server: NatsServer, prefix: str
) -> None:
    with running() as small:
        small.kill()
        (small.directory / "small").write_text("max_payload: 4096\n")
        small.options = ("-c", str(small.directory / "small"))
        small.start()
        async with open_replica(small, prefix) as service, open_bus(small.config()) as caller:
            items = [PlaylistItem(f"video{number}") for number in range(100)]
            await service.library.playlists.create(ADMIN, "Night", items)
            order = {"requested_by": "alice", "playlist_name": "Night"}
            subject = f"{prefix}.playlist.cmd.playlists_show"
            told = await caller.ask(subject, order, timeout=PATIENCE)
            assert (told["error"], told["details"]) == ("reply_too_large", {"limit": 4096})
            told = await caller.ask(subject, order | {"limit": 5}, timeout=PATIENCE)
            assert (told["status"], told["item_count"], len(told["playlist"]["items"])) == ("ok", 100, 5)


@asynccontextmanager
async def announced(server: NatsServer, name: str) -> AsyncGenerator[Lifecycle, None]:
    """A service that other Kryten services know of."""
    about = Announced(name=name, version="1.2.3", heartbeat_seconds=5, http_port=28_290)
    async with open_bus(server.config(), announced=about) as bus, anyio.create_task_group() as tasks:
        lifecycle = Lifecycle(bus)
        tasks.start_soon(lifecycle.stay_listed)
        yield lifecycle
        tasks.cancel_scope.cancel()


async def test_the_robot_hears_of_us_whenever_its_list_may_have_lost_us(
    nats_server: NatsServer, caller: Bus
) -> None:
    name, heard = f"playlist-{next(_numbers)}", Heard()
    async with caller.listening(f"kryten.lifecycle.{name}.*", heard.hear):
        async with announced(nats_server, name):
            await heard.until(lambda kinds: kinds == ["startup"] * 2)
            async with announced(nats_server, name):
                await heard.until(lambda kinds: kinds == ["startup"] * 4)
                await caller.publish("kryten.service.discovery.poll", b"{}")
                await heard.until(lambda kinds: kinds == ["startup"] * 6)
                await caller.publish("kryten.lifecycle.robot.startup", b"{}")
                await heard.until(lambda kinds: kinds == ["startup"] * 8)
            # One of them leaves, which takes the name off the robot's list; the other one comes back onto it.
            await heard.until(lambda kinds: kinds[8:] == ["shutdown", "startup"])
            await heard.until(lambda kinds: kinds[-1] == "heartbeat")
        await heard.until(lambda kinds: kinds[-1] == "shutdown")
    about = heard.told[0][1]
    assert (about["service"], about["version"]) == (name, "1.2.3")
    assert about["metadata"]["endpoints"] == {
        "health": {"port": 28_290, "path": "/health"},
        "metrics": {"port": 28_290, "path": "/metrics"},
    }


async def test_after_an_outage_we_are_announced_again(own_nats: NatsServer) -> None:
    async with open_bus(own_nats.config()) as caller:
        # Written down by the server itself, so that nothing is missed by whoever comes back later.
        kept = StreamConfig("startups", subjects=["kryten.lifecycle.playlist.startup"])
        await caller.jetstream().add_stream(kept)

        async def until(startups: int) -> None:
            found = 0
            while found < startups:
                await checkpoint()
                with suppress(Error), anyio.move_on_after(0.5):
                    found = (await caller.jetstream().stream_info("startups")).state.messages

        async with announced(own_nats, "playlist"):
            with anyio.fail_after(PATIENCE):
                await until(2)
                own_nats.kill()
                own_nats.start()
                await until(3)


async def test_a_group_restart_reaches_every_replica_after_its_delay(
    nats_server: NatsServer, caller: Bus
) -> None:
    ended: list[int] = []

    async def wait(number: int, lifecycle: Lifecycle) -> None:
        await lifecycle.told_to_restart()
        ended.append(number)

    async with announced(nats_server, "one") as one, announced(nats_server, "other") as other:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait, 1, one)
            tasks.start_soon(wait, 2, other)
            await anyio.wait_all_tasks_blocked()
            for notice in (b"{", b"[]", b'"now"'):
                await caller.publish("kryten.lifecycle.group.restart", notice)
            began = anyio.current_time()
            notice = {"initiator": "robot", "reason": "a new version", "delay_seconds": 0.2}
            await caller.publish("kryten.lifecycle.group.restart", json.dumps(notice).encode())
        assert sorted(ended) == [1, 2]
        assert 0.2 <= anyio.current_time() - began < PATIENCE


async def test_who_announces_nothing_cannot_be_told_to_restart(nats_server: NatsServer) -> None:
    async with open_bus(nats_server.config()) as bus:
        with pytest.raises(InvalidInput):
            await Lifecycle(bus).told_to_restart()
        with pytest.raises(InvalidInput):
            await Lifecycle(bus).stay_listed()


async def test_nobody_is_left_without_an_answer_when_a_service_stops(
    nats_server: NatsServer, caller: Bus, prefix: str
) -> None:
    replies: list[dict[str, Any]] = []
    stop = anyio.Event()

    async def ask(number: int) -> None:
        subject = f"{prefix}.playlist.cmd.status"
        replies.append(await caller.ask(subject, {"correlation_id": str(number)}, timeout=PATIENCE))

    async def serve(*, task_status: TaskStatus[None]) -> None:
        async with open_replica(nats_server, prefix):
            task_status.started()
            await stop.wait()

    async with open_replica(nats_server, prefix), anyio.create_task_group() as tasks:
        await tasks.start(serve)
        for number in range(200):
            tasks.start_soon(ask, number)
            if number == 100:
                stop.set()
                await checkpoint()
    assert {reply["status"] for reply in replies} == {"ok"}
    assert len(replies) == 200
