"""Export files for tests, what is read from them, and what an error about one could give away."""

import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from playlist_adapters.mediacms.export import ExportSource
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput

HEADER = "video_id,title,categories,duration_seconds\n"
TOO_LONG = "has 1,001 characters, at most 1,000 are allowed"
TOO_MANY = "a duration is 0 to 2,147,483,647 seconds"
NO_TEXT = "contains a character that is no text (NUL or a lone surrogate)"
NOT_UTF8 = "is not UTF-8; save the file as UTF-8"


def short(value: object) -> str:
    """A test id that a terminal can show."""
    return ascii(value)[:40]


async def read(path: Path, media_base_url: str | None = None) -> list[CatalogItem]:
    source = ExportSource(path, media_base_url=media_base_url)
    async with aclosing(source.iter_catalog_items()) as items:
        return [item async for item in items]


async def read_bytes(
    tmp_path: Path, content: bytes | str, media_base_url: str | None = None, name: str = "site.export"
) -> list[CatalogItem]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return await read(path, media_base_url)


async def fault(tmp_path: Path, content: bytes | str, name: str = "site.export") -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        await read_bytes(tmp_path, content, name=name)
    return caught.value


def media(token: str = "a", **fields: Any) -> dict[str, Any]:
    """A medium of a dump; a field that is `...` is left out."""
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


def category(key: int, title: str) -> dict[str, Any]:
    return {"model": "files.category", "pk": key, "fields": {"title": title}}


def dump(*entries: Any) -> str:
    return json.dumps(entries, indent=1)


def reachable(error: BaseException) -> Iterator[str]:
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
