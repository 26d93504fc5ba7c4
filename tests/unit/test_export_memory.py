"""Exports of any size are read in the same memory: a 1 GB file needs no 1 GB of it."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from playlist_adapters.mediacms.export import ExportSource
from playlist_adapters.mediacms.intake import SeenIds, Spot

pytestmark = pytest.mark.anyio

MIB = 1 << 20
LONG = "x" * 30_000
NAMES = ", ".join(f'"{number} {"x" * 900}"' for number in range(30))


def _csv() -> Iterator[str]:
    yield "video_id,title,categories,duration_seconds\n"
    quoted = NAMES.replace('"', '""')
    for number in range(64 * MIB // len(quoted)):
        yield f'v{number},Title,"[{quoted}]",60\n'


def _jsonl() -> Iterator[str]:
    for number in range(64 * MIB // len(NAMES)):
        yield f'{{"video_id": "v{number}", "title": "Title", "categories": [{NAMES}]}}\n'


def _dumpdata() -> Iterator[str]:
    yield "["
    for number in range(64 * MIB // len(LONG)):
        yield (
            f'{{"model": "files.media", "pk": {number}, "fields": {{"friendly_token": "v{number}",'
            f' "title": "Title", "duration": 60, "category": [1], "media_type": "video", "listable": true,'
            f' "search": "{LONG}"}}}},\n'
        )
    yield '{"model": "files.category", "pk": 1, "fields": {"title": "Movies"}}]'


@pytest.mark.parametrize("content", [_csv, _jsonl, _dumpdata])
async def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, content: Callable[[], Iterator[str]]
) -> None:
    path = tmp_path / "large"
    with path.open("w") as file:
        file.writelines(content())
    items = 0
    tracemalloc.start()
    try:
        async with aclosing(ExportSource(path).iter_catalog_items()) as reading:
            async for _ in reading:
                items += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        size = path.stat().st_size
        path.unlink()
    assert (size > 60 * MIB, items > 2_000) == (True, True)
    assert peak < 8 * MIB


def test_remembering_the_ids_of_a_large_site_takes_little() -> None:
    seen = SeenIds("video_id")
    count = 100_000
    tracemalloc.start()
    try:
        for number in range(count):
            seen.note(Spot(file="x", line=number), f"{number * 7919:09}")
        used = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert used / count < 50
