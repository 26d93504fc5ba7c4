"""What the demo begins with: once for a data directory, whatever befalls the process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import pytest

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.mediacms.export import ExportSource
from playlist_adapters.testing.time import ManualClock
from playlist_app.cli.main import run
from playlist_app.config import CatalogSettings, Settings
from playlist_app.demo import SAMPLE_CATALOG
from playlist_app.demo.seed import roles, saved_samples, seed
from playlist_app.services import Services
from playlist_app.wiring import System, wire_embedded, wire_memory
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import PlaylistItem
from playlist_core.errors import Unavailable

pytestmark = pytest.mark.anyio

ALICE = Actor(Username("alice"), Role.ADMIN)
BOB = Username("bob")
SAMPLES = ["Cygnus Outpost, Season 1", "Silent Comedy Night"]
SEEDED = {"alice": Role.ADMIN, "bob": Role.BLESSED, "carol": Role.VIEWER}
OWN = "video_id,title,categories,duration_seconds\nmine,My own film,,60\n"


@asynccontextmanager
async def started(directory: Path, source: Path = SAMPLE_CATALOG) -> AsyncGenerator[Services, None]:
    """The services of a demo on that directory, before anything is seeded."""
    settings = Settings(admins=(ALICE.username,), catalog=CatalogSettings(source=source))
    async with wire_embedded(settings.kept_in(directory)) as services:
        yield services


async def names(services: Services) -> list[str]:
    return [playlist.name for playlist in await services.library.playlists.all()]


async def test_a_directory_that_has_a_catalogue_already_is_seeded_all_the_same(tmp_path: Path) -> None:
    assert await anyio.to_thread.run_sync(refresh, tmp_path / "d", SAMPLE_CATALOG) == 0
    async with started(tmp_path / "d") as services:
        await seed(services)
        assert (await names(services), await saved_samples(services)) == (SAMPLES, SAMPLES)
        assert await roles(services) == SEEDED


def refresh(directory: Path, source: Path) -> int:
    return run(["refresh", "--source", str(source), "--data-dir", str(directory)])


@pytest.mark.parametrize("writes", range(6))
async def test_a_seeding_that_is_broken_off_is_finished_by_the_next_one(writes: int) -> None:
    clock = ManualClock()
    settings = Settings(admins=(ALICE.username,))
    async with wire_memory(settings, ExportSource(SAMPLE_CATALOG), system=System(clock=clock)) as services:
        await services.library.refreshing.refresh()
        break_after(services, writes)
        with pytest.raises(Unavailable):
            await seed(services)
        for store in stores(services):
            store.before_operation = store.fail_with = None
        clock.advance(11)  # until then a name that was claimed counts as one in the making
        await seed(services)
        assert (await names(services), await roles(services)) == (SAMPLES, SEEDED)


def stores(services: Services) -> list[MemoryKV]:
    return [store for store in services.health.stores if isinstance(store, MemoryKV)]


def break_after(services: Services, writes: int) -> None:
    """After so many writes the store is gone, as for a process that is killed."""
    left = writes

    async def count(operation: str, key: str) -> None:
        nonlocal left
        if operation in ("create", "update"):
            left -= 1
        if left < 0:
            for store in stores(services):
                store.fail_with = Unavailable("the process was killed")

    assert len(stores(services)) == 6
    for store in stores(services):
        store.before_operation = count


async def test_what_an_admin_has_changed_survives_a_restart(tmp_path: Path) -> None:
    async with started(tmp_path / "d") as services:
        await services.library.refreshing.refresh()
        await seed(services)
        await services.access.revoke(ALICE, BOB, Role.BLESSED)
        for playlist in await services.library.playlists.all():
            await services.library.playlists.delete(ALICE, playlist.playlist_id)
    async with started(tmp_path / "d") as services:
        await seed(services)
        assert (await names(services), await saved_samples(services)) == ([], [])
        assert await roles(services) == {**SEEDED, "bob": Role.VIEWER}


async def test_a_playlist_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    async with started(tmp_path / "d") as services:
        await services.library.refreshing.refresh()
        own = await services.library.playlists.create(ALICE, SAMPLES[1].upper(), [PlaylistItem("mine")])
        await seed(services)
        assert await services.library.playlists.get(own.playlist_id) == own
        assert await names(services) == [SAMPLES[0], SAMPLES[1].upper()]


async def test_a_catalogue_without_the_sample_titles_brings_no_playlists(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text(OWN)
    async with started(tmp_path / "d", tmp_path / "own.csv") as services:
        await services.library.refreshing.refresh()
        await seed(services)
        assert (await names(services), await saved_samples(services)) == ([], [])
        assert await roles(services) == SEEDED
