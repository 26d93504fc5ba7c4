"""What is no command, or none of ours: always one reply, which names what is wrong."""

import json
from typing import Any

import pytest

from playlist_app.config import Settings
from playlist_core.domain.identity import Username
from playlist_core.domain.runs import RunStatus
from playlist_core.errors import Unavailable
from tests.http.house import ADMIN, NIGHT, VIEWER
from tests.unit.command_world import SERVER_LIMIT, open_commands
from tests.unit.test_commands import refused, well

pytestmark = pytest.mark.anyio

STATUS = "kryten.playlist.cmd.status"
MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "bad_json", None),
        (b"\xff\xfe", "bad_json", None),
        (b'{"a": NaN}', "bad_json", None),
        (b'"\\ud800"', "bad_json", None),
        (b"[" * 100_000, "bad_json", None),
        (b"[]", "invalid", "request"),
        (b"null", "invalid", "request"),
        (b'"status"', "invalid", "request"),
        (b'{"x" : 1}', "invalid", "x"),
        (b'{"correlation_id": 7}', "invalid", "correlation_id"),
        (b'{"correlation_id": ""}', "invalid", "correlation_id"),
        (b'{"correlation_id": "a\\nb"}', "invalid", "correlation_id"),
        (b'{"correlation_id": "%s"}' % (b"x" * 129), "invalid", "correlation_id"),
        (b'{"namespace": []}', "invalid", "namespace"),
        (b'{"requested_by": {}}', "invalid", "requested_by"),
        (b'{"requested_by": "not a name"}', "invalid", "requested_by"),
        (b'{"async": "yes"}', "invalid", "async"),
        (b'{"async": true}', "invalid", "async"),
        (b'{"a":"%s"}' % (b"x" * MIB), "too_large", None),
    ],
)
async def test_what_cannot_be_read_is_answered_with_what_is_wrong(
    body: bytes, code: str, field: str | None
) -> None:
    async with open_commands() as world:
        found, details = refused(await world.ask_raw(STATUS, body))
        assert (found, details.get("field")) == (code, field)


async def test_no_body_at_all_is_a_command_without_fields() -> None:
    async with open_commands() as world:
        assert well(await world.ask_raw(STATUS, b""))["service"] == "playlist"


async def test_an_unknown_command_is_answered_with_those_there_are() -> None:
    async with open_commands() as world:
        code, details = refused(await world.ask("like_next"))
        assert code == "unknown_command"
        assert details == {"commands": sorted(world.commands)}


async def test_the_correlation_id_comes_back_whatever_becomes_of_the_command() -> None:
    async with open_commands() as world:
        for fields in ({}, {"x": 1}, {"namespace": "other"}, {"namespace": 1}, {"async": 3}):
            reply = await world.ask_raw(STATUS, fields | {"correlation_id": "id-1 ä"})
            assert reply["correlation_id"] == "id-1 ä"
        for message in ({"correlation_id": "id-2"}, {"correlation_id": "id-2", "requested_by": VIEWER}):
            assert (await world.ask_raw("kryten.playlist.cmd.blessed_list", message))[
                "correlation_id"
            ] == "id-2"


async def test_one_is_made_up_where_none_is_given_or_none_that_could_be_echoed() -> None:
    async with open_commands() as world:
        made = [
            (await world.ask_raw(STATUS, message))["correlation_id"]
            for message in (b"{", b"[]", {}, {"correlation_id": None}, {"correlation_id": 5})
        ]
        assert len(set(made)) == len(made)
        assert all(made)


async def test_another_namespace_is_somebody_elses() -> None:
    async with open_commands(Settings(namespace="night", admins=(Username(ADMIN),))) as world:
        code, details = refused(await world.ask("blessed_add", username="dave", namespace="default"))
        assert (code, details) == ("namespace_mismatch", {"namespace": "night"})
        assert well(await world.ask("status", namespace="night"))["namespace"] == "night"
        assert well(await world.ask("blessed_list")) == {
            "blessed": [{"username": "bob", "by": "alice", "at": "2026-11-20T23:00:00.000000Z"}]
        }


@pytest.mark.parametrize(
    ("command", "fields", "field"),
    [
        ("blessed_add", {}, "username"),
        ("blessed_add", {"username": "no name"}, "username"),
        ("blessed_add", {"username": None}, "username"),
        ("blessed_add", {"username": "dave", "reason": "x"}, "reason"),
        ("blessed_list", {"limit": 1}, "limit"),
        ("queue_apply", {"playlist_id": 7}, "playlist_id"),
        ("queue_apply", {"playlist_id": "x", "mode": "replace"}, "mode"),
        ("queue_apply", {"playlist_name": "x" * 501}, "playlist_name"),
        ("catalog_refresh", {"allow_shrink": "no"}, "allow_shrink"),
        ("playlists_list", {"limit": 0}, "limit"),
        ("playlists_list", {"offset": -1}, "offset"),
        ("playlists_show", {"playlist_id": "x", "limit": 5_001}, "limit"),
        ("run_status", {"run_id": 1}, "run_id"),
        ("blessed_add", {"username": "dave", "async": False}, "async"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_done(
    command: str, fields: dict[str, Any], field: str
) -> None:
    async with open_commands() as world:
        before = await world.house.stored()
        code, details = refused(await world.ask(command, **fields))
        assert (code, details["field"]) == ("invalid", field)
        assert await world.house.stored() == before


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("queue_apply", {"playlist_id": "none"}, "playlist_not_found"),
        ("queue_apply", {"playlist_name": "none"}, "playlist_not_found"),
        ("playlists_show", {"playlist_id": "none"}, "playlist_not_found"),
        ("playlists_show", {"playlist_id": ""}, "playlist_not_found"),
        ("run_status", {"run_id": "none"}, "run_not_found"),
        ("run_cancel", {"run_id": "//"}, "run_not_found"),
    ],
)
async def test_what_is_not_there_is_said_so(command: str, fields: dict[str, Any], code: str) -> None:
    async with open_commands() as world:
        assert refused(await world.ask(command, **fields))[0] == code


async def test_without_a_source_there_is_nothing_to_refresh() -> None:
    async with open_commands(with_catalog=False) as world:
        assert refused(await world.ask("catalog_refresh"))[0] == "no_source"
        assert refused(await world.ask("catalog_refresh", **{"async": True}))[0] == "no_source"


@pytest.mark.parametrize(
    ("subject", "extra"),
    [
        ("kryten.playlist.cmd.playlists_show", {}),
        ("kryten.playlist.command", {"command": "playlists_show"}),
    ],
)
async def test_a_reply_that_nats_would_not_take_becomes_one_that_it_does(
    subject: str, extra: dict[str, Any]
) -> None:
    async with open_commands() as world:
        await world.house.save("Night", *[NIGHT] * 20)
        message = {"requested_by": VIEWER, "playlist_name": "Night", "correlation_id": "id"} | extra
        reply = await world.bus.send(subject, json.dumps(message).encode(), reply_limit=1_000).answer()
        assert reply["correlation_id"] == "id"
        assert "reply_too_large" in (reply["error"], reply.get("code"))
        assert reply["details"] == {"limit": 1_000}
        less = json.dumps(message | {"limit": 1}).encode()
        reply = await world.bus.send(subject, less, reply_limit=1_000).answer()
        assert reply.get("data", reply)["playlist"]["name"] == "Night"


async def test_of_a_run_whose_reply_is_too_large_the_id_is_told() -> None:
    async with open_commands() as world:
        await world.house.save("Night", NIGHT, NIGHT, NIGHT)
        body = json.dumps({"requested_by": ADMIN, "playlist_name": "Night", "mode": "append"}).encode()
        reply = await world.bus.send("kryten.playlist.cmd.queue_apply", body, reply_limit=300).answer()
        assert reply["error"] == "reply_too_large"
        run = await world.services.queue.run(reply["details"]["run_id"])
        assert (run.status, run.total) == (RunStatus.DONE, 3)


async def test_a_field_as_long_as_the_request_does_not_come_back_whole() -> None:
    long = "x" * (SERVER_LIMIT - 100)
    async with open_commands() as world:
        for message, code in (
            ({long: 1}, "invalid"),
            ({"namespace": long}, "namespace_mismatch"),
            ({"requested_by": long}, "invalid"),
            ({"async": long}, "invalid"),
        ):
            reply = await world.ask_raw(STATUS, message)
            assert refused(reply)[0] == code
            assert len(reply["message"]) <= 200
        reply = await world.envelope(command=long)
        assert (reply["success"], reply["command"]) == (False, "x" * 64)


async def test_without_the_store_nothing_is_done_and_status_says_why() -> None:
    async with open_commands() as world:
        for store in (world.services.access.lists.store, world.services.library.playlists.records.store):
            store.fail_with = Unavailable("The store is away.", dependency="store")  # type: ignore[attr-defined]
        assert refused(await world.ask("blessed_add", username="dave")) == (
            "store_unavailable",
            {"dependency": "store"},
        )
        told = well(await world.ask("status", by=None))
        assert (told["counts"]["playlists"], told["run"]) == (None, None)
        assert told["problems"] == ["The store is away."]


async def test_the_log_tells_who_asked_what_and_nothing_that_was_not_checked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "kryten_playlist.commands")
    async with open_commands() as world:
        await world.ask("blessed_add", username="dave", correlation_id="id-1")
        await world.ask("blessed_add", username="da\nve", correlation_id="id-2")
        await world.ask("no\nsuch", by=None, correlation_id="id-3")
        await world.ask("status", by="a\nb", **{"x\ny": 1, "correlation_id": "id\n4"})
    lines = [record.getMessage().rpartition(" ms")[0].rpartition(" ")[0] for record in caplog.records]
    assert lines[:3] == [
        "id-1: blessed_add by alice: ok",
        "id-2: blessed_add by alice: invalid",
        "id-3: unknown by nobody: unknown_command",
    ]
    assert lines[3].endswith(": status by nobody: invalid")
    assert not any("\n" in record.getMessage() for record in caplog.records)
