"""The API connector, held to the one contract of catalogue sources, over both versions of MediaCMS."""

from collections.abc import AsyncGenerator, Sequence

import pytest
from tests.mediacms.api_world import AS_EDITOR, MANAGE, MEDIA, pages_of, source_at
from tests.mediacms.double import Double, doubled
from tests.mediacms.double_mischief import Rule, answer
from tests.mediacms.double_site import Site, Version

from playlist_adapters.mediacms.api import ApiSource
from playlist_adapters.testing.source_suite import SourceContract, SourceOf
from playlist_core.domain.catalog import CatalogItem


@pytest.fixture
async def double() -> AsyncGenerator[Double, None]:
    async with doubled() as running:
        yield running


class TestOldApi(SourceContract):
    """Read as a visitor."""

    @pytest.fixture
    def source_of(self, double: Double) -> SourceOf:
        return lambda items: source_at(double.mount(Site.of(Version.V1_9, items)))

    @pytest.fixture
    def broken_behind(self, double: Double) -> SourceOf:
        def make(items: Sequence[CatalogItem]) -> ApiSource:
            site = Site.of(Version.V1_9, items, page_size=2)
            site.rules.append(Rule(MEDIA, answer("{"), page=pages_of(items, 2)))
            return source_at(double.mount(site))

        return make


class TestNewApi(SourceContract):
    """Read by an editor, as a list of more than a thousand must be."""

    @pytest.fixture
    def source_of(self, double: Double) -> SourceOf:
        return lambda items: source_at(double.mount(Site.of(Version.V8_3_2, items)), AS_EDITOR)

    @pytest.fixture
    def broken_behind(self, double: Double) -> SourceOf:
        def make(items: Sequence[CatalogItem]) -> ApiSource:
            site = Site.of(Version.V8_3_2, items, page_size=2)
            site.rules.append(Rule(MANAGE, answer("{"), page=pages_of(items, 2), times=None))
            return source_at(double.mount(site), AS_EDITOR)

        return make
