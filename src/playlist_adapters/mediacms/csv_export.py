"""Reads a catalogue from CSV, row by row: `video_id,title,categories,duration_seconds[,thumbnail_url]`."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, cast

from playlist_adapters.mediacms.intake import SeenIds, Spot, seconds, text, web_address
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput

REQUIRED = ("video_id", "title", "categories", "duration_seconds")
OPTIONAL = ("thumbnail_url",)
MAX_LINE_BYTES = 1 << 20

_BOM = b"\xef\xbb\xbf"
_SECONDS = re.compile(r"[0-9]{1,12}")


def read_csv(file: BinaryIO, *, name: str) -> Iterator[CatalogItem]:
    """The items in the order of the rows; blank rows are skipped.

    UTF-8 with or without BOM, commas, cells quoted where needed. `categories` is a JSON list of texts or
    empty, `duration_seconds` whole seconds, where empty and 0 mean unknown. Raises InvalidInput with file,
    line and column at the first thing that is not so; `name` is what the errors call the file.
    """
    records = _records(file, name)
    start, header = next(records, (1, None))
    if header is None:
        raise Spot(file=name).fault(f"is empty; the first line must be {','.join(REQUIRED)}")
    columns = _columns(Spot(file=name, line=start), header)
    seen = SeenIds("video_id")
    for line, cells in records:
        spot = Spot(file=name, line=line)
        if len(cells) != len(columns):
            raise spot.fault(f"has {len(cells)} cells, but the first line names {len(columns)} columns")
        item = _item(spot, dict(zip(columns, cells, strict=True)))
        seen.note(spot, item.video_id)
        yield item


def _columns(spot: Spot, header: list[str]) -> list[str]:
    columns = [cell.strip() for cell in header]
    expected = ",".join((*REQUIRED, f"[{OPTIONAL[0]}]"))
    if len(columns) == 1 and re.search(r"[;\t]", columns[0]):
        raise spot.fault(f"the columns are not separated by commas; expected {expected}")
    for column in columns:
        if column not in REQUIRED + OPTIONAL:
            raise spot.fault(f"is not a known column; expected {expected}", column=column[:40])
        if columns.count(column) > 1:
            raise spot.fault("occurs twice in the first line", column=column)
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise spot.fault(f"the first line lacks {', '.join(missing)}; expected {expected}", column=missing[0])
    return columns


def _item(spot: Spot, row: Mapping[str, str]) -> CatalogItem:
    thumbnail = row.get("thumbnail_url", "").strip()
    return CatalogItem(
        video_id=text(spot, "video_id", row["video_id"]),
        title=text(spot, "title", row["title"]),
        categories=_categories(spot, row["categories"]),
        duration_seconds=_duration(spot, row["duration_seconds"].strip()),
        thumbnail_url=web_address(spot, "thumbnail_url", thumbnail) if thumbnail else None,
    )


def _duration(spot: Spot, cell: str) -> int | None:
    if not cell:
        return None
    if not _SECONDS.fullmatch(cell):
        raise spot.fault("is not a whole number of seconds, such as 5109", column="duration_seconds")
    return seconds(spot, "duration_seconds", int(cell))


def _categories(spot: Spot, cell: str) -> tuple[str, ...]:
    if not cell.strip():
        return ()
    try:
        found: object = json.loads(cell)
    except (ValueError, RecursionError) as exc:
        raise spot.fault(_NOT_A_LIST, column="categories") from exc
    if not isinstance(found, list):
        raise spot.fault(_NOT_A_LIST, column="categories")
    names = [text(spot, "categories", name) for name in cast("list[object]", found)]
    return tuple(dict.fromkeys(names))


_NOT_A_LIST = 'is not a JSON list of texts, such as ["1.Comedy", "2.Horror"]'


def _records(file: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank with the line on which it begins."""
    reader = csv.reader(_lines(file, name), strict=True)
    while True:
        start = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as exc:
            raise _broken(Spot(file=name, line=start), str(exc), reader.line_num) from exc
        if record is None:
            return
        if any(cell.strip() for cell in record):
            yield start, record


def _broken(spot: Spot, problem: str, line: int) -> InvalidInput:
    """The reader's complaint in words about the file rather than about Python."""
    if "field limit" in problem:
        limit = csv.field_size_limit()
        return spot.fault(f"a cell is longer than {limit:,} characters; is a closing quotation mark missing?")
    if "end of data" in problem:
        return spot.fault("a quotation mark opened in this row is never closed")
    if "new-line" in problem:
        return spot.fault("a carriage return stands outside quotation marks; save with normal line ends")
    return spot.fault(
        f"the quoting is broken on line {line}: inside a quoted cell, write quotation marks twice"
    )


def _lines(file: BinaryIO, name: str) -> Iterator[str]:
    """The physical lines as text, line ends kept; one at a time: memory does not grow with the file."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES):
        number += 1
        spot = Spot(file=name, line=number)
        if number == 1:
            raw = raw.removeprefix(_BOM)
        if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            raise spot.fault(
                f"the line is longer than {MAX_LINE_BYTES:,} bytes; this is not a catalogue in CSV"
            )
        try:
            line = raw.decode()
        except UnicodeDecodeError as exc:
            column = len(raw[: exc.start].decode()) + 1
            raise spot.fault("is not UTF-8; save the file as CSV UTF-8", column=column) from exc
        if "\0" in line:
            raise spot.fault("contains NUL, so this is not a text file", column=line.index("\0") + 1)
        yield line
