"""Fixtures of a real PostgreSQL with sites' databases in it.

pytest_plugins = ["tests.mediacms.postgres"]  # in a test module that wants them; never imported otherwise
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.absent import absent
from tests.mediacms.cluster import Postgres, SiteOf, programs, running
from tests.mediacms.tables import SiteDatabase, Version


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests that ask for it."""
    installed = programs()
    if installed is None:
        absent("PostgreSQL (on Debian: apt-get install postgresql)")
    with running(installed) as server:
        yield server


@pytest.fixture
def site_of(postgres: Postgres) -> Iterator[SiteOf]:
    """Makes databases of sites: no media yet, and a reader who may read what is needed."""
    with ExitStack() as stack:

        def make(version: Version = Version.NEW, *, encoding: str = "UTF8") -> SiteDatabase:
            return stack.enter_context(postgres.site(version, encoding))

        yield make


@pytest.fixture
def site(site_of: SiteOf) -> SiteDatabase:
    return site_of()
