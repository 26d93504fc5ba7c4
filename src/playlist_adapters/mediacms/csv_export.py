"""Reads a catalogue from CSV, row by row: `video_id,title,categories,duration_seconds[,thumbnail_url]`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from playlist_adapters.mediacms.csv_rows import CsvRows
from playlist_adapters.mediacms.intake import ByteStream, SeenIds, Spot, seconds, text, web_address
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput

REQUIRED: Final = ("video_id", "title", "categories", "duration_seconds")
OPTIONAL: Final = ("thumbnail_url",)

_EXPECTED: Final = ",".join((*REQUIRED, f"[{OPTIONAL[0]}]"))
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_COLUMN: Final = re.compile("[A-Za-z][A-Za-z0-9_ -]{0,39}")
_NOT_A_LIST: Final = 'is not a JSON list of texts, such as ["1.Comedy", "2.Horror"]'


def read_csv(file: ByteStream, *, name: str) -> Iterator[CatalogItem]:
    """The items in the order of the rows; blank rows are skipped.

    UTF-8 with or without BOM, commas, cells quoted where needed. `categories` is a JSON list of texts or
    empty, `duration_seconds` whole seconds, where empty and 0 mean unknown. Raises InvalidInput with file,
    line and column at the first thing that is not so; `name` is what the errors call the file.
    """
    table = CsvRows(file, name)
    rows = table.rows()
    first = next(rows, None)
    if first is None:
        raise Spot(file=name).fault(f"is empty; the first line must be {','.join(REQUIRED)}")
    columns = _columns(table, *first)
    seen = SeenIds("video_id")
    for spot, cells in rows:
        if len(cells) != len(columns):
            raise _wrong_count(table, spot, cells, columns)
        item = _item(spot, dict(zip(columns, cells, strict=True)))
        seen.note(spot, item.video_id)
        yield item


def _columns(table: CsvRows, spot: Spot, header: list[str]) -> list[str]:
    columns = [cell.strip() for cell in header]
    if len(columns) == 1 and re.search(r"[;\t]", columns[0]):
        raise table.fault_at(0, f"the columns are not separated by commas; expected {_EXPECTED}")
    for number, column in enumerate(columns, 1):
        if column not in REQUIRED + OPTIONAL:
            raise _unknown(spot, number, column)
        if columns.count(column) > 1:
            raise spot.fault("occurs twice in the first line", column=column)
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        problem = f"the first line lacks {', '.join(missing)}; expected {_EXPECTED}"
        raise spot.fault(problem, column=missing[0])
    return columns


def _unknown(spot: Spot, number: int, column: str) -> InvalidInput:
    """The fault of a column; what looks like no name is not repeated: another file may hold anything."""
    problem = f"is not a known column; expected {_EXPECTED}"
    if _COLUMN.fullmatch(column):
        return spot.fault(problem, column=column)
    return spot.fault(f"column {number} {problem}")


def _wrong_count(table: CsvRows, spot: Spot, cells: list[str], columns: list[str]) -> Exception:
    """The fault of a row that is too short, at the first column it lacks, or too long, at the first cell."""
    problem = f"has {len(cells)} cells, but the first line names {len(columns)} columns"
    if len(cells) < len(columns):
        return spot.fault(problem, column=columns[len(cells)])
    return table.fault_at(len(columns), problem)


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
    found = _json(cell)
    if not isinstance(found, list):
        raise spot.fault(_NOT_A_LIST, column="categories")
    names = [text(spot, "categories", name) for name in cast("list[object]", found)]
    return tuple(dict.fromkeys(names))


def _json(cell: str) -> object:
    """What the cell holds, None where it is no JSON: the exception would keep the cell."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None
