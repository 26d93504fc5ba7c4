"""Every adapter of `CatalogIndex`, held to the contract, and the SQLite one to what a file can suffer."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import anyio
import anyio.lowlevel
import apsw
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import (
    DARK_STAR,
    MUSTARD,
    STAR,
    IndexContract,
    by_definition,
    found,
    movie,
    refresh,
)
from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.catalog import CatalogItem, IndexedItem, SearchPage, SearchQuery
from playlist_core.errors import PlaylistError, Unavailable
from playlist_core.ports import CatalogIndex

REAL_TITLES = Path(__file__).parent.parent / "data" / "titles-4000.csv"


@pytest.mark.anyio
class TestMemoryIndex(IndexContract):
    @pytest.fixture
    def index(self) -> CatalogIndex:
        return MemoryIndex()


@pytest.mark.anyio
class TestSQLiteIndex(IndexContract):
    @pytest.fixture
    def index(self, tmp_path: Path) -> CatalogIndex:
        return SQLiteIndex(tmp_path / "data dir" / "100%[x]?#.sqlite3")


@frozen
class Real:
    """The real titles: as the definition sees them, and as a finished SQLite snapshot."""

    entries: Sequence[IndexedItem]
    path: Path


@cache
def real_items() -> list[CatalogItem]:
    with REAL_TITLES.open(encoding="utf-8", newline="") as lines:
        return [
            CatalogItem(
                video_id=row["video_id"],
                title=row["title"],
                categories=tuple(json.loads(row["categories"] or "[]")),
                duration_seconds=int(row["duration_seconds"]) if row["duration_seconds"] else None,
            )
            for row in csv.DictReader(lines)
        ]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    path = tmp_path_factory.mktemp("real") / "catalog.sqlite3"
    anyio.run(refresh, SQLiteIndex(path), real_items(), "real")
    return Real([IndexedItem.of(item) for item in real_items()], path)


@st.composite
def as_typed(draw: st.DrawFn) -> str:
    """Pieces of a real title, mistyped now and then, sometimes with words of another."""
    words = draw(st.sampled_from(real_items())).title.replace(".", " ").split()
    start = draw(st.integers(0, len(words)))
    text = " ".join(words[start : start + draw(st.integers(1, 4))])
    cut = draw(st.integers(0, len(text)))
    change = draw(
        st.sampled_from(["none", "none", "first part", "last part", "missing", "swapped", "foreign"])
    )
    match change:
        case "first part":
            return text[:cut]
        case "last part":
            return text[cut:]
        case "missing":
            return text[:cut] + text[cut + 1 :]
        case "swapped":
            return text[:cut] + text[cut : cut + 2][::-1] + text[cut + 2 :]
        case "foreign":
            return text + " " + draw(st.text(st.characters(exclude_categories=()), max_size=3))
        case _:
            return text.lower()


@pytest.mark.anyio
@given(
    text=as_typed(),
    categories=st.lists(st.sampled_from(["Movies", "TV", "2.Horror", "Comedy", "Кино", "none"]), max_size=2),
    match=st.sampled_from(["any", "all"]),
    offset=st.sampled_from([0, 0, 0, 3, 40, 3000]),
)
@settings(max_examples=150, deadline=None)
async def test_sqlite_answers_by_the_definition_on_the_real_titles(
    real: Real, text: str, categories: list[str], match: str, offset: int
) -> None:
    query = SearchQuery.parse(text, categories, match=match)
    page = await SQLiteIndex(real.path).search(query, limit=50, offset=offset)
    assert page == by_definition(real.entries, query, limit=50, offset=offset, snapshot_id="real")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "text", [*"aestz0129", "th", "er", "s0", "mp", "x4", "q7", "and", "the", "mp4", "& the"]
)
async def test_broad_and_short_words_answer_by_the_definition_to_the_last_page(real: Real, text: str) -> None:
    query = SearchQuery.parse(text)
    page = await SQLiteIndex(real.path).search(query, limit=5000, offset=0)
    assert page == by_definition(real.entries, query, limit=5000, offset=0, snapshot_id="real")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("typed", "title", "among_the_first"),
    [
        ("four christmases", "Four.Christmases.[2008].mp4", 1),
        ("wallace gromit", "Wallace.and.Gromit.The.Curse.of.the.Were-Rabbit.[2005].mp4", 1),
        ("Wallace & Gromit", "Wallace.and.Gromit.The.Curse.of.the.Were-Rabbit.[2005].mp4", 1),
        ("walle", "WALL-E.[2008].mp4", 1),
        ("wall e", "WALL-E.[2008].mp4", 1),
        ("la confidential", "L.A.Confidential.[1997].mkv", 1),
        ("nausicaa", "Nausicaä.of.the.Valley.of.the.Wind.[1984].mkv", 1),
        ("die hard", "Die.Hard.[1988].mp4", 1),
        ("the matrix", "The.Matrix.[1999].mp4", 1),
        ("matrix", "The.Matrix.[1999].mp4", 1),
        ("halloween 2007", "Halloween.[2007].mp4", 1),
        ("st vincent", "St..Vincent.[2014].mp4", 1),
        ("xmen apocalypse", "X-Men.Apocalypse.[2016].mkv", 1),
        ("et", "E.T..The.Extra-Terrestrial.[1982].mkv", 1),
        ("ren stimpy marooned", "The Ren And Stimpy Show s01e09 Marooned.mp4", 1),
        ("vip s01e07", "V.I.P. S01E07 Deconstructing Peri.mkv", 1),
        ("predator", "Predator.1987.1080p.Rifftrax.6ch.2ch.mkv", 3),
        ("bill and teds bogus", "Bill.&.Ted's.Bogus.Journey.[1991].mp4", 1),
        ("xmen apocalipse", "X-Men.Apocalypse.[2016].mkv", 1),
        ("confidental", "L.A.Confidential.[1997].mkv", 1),
    ],
)
async def test_real_titles_are_found_as_people_type_them(
    real: Real, typed: str, title: str, among_the_first: int
) -> None:
    page = await SQLiteIndex(real.path).search(SearchQuery.parse(typed), limit=10, offset=0)
    assert title in [item.title for item in page.items[:among_the_first]]


async def _stays(path: Path, *items: CatalogItem) -> None:
    """The index at `path`, opened anew, has these items and no unfinished files beside it."""
    assert await found(SQLiteIndex(path), "") == list(items)
    assert _files(path.parent) == [path.name]


def _files(directory: Path) -> list[str]:
    return sorted(file.name for file in directory.iterdir())


@pytest.mark.anyio
async def test_a_snapshot_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    index = SQLiteIndex(path)
    await refresh(index, [STAR, MUSTARD])
    before = await index.state()
    index.close()

    assert await SQLiteIndex(path).state() == before
    assert await found(index, "star") == [STAR, MUSTARD]
    await _stays(path, MUSTARD, STAR)


@pytest.mark.anyio
async def test_a_failed_rebuild_leaves_no_file_behind(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    await refresh(SQLiteIndex(path), [STAR])
    with pytest.raises(PlaylistError):
        async with SQLiteIndex(path).rebuild("new", source="here", created_at=EPOCH) as writer:
            await writer.add([MUSTARD])
            raise PlaylistError("the source broke off")

    assert _files(tmp_path) == [path.name]
    await _stays(path, STAR)


_KILLED_WHILE_BUILDING = """
import sys, anyio
from pathlib import Path
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import MUSTARD
from playlist_adapters.testing.time import EPOCH

async def main():
    async with SQLiteIndex(Path(sys.argv[1])).rebuild("new", source="here", created_at=EPOCH) as writer:
        await writer.add([MUSTARD])
        print("building", flush=True)
        sys.stdin.read()

anyio.run(main)
"""


def _build_and_be_killed(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED_WHILE_BUILDING, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"building\n"
        os.kill(builder.pid, signal.SIGKILL)


@pytest.mark.anyio
async def test_kill_9_leaves_the_old_snapshot_and_the_next_opening_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    await refresh(SQLiteIndex(path), [STAR])
    _build_and_be_killed(path)
    assert len(_files(tmp_path)) == 2

    await _stays(path, STAR)


@pytest.mark.anyio
async def test_leftovers_are_removed_though_there_is_no_snapshot_yet(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3.building-0123").write_bytes(b"half")
    (tmp_path / "kv.sqlite3").write_bytes(b"not ours")

    assert await SQLiteIndex(tmp_path / "catalog.sqlite3").state() is None
    assert _files(tmp_path) == ["kv.sqlite3"]


@pytest.mark.anyio
async def test_a_rebuild_removes_leftovers_too(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3.building-0123").write_bytes(b"half")

    await refresh(SQLiteIndex(tmp_path / "catalog.sqlite3"), [STAR])
    assert _files(tmp_path) == ["catalog.sqlite3"]


@pytest.mark.anyio
async def test_a_rebuild_right_after_a_restart_keeps_the_snapshot_before(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    await refresh(SQLiteIndex(path), [STAR], "old")
    index = SQLiteIndex(path)
    await refresh(index, [MUSTARD], "new")

    page = await index.search(SearchQuery(), limit=50, offset=0, snapshot_id="old")
    assert page == SearchPage(snapshot_id="old", items=(STAR,), total=1)


@pytest.mark.anyio
async def test_searching_goes_on_while_items_are_added(tmp_path: Path) -> None:
    index = SQLiteIndex(tmp_path / "catalog.sqlite3")
    await refresh(index, [STAR])
    adding = False
    answered_meanwhile = 0

    async def rebuild() -> None:
        nonlocal adding
        async with index.rebuild("new", source="here", created_at=EPOCH) as writer:
            adding = True
            await writer.add(real_items())
            adding = False

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rebuild)
        while not adding:
            await anyio.lowlevel.checkpoint()
        while adding:
            assert await found(index, "") == [STAR]
            answered_meanwhile += 1
            await anyio.lowlevel.checkpoint()
    assert answered_meanwhile > 0


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is not a database " * 1000)


def _cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _of_another_program(path: Path) -> None:
    path.unlink()
    with apsw.Connection(str(path)) as db:
        db.execute("CREATE TABLE items (x)")


def _of_another_version(path: Path) -> None:
    with apsw.Connection(str(path)) as db:
        db.execute("PRAGMA user_version = 99")


def _of_which_rows_are_gone(path: Path) -> None:
    with apsw.Connection(str(path)) as db:
        db.execute("DELETE FROM items WHERE place = 0")


DAMAGES = [_garbage, _cut_in_half, _empty, _of_another_program, _of_another_version, _of_which_rows_are_gone]


@pytest.mark.anyio
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_an_unreadable_file_says_so_until_a_rebuild_replaces_it(tmp_path: Path, damage) -> None:
    path = tmp_path / "catalog.sqlite3"
    await refresh(SQLiteIndex(path), [STAR, *(movie(f"v{n}", f"Title {n}") for n in range(100))])
    damage(path)
    index = SQLiteIndex(path)
    for read in (index.state(), index.search(SearchQuery(), limit=1, offset=0), index.get_many(["star"])):
        with pytest.raises(Unavailable, match="run a refresh") as failure:
            await read
        assert failure.value.code == "index_unreadable"

    await refresh(index, [DARK_STAR])
    await _stays(path, DARK_STAR)


@pytest.mark.anyio
async def test_damage_that_only_a_search_meets_says_so_too(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite3"
    await refresh(SQLiteIndex(path), [STAR, MUSTARD])
    with apsw.Connection(str(path)) as db:
        db.execute("DELETE FROM joined_data")

    index = SQLiteIndex(path)
    assert await found(index, "") == [MUSTARD, STAR]
    with pytest.raises(Unavailable) as failure:
        await found(index, "star")
    assert failure.value.code == "index_unreadable"


@pytest.mark.anyio
async def test_a_place_that_cannot_be_written_to_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(Unavailable, match="cannot be written"):
        await refresh(SQLiteIndex(tmp_path / "file" / "catalog.sqlite3"), [STAR])
