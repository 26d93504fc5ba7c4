"""What an export holds beside the catalogue, passwords above all, reaches no item, no error and no log."""

import json
from pathlib import Path
from typing import Any

import pytest

from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput
from tests.unit.export_world import HEADER, category, dump, media, reachable, read, read_bytes

pytestmark = pytest.mark.anyio

SECRET = "pbkdf2$do-not-keep"
BESIDE = {"password": SECRET, "search": f"'{SECRET}':1", "email": f"{SECRET}@x.example", "user": SECRET}
USER = {"model": "users.user", "pk": 1, "fields": BESIDE}
SESSION = {"model": "sessions.session", "pk": SECRET, "fields": {"session_data": SECRET}}


async def test_nothing_but_the_catalogue_is_taken_from_a_dump(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    text = dump(USER, category(1, "B"), SESSION, media("a", category=[1], **BESIDE), {**USER, SECRET: SECRET})
    assert await read_bytes(tmp_path, text) == [
        CatalogItem(video_id="a", title="Dune", categories=("B",), duration_seconds=60)
    ]
    assert SECRET not in caplog.text


def _entries(*entries: Any) -> bytes:
    return dump(USER, *entries).encode()


def _broken_behind(text: str) -> bytes:
    """A dump with a user in it that is broken off right behind the text."""
    return f"[{json.dumps(media('a', **BESIDE))},\n{text}".encode()


DUMPS = [
    # A key that is kept, but not with what belongs there.
    *(_entries(media(**{key: SECRET})) for key in ("duration", "category", "listable", "is_reviewed")),
    *(
        _entries(media(**{key: wrong}))
        for key in ("title", "friendly_token", "media_type", "state", "duration", "category")
        for wrong in ({"password": SECRET, "title": SECRET}, [SECRET], [[SECRET]], {SECRET: SECRET})
    ),
    _entries(media(thumbnail=[SECRET])),
    _entries({"model": "files.media", "pk": 1, "fields": SECRET}),
    _entries({"model": [SECRET], "pk": 1, "fields": {}}),
    _entries({"model": "files.category", "pk": [SECRET], "fields": {"title": "B"}}),
    _entries({"model": "files.category", "pk": 1, "fields": {"title": [SECRET]}}),
    _entries(SECRET),
    _entries([SECRET]),
    # Broken right behind a password, or in it.
    *(
        _broken_behind('{"model": "users.user", "fields": {"password": ' + rest)
        for rest in (
            f'"{SECRET}',
            f'"{SECRET}"',
            f'"{SECRET}" "email"',
            f'"{SECRET}"}}}} ]]',
            f'"{SECRET}", NaN',
            f'"{SECRET}\\q"}}}}]',
            f'"{SECRET}\n"}}}}]',
            f'{SECRET}"}}}}]',
            f'"{SECRET}", "x": ' + "[" * 100_000,
            f'"{SECRET}", "x": ' + "9" * 5_000 + "}}]",
        )
    ),
    _broken_behind(f'{{"password": "{SECRET}"') + b"\xff",
    _broken_behind(f'{{"password": "{SECRET}", "email": "') + b"\xe2\x82",
    f'{{"password": "{SECRET}", "body": 7}}'.encode(),
    f'{{"password": "{SECRET}", "{SECRET}"\n: 7}}'.encode(),
    f'{{"password": "{SECRET}", "body": ["{SECRET}"], "email": "{SECRET}"}}'.encode(),
]
GOOD_LINE = '{"video_id": "a", "title": "Dune"}'
LINES = [
    f'{GOOD_LINE}\n{{"video_id": "b", "title": "Jaws", {rest}'.encode()
    for rest in (
        f'"password": "{SECRET}"}}',
        f'"password": "{SECRET}"',
        f'"password": "{SECRET}',
        f'"duration_seconds": "{SECRET}"}}',
        f'"duration_seconds": {{"password": "{SECRET}"}}}}',
        f'"categories": "{SECRET}"}}',
        f'"categories": ["A", ["{SECRET}"]]}}',
        f'"thumbnail_url": "{SECRET}"}}',
        f'"thumbnail_url": null, "thumbnail_url": "{SECRET}"}}',
        f'"thumbnail_url": "{SECRET}\\q"}}',
        f'"password": "{SECRET}"}} {{"password": "{SECRET}"}}',
    )
] + [
    f'{GOOD_LINE}\n"{SECRET}"'.encode(),
    f'{GOOD_LINE}\n{{"title": "{SECRET}", "video_id": "\xff"'.encode("latin-1"),
]
HEADERS = [
    line.format(SECRET).encode()
    for line in (
        "root:{0}:20228:0:99999:7:::\n",
        "{0}\n",
        "video_id,title,{0}\n",
        f"{HEADER.strip()},{{0}}\n",
    )
]
ROWS = [
    f"{HEADER.strip()},thumbnail_url\n{row}".encode()
    for row in (
        f"a,Dune,,,{SECRET}\n",
        f'a,Dune,"[""{SECRET}""",,\n',
        f"a,Dune,{SECRET},,\n",
        f'a,Dune,"{{""{SECRET}"": 1}}",,\n',
        f"a,Dune,,{SECRET},\n",
        f"a,Dune,,,,{SECRET}\n",
        f"{SECRET}\n",
        f'a,"{SECRET}\n',
        f'a,"{SECRET}"x,,,\n',
    )
] + [f"{HEADER}a,{SECRET},,\xff\n".encode("latin-1")]


@pytest.mark.parametrize(
    "content", [*DUMPS, *LINES, *HEADERS, *ROWS], ids=lambda content: ascii(content)[-60:]
)
async def test_no_error_keeps_what_was_read(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = tmp_path / "site.export"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        await read(path, "https://videos.example")
    assert [text for text in (*reachable(caught.value), caplog.text) if SECRET in text] == []
