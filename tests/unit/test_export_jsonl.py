"""Catalogues from JSON lines: what is read, and where the fault lies in what is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from playlist_core.domain.catalog import CatalogItem
from tests.unit.export_world import NO_TEXT, NOT_UTF8, TOO_LONG, TOO_MANY, fault, read_bytes, short

pytestmark = pytest.mark.anyio

EXPECTED = "an object with video_id, title, categories, duration_seconds, thumbnail_url"
EACH_LINE = f"; each line must be {EXPECTED}"
NO_JSON = "not readable as JSON"
NO_LIST = 'is not a list of texts, such as ["1.Comedy", "2.Horror"]'
NO_NUMBER = "is not a whole number of seconds"
NO_ADDRESS = "is not an absolute http or https address"
GOOD = '{"video_id": "a", "title": "Dune"}\n'


def _line(video_id: str = "b", title: Any = "Jaws", **fields: Any) -> str:
    return json.dumps({"video_id": video_id, "title": title, **fields}, ensure_ascii=False)


async def test_json_lines_are_read_line_by_line(tmp_path: Path) -> None:
    text = (
        "\ufeff\n"
        '{"video_id": "a1", "title": "Amélie 映画", "categories": ["2.Horror", "Anime"],'
        ' "duration_seconds": 60, "thumbnail_url": "https://x.example/t.jpg"}\n'
        "\n \t\r\n"
        ' {"title":"Only what must be","video_id":"b2"} \r\n'
        '{"video_id": "c3", "title": "Null", "categories": null, "duration_seconds": null,'
        ' "thumbnail_url": null}\n'
        '{"video_id": "d4", "title": "Zero\\nlines", "categories": [], "duration_seconds": 0}'
    )
    assert await read_bytes(tmp_path, text, name="site.jsonl") == [
        CatalogItem(
            video_id="a1",
            title="Amélie 映画",
            categories=("2.Horror", "Anime"),
            duration_seconds=60,
            thumbnail_url="https://x.example/t.jpg",
        ),
        CatalogItem(video_id="b2", title="Only what must be"),
        CatalogItem(video_id="c3", title="Null"),
        CatalogItem(video_id="d4", title="Zero\nlines"),
    ]


async def test_a_category_named_twice_counts_once(tmp_path: Path) -> None:
    [item] = await read_bytes(tmp_path, _line(categories=["B", "A", "B"]))
    assert item.categories == ("B", "A")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (_line(colour="red"), f"column 36, key colour: is not a field of a title; expected {EXPECTED}"),
        ('{"title": "Jaws"}', f"column 1, key video_id: is missing; expected {EXPECTED}"),
        ('  {"video_id": "b"}', f"column 3, key title: is missing; expected {EXPECTED}"),
        ("{}", f"column 1, key video_id: is missing; expected {EXPECTED}"),
        ('{"video_id": "b", "title": "", "video_id": "c"}', "column 32, key video_id: "
         "occurs twice in the object"),
        (_line(video_id=""), "column 2, key video_id: is empty"),
        (_line(title=" "), "column 19, key title: is empty"),
        (_line(title=None), "column 19, key title: is not a text"),
        (_line(title=["Jaws"]), "column 19, key title: is not a text"),
        (_line(title="x" * 1001), f"column 19, key title: {TOO_LONG}"),
        ('{"title":\t"\\u0000", "video_id": "b"}', f"column 2, key title: {NO_TEXT}"),
        ('{"title":\t"\\ud800", "video_id": "b"}', f"column 2, key title: {NO_TEXT}"),
        (_line(categories="Horror"), f"column 36, key categories: {NO_LIST}"),
        (_line(categories={}), f"column 36, key categories: {NO_LIST}"),
        (_line(categories=["A", 2]), "column 36, key categories: is not a text"),
        (_line(categories=[""]), "column 36, key categories: is empty"),
        (_line(title="é", duration_seconds="60"), f"column 33, key duration_seconds: {NO_NUMBER}"),
        (_line(duration_seconds=6.5), f"column 36, key duration_seconds: {NO_NUMBER}"),
        (_line(duration_seconds=True), f"column 36, key duration_seconds: {NO_NUMBER}"),
        (_line(duration_seconds=-1), f"column 36, key duration_seconds: {TOO_MANY}"),
        (_line(duration_seconds=2**31), f"column 36, key duration_seconds: {TOO_MANY}"),
        (_line(thumbnail_url="/t.jpg"), f"column 36, key thumbnail_url: {NO_ADDRESS}"),
        (_line(thumbnail_url=""), "column 36, key thumbnail_url: is empty"),
        (_line(thumbnail_url=7), "column 36, key thumbnail_url: is not a text"),
        ("[1]", f"column 1: is not {EXPECTED}"),
        ("null", f"column 1: is not {EXPECTED}"),
        (' "b"', f"column 2: is not {EXPECTED}"),
        (_line() + _line("c"), "column 35: something follows the object; write one a line"),
        (_line() + ",", "column 35: something follows the object; write one a line"),
        ("{", f"column 2: {NO_JSON} (Expecting property name enclosed in double quotes){EACH_LINE}"),
        ('{"video_id": "b"', f"column 17: {NO_JSON} (Expecting ',' delimiter){EACH_LINE}"),
        ("b,Jaws,,", f"column 1: {NO_JSON} (Expecting value){EACH_LINE}"),
        ('{"a": NaN}', f"column 1: {NO_JSON} (a number that JSON does not have){EACH_LINE}"),
        ("[" * 100_000, f"column 1: {NO_JSON} (nested too deeply){EACH_LINE}"),
        ('{"\x1b[2J\\ud800' + "x" * 60 + '": 1}',
         f"column 3: {NO_JSON} (Invalid control character at){EACH_LINE}"),
        ('{"\\u001b[2J\\ud800' + "x" * 60 + '": 1}', "column 2, key \ufffd[2J\ufffd" + "x" * 35
         + f": is not a field of a title; expected {EXPECTED}"),
        ("{\0", "column 2: contains NUL, so this is not a text file"),
        (b'{"\xc3\xa9\xff": 1}', f"column 4: {NOT_UTF8}"),
        (b"x" * (1 << 20), "column 1048576: the line is longer than 1,048,576 bytes; "
         "this is not a catalogue in JSON lines"),
        (_line("a"), "column 2, key video_id: a stands here and already in line 1; keep one"),
    ],
    ids=short,
)  # fmt: skip
async def test_a_fault_in_json_lines_names_file_line_column_and_key(
    tmp_path: Path, line: str | bytes, message: str
) -> None:
    content = GOOD.encode() + b"\r\n" + (line if isinstance(line, bytes) else line.encode())
    error = await fault(tmp_path, content)
    assert error.message == f"site.export, line 3, {message}"
    assert (error.details["file"], error.details["line"]) == ("site.export", 3)


async def test_the_facts_of_a_fault_can_be_read_by_a_program(tmp_path: Path) -> None:
    error = await fault(tmp_path, GOOD + _line(duration_seconds="soon"))
    assert error.details == {
        "field": "source",
        "problem": "is not a whole number of seconds",
        "file": "site.export",
        "line": 2,
        "column": 36,
        "key": "duration_seconds",
    }


async def test_an_object_spread_over_lines_is_told_from_a_dump_and_refused(tmp_path: Path) -> None:
    error = await fault(tmp_path, json.dumps({"video_id": "a", "title": "Dune"}, indent=2))
    assert error.message.startswith("site.export, line 1, column 3: not readable as JSON")
    assert error.message.endswith(f"; each line must be {EXPECTED}")


async def test_json_lines_of_django_are_no_catalogue(tmp_path: Path) -> None:
    error = await fault(tmp_path, '{"model": "files.media", "pk": 1, "fields": {}}\n')
    assert error.message == (
        f"site.export, line 1, column 2, key model: is not a field of a title; expected {EXPECTED}"
    )
