"""Catalogues from Django's dumpdata: what is read, where the fault lies, and what must never come out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from playlist_adapters.mediacms.dumpdata import read_dumpdata
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput
from tests.unit.export_world import (
    NO_TEXT,
    TOO_LONG,
    TOO_MANY,
    category,
    dump,
    fault,
    media,
    read,
    read_bytes,
    short,
)

pytestmark = pytest.mark.anyio

EXPORT = "; export with: manage.py dumpdata files.category files.media"
FIXTURES = Path(__file__).parent.parent / "data" / "mediacms"


async def test_a_recorded_dump_is_read_and_lacks_only_what_was_cut_from_it() -> None:
    assert await read(FIXTURES / "v1_9__dumpdata.json", "https://videos.example/") == [
        CatalogItem(
            video_id="9HGIB57Nw",
            title="Alien.Raiders.DVDrip.DD5.1.x264-SDxT.mkv",
            duration_seconds=5109,
            thumbnail_url="https://videos.example/media/original/thumbnails/user/admin/"
            "bd472ce0c4f2443ca84d0c683532e670.Alien.Raiders.DVDrip.DD5.1.x264-SDxT.mkv_PglhvXV.jpg",
        ),
        CatalogItem(
            video_id="bt3Zf5yxl",
            title="Silent.Night.Deadly.Night.4.Initiation.[1990].mp4",
            categories=("2.Horror", "3. Sci-Fi"),
            duration_seconds=5195,
            thumbnail_url="https://videos.example/media/original/thumbnails/user/admin/"
            "3cb8c8c74e964796b0d4f956ca9e0ad0.Silent.Night.Deadly.Night.4.Initiation.1990.mp4_hQWN5UP.jpg",
        ),
        CatalogItem(
            video_id="GtDKEiEre",
            title="Exit Speed [2008].mp4",
            categories=("3. Sci-Fi",),
            duration_seconds=5473,
            thumbnail_url="https://videos.example/media/original/thumbnails/user/admin/"
            "d3cb48dbb11543d7a084db4c8f7c39fa.Exit_Speed_2008.mp4_hz9NcB7.jpg",
        ),
    ]


async def test_a_whole_dump_must_hold_the_categories_it_names(tmp_path: Path) -> None:
    recorded = json.dumps(json.loads((FIXTURES / "v1_9__dumpdata.json").read_text())["body"])
    error = await fault(tmp_path, recorded)
    column = recorded.index('{"model": "files.media"') + 1
    assert error.message == (
        f"site.export, line 1, column {column}, element 3, key category: "
        f"names category 31, which the file lacks{EXPORT}"
    )


async def test_categories_may_follow_the_media_and_share_a_title(tmp_path: Path) -> None:
    text = dump(media(category=[3, 1, 2]), category(1, "B"), category(2, "A"), category(3, "B"))
    [item] = await read_bytes(tmp_path, text)
    assert item.categories == ("A", "B")


async def test_only_listable_videos_are_read(tmp_path: Path) -> None:
    text = dump(
        media("public"),
        media("private", state="private"),
        media("unlisted", state="unlisted"),
        media("encoding", encoding_status="running"),
        media("unreviewed", is_reviewed=False),
        media("picture", media_type="image"),
        media("listed", listable=True, state="private"),
        media("unlisted-flag", listable=False),
        {"model": "users.user", "pk": 1, "fields": {"password": "x"}},
    )
    assert [item.video_id for item in await read_bytes(tmp_path, text)] == ["public", "listed"]


async def test_an_unknown_length_is_none(tmp_path: Path) -> None:
    text = dump(media("a", duration=0), media("b", duration=None))
    assert [item.duration_seconds for item in await read_bytes(tmp_path, text)] == [None, None]


async def test_thumbnails_need_the_address_of_the_site(tmp_path: Path) -> None:
    text = dump(media("a"), media("b", uploaded_thumbnail="/up/é?.jpg"), media("c", thumbnail=...))
    assert [item.thumbnail_url for item in await read_bytes(tmp_path, text)] == [None, None, None]
    assert [item.thumbnail_url for item in await read_bytes(tmp_path, text, "https://v.example")] == [
        "https://v.example/media/original/thumbnails/user/me/a%20b.jpg",
        "https://v.example/media/up/%C3%A9%3F.jpg",
        None,
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (media(friendly_token=""), "key friendly_token: is empty"),
        (media(friendly_token=...), "key friendly_token: is not a text"),
        (media(title=" "), "key title: is empty"),
        (media(title=7), "key title: is not a text"),
        (media(title="x" * 1001), f"key title: {TOO_LONG}"),
        (media(title="\0"), f"key title: {NO_TEXT}"),
        (
            media(title="\ud800"),
            "key title: contains a character that is no text (NUL or a lone surrogate)",
        ),
        (media(duration="60"), "key duration: is not a whole number of seconds"),
        (media(duration=6.5), "key duration: is not a whole number of seconds"),
        (media(duration=True), "key duration: is not a whole number of seconds"),
        (media(duration=-1), f"key duration: {TOO_MANY}"),
        (media(category="B"), "key category: is not a list of category keys"),
        (media(category=...), "key category: is not a list of category keys"),
        (media(category=[[1]]), "key category: is not a key (a number or a text)"),
        (media(listable="yes"), "key listable: is neither true nor false"),
        (media(is_reviewed=...), "key is_reviewed: is neither true nor false"),
        (media(state=...), "key state: is not a text"),
        (media(media_type=...), "key media_type: is not a text"),
        (category(2, ""), "key title: is empty"),
        (
            {"model": "files.category", "fields": {"title": "B"}},
            "key pk: is not a key (a number or a text)",
        ),
        (7, "is not an object with model and fields"),
        ({"title": "Dune", "friendly_token": "a"}, "has no model and fields"),
    ],
)
async def test_a_fault_in_a_dump_names_line_column_element_and_key(
    tmp_path: Path, entry: Any, message: str
) -> None:
    error = await fault(tmp_path, dump(category(1, "B"), entry, media("later")))
    where = "site.export, line 9, column 2, element 1"
    separator = ", " if message.startswith("key") else ": "
    assert error.message.removesuffix(EXPORT) == f"{where}{separator}{message}"
    known = {name: error.details[name] for name in ("file", "line", "column", "element")}
    assert known == {"file": "site.export", "line": 9, "column": 2, "element": 1}


async def test_the_facts_of_a_fault_in_a_dump_can_be_read_by_a_program(tmp_path: Path) -> None:
    before = f"[{json.dumps(category(1, 'B'))}, "
    error = await fault(tmp_path, f"{before}{json.dumps(media(title=''))}]")
    assert error.details == {
        "field": "source",
        "problem": "is empty",
        "file": "site.export",
        "line": 1,
        "column": len(before) + 1,
        "element": 1,
        "key": "title",
    }


async def test_a_token_that_stands_twice_names_both_elements(tmp_path: Path) -> None:
    error = await fault(tmp_path, dump(media("a"), media("hidden", listable=False), media("a")))
    assert error.message == (
        "site.export, line 35, column 2, element 2, key friendly_token: "
        "a stands here and already in element 0; keep one"
    )


async def test_a_dump_without_media_is_no_catalogue(tmp_path: Path) -> None:
    error = await fault(tmp_path, dump(category(1, "B")))
    assert error.message == f"site.export: holds no files.media{EXPORT}"


ARRAY = "an array, as manage.py dumpdata writes it, or an object with such an array as body"
ELEMENT = '{"model": "sessions.session", "fields": {}}'


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("[", 1, 2, "the file ends here"),
        (f"[\n {ELEMENT},\n", 3, 1, "the file ends here"),
        ('[\n {"a": 1 "b"}]', 2, 10, "not readable as JSON (Expecting ',' delimiter)"),
        ('[\n\n {"a": "cut', 3, 8, "not readable as JSON (Unterminated string"),
        (f"[{ELEMENT}\n {ELEMENT}]", 2, 2, "expected a comma or the closing bracket"),
        ("[] []", 1, 4, "something follows the end"),
        ('{"model":\n1}', 2, 2, f"expected {ARRAY}"),
        ("{\n}", 2, 1, f"expected {ARRAY}"),
        ("{7", 1, 2, f"expected {ARRAY}"),
        ('{"a": 1, "body": 7}', 1, 18, "expected an array as body"),
        ('{"body": []', 1, 12, "the file ends here"),
        ('{"body": [] x', 1, 13, "expected the closing brace"),
        ("[NaN]", 1, 2, "a number that JSON does not have"),
        ("[" + "9" * 5000 + "]", 1, 2, "a number that JSON does not have"),
        ("[" * 100_000, 1, 2, "nested too deeply"),
        (b'[{"a": "\xc3\xa9\xff"}]', 1, 10, "is not UTF-8"),
        (b'[\n{"a": "\xc3', 2, 8, "is not UTF-8"),
    ],
    ids=short,
)  # fmt: skip
async def test_broken_json_names_line_and_column(
    tmp_path: Path, text: str | bytes, line: int, column: int, problem: str
) -> None:
    error = await fault(tmp_path, text)
    assert (error.details["line"], error.details["column"]) == (line, column)
    assert problem in error.message


async def test_an_element_without_end_is_given_up(tmp_path: Path) -> None:
    error = await fault(tmp_path, '[\n{"a": "' + "x" * (5 << 20))
    assert error.message == "site.export, line 2, column 1: an element has over 4,194,304 characters"


@define
class Trickle:
    """A file that gives only a few bytes at a time."""

    data: bytes
    chunk: int
    at: int = 0

    def read(self, size: int, /) -> bytes:
        begin, self.at = self.at, self.at + min(self.chunk, size)
        return self.data[begin : self.at]

    readline = read

    def seek(self, offset: int, /) -> int:
        self.at = offset
        return offset


def _result(data: bytes, chunk: int) -> list[CatalogItem | None] | Mapping[str, Any]:
    """What is read, or the facts of the fault."""
    try:
        return list(read_dumpdata(Trickle(data, chunk), name="dump"))
    except InvalidInput as error:
        return error.details


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("cut", [0, 1, 2, 20, 100])
@pytest.mark.parametrize("indent", [None, 2])
def test_where_the_chunks_are_cut_does_not_matter(chunk: int, cut: int, indent: int | None) -> None:
    entries = [category(12345, "映画"), media("a", category=[12345])]
    text = "\ufeff" + json.dumps({"count": 12345, "body": entries}, indent=indent, ensure_ascii=False)
    data = text[: len(text) - cut].encode()
    assert _result(data, chunk) == _result(data, len(data))
