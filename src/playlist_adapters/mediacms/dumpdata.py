"""Reads a catalogue from the JSON of `manage.py dumpdata files.category files.media` (MediaCMS 1.0 on).

The file is read twice, each time element by element: categories may stand behind the media that name them.
Passwords, search vectors and e-mail addresses in it are dropped while parsing and reach no object of ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from attrs import frozen

from playlist_adapters.mediacms.intake import ByteStream, SeenIds, Spot, text, whole_seconds
from playlist_adapters.mediacms.json_array import JsonArray
from playlist_adapters.mediacms.json_values import strict_decoder
from playlist_adapters.mediacms.thumbnails import thumbnail_url
from playlist_core.domain.catalog import CatalogItem

_ENTRY = ("model", "pk", "fields")
_LISTED = ("media_type", "listable", "state", "encoding_status", "is_reviewed")
_SHOWN = ("title", "friendly_token", "duration", "category", "thumbnail", "uploaded_thumbnail")
_KEPT = frozenset(_ENTRY + _LISTED + _SHOWN)
_MEDIA = "files.media"
_CATEGORY = "files.category"
_EXPORT = "export with: manage.py dumpdata files.category files.media"

CategoryTitles = Mapping[int | str, str]


@frozen(kw_only=True)
class _Context:
    """What every element is read against; an excerpt may lack categories that its media name."""

    titles: CategoryTitles
    is_excerpt: bool
    media_base_url: str | None


def read_dumpdata(
    file: ByteStream, *, name: str, media_base_url: str | None = None
) -> Iterator[CatalogItem | None]:
    """The listable videos in the order of the file; each one's categories by title, each title once.

    None for every other element, and for every one in the first reading: a chance to stop, and to tell how
    far it is. Listable is the site's own flag, and where an export left it out: public, encoded and reviewed.
    Thumbnails are paths in the export: they become URLs only with `media_base_url`.
    Raises InvalidInput with file, line and column at the first thing that is not so.
    """
    titles: dict[int | str, str] = {}
    for spot, element in JsonArray(file, name, decoder=strict_decoder(_keep)).elements():
        model, fields = _entry(spot, element)
        if model == _CATEGORY:
            titles[_key(spot, "pk", element.get("pk"))] = text(spot, "title", fields.get("title"))
        yield None
    file.seek(0)
    yield from _titles_of_media(file, name, titles, media_base_url)


def _titles_of_media(
    file: ByteStream, name: str, titles: CategoryTitles, media_base_url: str | None
) -> Iterator[CatalogItem | None]:
    array = JsonArray(file, name, decoder=strict_decoder(_keep))
    seen = SeenIds("friendly_token")
    elements = media = 0
    for spot, element in array.elements():
        model, fields = _entry(spot, element)
        elements += 1
        item = None
        if model == _MEDIA:
            media += 1
            context = _Context(titles=titles, is_excerpt=array.is_excerpt, media_base_url=media_base_url)
            item = _item(spot, fields, context)
        if item is not None:
            seen.note(spot, item.video_id)
        yield item
    if elements and not media:
        raise Spot(file=name).fault(f"holds no {_MEDIA}; {_EXPORT}")


def _keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs if key in _KEPT}


def _entry(spot: Spot, element: object) -> tuple[str, Mapping[str, Any]]:
    """Model and fields of a dumpdata element."""
    if not isinstance(element, dict):
        raise spot.fault(f"is not an object with model and fields; {_EXPORT}")
    entry = cast("dict[str, Any]", element)
    model, fields = entry.get("model"), entry.get("fields")
    if not isinstance(model, str) or not isinstance(fields, dict):
        raise spot.fault(f"has no model and fields; {_EXPORT}")
    return model, cast("dict[str, Any]", fields)


def _key(spot: Spot, column: str, value: object) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise spot.fault("is not a key (a number or a text)", column=column)
    return value


def _is_listable(spot: Spot, fields: Mapping[str, Any]) -> bool:
    """The rule of MediaCMS 1.0 to 8.3.2 (facts sheet, section 4)."""
    if "listable" in fields:
        return _flag(spot, fields, "listable")
    return (
        text(spot, "state", fields.get("state")) == "public"
        and text(spot, "encoding_status", fields.get("encoding_status")) == "success"
        and _flag(spot, fields, "is_reviewed")
    )


def _flag(spot: Spot, fields: Mapping[str, Any], column: str) -> bool:
    value = fields.get(column)
    if not isinstance(value, bool):
        raise spot.fault("is neither true nor false", column=column)
    return value


def _item(spot: Spot, fields: Mapping[str, Any], context: _Context) -> CatalogItem | None:
    """The item of a medium, None for one that is no listable video."""
    if not _is_listable(spot, fields) or text(spot, "media_type", fields.get("media_type")) != "video":
        return None
    # The uploaded thumbnail wins over the generated one, as on the site.
    thumbnail: object = fields.get("uploaded_thumbnail") or fields.get("thumbnail")
    return CatalogItem(
        video_id=text(spot, "friendly_token", fields.get("friendly_token")),
        title=text(spot, "title", fields.get("title")),
        categories=_categories(spot, fields.get("category"), context),
        duration_seconds=whole_seconds(spot, "duration", fields.get("duration")),
        thumbnail_url=thumbnail_url(spot, thumbnail, context.media_base_url),
    )


def _categories(spot: Spot, value: object, context: _Context) -> tuple[str, ...]:
    """By title, as the site's database would order them; titles may repeat from MediaCMS 5.0 on."""
    if not isinstance(value, list):
        raise spot.fault("is not a list of category keys", column="category")
    keys = [_key(spot, "category", key) for key in cast("list[object]", value)]
    missing = [key for key in keys if key not in context.titles]
    if missing and not context.is_excerpt:
        # A key that is a text could be anything, also what must not get into a log.
        named = f"category {missing[0]}" if isinstance(missing[0], int) else "a category"
        raise spot.fault(f"names {named}, which the file lacks; {_EXPORT}", column="category")
    return tuple(sorted({context.titles[key] for key in keys if key in context.titles}))
