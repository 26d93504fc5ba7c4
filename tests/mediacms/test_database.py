"""The connector to a site's database: what is read, and how it treats the server."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from ast import literal_eval
from contextlib import aclosing
from pathlib import Path

import anyio
import psycopg
import pytest

from playlist_adapters.mediacms.database import BATCH, DatabaseSource
from playlist_adapters.mediacms.export import ExportSource
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress
from playlist_core.errors import InvalidInput, Unavailable
from playlist_core.ports import CatalogSource
from tests.mediacms.cluster import READERS, Postgres, SiteOf
from tests.mediacms.tables import PASSWORD, SiteDatabase, Version

pytestmark = pytest.mark.anyio
pytest_plugins = ["tests.mediacms.postgres"]

TITLES = Path(__file__).parent.parent / "data" / "titles-4000.csv"
DOCUMENTATION = Path(__file__).parent.parent.parent / "docs" / "mediacms-database.md"
BASE = "https://videos.example/"
OURS = "kryten-playlist"


def _source(site: SiteDatabase, *, statement_seconds: float = 60) -> DatabaseSource:
    return DatabaseSource(
        site.uri, password=PASSWORD, media_base_url=BASE, statement_seconds=statement_seconds
    )


async def _read(source: CatalogSource) -> list[CatalogItem]:
    async with aclosing(source.iter_catalog_items()) as items:
        return [item async for item in items]


# --- What is read


@pytest.mark.parametrize("version", Version)
async def test_listable_videos_are_read_from_old_sites_and_new_ones(
    site_of: SiteOf, version: Version
) -> None:
    site = site_of(version)
    horror, comedy = site.add_category("2.Horror"), site.add_category("1.Family Comedies")
    site.add_media("9HGIB57Nw", "Alien.Raiders.mkv", horror, comedy, duration=5109)
    site.add_media("a_b-C", 'Amélie, "le film" ∕ 映画 🎬')
    for number, columns in enumerate(
        [
            {"listable": False, "state": "private"},
            {"listable": False, "encoding_status": "fail"},
            {"listable": False, "is_reviewed": False},
            {"media_type": "image"},
            {"media_type": "audio"},
            {"media_type": "pdf"},
        ]
    ):
        site.add_media(f"hidden{number}", "Not for the list", horror, **columns)
    assert await _read(_source(site)) == [
        CatalogItem(
            video_id="9HGIB57Nw",
            title="Alien.Raiders.mkv",
            categories=("1.Family Comedies", "2.Horror"),
            duration_seconds=5109,
        ),
        CatalogItem(video_id="a_b-C", title='Amélie, "le film" ∕ 映画 🎬'),
    ]


async def test_four_thousand_real_titles_come_back_as_they_are(site_of: SiteOf) -> None:
    titles = await _read(ExportSource(TITLES))
    site = site_of(Version.OLD)
    site.fill(titles)
    assert len(titles) == 4000
    assert await _read(_source(site)) == titles


@pytest.mark.parametrize(
    ("columns", "address"),
    [
        ({}, None),
        ({"thumbnail": "original/thumbnails/a.jpg"}, "original/thumbnails/a.jpg"),
        ({"thumbnail": "a.jpg", "uploaded_thumbnail": "own.png"}, "own.png"),
        ({"uploaded_thumbnail": "own.png", "poster": "p.jpg"}, "own.png"),
        ({"thumbnail": "user/ä b/100%#?&+.jpg"}, "user/%C3%A4%20b/100%25%23%3F%26%2B.jpg"),
    ],
)
async def test_the_uploaded_thumbnail_wins_and_paths_become_addresses(
    site: SiteDatabase, columns: dict[str, str], address: str | None
) -> None:
    site.add_media("a", "Alien", **columns)
    expected = None if address is None else f"https://videos.example/media/{address}"
    assert await _read(_source(site)) == [CatalogItem(video_id="a", title="Alien", thumbnail_url=expected)]


async def test_without_the_site_a_thumbnail_has_no_address(site: SiteDatabase) -> None:
    site.add_media("a", "Alien", thumbnail="a.jpg")
    source = DatabaseSource(site.uri, password=PASSWORD)
    assert await _read(source) == [CatalogItem(video_id="a", title="Alien")]


async def test_categories_ascend_as_in_a_dump_whatever_the_site_sorts_by(site: SiteDatabase) -> None:
    site.run('ALTER TABLE files_category ALTER title TYPE varchar(100) COLLATE "en-x-icu"')
    titles = ["zebra", "Drama", "anime", "Äpfel", "2.Horror", "10.Comedy"]
    assert site.run("SELECT 'anime' COLLATE \"en-x-icu\" < 'Drama'") == [(True,)]
    site.add_media("a", "Alien", *map(site.add_category, titles))
    [item] = await _read(_source(site))
    assert item.categories == ("10.Comedy", "2.Horror", "Drama", "anime", "zebra", "Äpfel")


async def test_categories_of_the_same_title_are_one(site: SiteDatabase) -> None:
    site.add_media("a", "Alien", *map(site.add_category, ["Movies", "Horror", "Movies"]))
    [item] = await _read(_source(site))
    assert item.categories == ("Horror", "Movies")


async def test_a_password_in_the_address_is_enough(site: SiteDatabase) -> None:
    site.add_media("a", "Alien")
    assert await _read(DatabaseSource(site.uri_with_password)) == [CatalogItem(video_id="a", title="Alien")]


async def test_a_site_that_keeps_its_texts_in_latin_1_reads_the_same(site_of: SiteOf) -> None:
    site = site_of(Version.OLD, encoding="LATIN1")
    site.add_media("a", "Amélie", site.add_category("Comédie"))
    assert await _read(_source(site)) == [CatalogItem(video_id="a", title="Amélie", categories=("Comédie",))]


# --- Rows that cannot be items


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"title": " \t"}, "column title: is empty"),
        ({"friendly_token": ""}, "column friendly_token: is empty"),
        ({"duration": -1}, "column duration: a duration is 0 to 2,147,483,647 seconds"),
        ({"thumbnail": " "}, "column thumbnail: is empty"),
    ],
)
async def test_a_row_that_cannot_be_an_item_is_named(
    site: SiteDatabase, columns: dict[str, object], problem: str
) -> None:
    site.add_media("a", "Alien")
    key = site.add_media("b", "Dune")
    for name, value in columns.items():
        site.run(f"UPDATE files_media SET {name} = %s WHERE id = %s", value, key)
    with pytest.raises(InvalidInput) as caught:
        await _read(_source(site))
    assert caught.value.message == f"MediaCMS database {site.name} at 127.0.0.1, row {key}, {problem}"
    assert caught.value.details["row"] == key


async def test_a_category_without_a_title_is_named(site: SiteDatabase) -> None:
    key = site.add_media("a", "Alien", site.add_category(" "))
    with pytest.raises(InvalidInput, match=f"row {key}, column category: is empty"):
        await _read(_source(site))


async def test_a_token_that_stands_twice_is_named_with_both_rows(site_of: SiteOf) -> None:
    site = site_of(Version.OLD)
    first = site.add_media("twice", "Alien")
    site.add_media("twice", "A draft that nobody sees", listable=False)
    assert [item.title for item in await _read(_source(site))] == ["Alien"]
    second = site.add_media("twice", "Dune")
    with pytest.raises(InvalidInput) as caught:
        await _read(_source(site))
    assert caught.value.message == (
        f"MediaCMS database {site.name} at 127.0.0.1, row {second}, column friendly_token: twice stands here"
        f" and already in row {first}; one needs another"
    )


async def test_a_text_that_is_not_in_the_encoding_of_the_database_is_an_error(site_of: SiteOf) -> None:
    site = site_of(Version.OLD, encoding="SQL_ASCII")
    site.add_media("a", "Alien")
    assert await _read(_source(site)) == [CatalogItem(video_id="a", title="Alien")]
    site.run("UPDATE files_media SET title = 'Am' || E'\\351' || 'lie'")
    with pytest.raises(InvalidInput, match="holds a text that is not in its encoding"):
        await _read(_source(site))


# --- How the server is treated


async def test_one_statement_in_one_transaction_that_only_reads(
    site: SiteDatabase, postgres: Postgres
) -> None:
    site.fill_with(BATCH + 1)
    assert len(await _read(_source(site))) == BATCH + 1
    asked = postgres.asked(OURS, site.name)
    assert [statement.split(" FROM ")[0][:40] for statement in asked] == [
        "BEGIN READ ONLY",
        "SELECT set_config('statement_timeout', $",
        'DECLARE "catalogue" CURSOR FOR SELECT m.',
        *[f"FETCH FORWARD {BATCH}"] * 3,
    ]


async def test_a_row_that_changes_while_reading_is_read_as_it_was(site: SiteDatabase) -> None:
    site.fill_with(3 * BATCH)
    async with aclosing(_source(site).iter_catalog_items()) as items:
        first = await anext(items)
        site.run("DELETE FROM files_media_category")
        site.run("DELETE FROM files_media")
        rest = [item async for item in items]
    assert [item.video_id for item in [first, *rest]] == [f"v{number + 1}" for number in range(3 * BATCH)]
    assert rest[-1].categories == ("Even",)
    assert await _read(_source(site)) == []


async def test_three_tables_are_all_the_reader_may_see(site: SiteDatabase) -> None:
    site.add_media("a", "Alien")
    assert len(await _read(_source(site))) == 1
    with (
        psycopg.connect(site.uri, password=PASSWORD) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT password FROM users_user")


async def test_the_role_that_the_documentation_makes_reads_the_catalogue_and_no_password(
    site: SiteDatabase,
) -> None:
    [recipe] = re.findall(r"```sql\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    role = f"{site.name}_documented"
    recipe = recipe.replace("\\password kryten_catalogue", f"ALTER ROLE {role} PASSWORD 'typed';")
    site.run(recipe.replace("kryten_catalogue", role).replace("DATABASE mediacms", f"DATABASE {site.name}"))
    try:
        site.run(f"GRANT {READERS} TO {role}")
        site.add_media("a", "Alien", site.add_category("Movies"))
        uri = site.uri.replace(f"//{site.name}@", f"//{role}:typed@")
        assert await _read(DatabaseSource(uri)) == [
            CatalogItem(video_id="a", title="Alien", categories=("Movies",))
        ]
        for secret in ("password FROM files_media", "search FROM files_media", "email FROM users_user"):
            with (
                psycopg.connect(uri) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(f"SELECT {secret}")
    finally:
        site.run(f"DROP OWNED BY {role}")
        site.run(f"DROP ROLE {role}")


async def test_what_is_read_cannot_write_even_where_the_role_may(site: SiteDatabase) -> None:
    site.run("CREATE TABLE written (at timestamptz)")
    site.run("GRANT ALL ON written TO {reader}")
    site.run(
        "CREATE FUNCTION note() RETURNS boolean LANGUAGE plpgsql AS"
        " 'BEGIN INSERT INTO written VALUES (now()); RETURN true; END'"
    )
    site.run("ALTER TABLE files_category RENAME TO real_category")
    site.run("CREATE VIEW files_category AS SELECT * FROM real_category WHERE note()")
    site.run("GRANT SELECT ON files_category TO {reader}")
    site.add_media("a", "Alien", site.add_category("Movies"))
    with pytest.raises(Unavailable, match="cannot execute INSERT in a read-only transaction"):
        await _read(_source(site))
    assert site.run("SELECT count(*) FROM written") == [(0,)]
    with psycopg.connect(site.uri, password=PASSWORD) as connection:
        connection.execute("SELECT * FROM files_category")
    assert site.run("SELECT count(*) FROM written") == [(1,)]


async def test_a_reader_who_stops_early_leaves_no_connection_and_no_thread(site: SiteDatabase) -> None:
    site.fill_with(3 * BATCH)
    threads = set(threading.enumerate())
    async with aclosing(_source(site).iter_catalog_items()) as items:
        await anext(items)
        assert site.sessions() == [(OURS, "idle in transaction")]
    await site.until([])
    assert set(threading.enumerate()) == threads


async def test_a_reader_that_is_cancelled_breaks_off_what_the_server_does(
    site: SiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    site.make_slow()
    async with anyio.create_task_group() as group:
        group.start_soon(_read, _source(site))
        await site.until([(OURS, "active")])
        group.cancel_scope.cancel()
    await site.until([])
    assert caplog.text == ""


async def test_a_reader_that_is_cancelled_while_connecting_hangs_up() -> None:
    asked, hung_up = anyio.Event(), anyio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        asked.set()
        await reader.read()
        hung_up.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(_read, DatabaseSource(f"postgresql://reader@127.0.0.1:{port}/site"))
            await asked.wait()
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True), anyio.fail_after(10):
                await hung_up.wait()
    server.close()


async def test_progress_is_told_as_rows_arrive(site: SiteDatabase) -> None:
    site.fill_with(2 * BATCH + 1)
    told: list[ReadProgress] = []
    async with aclosing(_source(site).iter_catalog_items(told.append)) as items:
        await anext(items)
        assert told == [ReadProgress(step="titles", done=done) for done in (0, BATCH)]
        async for _ in items:
            pass
    assert told == [ReadProgress(step="titles", done=done) for done in (0, BATCH, 2 * BATCH, 2 * BATCH + 1)]


READ_AND_WEIGH = """
import asyncio, resource, sys
from contextlib import aclosing
from playlist_adapters.mediacms.database import DatabaseSource

async def weight_after_reading(uri):
    count = 0
    async with aclosing(DatabaseSource(uri).iter_catalog_items()) as items:
        async for item in items:
            count += 1
    return count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

print(*[asyncio.run(weight_after_reading(uri)) for uri in sys.argv[1:]], sep="\\n")
"""


def test_memory_does_not_grow_with_the_site(site_of: SiteOf) -> None:
    small, large = site_of(), site_of()
    small.fill_with(2 * BATCH)
    large.fill_with(200_000)
    done = subprocess.run(
        [sys.executable, "-c", READ_AND_WEIGH, small.uri, large.uri],
        env={**os.environ, "PGPASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (few, before), (many, after) = map(literal_eval, done.stdout.splitlines())
    assert (few, many) == (2 * BATCH, 200_000)
    assert after - before < 4 * 1024
