"""docs/mediacms-exports.md: what it shows can be read, what it tells to type exports what there is."""

import re
from contextlib import aclosing
from pathlib import Path

import pytest

from playlist_adapters.mediacms.database import DatabaseSource
from playlist_core.domain.catalog import CatalogItem
from tests.mediacms.cluster import SiteOf
from tests.mediacms.tables import PASSWORD, Version
from tests.unit.export_world import read, read_bytes

pytestmark = pytest.mark.anyio
pytest_plugins = ["tests.mediacms.postgres"]

TEXT = (Path(__file__).parents[2] / "docs" / "mediacms-exports.md").read_text()
BLOCKS = dict(re.findall(r"```(csv|jsonl|sql)\n(.*?)```", TEXT, re.DOTALL))
SITE = "https://videos.example"


async def test_the_examples_are_the_same_catalogue_in_two_formats(tmp_path: Path) -> None:
    expected = [
        CatalogItem(
            video_id="9HGIB57Nw",
            title="Alien.[1979].mkv",
            categories=("2.Horror", "3. Sci-Fi"),
            duration_seconds=7020,
            thumbnail_url=f"{SITE}/media/t/alien.jpg",
        ),
        CatalogItem(video_id="Ab3dE6gH9", title='Wallace & Gromit, the "short"'),
    ]
    for format_ in ("csv", "jsonl"):
        assert await read_bytes(tmp_path, BLOCKS[format_], name=f"catalog.{format_}") == expected


def _csv_statement() -> str:
    """What the line of psql sends to the server, which writes to us instead of to a file."""
    [(query, options)] = re.findall(
        r"^\\copy (\(.*\)) TO 'catalog.csv' (WITH .*)$", BLOCKS["sql"], re.MULTILINE
    )
    return f"COPY {query} TO STDOUT {options}"


def _jsonl_statement() -> str:
    """The query of the shell command; every row is a line, as it is with `psql -A -t`."""
    [query] = re.findall(r'psql -X -A -t -q .*? -c "\n(.*?)"\n', TEXT, re.DOTALL)
    return query


@pytest.mark.parametrize("version", Version)
async def test_what_the_documentation_tells_to_type_exports_what_the_database_holds(
    tmp_path: Path, site_of: SiteOf, version: Version
) -> None:
    site = site_of(version)
    horror, odd = site.add_category("2.Horror"), site.add_category('a "quoted", \\ one 映画')
    site.add_media(
        "a", 'Alien, "the" \\ film\r\nin two lines', odd, horror, duration=7020, thumbnail="t/a.jpg"
    )
    site.add_media("b-B_0", "Amélie 🎬", uploaded_thumbnail="u/b.jpg", thumbnail="t/b.jpg")
    site.add_media("c", "Hidden", horror, listable=False)
    site.add_media("d", "A picture", horror, media_type="image")
    async with aclosing(
        DatabaseSource(site.uri, password=PASSWORD, media_base_url=SITE).iter_catalog_items()
    ) as items:
        expected = [item async for item in items]
    with site.connection.cursor() as cursor, cursor.copy(_csv_statement().encode()) as copy:
        (tmp_path / "catalog.csv").write_bytes(b"".join(map(bytes, copy)))
    rows = site.connection.execute(
        _jsonl_statement().replace("row_to_json(item)", "row_to_json(item)::text").encode()
    )
    (tmp_path / "catalog.jsonl").write_text("".join(f"{line}\n" for (line,) in rows))
    assert [item.video_id for item in expected] == ["a", "b-B_0"]
    assert await read(tmp_path / "catalog.csv") == expected
    assert await read(tmp_path / "catalog.jsonl") == expected
