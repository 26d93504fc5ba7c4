"""Playlists under concurrency, over every store that is one process's own, with two replicas on each."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from attrs import fields

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_adapters.system import SystemClock, SystemRandomness
from playlist_app.compose import Parts, compose_library
from playlist_app.config import Settings
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import PlaylistItem
from playlist_core.errors import NameTaken, NotFound, StaleVersion
from playlist_core.ports import Buckets, KVStore
from playlist_core.services.playlists import Playlists

pytestmark = pytest.mark.anyio

BOB = Actor(Username("bob"), Role.BLESSED)
ITEMS = [PlaylistItem("v1")]


@asynccontextmanager
async def memory(_: Path) -> AsyncGenerator[Callable[[str], KVStore], None]:
    buckets: dict[str, KVStore] = {}
    yield lambda name: buckets.setdefault(name, MemoryKV())


@asynccontextmanager
async def sqlite(directory: Path) -> AsyncGenerator[Callable[[str], KVStore], None]:
    async with open_sqlite_store(directory / "store.sqlite3") as store:
        yield store.bucket


@pytest.fixture(params=[pytest.param(memory, id="memory"), pytest.param(sqlite, id="sqlite")])
async def replicas(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[list[Playlists], None]:
    async with request.param(tmp_path) as bucket, anyio.create_task_group() as tasks:
        buckets = Buckets(**{each.name: bucket(each.name) for each in fields(Buckets)})
        parts = Parts(
            clock=SystemClock(),
            randomness=SystemRandomness(),
            buckets=buckets,
            index=MemoryIndex(),
            source=None,
            spawn=tasks.start_soon,
        )
        yield [compose_library(Settings(), parts).playlists for _ in range(2)]


async def test_thirty_two_concurrent_creates_keep_thirty_two(replicas: list[Playlists]) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(32):
            tasks.start_soon(replicas[number % 2].create, BOB, f"List {number}", ITEMS)
    assert len(await replicas[0].all()) == 32


async def test_of_eight_creates_with_one_name_one_is_kept(replicas: list[Playlists]) -> None:
    outcomes: list[str] = []

    async def create(playlists: Playlists) -> None:
        try:
            await playlists.create(BOB, "Same", ITEMS)
            outcomes.append("created")
        except NameTaken:
            outcomes.append("taken")

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(create, replicas[number % 2])
    assert sorted(outcomes) == ["created", *["taken"] * 7]
    assert [playlist.name for playlist in await replicas[1].all()] == ["Same"]


async def test_saves_without_a_version_all_count_one_after_the_other(replicas: list[Playlists]) -> None:
    made = await replicas[0].create(BOB, "Night", ITEMS)
    async with anyio.create_task_group() as tasks:
        for number in range(10):
            save = replicas[number % 2].save
            tasks.start_soon(lambda save=save: save(BOB, made.playlist_id, name="Night", items=ITEMS))
    assert (await replicas[0].get(made.playlist_id)).version == 11
    assert [state.version for state in await replicas[0].versions(made.playlist_id)] == list(range(11, 0, -1))


async def test_of_a_save_and_a_deletion_on_one_version_one_counts(replicas: list[Playlists]) -> None:
    for round_ in range(10):
        made = await replicas[0].create(BOB, f"Night {round_}", ITEMS)
        outcomes: list[str] = []

        async def save(playlist_id: str, told: list[str]) -> None:
            try:
                await replicas[0].save(BOB, playlist_id, name="Night", items=ITEMS, if_version=1)
                told.append("saved")
            except (NotFound, StaleVersion):
                told.append("refused")

        async def delete(playlist_id: str, told: list[str]) -> None:
            try:
                await replicas[1].delete(BOB, playlist_id, if_version=1)
                told.append("deleted")
            except StaleVersion:
                told.append("refused")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(save, made.playlist_id, outcomes)
            tasks.start_soon(delete, made.playlist_id, outcomes)
        assert sorted(outcomes) in (["deleted", "refused"], ["refused", "saved"])
        living = [playlist.playlist_id for playlist in await replicas[0].all()]
        assert (made.playlist_id in living) == ("saved" in outcomes)
        for playlist in await replicas[0].all():
            await replicas[0].delete(BOB, playlist.playlist_id)
