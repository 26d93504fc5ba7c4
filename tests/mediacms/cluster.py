"""A PostgreSQL server of the tests' own, from the programs that the machine has.

No server of the machine is touched: the cluster lives in a temporary directory, on a free port of loopback
for readers with passwords and on a unix socket for the tests themselves.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from attrs import field, frozen
from psycopg import sql

from tests.mediacms.tables import PASSWORD, SiteDatabase, Version

ADMIN = "postgres"
READERS = "readers"
"""The role that all readers belong to: the server admits nobody else over TCP."""

PROGRAMS = ("initdb", "postgres")
DEBIAN = Path("/usr/lib/postgresql")
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "20",
    "log_statement": "all",
    "log_line_prefix": "%a at %d ",
    "listen_addresses": "127.0.0.1",
}
# The server ends with us, however we end: when nobody holds the other end of its standard input.
WATCHED = '"$@" & read -r _; kill -QUIT $!; wait $!'
ADMITTED = f"local all all trust\nhost all +{READERS} 127.0.0.1/32 scram-sha-256\n"

SiteOf = Callable[..., SiteDatabase]
"""What the fixture `site_of` is: `(version=Version.NEW, *, encoding="UTF8")`."""


@frozen
class Postgres:
    """A running server; `directory` holds its socket and its data."""

    directory: Path
    port: int
    _numbers: Iterator[int] = field(factory=lambda: count(1), init=False)

    def admin(self, database: str = ADMIN) -> psycopg.Connection[Any]:
        """A connection that may do everything, each statement for itself."""
        return psycopg.connect(
            host=str(self.directory), port=self.port, user=ADMIN, dbname=database, autocommit=True
        )

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def asked(self, application: str, database: str) -> list[str]:
        """Every statement of an application in a database, in order, with single blanks."""
        log = self.log.read_text(errors="replace")
        said = re.split(r"^(?=\S* at \S* [A-Z]+:)", log, flags=re.MULTILINE)
        sign = re.compile(rf"{application} at {database} LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)
        return [" ".join(found[1].split()) for found in map(sign.match, said) if found]

    @contextmanager
    def site(self, version: Version, encoding: str) -> Iterator[SiteDatabase]:
        """A database with the tables of a site and their reader; both gone afterwards."""
        called = f"site_{next(self._numbers)}"
        name = sql.Identifier(called)
        with self.admin() as admin:
            create = sql.SQL("CREATE DATABASE {} ENCODING {} TEMPLATE template0")
            admin.execute(create.format(name, sql.Literal(encoding)))
            reader = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}")
            admin.execute(reader.format(name, sql.Literal(PASSWORD), sql.Identifier(READERS)))
            try:
                with self.admin(called) as connection:
                    site = SiteDatabase(connection=connection, port=self.port, name=called, version=version)
                    site.make_tables()
                    yield site
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
                admin.execute(sql.SQL("DROP ROLE {}").format(name))


def programs() -> Path | None:
    """The directory of the server's programs: Debian's newest, or the one on PATH."""
    found = shutil.which("initdb")
    on_path = [] if found is None else [Path(found).resolve().parent]
    newest_first = sorted(DEBIAN.glob("*/bin"), key=lambda each: each.parent.name.zfill(3), reverse=True)
    for directory in newest_first + on_path:
        if all((directory / program).exists() for program in PROGRAMS):
            return directory
    return None


@contextmanager
def running(programs: Path) -> Iterator[Postgres]:
    # Not pytest's directory: the path to a unix socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="pg-") as parent:
        server = Postgres(Path(parent), _free_port())
        data = server.directory / "data"
        servant = _servant(server.directory)
        init = (programs / "initdb", "-D", data, "-U", ADMIN, "-E", "UTF8", "--locale=C", "-A", "trust", "-N")
        subprocess.run(init, cwd=parent, stdout=subprocess.DEVNULL, check=True, **servant)
        settings = {"unix_socket_directories": parent, "port": str(server.port), **SETTINGS}
        with (data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (data / "pg_hba.conf").write_text(ADMITTED)
        with (
            server.log.open("w") as log,
            subprocess.Popen(
                ("sh", "-c", WATCHED, "sh", programs / "postgres", "-D", data),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=parent,
                **servant,
            ) as process,
        ):
            _await_start(server, process)
            with server.admin() as admin:
                admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(READERS)))
            yield server


def _servant(directory: Path) -> dict[str, Any]:
    """Who runs PostgreSQL, and owns its directory: not root, which it refuses to be."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _await_start(server: Postgres, process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return server.admin().close()
        except psycopg.OperationalError:
            assert process.poll() is None, server.log.read_text()
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
