"""The connector to a site's database, held to the one contract on a real PostgreSQL."""

from collections.abc import Sequence

import pytest
from tests.mediacms.cluster import SiteOf
from tests.mediacms.tables import PASSWORD, Version

from playlist_adapters.mediacms.database import DatabaseSource
from playlist_adapters.testing.source_suite import SourceContract, SourceOf
from playlist_core.domain.catalog import CatalogItem

pytest_plugins = ["tests.mediacms.postgres"]


@pytest.fixture(params=Version, ids=lambda version: version.value)
def version(request: pytest.FixtureRequest) -> Version:
    return request.param


class TestDatabaseSource(SourceContract):
    @pytest.fixture
    def source_of(self, site_of: SiteOf, version: Version) -> SourceOf:
        return lambda items: _source(site_of, version, items)

    @pytest.fixture
    def broken_behind(self, site_of: SiteOf, version: Version) -> SourceOf:
        nameless = CatalogItem(video_id="nameless", title=" ")
        return lambda items: _source(site_of, version, [*items, nameless])


def _source(site_of: SiteOf, version: Version, items: Sequence[CatalogItem]) -> DatabaseSource:
    site = site_of(version)
    site.fill(items)
    return DatabaseSource(site.uri, password=PASSWORD)
