"""What `config check` asks for real: nats-server with and without JetStream, buckets, the real robot."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from playlist_adapters.channel.simulated import BOT
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.kv.datadir import lock_data_dir
from playlist_adapters.looks import (
    BucketFacts,
    JetStreamFacts,
    NatsLooks,
    RobotFacts,
    copy_of_index,
    holder_of,
    look_at_index,
    look_at_nats,
)
from playlist_core.domain.catalog import CatalogItem, SnapshotInfo
from playlist_core.errors import ChannelUnavailable, Unavailable
from tests.peers.nats_server import NatsServer, running
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.nats", "tests.peers.kryten"]
pytestmark = pytest.mark.anyio

PATIENCE = 20
MOMENT = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)


@pytest.fixture
async def looks(own_nats: NatsServer) -> AsyncIterator[NatsLooks]:
    async with look_at_nats(own_nats.config(), patience=PATIENCE) as looks:
        yield looks


async def test_a_server_says_who_it_is(looks: NatsLooks, own_nats: NatsServer) -> None:
    server = looks.server
    assert (server.address, server.cluster, server.tls) == (f"127.0.0.1:{own_nats.port}", None, False)
    assert (server.version[:2], server.name) == ("2.", "")
    assert looks.max_payload == 1 << 20


async def test_looking_at_buckets_makes_none(looks: NatsLooks) -> None:
    assert await looks.bucket("kryten_playlist_auth") is None
    assert await looks.jetstream() == JetStreamFacts(streams=0, max_streams=None)


async def test_a_bucket_is_seen_as_it_is(looks: NatsLooks) -> None:
    made = await looks.bus.jetstream().create_key_value(bucket="ours", ttl=60, max_value_size=4096)
    await made.put("a", b"one")
    assert await looks.bucket("ours") == BucketFacts(
        values=1, replicas=1, ttl_seconds=60, max_value_bytes=4096
    )
    await looks.bus.jetstream().create_key_value(bucket="theirs")
    assert await looks.bucket("theirs") == BucketFacts(
        values=0, replicas=1, ttl_seconds=0, max_value_bytes=None
    )
    assert (await looks.jetstream()).streams == 2


async def test_a_server_without_jetstream_says_what_is_missing() -> None:
    with running(jetstream=False) as server:
        async with look_at_nats(server.config(), patience=PATIENCE) as looks:
            with pytest.raises(Unavailable, match="start nats-server with JetStream"):
                await looks.jetstream()


async def test_without_nats_there_is_nothing_to_look_at(own_nats: NatsServer) -> None:
    own_nats.kill()
    with pytest.raises(Unavailable, match="cannot be reached"):
        async with look_at_nats(own_nats.config(), patience=0.5):
            pass


async def test_without_a_robot_that_is_said_at_once(looks: NatsLooks) -> None:
    with pytest.raises(ChannelUnavailable, match="does not answer"):
        await looks.robot()


async def test_the_robot_says_where_it_is_and_who(stack: Stack) -> None:
    async with look_at_nats(stack.nats.config(), patience=PATIENCE) as looks:
        robot = await looks.robot()
    assert robot.since is not None
    assert robot == RobotFacts(
        version=robot.version,
        domain=stack.cytube.domain,
        channel=stack.cytube.channel,
        takes_commands=True,
        connected=True,
        since=robot.since,
        bot=BOT,
        rank=3,
    )


# Files


async def test_an_index_is_looked_at_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    with pytest.raises(Unavailable) as missing:
        await look_at_index(path)
    assert missing.value.code == "no_snapshot"
    path.write_bytes(b"SQLite format 3\0 of somebody else")
    with pytest.raises(Unavailable) as foreign:
        await look_at_index(path)
    assert foreign.value.code == "index_unreadable"
    async with SQLiteIndex(path).rebuild("s1", source="export films.csv", created_at=MOMENT) as writer:
        await writer.add([CatalogItem(video_id="a", title="A", categories=("Films",))])
    left = path.with_name(f"{path.name}.building-by-another")
    left.touch()
    assert await look_at_index(path) == SnapshotInfo(
        snapshot_id="s1", source="export films.csv", created_at=MOMENT, item_count=1, category_count=1
    )
    assert left.exists()


@contextmanager
def nobody() -> Iterator[None]:
    """An ordinary user instead of root, whom no mode of a directory keeps out."""
    ours = os.geteuid()
    if ours == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if ours == 0:
            os.seteuid(ours)


async def test_an_index_that_this_user_may_not_read_is_told(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(0)
    path = closed / "catalog.sqlite3"
    with nobody(), pytest.raises(Unavailable) as refused:
        await look_at_index(path)
    assert refused.value.code == "index_unreadable"
    assert refused.value.message == f"{path} cannot be read: Permission denied."
    with nobody():
        assert await (await copy_of_index(path)).state() is None
    closed.chmod(0o700)


def test_the_holder_of_a_data_directory_is_seen_and_not_disturbed(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "none") is None
    for _ in range(2):
        with lock_data_dir(tmp_path):
            assert holder_of(tmp_path) == os.getpid()
        assert holder_of(tmp_path) is None
