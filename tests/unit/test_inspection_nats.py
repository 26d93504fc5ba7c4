"""`config check` on NATS and the robot, both scripted: what is told of what they answer."""

from typing import Any

import pytest
from attrs import evolve

from playlist_adapters.looks import BucketFacts, JetStreamFacts
from playlist_app.config import Settings
from playlist_app.inspection import Verdict
from playlist_core.errors import ChannelUnavailable, InvalidInput, Unavailable
from tests.unit.inspection_world import BUCKET, BUCKETS, ROBOT, SERVER, WITH_NATS, Nats, World, told

pytestmark = pytest.mark.anyio


async def test_without_an_address_nats_is_not_looked_at() -> None:
    found = await World(settings=Settings()).look()
    assert told(found, "NATS") == ("warning", "nats_url is not set, without which there is no serve.")
    assert {each.name for each in found}.isdisjoint({"buckets", "robot", "JetStream"})


@pytest.mark.parametrize(
    "failure", [Unavailable("NATS is away."), InvalidInput("nats_tls_ca: cannot be read: no")]
)
async def test_without_nats_nothing_behind_it_is_looked_at(failure: Any) -> None:
    found = await World(nats=Nats(away=failure)).look()
    assert told(found, "NATS") == ("failed", failure.message)
    for name in ("buckets", "robot"):
        assert told(found, name) == ("failed", "Not looked at, because NATS cannot be used.")


@pytest.mark.parametrize(
    ("url", "address", "tls", "verdict"),
    [
        ("nats://u:p@n", "n.example:4222", False, "warning"),
        ("nats://token@n", "10.0.0.7:4222", False, "warning"),
        ("nats://n", "n.example:4222", False, "ok"),
        ("tls://u:p@n", "n.example:4222", True, "ok"),
        ("nats://u:p@localhost", "localhost:4222", False, "ok"),
        ("nats://u:p@[::1]", "[::1]:4222", False, "ok"),
    ],
)
async def test_a_password_in_the_clear_is_told(url: str, address: str, tls: bool, verdict: str) -> None:
    nats = Nats(server=evolve(SERVER, address=address, tls=tls))
    assert told(await World(settings=evolve(WITH_NATS, nats_url=url), nats=nats).look(), "NATS")[0] == verdict


async def test_a_server_without_a_name_is_told_by_its_address() -> None:
    found = await World(nats=Nats(server=evolve(SERVER, name="", tls=True))).look()
    assert told(found, "NATS") == ("ok", "nats-server 2.15.1 at 127.0.0.1:4222 over TLS.")


async def test_a_server_of_small_messages_is_told() -> None:
    found = await World(nats=Nats(max_payload=65_536)).look()
    assert [each.verdict for each in found if each.name == "NATS"] == [Verdict.OK, Verdict.WARNING]


@pytest.mark.parametrize(
    ("bucket", "replicas", "verdict", "sentence"),
    [
        (evolve(BUCKET, ttl_seconds=3600), 1, "failed", "drops what is 3,600 s old: take off its TTL."),
        (evolve(BUCKET, max_value_bytes=1024), 1, "warning", "takes only values of 1,024 bytes;"),
        (evolve(BUCKET, max_value_bytes=None), 1, "ok", "1,234 values, kept by 1 server."),
        (
            BUCKET,
            3,
            "warning",
            "is kept by 1 of 3 servers: nats stream edit KV_kryten_playlist_auth --replicas 3",
        ),
        (evolve(BUCKET, replicas=3), 3, "ok", "1,234 values, kept by 3 servers."),
        (evolve(BUCKET, replicas=3), 1, "ok", "1,234 values, kept by 3 servers."),
        (Unavailable("NATS did not answer in time."), 1, "failed", "NATS did not answer in time."),
    ],
)
async def test_a_bucket_that_is_not_as_ours_is_told(
    bucket: BucketFacts | Unavailable, replicas: int, verdict: str, sentence: str
) -> None:
    world = World(
        settings=evolve(WITH_NATS, nats_replicas=replicas),
        nats=Nats(buckets={"kryten_playlist_auth": bucket}, server=evolve(SERVER, cluster="c")),
    )
    line = told(await world.look(), "kryten_playlist_auth")
    assert (line[0], line[1][: len(sentence)]) == (verdict, sentence)


@pytest.mark.parametrize(
    ("account", "replicas", "sentence"),
    [
        (Unavailable("NATS answers, but without JetStream."), 1, "NATS answers, but without JetStream."),
        (
            JetStreamFacts(streams=9, max_streams=10),
            1,
            "The account has 9 of 10 streams, and 2 buckets are missing: give it more.",
        ),
        (
            JetStreamFacts(streams=9, max_streams=None),
            3,
            "nats_replicas is 3, but this server stands alone: no bucket can be made.",
        ),
    ],
)
async def test_buckets_that_could_not_be_made_are_told(
    account: JetStreamFacts | Unavailable, replicas: int, sentence: str
) -> None:
    world = World(settings=evolve(WITH_NATS, nats_replicas=replicas), nats=Nats(account=account))
    assert told(await world.look(), "JetStream") == ("failed", sentence)
    there: dict[str, BucketFacts] = dict.fromkeys(BUCKETS, BUCKET)
    if isinstance(account, JetStreamFacts):
        world = evolve(world, nats=Nats(account=account, buckets=there))
        assert told(await world.look(), "JetStream") == ("ok", "9 streams.")


# The robot


async def test_a_robot_that_does_not_answer_is_told() -> None:
    found = await World(nats=Nats(robots=ChannelUnavailable("The robot does not answer."))).look()
    assert told(found, "robot") == ("failed", "The robot does not answer.")
    assert {each.name for each in found}.isdisjoint({"CyTube", "bot"})


@pytest.mark.parametrize(
    ("robot", "settings", "name", "expected"),
    [
        (
            {"takes_commands": False},
            {},
            "robot",
            (
                "failed",
                "It takes no commands in Movies on cytu.be:"
                " set commands.enabled in its settings, then restart it.",
            ),
        ),
        (
            {},
            {"cytube_channel": "lounge"},
            "robot",
            ("failed", "It is in Movies on cytu.be, and the settings name lounge on any site."),
        ),
        (
            {},
            {"cytube_channel": "movies", "cytube_domain": "CYTU.BE"},
            "robot",
            ("ok", "kryten-robot 1.12.6 in Movies on cytu.be, takes commands."),
        ),
        (
            {"connected": False, "since": None},
            {},
            "CyTube",
            ("failed", "The robot is not connected to CyTube: look at its log."),
        ),
        ({"rank": None}, {}, "bot", ("warning", "KrytenBot is not among the users of the channel yet.")),
        (
            {"rank": 0},
            {},
            "bot",
            (
                "failed",
                "KrytenBot has rank 0: guests cannot send codes; give the robot an account of CyTube.",
            ),
        ),
        (
            {"rank": 1.5},
            {},
            "bot",
            (
                "warning",
                "KrytenBot has rank 1.5: adding titles and deleting take rank 2"
                " unless the channel says otherwise: give it rank 2.",
            ),
        ),
        (
            {"rank": 2},
            {},
            "bot",
            ("ok", "KrytenBot has rank 2: by CyTube's defaults it may add, move and delete."),
        ),
    ],
)
async def test_a_robot_that_cannot_do_its_work_is_told(
    robot: dict[str, Any], settings: dict[str, Any], name: str, expected: tuple[str, str]
) -> None:
    world = World(settings=evolve(WITH_NATS, **settings), nats=Nats(robots=evolve(ROBOT, **robot)))
    assert told(await world.look(), name) == expected
