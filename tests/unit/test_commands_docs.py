"""The schemas of the commands hold for what is sent and answered, and the pages tell all of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from playlist_app.metrics import Metrics
from playlist_core.domain.access import Action, needed_role
from playlist_core.domain.identity import Role
from tests.http.house import ADMIN, NIGHT, SOULS
from tests.unit.command_world import CommandWorld, open_commands

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "nats-commands.md").read_text(encoding="utf-8")
TOLD = re.findall(r"^### `([^`]*)`$", PAGE, re.MULTILINE)
GENERAL = PAGE.partition("## Asking")[2].partition("## Commands")[0]
COMMON = {"correlation_id", "namespace", "requested_by"}
# The least that each command is content with.
LEAST: dict[str, dict[str, Any]] = {
    "queue_apply": {"playlist_id": "none"},
    "playlists_show": {"playlist_id": "none"},
    "blessed_add": {"username": "dave"},
    "blessed_remove": {"username": "dave"},
    "run_status": {"run_id": "none"},
    "run_cancel": {"run_id": "none"},
}
# A name of CyTube is more than any text, and a playlist is named in one way: no schema says that.
NARROWER = {"username", "playlist_id", "playlist_name"}


def section(name: str) -> str:
    return PAGE.partition(f"### `{name}`\n")[2].partition("\n#")[0]


def fields_of(schema: dict[str, Any]) -> set[str]:
    """The names of all fields of a schema, those of its parts included."""
    parts = [schema, *schema.get("components", {}).get("schemas", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose own fields are looked up where it refers to."""
    if "$ref" in schema:
        return schema["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


async def schemas() -> dict[str, Any]:
    async with open_commands() as world:
        return (await world.envelope(command="system.schema"))["data"]["schemas"]


async def test_the_page_tells_every_command_and_none_that_is_not_there() -> None:
    there = set(await schemas())
    assert there - set(TOLD) == set(), "missing in docs/nats-commands.md"
    assert set(TOLD) - there == set(), "told in docs/nats-commands.md, but not there"
    assert len(TOLD) == len(set(TOLD))


async def test_it_tells_the_fields_the_errors_and_the_role_of_each() -> None:
    for name, described in (await schemas()).items():
        told = section(name)
        names = fields_of(described["request"]) - COMMON
        names |= set(whole(described["reply"])["properties"]) | set(described["errors"])
        missing = {each for each in names if f"`{each}`" not in told}
        assert missing == set(), f"{name}: not told in docs/nats-commands.md"
        if not name.startswith("system."):
            assert told.strip().startswith(f"Needs {role(described['needs'])}"), name


def role(needs: str | None) -> str:
    if needs is None:
        return "nobody"
    least = needed_role(Action(needs))
    return "any name" if least is Role.VIEWER else least.value


async def test_it_tells_what_every_command_takes_answers_and_refuses_with() -> None:
    assert {each for each in (*COMMON, "async") if f"| `{each}` |" not in GENERAL} == set()
    assert {each for each in ("status", "error", "message", "details") if f"`{each}`" not in GENERAL} == set()


@pytest.mark.parametrize("part", ["request", "reply", "begun"])
async def test_schemas_are_valid_and_stand_for_themselves(part: str) -> None:
    for described in (await schemas()).values():
        if part in described:
            Draft202012Validator.check_schema(described[part])
            for reference in re.findall(r'"\$ref": "([^"]*)"', json.dumps(described[part])):
                assert reference.rpartition("/")[2] in described[part]["components"]["schemas"]


async def test_one_schema_is_given_by_its_name() -> None:
    async with open_commands() as world:
        reply = await world.envelope(command="system.schema", name="status")
        assert reply["data"]["schemas"].keys() == {"status"}
        refused = await world.envelope(command="system.schema", name="nonsense")
        assert refused["code"] == "unknown_command"


async def walk(world: CommandWorld) -> list[tuple[str, dict[str, Any], Any]]:
    """Every command once, with success: its name, what was sent and what it answered."""
    heard: list[tuple[str, dict[str, Any], Any]] = []

    async def ask(command: str, **fields: Any) -> Any:
        sent = {"requested_by": ADMIN, **fields}
        reply = await world.envelope(command=command, args=sent)
        assert reply["success"], reply
        heard.append((command, sent, reply["data"]))
        return reply["data"]

    playlist_id = await world.house.save("Night", NIGHT, SOULS)
    await ask("status")
    await ask("blessed_add", username="dave", correlation_id="x", namespace="default")
    await ask("blessed_list")
    await ask("blessed_remove", username="dave")
    await ask("playlists_list", limit=1, offset=0)
    await ask("playlists_show", playlist_name="Night", limit=1)
    await ask("queue_apply", playlist_id=playlist_id, mode="append")
    begun = await ask("queue_apply", playlist_id=playlist_id, **{"async": True})
    await ask("run_status", run_id=begun["run_id"])
    await ask("run_cancel", run_id=begun["run_id"])
    await world.services.queue.finished(begun["run_id"])
    await ask("catalog_refresh", allow_shrink=True)
    await ask("refresh_status")
    for name in ("ping", "version", "health", "stats", "schema"):
        await ask(f"system.{name}")
    return heard


async def test_what_is_sent_and_answered_is_as_the_schemas_say() -> None:
    described = await schemas()
    async with open_commands() as world:
        heard = await walk(world)
    assert {name for name, _, _ in heard} == described.keys()
    for name, sent, answered in heard:
        Draft202012Validator(described[name]["request"]).validate(sent)
        part = "begun" if sent.get("async") else "reply"
        Draft202012Validator(described[name][part]).validate(answered)


async def test_a_request_is_refused_exactly_where_its_schema_refuses_it() -> None:
    described = await schemas()
    odd: tuple[Any, ...] = (None, True, 0, -1, 5_001, "x", "x" * 501, [], {})
    async with open_commands() as world:
        for name, each in described.items():
            validator = Draft202012Validator(each["request"])
            for field in (*(each["request"]["properties"].keys() - COMMON), "no_such_field"):
                for value in odd:
                    sent = {"requested_by": ADMIN, **LEAST.get(name, {}), field: value}
                    fits = validator.is_valid(sent)
                    if fits and field in NARROWER:
                        continue
                    reply = await world.envelope(command=name, args=sent)
                    assert (reply.get("code") == "invalid") is not fits, (name, sent, reply)


def test_every_metric_stands_in_its_page() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    text = Metrics.of("1.2.3", nats_connected=lambda: True).text().decode()
    there = set(re.findall(r"^# HELP (\S+)", text, re.MULTILINE))
    told = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    assert told == {name for name in there if not name.endswith("_created")}
