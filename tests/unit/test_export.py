"""Exports whatever their format: which one it is, how far the reading is, and what is no export."""

import json
import os
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import example, given
from hypothesis import strategies as st

from playlist_adapters.mediacms.export import BATCH, ExportSource
from playlist_adapters.mediacms.intake import SeenIds, Spot
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress
from playlist_core.errors import InvalidInput
from tests.unit.export_world import HEADER, category, dump, fault, media, read, read_bytes

pytestmark = pytest.mark.anyio

LINE = '{"video_id": "a", "title": "Dune", "duration_seconds": 60}'
ITEM = CatalogItem(video_id="a", title="Dune", duration_seconds=60)
EXCERPT = {"note": "body", "counts": [{"video_id": 1}], "body": [media("a")]}


# --- which format


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export", HEADER + "a,Dune,,60\n"),
        ("export.json", "\ufeff\r\n" + HEADER + "a,Dune,,60\n"),
        ("export.csv", dump(media("a"))),
        ("export", "\ufeff \n" + json.dumps([media("a")])),
        ("export", json.dumps(EXCERPT)),
        ("export", json.dumps(EXCERPT, indent=2)),
        ("export", "{\r\n" + json.dumps(EXCERPT)[1:]),
        ("export", json.dumps({"note": "x" * (2 << 20), "body": [media("a")]})),
        ("export.jsonl", LINE),
        ("export.NDJSON", "\n" + LINE + "\n"),
        ("export", LINE),
        ("export", "\ufeff\n \t" + LINE + "\n\n"),
        ("export.json", LINE + "\n"),
        ("export.csv", json.dumps({"title": "Dune", "duration_seconds": 60, "video_id": "a"})),
    ],
    ids=lambda value: ascii(value)[:40],
)
async def test_the_format_is_told_by_the_content(tmp_path: Path, name: str, content: str) -> None:
    assert await read_bytes(tmp_path, content, name=name) == [ITEM]


WANT = "expected an object with video_id, title, categories, duration_seconds, thumbnail_url"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        # The suffix says JSON lines, whatever is in the file.
        ("x.jsonl", HEADER, "line 1, column 1: not readable as JSON"),
        ("x.jsonl", "[]", "line 1, column 1: is not an object with video_id"),
        ("x.jsonl", json.dumps(EXCERPT), f"line 1, column 2, key note: is not a field of a title; {WANT}"),
        # The member that comes first decides.
        ("x", '{"video_id": "a", "body": []}', "line 1, column 19, key body: is not a field of a title"),
        ("x", '{"body": [], "video_id": "a"}', "line 1, column 12: expected the closing brace behind body"),
        # Neither in sight: one object on its line is meant as JSON lines, anything else as a dump.
        ("x", '{"title": "Dune"}', "line 1, column 1, key video_id: is missing"),
        ("x", '{"title": "Dune"}\n{"title": "Jaws"}', "line 1, column 1, key video_id: is missing"),
        ("x", '{"title":\n"Dune"}', "line 2, column 7: expected an array, as manage.py dumpdata writes it"),
        ("x", '{"title": "Dune",', "line 1, column 18: expected an array, as manage.py dumpdata writes it"),
        ("x", '{"title": "Du', "line 1, column 11: not readable as JSON"),
        ("x", "{", "line 1, column 2: expected an array, as manage.py dumpdata writes it"),
        ("x", "{7: 8}", "line 1, column 2: expected an array, as manage.py dumpdata writes it"),
        ("x", '{"video_id": "a"', "line 1, column 17: not readable as JSON"),
        ("x", '"video_id"\n', "line 1, column title: the first line lacks title"),
    ],
)  # fmt: skip
async def test_what_fits_no_format_is_told_in_the_words_of_the_nearest(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    error = await fault(tmp_path, content, name=name)
    assert error.message.startswith(f"{name}, {message}")


@pytest.mark.parametrize("content", ["", "\n \r\n", "\ufeff"])
async def test_json_lines_without_a_line_are_an_empty_catalogue(tmp_path: Path, content: str) -> None:
    assert await read_bytes(tmp_path, content, name="none.jsonl") == []


# --- progress


async def _told(path: Path) -> list[ReadProgress]:
    told: list[ReadProgress] = []
    async with aclosing(ExportSource(path).iter_catalog_items(told.append)) as items:
        async for _ in items:
            pass
    return told


@pytest.mark.parametrize(
    ("content", "passes"),
    [
        (HEADER + "".join(f"v{number},Title,,\n" for number in range(3 * BATCH)), 1),
        ("".join(f'{{"video_id": "v{number}", "title": "T"}}\n' for number in range(3 * BATCH)), 1),
        (dump(*[media(f"v{number}") for number in range(3 * BATCH)]), 2),
        # With an odd number of bytes.
        (dump(*[media(f"v{number}") for number in range(3 * BATCH)]) + "\n", 2),
        (dump(*[category(number, "C") for number in range(3 * BATCH)], media()), 2),
    ],
    ids=["csv", "jsonl", "dumpdata", "odd dumpdata", "mostly categories"],
)
async def test_progress_is_told_in_bytes_and_ends_at_the_end(
    tmp_path: Path, content: str, passes: int
) -> None:
    path = tmp_path / "export"
    path.write_text(content)
    told = await _told(path)
    size = path.stat().st_size
    assert {(each.step, each.expected) for each in told} == {("bytes", size)}
    done = [each.done for each in told]
    assert done == sorted(done)
    assert (len(done) >= 3 * passes, done[0] < size, done[-1]) == (True, True, size)
    # Each pass is its part of the way.
    assert any(abs(each / size - 1 / passes) < 0.4 / passes for each in done)


async def test_long_rows_are_told_of_before_there_are_many(tmp_path: Path) -> None:
    names = json.dumps(["x" * 999] * 500)
    path = tmp_path / "long.jsonl"
    path.write_text(
        "".join(f'{{"video_id": "{n}", "title": "T", "categories": {names}}}\n' for n in range(9))
    )
    assert [each.done * 9 // path.stat().st_size for each in await _told(path)] == [3, 6, 9]


# --- ids


@given(st.lists(st.text("ab1\x01é", min_size=1, max_size=3), max_size=60))
@example(["1", "11", "1", "111"])
@example(["a", "0"])
def test_an_id_was_seen_before_exactly_when_it_was(ids: list[str]) -> None:
    seen, before = SeenIds("video_id"), dict[str, int]()
    for line, video_id in enumerate(ids, 1):
        spot = Spot(file="x.csv", line=line)
        if video_id not in before:
            seen.note(spot, video_id)
            before[video_id] = line
        else:
            with pytest.raises(InvalidInput) as caught:
                seen.note(spot, video_id)
            assert caught.value.details["problem"].endswith(f" in line {before[video_id]}; keep one")


# --- reading


async def test_what_comes_before_a_fault_is_given_but_the_reading_does_not_end(tmp_path: Path) -> None:
    rows = "".join(f"v{number},Title,,\n" for number in range(BATCH + 1))
    path = tmp_path / "half.csv"
    path.write_text(HEADER + rows + "broken\n")
    given: list[str] = []
    with pytest.raises(InvalidInput):
        async with aclosing(ExportSource(path).iter_catalog_items()) as items:
            async for item in items:
                given.append(item.video_id)
    assert given == [f"v{number}" for number in range(BATCH)]


async def test_what_is_no_readable_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, problem in {
        "gone.csv": "gone.csv: there is no such file",
        "folder": "folder: is a directory, not a file",
        "x" * 300: "x" * 300 + ": cannot be read: File name too long",
    }.items():
        with pytest.raises(InvalidInput) as caught:
            await read(tmp_path / name)
        assert caught.value.message == problem


async def test_a_pipe_or_device_is_said_to_be_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/null")):
        with pytest.raises(InvalidInput) as caught:
            await read(path)
        assert caught.value.message == f"{path.name}: is not a regular file; write it to a file first"


@pytest.mark.parametrize(
    "name", ["videos.example", "my-site", "videos.example:8080", "video.csv", "sub/v.example"]
)
async def test_what_could_be_a_site_is_told_to_need_its_scheme(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await read(Path(name))
    hint = "; if it is a site, write https:// before it" if name.startswith("videos.") else ""
    assert caught.value.message == f"{Path(name).name}: there is no such file{hint}"


async def test_other_tasks_run_while_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text(HEADER + "".join(f"v{number},Title,,\n" for number in range(10 * BATCH)))
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await checkpoint()
            turns += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count_turns)
        assert len(await read(path)) == 10 * BATCH
        tasks.cancel_scope.cancel()
    assert turns >= 10


@given(st.binary(max_size=200))
def test_any_bytes_are_a_catalogue_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "soup.csv"
    for prefix in (b"", b"[", b"{", HEADER.encode(), LINE.encode()[:-1]):
        path.write_bytes(prefix + content)
        try:
            anyio.run(read, path)
        except InvalidInput as error:
            assert error.message.startswith("soup.csv")
