"""Reads a catalogue from JSON lines: one object a line, with the fields of `CatalogItem`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from attrs import field, fields, frozen

from playlist_adapters.mediacms.intake import ByteStream, SeenIds, Spot, text, web_address, whole_seconds
from playlist_adapters.mediacms.json_values import (
    Members,
    Problem,
    member_names,
    skip_blank,
    strict_decoder,
    value_at,
)
from playlist_adapters.mediacms.text_lines import text_lines
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput

REQUIRED: Final = ("video_id", "title")
FIELDS: Final = tuple(each.name for each in fields(CatalogItem))

_EXPECTED: Final = f"an object with {', '.join(FIELDS)}"


def read_jsonl(file: ByteStream, *, name: str) -> Iterator[CatalogItem]:
    """The items in the order of the lines; blank lines are skipped.

    UTF-8 with or without BOM. `video_id` and `title` are texts, `categories` a list of texts,
    `duration_seconds` a whole number where 0 means unknown, `thumbnail_url` a web address; the last three may
    be null or missing. Raises InvalidInput with file, line and column at the first thing that is not so;
    `name` is what the errors call the file.
    """
    seen = SeenIds("video_id")
    for number, line in text_lines(file, name, holds="a catalogue in JSON lines"):
        start = skip_blank(line, 0)
        if start < len(line):
            spot = _Line(file=name, line=number, column=start + 1, source=line)
            item = _item(spot, _members(spot))
            seen.note(spot, item.video_id)
            yield item


@frozen(kw_only=True)
class _Line(Spot):
    """A line whose faults name the column at which the member begins that they are about."""

    source: str = field(repr=False)

    def fault(self, problem: str, *, column: str | int | None = None) -> InvalidInput:
        if not isinstance(column, str):
            return super().fault(problem, column=column)
        start = skip_blank(self.source, 0)
        # Of members with the same name the last counts: that it is there again is its fault.
        places = dict(member_names(_DECODER, self.source[start:]))
        place = Spot(file=self.file, line=self.line, column=start + places.get(column, 0) + 1)
        return place.fault(problem, column=column)


class _Object(list[tuple[str, Any]]):
    """The members of a JSON object, those with the same name included."""


def _object(members: Members) -> _Object:
    return _Object(members)


_DECODER: Final = strict_decoder(_object)


def _members(spot: _Line) -> Mapping[str, Any]:
    """The members of the one object that stands on a line."""
    line, start = spot.source, skip_blank(spot.source, 0)
    outcome = value_at(_DECODER, line, start)
    if isinstance(outcome, Problem):
        problem = f"not readable as JSON ({outcome.text}); each line must be {_EXPECTED}"
        raise spot.fault(problem, column=outcome.at + 1)
    value, end = outcome
    if not isinstance(value, _Object):
        raise spot.fault(f"is not {_EXPECTED}")
    behind = skip_blank(line, end)
    if behind < len(line):
        raise spot.fault("something follows the object; write one a line", column=behind + 1)
    return _once(spot, value)


def _once(spot: _Line, members: _Object) -> Mapping[str, Any]:
    """The members by name: only those that are known, each once, none missing that must be there."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name not in FIELDS:
            raise spot.fault(f"is not a field of a title; expected {_EXPECTED}", column=name)
        if name in found:
            raise spot.fault("occurs twice in the object", column=name)
        found[name] = value
    for name in REQUIRED:
        if name not in found:
            raise spot.fault(f"is missing; expected {_EXPECTED}", column=name)
    return found


def _item(spot: Spot, members: Mapping[str, Any]) -> CatalogItem:
    thumbnail: object = members.get("thumbnail_url")
    return CatalogItem(
        video_id=text(spot, "video_id", members["video_id"]),
        title=text(spot, "title", members["title"]),
        categories=_categories(spot, members.get("categories")),
        duration_seconds=whole_seconds(spot, "duration_seconds", members.get("duration_seconds")),
        thumbnail_url=None if thumbnail is None else web_address(spot, "thumbnail_url", thumbnail),
    )


def _categories(spot: Spot, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or isinstance(value, _Object):
        raise spot.fault('is not a list of texts, such as ["1.Comedy", "2.Horror"]', column="categories")
    names = [text(spot, "categories", name) for name in cast("list[object]", value)]
    return tuple(dict.fromkeys(names))
