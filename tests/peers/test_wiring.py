"""The service wired into a real installation: which buckets it has, and how they are kept."""

from pathlib import Path
from typing import Any

import pytest

from playlist_adapters.kv.jetstream import JetStreamKV
from playlist_app.config import Settings
from playlist_app.wiring import wire_kryten
from playlist_core.errors import Unavailable
from tests.peers.stack import Stack

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio


def settings(stack: Stack, directory: Path, **changes: Any) -> Settings:
    return Settings(nats_url=stack.nats.url, **changes).kept_in(directory)


async def test_what_every_request_looks_up_is_held_here_and_large_values_are_not(
    stack: Stack, tmp_path: Path
) -> None:
    wanted = settings(stack, tmp_path, nats_bucket_prefix="test_")
    async with wire_kryten(wanted, stack.nats.config()) as member:
        stores = member.services.health.stores
        assert all(isinstance(store, JetStreamKV) for store in stores)
        assert {store.name: store.copied for store in stores if isinstance(store, JetStreamKV)} == {
            "test_kryten_playlist_auth": True,
            "test_kryten_playlist_acl": True,
            "test_kryten_playlist_playlists": False,
            "test_kryten_playlist_history": False,
            "test_kryten_playlist_snapshot": False,
            "test_kryten_playlist_analytics": False,
        }
        assert member.channel_name() == stack.cytube.channel
        assert (await member.services.health.condition()).channel.ok


async def test_more_replicas_than_there_are_servers_are_not_taken_for_one(
    stack: Stack, tmp_path: Path
) -> None:
    wanted = settings(stack, tmp_path, nats_bucket_prefix="three_", nats_replicas=3)
    with pytest.raises(Unavailable):
        async with wire_kryten(wanted, stack.nats.config()):
            pass
