"""Catalogues from export files: what is read, and where the fault lies in what is not."""

import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.mediacms import json_array
from playlist_adapters.mediacms.export import BATCH, ExportSource
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput

pytestmark = pytest.mark.anyio

FIXTURES = Path(__file__).parent.parent / "data" / "mediacms"
HEADER = "video_id,title,categories,duration_seconds\n"


async def _read(path: Path, media_base_url: str | None = None) -> list[CatalogItem]:
    source = ExportSource(path, media_base_url=media_base_url)
    async with aclosing(source.iter_catalog_items()) as items:
        return [item async for item in items]


async def _read_bytes(
    tmp_path: Path, content: bytes | str, media_base_url: str | None = None
) -> list[CatalogItem]:
    path = tmp_path / "site.export"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return await _read(path, media_base_url)


async def _fault(tmp_path: Path, content: bytes | str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        await _read_bytes(tmp_path, content)
    return caught.value


TOO_LONG = "has 1,001 characters, at most 1,000 are allowed"
TOO_MANY = "a duration is 0 to 2,147,483,647 seconds"
NO_TEXT = "contains a character that is no text (NUL or a lone surrogate)"


def _short(value: object) -> str:
    """A test id that a terminal can show."""
    return ascii(value)[:40]


# --- CSV

NOT_UTF8 = "is not UTF-8; save the file as CSV UTF-8"
NOT_SECONDS = "line 4, column duration_seconds: is not a whole number of seconds, such as 5109"
NOT_A_LIST = 'line 2, column categories: is not a JSON list of texts, such as ["1.Comedy", "2.Horror"]'


async def test_csv_is_read_row_by_row(tmp_path: Path) -> None:
    text = HEADER + (
        'a1,Alien.[1979].mkv,"[""2.Horror"", ""Movies""]",7020\n'
        "b2,Unknown length,,\n"
        "c3,Zero length,[],0\n"
        'd4,"Two\r\nlines, ""quoted""","[""映画""]",60\n'
    )
    assert await _read_bytes(tmp_path, text) == [
        CatalogItem(
            video_id="a1", title="Alien.[1979].mkv", categories=("2.Horror", "Movies"), duration_seconds=7020
        ),
        CatalogItem(video_id="b2", title="Unknown length"),
        CatalogItem(video_id="c3", title="Zero length"),
        CatalogItem(video_id="d4", title='Two\r\nlines, "quoted"', categories=("映画",), duration_seconds=60),
    ]


async def test_columns_come_in_any_order_after_a_bom_with_blank_lines_between(tmp_path: Path) -> None:
    text = (
        "\ufeff\r\nthumbnail_url, title,duration_seconds,video_id,categories\r\n\r\n"
        "https://x.example/t.jpg,Alien,7,a1,\r\n,,,,\r\n,Dune,,b2,\r\n\r\n"
    )
    assert await _read_bytes(tmp_path, text) == [
        CatalogItem(
            video_id="a1", title="Alien", duration_seconds=7, thumbnail_url="https://x.example/t.jpg"
        ),
        CatalogItem(video_id="b2", title="Dune"),
    ]


async def test_a_category_named_twice_counts_once(tmp_path: Path) -> None:
    [item] = await _read_bytes(tmp_path, HEADER + 'a,Alien,"[""B"", ""A"", ""B""]",\n')
    assert item.categories == ("B", "A")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; the first line must be video_id,title,categories,duration_seconds"),
        ("\n \n", "is empty; the first line must be video_id,title,categories,duration_seconds"),
        (
            "video_id,title,categories,duration_seconds,colour\n",
            "line 1, column colour: is not a known column; "
            "expected video_id,title,categories,duration_seconds,[thumbnail_url]",
        ),
        (
            "video_id;title;categories;duration_seconds\n",
            "line 1: the columns are not separated by commas; "
            "expected video_id,title,categories,duration_seconds,[thumbnail_url]",
        ),
        (
            "video_id,title\n",
            "line 1, column categories: the first line lacks categories, duration_seconds; "
            "expected video_id,title,categories,duration_seconds,[thumbnail_url]",
        ),
        ("video_id,title,title\n", "line 1, column title: occurs twice in the first line"),
        (HEADER + "a,Alien,\n", "line 2: has 3 cells, but the first line names 4 columns"),
        (HEADER + "\na,Alien,,,\n", "line 3: has 5 cells, but the first line names 4 columns"),
        (HEADER + ",Alien,,\n", "line 2, column video_id: is empty"),
        (HEADER + 'a,"  \n ",,\n', "line 2, column title: is empty"),
        (HEADER + f"a,{'x' * 1001},,\n", f"line 2, column title: {TOO_LONG}"),
        (HEADER + 'a,"two\nlines",,1\nb,Dune,,1h\n', NOT_SECONDS),
        (HEADER + "\n\na,Dune,,-1\n", NOT_SECONDS),
        (HEADER + "\n\na,Dune,,1.5\n", NOT_SECONDS),
        (HEADER + "\n\na,Dune,,٣\n", NOT_SECONDS),
        (HEADER + "\n\na,Dune,," + "9" * 5000 + "\n", NOT_SECONDS),
        (HEADER + "a,Dune,,2147483648\n", f"line 2, column duration_seconds: {TOO_MANY}"),
        (HEADER + "a,Dune,Horror,\n", NOT_A_LIST),
        (HEADER + 'a,Dune,"""Horror""",\n', NOT_A_LIST),
        (HEADER + 'a,Dune,"{""a"": 1}",\n', NOT_A_LIST),
        (HEADER + "a,Dune," + "[" * 100_000 + ",\n", NOT_A_LIST),
        (HEADER + "a,Dune,[1],\n", "line 2, column categories: is not a text"),
        (HEADER + 'a,Dune,"[""""]",\n', "line 2, column categories: is empty"),
        (HEADER + 'a,Dune,"[""\\u0000""]",\n', f"line 2, column categories: {NO_TEXT}"),
        (HEADER + 'a,"Dune,,\nb,Jaws,,\n', "line 2: a quotation mark opened in this row is never closed"),
        (HEADER + 'a,"Dune" 2,,\n', "line 2: the quoting is broken on line 2: "
         "inside a quoted cell, write quotation marks twice"),
        (HEADER + 'a,"' + "x" * 140_000 + "\n", "line 2: a cell is longer than 131,072 characters; "
         "is a closing quotation mark missing?"),
        (HEADER + "a,Dune,,\rb,Jaws,,\n", "line 2: a carriage return stands outside quotation marks; "
         "save with normal line ends"),
        (HEADER + "a,Du\0ne,,\n", "line 2, column 5: contains NUL, so this is not a text file"),
        (HEADER.encode() + b"a,\xc3\xa9\xff,,\n", f"line 2, column 4: {NOT_UTF8}"),
        (HEADER.encode("utf-16"), f"line 1, column 1: {NOT_UTF8}"),
        (b"x" * (1 << 20), "line 1: the line is longer than 1,048,576 bytes; this is not a catalogue in CSV"),
        (HEADER + "a,Dune,,\n\na,Jaws,,\n", "line 4, column video_id: a stands here "
         "and already in line 2; keep one"),
    ],
    ids=_short,
)  # fmt: skip
async def test_a_fault_in_csv_names_file_line_and_column(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    error = await _fault(tmp_path, text)
    separator = ", " if message.startswith("line") else ": "
    assert error.message == f"site.export{separator}{message}"
    assert (error.code, error.details["field"], error.details["file"]) == ("invalid", "source", "site.export")


@pytest.mark.parametrize(
    "address", ["/media/t.jpg", "javascript:alert(1)", "https://x.example/a b", "//x.example/t"]
)
async def test_a_thumbnail_must_be_a_web_address(tmp_path: Path, address: str) -> None:
    error = await _fault(tmp_path, f"{HEADER.strip()},thumbnail_url\na,Dune,,,{address}\n")
    assert (
        error.message == "site.export, line 2, column thumbnail_url: is not an absolute http or https address"
    )


async def test_the_facts_of_a_fault_can_be_read_by_a_program(tmp_path: Path) -> None:
    error = await _fault(tmp_path, HEADER + "a,Dune,,soon\n")
    assert error.details == {
        "field": "source",
        "problem": "is not a whole number of seconds, such as 5109",
        "file": "site.export",
        "line": 2,
        "column": "duration_seconds",
    }


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


# --- Django dumpdata


def _media(token: str = "a", **fields: Any) -> dict[str, Any]:
    whole = {
        "friendly_token": token,
        "title": "Dune",
        "duration": 60,
        "category": [],
        "media_type": "video",
        "state": "public",
        "encoding_status": "success",
        "is_reviewed": True,
        "thumbnail": "original/thumbnails/user/me/a b.jpg",
        "uploaded_thumbnail": "",
    } | fields
    return {
        "model": "files.media",
        "pk": 1,
        "fields": {name: value for name, value in whole.items() if value is not ...},
    }


def _category(key: int, title: str) -> dict[str, Any]:
    return {"model": "files.category", "pk": key, "fields": {"title": title}}


def _dump(*entries: Any) -> str:
    return json.dumps(entries, indent=1)


async def test_a_recorded_dump_is_read_and_lacks_only_what_was_cut_from_it() -> None:
    assert await _read(FIXTURES / "v1_9__dumpdata.json", "https://videos.example/") == [
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
    recorded = json.loads((FIXTURES / "v1_9__dumpdata.json").read_text())["body"]
    error = await _fault(tmp_path, json.dumps(recorded))
    assert error.message == (
        "site.export, element 3, column category: names category 31, which the file lacks; "
        "export with: manage.py dumpdata files.category files.media"
    )


async def test_categories_may_follow_the_media_and_share_a_title(tmp_path: Path) -> None:
    dump = _dump(_media(category=[3, 1, 2]), _category(1, "B"), _category(2, "A"), _category(3, "B"))
    [item] = await _read_bytes(tmp_path, dump)
    assert item.categories == ("A", "B")


async def test_only_listable_videos_are_read(tmp_path: Path) -> None:
    dump = _dump(
        _media("public"),
        _media("private", state="private"),
        _media("unlisted", state="unlisted"),
        _media("encoding", encoding_status="running"),
        _media("unreviewed", is_reviewed=False),
        _media("picture", media_type="image"),
        _media("listed", listable=True, state="private"),
        _media("unlisted-flag", listable=False),
        {"model": "users.user", "pk": 1, "fields": {"password": "x"}},
    )
    assert [item.video_id for item in await _read_bytes(tmp_path, dump)] == ["public", "listed"]


async def test_an_unknown_length_is_none(tmp_path: Path) -> None:
    dump = _dump(_media("a", duration=0), _media("b", duration=None))
    assert [item.duration_seconds for item in await _read_bytes(tmp_path, dump)] == [None, None]


async def test_thumbnails_need_the_address_of_the_site(tmp_path: Path) -> None:
    dump = _dump(_media("a"), _media("b", uploaded_thumbnail="/up/é?.jpg"), _media("c", thumbnail=...))
    assert [item.thumbnail_url for item in await _read_bytes(tmp_path, dump)] == [None, None, None]
    assert [item.thumbnail_url for item in await _read_bytes(tmp_path, dump, "https://v.example")] == [
        "https://v.example/media/original/thumbnails/user/me/a%20b.jpg",
        "https://v.example/media/up/%C3%A9%3F.jpg",
        None,
    ]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (_media(friendly_token=""), "column friendly_token: is empty"),
        (_media(friendly_token=...), "column friendly_token: is not a text"),
        (_media(title=" "), "column title: is empty"),
        (_media(title=7), "column title: is not a text"),
        (_media(title="x" * 1001), f"column title: {TOO_LONG}"),
        (_media(title="\0"), f"column title: {NO_TEXT}"),
        (
            _media(title="\ud800"),
            "column title: contains a character that is no text (NUL or a lone surrogate)",
        ),
        (_media(duration="60"), "column duration: is not a whole number of seconds"),
        (_media(duration=6.5), "column duration: is not a whole number of seconds"),
        (_media(duration=True), "column duration: is not a whole number of seconds"),
        (_media(duration=-1), f"column duration: {TOO_MANY}"),
        (_media(category="B"), "column category: is not a list of category keys"),
        (_media(category=...), "column category: is not a list of category keys"),
        (_media(category=[[1]]), "column category: is not a key (a number or a text)"),
        (_media(listable="yes"), "column listable: is neither true nor false"),
        (_media(is_reviewed=...), "column is_reviewed: is neither true nor false"),
        (_media(state=...), "column state: is not a text"),
        (_media(media_type=...), "column media_type: is not a text"),
        (_category(2, ""), "column title: is empty"),
        (
            {"model": "files.category", "fields": {"title": "B"}},
            "column pk: is not a key (a number or a text)",
        ),
        (7, None),
        ({"title": "Dune", "friendly_token": "a"}, None),
    ],
)
async def test_a_fault_in_a_dump_names_file_and_element(
    tmp_path: Path, entry: Any, message: str | None
) -> None:
    error = await _fault(tmp_path, _dump(_category(1, "B"), entry, _media("later")))
    assert (error.details["file"], error.details["element"]) == ("site.export", 1)
    if message is None:
        assert error.message.endswith("export with: manage.py dumpdata files.category files.media")
    else:
        assert error.message == f"site.export, element 1, {message}"


async def test_a_token_that_stands_twice_names_both_elements(tmp_path: Path) -> None:
    error = await _fault(tmp_path, _dump(_media("a"), _media("hidden", listable=False), _media("a")))
    assert (
        error.message
        == "site.export, element 2, column friendly_token: a stands here and already in element 0; keep one"
    )


async def test_a_dump_without_media_is_no_catalogue(tmp_path: Path) -> None:
    error = await _fault(tmp_path, _dump(_category(1, "B")))
    assert error.message == (
        "site.export: holds no files.media; export with: manage.py dumpdata files.category files.media"
    )


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
        ('{"model": 1}', 1, 12, f"expected {ARRAY}"),
        ("{}", 1, 2, f"expected {ARRAY}"),
        ('{"a": 1, "body": 7}', 1, 18, "expected an array as body"),
        ('{"body": []', 1, 12, "the file ends here"),
        ('{"body": [] x', 1, 13, "expected the closing brace"),
        ("[NaN]", 1, 2, "a number that JSON does not have"),
        ("[" + "9" * 5000 + "]", 1, 2, "a number that JSON does not have"),
        ("[" * 100_000, 1, 2, "nested too deeply"),
        (b'[{"a": "\xc3\xa9\xff"}]', 1, 10, "is not UTF-8"),
        (b'[\n{"a": "\xc3', 2, 8, "is not UTF-8"),
    ],
    ids=_short,
)  # fmt: skip
async def test_broken_json_names_line_and_column(
    tmp_path: Path, text: str | bytes, line: int, column: int, problem: str
) -> None:
    error = await _fault(tmp_path, text)
    assert (error.details["line"], error.details["column"]) == (line, column)
    assert problem in error.message


async def test_an_element_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "MAX_ELEMENT_CHARACTERS", 1000)
    monkeypatch.setattr(json_array, "CHUNK_BYTES", 100)
    error = await _fault(tmp_path, '[\n{"a": "' + "x" * 5000)
    assert error.message == "site.export, line 2, column 1: an element has over 1,000 characters"


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64])
async def test_where_the_chunks_are_cut_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    entries = [_category(12345, "映画"), _media("a", category=[12345])]
    dump = json.dumps({"count": 12345, "body": entries}, indent=2, ensure_ascii=False)
    [whole] = await _read_bytes(tmp_path, "\ufeff" + dump)
    broken = await _fault(tmp_path, dump[:-20])
    monkeypatch.setattr(json_array, "CHUNK_BYTES", chunk)
    assert await _read_bytes(tmp_path, "\ufeff" + dump) == [whole]
    assert (await _fault(tmp_path, dump[:-20])).details == broken.details


SECRET = "pbkdf2$do-not-keep"


def _reachable(error: BaseException) -> Iterator[str]:
    """Everything an error reporter could print: the chain, its facts, and the locals of its frames."""
    link: BaseException | None = error
    while link is not None:
        yield repr(link)
        yield repr(vars(link))
        trace = link.__traceback__
        while trace is not None:
            if "tests" not in trace.tb_frame.f_code.co_filename:
                for value in trace.tb_frame.f_locals.values():
                    slots = getattr(type(value), "__slots__", ())
                    yield repr((value, [getattr(value, slot, None) for slot in slots]))
            trace = trace.tb_next
        link = link.__cause__ or link.__context__


@pytest.mark.parametrize("tail", [b"", b',\n"\xff"]', b',{"password": "pbkdf2$do-not-keep', b", 7]"])
async def test_passwords_and_addresses_reach_neither_items_nor_errors(tmp_path: Path, tail: bytes) -> None:
    secrets = {"password": SECRET, "search": f"'{SECRET}':1", "email": f"{SECRET}@x.example", "user": SECRET}
    user = {"model": "users.user", "pk": 1, "fields": secrets}
    dump = json.dumps([user, _media("a", **secrets)]).encode()
    if not tail:
        [item] = await _read_bytes(tmp_path, dump)
        assert SECRET not in repr(item)
        return
    error = await _fault(tmp_path, dump[:-1] + tail)
    assert [text for text in _reachable(error) if SECRET in text] == []


# --- both


async def test_what_is_no_readable_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, problem in {
        "gone.csv": "gone.csv: there is no such file",
        "folder": "folder: is a directory, not a file",
        "x" * 300: "x" * 300 + ": cannot be read: File name too long",
    }.items():
        with pytest.raises(InvalidInput) as caught:
            await _read(tmp_path / name)
        assert caught.value.message == problem


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
        assert len(await _read(path)) == 10 * BATCH
        tasks.cancel_scope.cancel()
    assert turns >= 10


@given(st.binary(max_size=200))
def test_any_bytes_are_a_catalogue_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "soup.csv"
    for prefix in (b"", b"[", HEADER.encode()):
        path.write_bytes(prefix + content)
        try:
            anyio.run(_read, path)
        except InvalidInput as error:
            assert error.message.startswith("soup.csv")
