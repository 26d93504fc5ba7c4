"""Whatever comes over NATS, one well-formed reply goes back, and nothing but what was meant is done."""

import json
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http.house import ADMIN, BLESSED
from tests.unit.command_world import CommandWorld, open_commands

ENVELOPE = "kryten.playlist.command"
NAMES = (
    "catalog_refresh",
    "queue_apply",
    "blessed_add",
    "blessed_list",
    "status",
    "run_status",
    "run_cancel",
    "playlists_list",
    "playlists_show",
    "refresh_status",
    "system.ping",
    "system.health",
    "system.stats",
    "system.schema",
    "nonsense",
)
KEYS = st.sampled_from(
    (
        "correlation_id",
        "namespace",
        "requested_by",
        "async",
        "service",
        "command",
        "args",
        "meta",
        "request_id",
        "playlist_id",
        "playlist_name",
        "mode",
        "username",
        "run_id",
        "limit",
        "offset",
        "name",
    )
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from((ADMIN, BLESSED, "default", "append", "playlist", *NAMES)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
MESSAGES = VALUES | st.dictionaries(KEYS, VALUES, max_size=6)
BODIES = st.binary(max_size=60) | MESSAGES.map(lambda value: json.dumps(value).encode())


def check(world: CommandWorld, subject: str, reply: dict[str, Any]) -> None:
    """The head of a reply is whole, and says either what came of it or what was wrong."""
    assert isinstance(reply["correlation_id"], str) and reply["correlation_id"]
    if subject == ENVELOPE:
        assert (reply["service"], type(reply["command"]), type(reply["success"])) == ("playlist", str, bool)
        code, ok = reply.get("code"), reply["success"]
        assert ("data" in reply) is ok
    else:
        assert reply["status"] in ("ok", "error")
        code, ok = reply["error"], reply["status"] == "ok"
        assert (reply["message"] is None) is ok
    assert ok is (code is None)
    assert code != "internal"


@pytest.mark.parametrize("subject", [ENVELOPE, *(f"kryten.playlist.cmd.{name}" for name in NAMES[:3])])
@settings(max_examples=40)
@given(bodies=st.lists(BODIES, min_size=1, max_size=25))
def test_any_bytes_get_one_well_formed_reply(subject: str, bodies: list[bytes]) -> None:
    async def all_of_them() -> None:
        async with open_commands() as world:
            sent = [world.bus.send(subject, body) for body in bodies]
            for each in sent:
                if subject == ENVELOPE and meant_for_another(each.body):
                    continue
                check(world, subject, await each.answer())
            await anyio.wait_all_tasks_blocked()
            assert all(len(each.replies) <= 1 for each in sent)

    anyio.run(all_of_them)


def meant_for_another(body: bytes) -> bool:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    service = message.get("service") if isinstance(message, dict) else None
    return isinstance(service, str) and service.lower() != "playlist"
