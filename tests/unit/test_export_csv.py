"""Catalogues from CSV: what is read, and where the fault lies in what is not."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.mediacms.csv_rows import survey
from playlist_core.domain.catalog import CatalogItem
from tests.unit.export_world import HEADER, NO_TEXT, NOT_UTF8, TOO_LONG, TOO_MANY, fault, read_bytes, short

pytestmark = pytest.mark.anyio

NOT_SECONDS = "line 4, column duration_seconds: is not a whole number of seconds, such as 5109"
NOT_A_LIST = 'line 2, column categories: is not a JSON list of texts, such as ["1.Comedy", "2.Horror"]'


async def test_csv_is_read_row_by_row(tmp_path: Path) -> None:
    text = HEADER + (
        'a1,Alien.[1979].mkv,"[""2.Horror"", ""Movies""]",7020\n'
        "b2,Unknown length,,\n"
        "c3,Zero length,[],0\n"
        'd4,"Two\r\nlines, ""quoted""","[""映画""]",60\n'
    )
    assert await read_bytes(tmp_path, text) == [
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
    assert await read_bytes(tmp_path, text) == [
        CatalogItem(
            video_id="a1", title="Alien", duration_seconds=7, thumbnail_url="https://x.example/t.jpg"
        ),
        CatalogItem(video_id="b2", title="Dune"),
    ]


async def test_a_category_named_twice_counts_once(tmp_path: Path) -> None:
    [item] = await read_bytes(tmp_path, HEADER + 'a,Alien,"[""B"", ""A"", ""B""]",\n')
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
            "video_id,title,Ünknown\n",
            "line 1: column 3 is not a known column; "
            "expected video_id,title,categories,duration_seconds,[thumbnail_url]",
        ),
        (
            "video_id;title;categories;duration_seconds\n",
            "line 1, column 1: the columns are not separated by commas; "
            "expected video_id,title,categories,duration_seconds,[thumbnail_url]",
        ),
        (
            "video_id,title\n",
            "line 1, column categories: the first line lacks categories, duration_seconds; "
            "expected video_id,title,categories,duration_seconds,[thumbnail_url]",
        ),
        ("video_id,title,title\n", "line 1, column title: occurs twice in the first line"),
        (HEADER + "a,Alien,\n", "line 2, column duration_seconds: has 3 cells, "
         "but the first line names 4 columns"),
        (HEADER + '\na,"Alien\n3",,,\n', "line 4, column 6: has 5 cells, but the first line names 4 columns"),
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
        (HEADER + 'a,"Dune,,\nb,Jaws,,\n', "line 2, column 3: a quotation mark opened here is never closed"),
        (HEADER + 'a,"Dune" 2,,\n', "line 2, column 9: inside a quoted cell, write quotation marks twice"),
        (HEADER + 'a,"' + "x" * 140_000 + "\n", "line 2, column 3: a cell is longer than 131,072 characters; "
         "is a closing quotation mark missing?"),
        (HEADER + "a,Dune,,\rb,Jaws,,\n", "line 2, column 9: a carriage return stands outside "
         "quotation marks; save with normal line ends"),
        (HEADER + "a,Du\0ne,,\n", "line 2, column 5: contains NUL, so this is not a text file"),
        (HEADER.encode() + b"a,\xc3\xa9\xff,,\n", f"line 2, column 4: {NOT_UTF8}"),
        (HEADER.encode("utf-16"), f"line 1, column 1: {NOT_UTF8}"),
        (b"x" * (1 << 20), "line 1, column 1048576: the line is longer than 1,048,576 bytes; "
         "this is not a catalogue in CSV"),
        (HEADER + "a,Dune,,\n\na,Jaws,,\n", "line 4, column video_id: a stands here "
         "and already in line 2; keep one"),
    ],
    ids=short,
)  # fmt: skip
async def test_a_fault_in_csv_names_file_line_and_column(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    error = await fault(tmp_path, text)
    separator = ", " if message.startswith("line") else ": "
    assert error.message == f"site.export{separator}{message}"
    assert (error.code, error.details["field"], error.details["file"]) == ("invalid", "source", "site.export")


@pytest.mark.parametrize(
    "address", ["/media/t.jpg", "javascript:alert(1)", "https://x.example/a b", "//x.example/t"]
)
async def test_a_thumbnail_must_be_a_web_address(tmp_path: Path, address: str) -> None:
    error = await fault(tmp_path, f"{HEADER.strip()},thumbnail_url\na,Dune,,,{address}\n")
    assert (
        error.message == "site.export, line 2, column thumbnail_url: is not an absolute http or https address"
    )


async def test_the_facts_of_a_fault_can_be_read_by_a_program(tmp_path: Path) -> None:
    error = await fault(tmp_path, HEADER + "a,Dune,,soon\n")
    assert error.details == {
        "field": "source",
        "problem": "is not a whole number of seconds, such as 5109",
        "file": "site.export",
        "line": 2,
        "column": "duration_seconds",
    }


@given(st.text('",\r\nab ', max_size=12))
def test_a_row_is_surveyed_as_the_csv_module_reads_it(text: str) -> None:
    lines = StringIO(text, newline="\n").readlines()
    reader = csv.reader(lines, strict=True)
    try:
        cells = next(reader, [])
    except csv.Error:
        assert survey(text).problem
    else:
        found = survey("".join(lines[: reader.line_num]))
        assert (found.problem, len(found.cells)) == ("", max(len(cells), 1))


async def test_a_row_without_end_is_given_up_before_memory_is(tmp_path: Path) -> None:
    error = await fault(tmp_path, HEADER + "a,Dune,,\n" + 'b,"' + '\n","' * 400_000)
    problem = "a row is longer than 1,048,576 characters; is a closing quotation mark missing?"
    assert error.message == f"site.export, line 3, column 1: {problem}"
