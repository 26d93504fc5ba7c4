"""The envelope that all Kryten services share, in both ways of writing it."""

from typing import Any

import anyio
import pytest

from playlist_app.version import version
from tests.http.house import ADMIN, BLESSED, TITLES
from tests.unit.command_world import open_commands
from tests.unit.test_commands import running, well

pytestmark = pytest.mark.anyio

COMMAND = "kryten.playlist.command"


def data(reply: dict[str, Any], command: str) -> dict[str, Any]:
    """What a command that went well answers."""
    assert reply.keys() == {"service", "command", "success", "correlation_id", "data"}, reply
    assert (reply["service"], reply["command"], reply["success"]) == ("playlist", command, True)
    return reply["data"]


def refused(reply: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Code and details of what was refused; `error` is a sentence, as the other services have it."""
    assert reply.keys() == {"service", "command", "success", "correlation_id", "error", "code", "details"}
    assert (reply["service"], reply["success"]) == ("playlist", False)
    assert " " in reply["error"]
    return reply["code"], reply["details"]


async def test_fields_come_in_args_or_beside_the_command_and_mean_the_same() -> None:
    async with open_commands() as world:
        for message in (
            {"command": "blessed_add", "args": {"username": "dave", "requested_by": ADMIN}},
            {"command": "blessed_add", "args": {"username": "dave"}, "requested_by": ADMIN},
            {"service": "playlist", "command": "blessed_add", "username": "dave", "requested_by": ADMIN},
            {"service": "Playlist", "command": "blessed_add", "username": "dave", "requested_by": ADMIN},
        ):
            assert data(await world.envelope(**message), "blessed_add") == {"username": "dave"}


async def test_every_command_is_there_under_its_own_name() -> None:
    async with open_commands() as world:
        for name in world.commands:
            reply = await world.envelope(command=name, requested_by=ADMIN, async_=1)
            assert (reply["command"], refused(reply)[0]) == (name, "invalid")


async def test_what_kryten_py_sends_is_understood() -> None:
    meta = {
        "source": "llm",
        "timestamp": "2026-11-20T23:00:00+00:00",
        "domain": "cytu.be",
        "channel": "lounge",
        "request_id": "8d7e0a52-0000-4000-8000-000000000000",
    }
    async with open_commands() as world:
        reply = await world.envelope(command="status", args={"value": None}, meta=meta)
        assert data(reply, "status")["service"] == "playlist"
        assert reply["correlation_id"] == meta["request_id"]
        given = await world.envelope(command="status", args={"correlation_id": "mine"}, meta=meta)
        assert given["correlation_id"] == "mine"
        odd = await world.envelope(command="status", meta={"request_id": ["x"]})
        assert data(odd, "status")
        assert odd["correlation_id"]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({}, "command"),
        ({"command": ""}, "command"),
        ({"command": None}, "command"),
        ({"command": ["status"]}, "command"),
        ({"service": 1, "command": "status"}, "service"),
        ({"command": "status", "args": []}, "args"),
        ({"command": "status", "args": "x"}, "args"),
        ({"command": "status", "meta": 7}, "meta"),
        ({"command": "status", "args": {"x": 1}}, "x"),
        ({"command": "status", "x": 1}, "x"),
        ({"command": "status", "namespace": "a", "args": {"namespace": "a"}}, "namespace"),
    ],
)
async def test_what_is_wrong_with_an_envelope_is_named(message: dict[str, Any], field: str) -> None:
    async with open_commands() as world:
        reply = await world.envelope(**message, correlation_id="id")
        code, details = refused(reply)
        assert (code, details["field"], reply["correlation_id"]) == ("invalid", field, "id")


async def test_an_unknown_command_is_named_as_it_came() -> None:
    async with open_commands() as world:
        reply = await world.envelope(command="system.reboot")
        assert reply["command"] == "system.reboot"
        assert refused(reply)[0] == "unknown_command"


async def test_what_is_meant_for_another_service_is_not_carried_out_and_not_answered() -> None:
    async with open_commands() as world:
        message = b'{"service":"robot","command":"blessed_add","username":"dave","requested_by":"alice"}'
        not_ours = world.bus.send(COMMAND, message)
        assert data(await world.envelope(command="system.ping"), "system.ping")
        await anyio.wait_all_tasks_blocked()
        assert not_ours.replies == []
        assert (await world.ask("blessed_list"))["blessed"][0]["username"] == BLESSED
        assert len((await world.ask("blessed_list"))["blessed"]) == 1


async def test_a_run_that_did_not_go_through_is_no_success() -> None:
    async with open_commands() as world:
        await world.house.save("Night", *TITLES)
        message = b'{"command":"queue_apply","args":{"requested_by":"alice","playlist_name":"Night"}}'
        begun = world.bus.send(COMMAND, message)
        run_id = await running(world)
        assert well(await world.ask("run_cancel", run_id=run_id))
        reply = await begun.answer()
        assert (reply["success"], reply["code"], reply["data"]["run_id"]) == (False, "cancelled", run_id)
        assert reply["data"]["run_status"] == "cancelled"


async def test_ping_and_version_answer_without_a_name() -> None:
    async with open_commands() as world:
        assert data(await world.envelope(command="system.version"), "system.version") == {
            "version": version()
        }
        world.house.clock.advance(61)
        assert data(await world.envelope(command="system.ping"), "system.ping") == {
            "pong": True,
            "service": "playlist",
            "version": version(),
            "uptime_seconds": 61,
            "timestamp": "2026-11-20T23:01:01.000000Z",
        }


async def test_health_names_what_is_away() -> None:
    async with open_commands() as world:
        well_ = {
            "status": "healthy",
            "service": "playlist",
            "version": version(),
            "uptime_seconds": 0,
            "nats_connected": True,
            "cytube_connected": True,
            "store": None,
            "catalog": None,
            "channel": None,
        }
        assert data(await world.envelope(command="system.health"), "system.health") == well_
        world.house.channel.disconnect()
        ill = data(await world.envelope(command="system.health"), "system.health")
        assert ill == well_ | {"status": "degraded", "cytube_connected": False, "channel": ill["channel"]}
        assert "channel" in ill["channel"]


async def test_stats_count_what_was_answered() -> None:
    async with open_commands() as world:
        await world.ask("blessed_add", username="dave")
        await world.ask("blessed_add", username="no name")
        await world.ask("blessed_add", username="erin")
        await world.ask("nonsense")
        await world.ask_raw("kryten.playlist.cmd.status", b"{")
        stats = data(await world.envelope(command="system.stats"), "system.stats")
        assert stats == {
            "service": "playlist",
            "version": version(),
            "uptime_seconds": 0,
            "commands_processed": 5,
            "commands_failed": 3,
            "commands": {
                "blessed_add": {"ok": 2, "error": 1},
                "status": {"ok": 0, "error": 1},
                "unknown": {"ok": 0, "error": 1},
            },
            "counts": {
                "titles": 7,
                "playlists": 0,
                "queue_items": (await world.ask("status"))["counts"]["queue_items"],
            },
        }
