"""What goes wrong with a site's database: each cause has its sentence, and none of them has the password."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import aclosing

import anyio
import psycopg
import pytest

from playlist_adapters.mediacms.database import BATCH, DatabaseSource
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import InvalidInput, PlaylistError, Unavailable
from tests.mediacms.tables import PASSWORD, SECRET, SiteDatabase

pytestmark = pytest.mark.anyio
pytest_plugins = ["tests.mediacms.postgres"]


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="psycopg")


def _source(site: SiteDatabase, statement_seconds: float = 60) -> DatabaseSource:
    return DatabaseSource(site.uri, password=PASSWORD, statement_seconds=statement_seconds)


async def _fault(source: DatabaseSource, caplog: pytest.LogCaptureFixture) -> PlaylistError:
    """The error that reading ends with, which neither shows the password nor keeps what has it."""
    with pytest.raises(PlaylistError) as caught:
        await _all(source)
    error = caught.value
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert SECRET not in "".join(told.format())
    assert not any(isinstance(held, psycopg.Error | asyncio.Task) for held in _held(error))
    assert SECRET not in f"{error!r} {error.details} {source!r} {source.name}"
    assert SECRET not in caplog.text
    return error


def _held(error: BaseException | None) -> Iterator[object]:
    """Every local variable of every frame that an error and what it is chained to keep alive."""
    while error is not None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            yield from frame.f_locals.values()
        error = error.__cause__ or error.__context__


async def _all(source: DatabaseSource) -> list[CatalogItem]:
    async with aclosing(source.iter_catalog_items()) as items:
        return [item async for item in items]


# --- Nothing could be asked


async def test_a_wrong_password(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    error = await _fault(DatabaseSource(site.uri, password=f"not {SECRET}"), caplog)
    assert isinstance(error, Unavailable)
    assert error.code == "source_unavailable"
    assert error.message == (
        f"MediaCMS database {site.name} at 127.0.0.1 did not accept the password of role {site.name};"
        " set the right one"
    )


async def test_no_password_where_one_is_wanted(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    error = await _fault(DatabaseSource(site.uri), caplog)
    assert error.message.endswith(f" wants a password for role {site.name}, and none was given")


async def test_a_role_that_the_server_does_not_admit(
    site: SiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    source = DatabaseSource(site.uri.replace("//", "//no-"), password=PASSWORD)
    error = await _fault(source, caplog)
    assert error.message.endswith(
        f" does not admit role no-{site.name} from this machine; its pg_hba.conf needs a line"
    )


async def test_a_database_that_is_not_there(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    error = await _fault(DatabaseSource(f"{site.uri}_", password=PASSWORD), caplog)
    assert error.message == (
        f"MediaCMS database {site.name}_ at 127.0.0.1 does not exist on that server"
        f" (127.0.0.1, port {site.port})"
    )


async def test_a_database_that_is_closed(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    site.run("REVOKE CONNECT ON DATABASE {reader} FROM PUBLIC")
    error = await _fault(_source(site), caplog)
    grant = f"GRANT CONNECT ON DATABASE {site.name} TO {site.name};"
    assert error.message.endswith(f" is closed to role {site.name}; its owner must say: {grant}")
    site.run(f"GRANT CONNECT ON DATABASE {{reader}} TO {{reader}} -- {grant}")
    assert await _all(_source(site)) == []


async def test_a_server_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        source = DatabaseSource(f"postgresql://reader:{SECRET}@127.0.0.1:{port}/mediacms")
        error = await _fault(source, caplog)
    assert isinstance(error, Unavailable)
    assert error.message.startswith(
        f"MediaCMS database mediacms at 127.0.0.1 could not be opened (127.0.0.1, port {port}): "
    )
    assert "Connection refused" in error.message


async def test_a_host_that_nobody_knows(caplog: pytest.LogCaptureFixture) -> None:
    source = DatabaseSource(f"postgresql://reader:{SECRET}@no%20such%20host/mediacms")
    error = await _fault(source, caplog)
    assert "failed to resolve host 'no such host'" in error.message


async def test_a_server_that_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        uri = f"postgresql://reader:{SECRET}@127.0.0.1:{port}/mediacms"
        error = await _fault(DatabaseSource(uri, connect_seconds=0.1), caplog)
    assert error.message == (
        f"MediaCMS database mediacms at 127.0.0.1 gives no answer (127.0.0.1, port {port});"
        " is the server up, and reachable from here?"
    )


async def test_a_server_that_speaks_something_else(caplog: pytest.LogCaptureFixture) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    source = DatabaseSource(f"postgresql://reader:{SECRET}@127.0.0.1:{port}/mediacms")
    error = await _fault(source, caplog)
    server.close()
    assert isinstance(error, Unavailable)
    assert error.message.startswith(
        f"MediaCMS database mediacms at 127.0.0.1 could not be opened (127.0.0.1, port {port}): "
    )


# --- Reading did not get to its end

READ = {
    "files_media": "id, friendly_token, title, duration, media_type, listable, thumbnail, uploaded_thumbnail",
    "files_category": "id, title",
    "files_media_category": "media_id, category_id",
}


@pytest.mark.parametrize(
    "tables", [("files_category",), ("files_media", "files_media_category"), tuple(READ)], ids=len
)
async def test_a_right_that_is_missing(
    site: SiteDatabase, tables: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    for table in tables:
        site.run(f"REVOKE SELECT ON {table} FROM {{reader}}")
    error = await _fault(_source(site), caplog)
    assert isinstance(error, Unavailable)
    grants = " ".join(f"GRANT SELECT ({READ[table]}) ON {table} TO {site.name};" for table in tables)
    assert error.message == (
        f"MediaCMS database {site.name} at 127.0.0.1 does not let role {site.name}"
        f" read {', '.join(tables)}; its owner must say: {grants}"
    )
    site.run(grants)
    assert await _all(_source(site)) == []


async def test_a_database_of_something_else(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    site.run("DROP TABLE files_media_category, files_category")
    error = await _fault(_source(site), caplog)
    assert isinstance(error, InvalidInput)
    assert error.message == (
        f"MediaCMS database {site.name} at 127.0.0.1 shows no table files_category, files_media_category;"
        " is it the one of MediaCMS? If so, its owner must open the schema:"
        f" GRANT USAGE ON SCHEMA public TO {site.name};"
    )


async def test_a_schema_that_is_closed(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    site.run("REVOKE USAGE ON SCHEMA public FROM PUBLIC")
    error = await _fault(_source(site), caplog)
    grant = f"GRANT USAGE ON SCHEMA public TO {site.name};"
    assert error.message.endswith(grant)
    site.run(grant)
    assert await _all(_source(site)) == []


async def test_tables_of_another_form(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    site.run("ALTER TABLE files_media RENAME duration TO seconds")
    error = await _fault(_source(site), caplog)
    assert isinstance(error, InvalidInput)
    assert error.message.endswith(
        " is not laid out as MediaCMS 1.0 to 8.3 does it: column m.duration does not exist"
    )


async def test_a_server_that_takes_too_long(site: SiteDatabase, caplog: pytest.LogCaptureFixture) -> None:
    site.make_slow()
    error = await _fault(_source(site, statement_seconds=0.1), caplog)
    assert isinstance(error, Unavailable)
    assert error.message == (
        f"MediaCMS database {site.name} at 127.0.0.1 broke off the reading"
        " (canceling statement due to statement timeout);"
        " nothing was changed, refresh again when the server has less to do"
    )


async def test_a_server_that_goes_away_in_the_middle(
    site: SiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    site.fill_with(2 * BATCH)
    source = _source(site)
    read = 0
    with pytest.raises(Unavailable, match=r"went away in the middle .*; nothing was changed, refresh again"):
        async with aclosing(source.iter_catalog_items()) as items:
            async for _ in items:
                read += 1
                if read == 1:
                    site.end_sessions()
    assert read == BATCH
    assert SECRET not in caplog.text
    assert len(await _all(source)) == 2 * BATCH


async def test_a_server_that_stops_in_the_middle(
    site: SiteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    site.make_slow()
    stopped: list[int] = []

    async def stop() -> None:
        await site.until([("kryten-playlist", "active")])
        stopped.extend(site.processes())
        os.kill(stopped[0], signal.SIGSTOP)

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(stop)
            error = await _fault(_source(site, statement_seconds=1), caplog)
            assert isinstance(error, Unavailable)
            assert error.message.endswith(
                " stopped answering in the middle (no answer within 2.1 seconds);"
                " nothing was changed, refresh again"
            )
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    await site.until([])


# --- The driver is not there

WITHOUT_THE_EXTRA = """
import asyncio, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("psycopg", "psycopg_binary"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from playlist_adapters.mediacms.database import DatabaseSource
from playlist_core.errors import Unavailable

async def main():
    source = DatabaseSource("postgresql://reader@127.0.0.1/mediacms")
    print(source.name)
    try:
        await anext(source.iter_catalog_items())
    except Unavailable as exc:
        print(exc.code, exc.message, sep="\\n")

asyncio.run(main())
"""


def test_without_the_extra_the_error_says_how_to_get_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "MediaCMS database mediacms at 127.0.0.1",
        "source_unavailable",
        "To read a MediaCMS database, its driver must be installed: pip install 'psycopg[binary]'.",
    ]
