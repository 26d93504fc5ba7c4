"""The migration over a real nats-server, beside the very client by which the earlier service writes."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from kryten import KrytenClient

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.kv.datadir import lock_data_dir
from playlist_adapters.kv.jetstream import JetStreamKV, bind_bucket
from playlist_adapters.system import SystemClock
from playlist_adapters.testing.time import EPOCH, SeededRandomness
from playlist_app.config import Settings
from playlist_app.wiring import wire_migration
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.playlists import Playlist, PlaylistItem
from playlist_core.errors import NotFound, OutcomeUnknown, Unavailable
from playlist_core.ports import Buckets
from playlist_core.services.migrating import Migrating
from playlist_core.services.old_documents import Finding
from tests.peers.nats_server import NatsServer
from tests.unit.legacy_world import INDEX, PLAYLISTS, WRITTEN, OldHouse, old_playlist, told

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

BUCKETS = ("auth", "acl", "playlists", "history", "snapshot", "analytics")
PATIENCE = 20


@pytest.fixture
async def earlier(own_nats: NatsServer) -> AsyncIterator[KrytenClient]:
    """The client of the earlier service, with its buckets as it left them."""
    client = KrytenClient(
        {
            "nats": {"servers": [own_nats.url], "reconnect_time_wait": 1},
            "channels": [{"domain": "cytu.be", "channel": "Movies"}],
        }
    )
    await client.connect()
    for bucket, documents in WRITTEN.items():
        await client.get_or_create_kv_bucket(bucket)
        for key, value in documents.items():
            await client.kv_put(bucket, key, value, as_json=True)
    yield client
    await client.disconnect()


@asynccontextmanager
async def opened(bus: Bus) -> AsyncGenerator[tuple[Migrating, JetStreamKV], None]:
    """A process that migrates, and the bucket of playlists."""
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        bound = {name: await bind_bucket(bus, f"kryten_playlist_{name}") for name in BUCKETS}
        for kv in bound.values():
            tasks.start_soon(kv.follow)
        migrating = Migrating.over(
            Buckets(**bound),
            MemoryIndex(),
            namespace="default",
            clock=SystemClock(),
            randomness=SeededRandomness(Random()),
        )
        yield migrating, bound["playlists"]
        tasks.cancel_scope.cancel()


async def contents(kv: JetStreamKV) -> dict[str, Any]:
    """What every document says, without what depends on the way there."""
    found = {entry.key: json.loads(entry.value) for entry in await kv.entries()}
    return {
        key: {field: plain[field] for field in plain if field not in ("ops", "claimed_at")}
        for key, plain in found.items()
    }


async def expected() -> dict[str, Any]:
    """The same in memory."""
    house = await OldHouse().fill(WRITTEN)
    await house.migrate(include_private=True)
    return {
        key: plain
        for key, plain in (await house.contents()).items()
        if "/playlists/" in key or "/names/" in key
    }


async def test_what_0_3_2_wrote_is_looked_at_carried_and_found_done(
    own_nats: NatsServer, earlier: KrytenClient
) -> None:
    async with open_bus(own_nats.config()) as bus, opened(bus) as (migrating, playlists):
        before = await playlists.entries()
        foreseen = await migrating.run(apply=False, include_private=True)
        assert await playlists.entries() == before
        done = await migrating.run(apply=True, include_private=True)
        assert (done.findings, done.changes) == (foreseen.findings, 6)
        assert await contents(playlists) == await expected()
        after = await playlists.entries()
        assert (await migrating.run(apply=True, include_private=True)).changes == 0
        assert await playlists.entries() == after


async def test_what_the_earlier_service_saves_meanwhile_is_not_lost(
    own_nats: NatsServer, earlier: KrytenClient
) -> None:
    """It writes blindly, so it may put an old document over a carried one; the next run carries that."""
    done = anyio.Event()

    async def keep_saving() -> None:
        for number in range(300):
            playlist = old_playlist("busy", "Busy", items=[{"video_id": f"m{number}"}])
            await earlier.kv_put("kryten_playlist_playlists", PLAYLISTS + "busy", playlist, as_json=True)
        done.set()

    async with open_bus(own_nats.config()) as bus, opened(bus) as (migrating, _):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(keep_saving)
            while not done.is_set():
                await migrating.run(apply=True, include_private=False)
        await migrating.run(apply=True, include_private=False)
        seen = await migrating.playlists.records.get("busy")
        assert isinstance(seen.value, Playlist)
        assert [item.video_id for item in seen.value.items] == ["m299"]


async def test_nats_killed_in_the_middle_and_run_again_it_ends_the_same(
    own_nats: NatsServer, earlier: KrytenClient
) -> None:
    heard: list[Finding] = []

    def kill_when_two_are_carried(finding: Finding) -> None:
        heard.append(finding)
        if len(heard) == 5:
            own_nats.kill()

    async with open_bus(own_nats.config()) as bus, opened(bus) as (migrating, playlists):
        with pytest.raises((Unavailable, OutcomeUnknown)):
            await migrating.run(apply=True, include_private=True, tell=kill_when_two_are_carried)
        names = [finding.name for finding in heard]
        assert names == ["admins", "blessed", "192.0.2.66", "Friday Night", "friday night"]
        own_nats.start()
        with anyio.fail_after(PATIENCE):
            while not bus.connected:  # noqa: ASYNC110 - there is nobody to ask
                await anyio.sleep(0.01)
        migration = await migrating.run(apply=True, include_private=True)
        assert [name for fate, name, _ in told(migration) if fate == "carried"] == [
            "Secret Stash",
            "Only Alice",
            "Friday Night (fork)",
        ]
        assert await contents(playlists) == await expected()
        assert await playlists.get(INDEX) is not None


def settings_of(server: NatsServer, directory: Path, **more: Any) -> Settings:
    return Settings(nats_url=server.url, data_dir=directory, **more)


async def streams(server: NatsServer) -> set[str]:
    async with open_bus(server.config()) as bus:
        return {str(each.config.name) for each in await bus.jetstream().streams_info()}


async def test_only_to_apply_it_makes_the_buckets_that_are_missing(
    own_nats: NatsServer, earlier: KrytenClient, tmp_path: Path
) -> None:
    async with open_bus(own_nats.config()) as bus:
        await bus.jetstream().delete_key_value("kryten_playlist_acl")
    settings, before = settings_of(own_nats, tmp_path), await streams(own_nats)
    ours = {f"KV_kryten_playlist_{name}" for name in BUCKETS}
    assert not ours <= before

    async with wire_migration(settings, apply=False) as migrating:
        foreseen = await migrating.run(apply=False, include_private=False)
    assert [name for _, name, _ in told(foreseen)][:2] == ["192.0.2.66", "Friday Night"]
    assert await streams(own_nats) == before
    async with wire_migration(settings, apply=True):
        assert await streams(own_nats) == before | ours


@pytest.mark.parametrize("apply", [False, True])
async def test_where_no_bucket_is_it_names_those_it_looked_for_and_makes_none(
    own_nats: NatsServer, earlier: KrytenClient, tmp_path: Path, apply: bool
) -> None:
    before = await streams(own_nats)
    settings = settings_of(own_nats, tmp_path, nats_bucket_prefix="mistyped_")
    with pytest.raises(NotFound, match=r"none of mistyped_kryten_playlist_.* nats_bucket_prefix") as refused:
        async with wire_migration(settings, apply=apply):
            pass
    assert refused.value.code == "no_buckets"
    assert await streams(own_nats) == before


async def test_beside_a_service_that_has_the_data_directory_it_carries_titles_all_the_same(
    own_nats: NatsServer, earlier: KrytenClient, tmp_path: Path
) -> None:
    settings = settings_of(own_nats, tmp_path)
    document = old_playlist("titled", "Titled", items=[{"video_id": "a"}, {"video_id": "b"}])
    await earlier.kv_put("kryten_playlist_playlists", PLAYLISTS + "titled", document, as_json=True)
    with lock_data_dir(tmp_path):
        index = SQLiteIndex(settings.sqlite_path)
        async with index.rebuild("s", source="test", created_at=EPOCH) as writer:
            await writer.add([CatalogItem(video_id="a", title="Film a.mp4", duration_seconds=600)])
        async with wire_migration(settings, apply=True) as migrating:
            done = await migrating.run(apply=True, include_private=False)
            seen = await migrating.playlists.records.get("titled")
        index.close()

    assert done.has_catalogue
    assert seen is not None and isinstance(seen.value, Playlist)
    assert seen.value.items == (PlaylistItem("a", "Film a.mp4", 600), PlaylistItem("b"))
