"""Large snapshots are written by a process of their own; what becomes of it, and of damaged sets."""

import os
import signal
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import FrozenBitMap

from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import SAMPLE, STAR, found, movie, refresh
from playlist_core.domain.catalog import SearchQuery
from playlist_core.errors import Unavailable

pytestmark = pytest.mark.anyio

PATIENCE = 30

# More than are written in a thread, and enough that it takes a while.
MANY = [movie(f"v{number:05}", f"The.Long.Night.{number}.mkv", "TV") for number in range(6_000)]


def _writers(path: Path) -> list[int]:
    """The processes that write a snapshot for `path`."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"snapshot_writer" in command and os.fsencode(path) in command:
                found.append(int(entry.name))
    return found


def _files(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


async def _writer(path: Path) -> int:
    with anyio.fail_after(PATIENCE):
        while not (writers := _writers(path)):
            await anyio.lowlevel.checkpoint()
    return writers[0]


async def test_a_large_snapshot_is_built_while_searches_go_on(tmp_path: Path) -> None:
    index = SQLiteIndex(tmp_path / "catalog.sqlite3")
    await refresh(index, [STAR])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh, index, MANY, "large")
        await _writer(index.path)
        assert await found(index, "") == [STAR]

    page = await index.search(SearchQuery.parse("night 59"), limit=2, offset=0)
    assert (page.snapshot_id, [item.video_id for item in page.items]) == ("large", ["v00059", "v00590"])


_KILLED_WHILE_WRITING = """
import sys, anyio
from pathlib import Path
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import movie, refresh

many = [movie(f"v{n:05}", f"The.Long.Night.{n}.mkv", "TV") for n in range(40_000)]
anyio.run(refresh, SQLiteIndex(Path(sys.argv[1])), many)
"""


async def test_the_writer_ends_with_the_service_that_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    async with await anyio.open_process([sys.executable, "-c", _KILLED_WHILE_WRITING, str(path)]) as service:
        await _writer(path)
        service.kill()
        with anyio.fail_after(PATIENCE):
            while _writers(path):
                await anyio.lowlevel.checkpoint()

    assert path.name not in _files(tmp_path)


async def test_cancelling_a_large_build_ends_its_process_and_leaves_nothing(tmp_path: Path) -> None:
    index = SQLiteIndex(tmp_path / "catalog.sqlite3")
    await refresh(index, [STAR])
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh, index, MANY)
        await _writer(index.path)
        tasks.cancel_scope.cancel()

    assert _writers(index.path) == []
    assert _files(tmp_path) == ["catalog.sqlite3"]
    assert await found(index, "") == [STAR]


async def test_a_killed_writer_leaves_the_old_snapshot_and_says_so(tmp_path: Path) -> None:
    index = SQLiteIndex(tmp_path / "catalog.sqlite3")
    await refresh(index, [STAR])

    async def kill() -> None:
        os.kill(await _writer(index.path), signal.SIGKILL)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kill)
        with pytest.raises(Unavailable, match=r"killed \(signal 9\)"):
            await refresh(index, MANY)

    assert await found(index, "") == [STAR]
    assert _files(tmp_path) == ["catalog.sqlite3"]
    await refresh(index, MANY, "again")


_ON_A_SMALL_DISK = """
import sys, resource, anyio
from pathlib import Path
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import movie, refresh
from playlist_core.errors import Unavailable

resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
many = [movie(f"v{n}", f"{n * 7919} Night {n * 104729}.mkv") for n in range(6_000)]
try:
    anyio.run(refresh, SQLiteIndex(Path(sys.argv[1])), many)
except Unavailable as refusal:
    print(refusal.message)
"""


async def test_a_full_disk_under_the_writer_is_told_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    await refresh(SQLiteIndex(path), [STAR])
    command = [sys.executable, "-c", _ON_A_SMALL_DISK, str(path)]
    told = (await anyio.run_process(command, stderr=None)).stdout.decode()

    assert told.startswith("The catalogue index cannot be written: ")
    assert _files(tmp_path) == ["catalog.sqlite3"]
    assert await found(SQLiteIndex(path), "") == [STAR]


_WITH_A_BROKEN_PART = """
import sys, anyio
from pathlib import Path
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import movie, refresh
from playlist_core.errors import Unavailable

sys.path.insert(0, sys.argv[2])
try:
    anyio.run(refresh, SQLiteIndex(Path(sys.argv[1])), [movie(f"v{n}", f"Night {n}") for n in range(3_000)])
except Unavailable as refusal:
    print(refusal.message)
"""


async def test_a_writer_that_cannot_run_is_a_failure_and_not_the_end_of_the_service(tmp_path: Path) -> None:
    path, broken = tmp_path / "data" / "catalog.sqlite3", tmp_path / "broken"
    await anyio.Path(broken).mkdir()
    await anyio.Path(broken / "pyroaring.py").write_text("raise ImportError('half an upgrade')")
    command = [sys.executable, "-c", _WITH_A_BROKEN_PART, str(path), str(broken)]
    done = await anyio.run_process(command)

    assert done.stdout.decode().startswith("The process that writes the catalogue index failed")
    assert b"half an upgrade" in done.stderr
    assert _files(path.parent) == []


_BLOBS = st.binary(max_size=40) | st.lists(st.integers(0, 2**32 - 1), max_size=5).map(
    lambda places: FrozenBitMap(places).serialize()
)


@given(_BLOBS, st.sampled_from(["star", "st", "s", "the star", "mus", ""]))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_sets_of_places_are_an_unreadable_index_or_go_unnoticed(
    tmp_path: Path, blob: bytes, typed: str
) -> None:
    async def search() -> None:
        path = tmp_path / "catalog.sqlite3"
        await refresh(SQLiteIndex(path), SAMPLE)
        with apsw.Connection(str(path)) as db:
            db.execute("UPDATE sets SET places = ?", (blob,))
        index = SQLiteIndex(path)
        try:
            await index.search(SearchQuery.parse(typed, ["Movies"]), limit=50, offset=0)
            await index.search(SearchQuery.parse(typed), limit=50, offset=0)
        except Unavailable as failure:
            assert failure.code == "index_unreadable"

    anyio.run(search)
