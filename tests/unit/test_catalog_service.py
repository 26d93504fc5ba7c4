"""Reading the catalogue: what is in the snapshot, and what there is before the first one."""

from collections.abc import Callable

import pytest
from attrs import evolve

from playlist_adapters.testing.source import FakeSource
from playlist_app.config import Settings
from playlist_core.errors import NotFound, Unavailable
from playlist_core.services.catalog import Catalog
from tests.unit.cinema import catalogue, cinema

pytestmark = pytest.mark.anyio


async def test_items_and_categories_are_those_of_the_snapshot() -> None:
    async with cinema(titles="abcdefghij") as house:
        library = house.services.library
        films = tuple(evolve(item, categories=("2.Horror", "10.Drama")) for item in catalogue("abcdefghij"))
        library.refreshing.source = FakeSource(films)
        await library.refreshing.refresh()
        assert await library.catalog.item("a") == films[0]
        snapshot_id, counts = await library.catalog.categories()
        assert snapshot_id == (await library.catalog.snapshot()).snapshot_id
        assert list(counts.items()) == [("2.Horror", 10), ("10.Drama", 10)]
        with pytest.raises(NotFound) as caught:
            await library.catalog.item("zz")
        assert caught.value.code == "item_not_found"


@pytest.mark.parametrize("ask", [Catalog.categories, Catalog.snapshot, lambda catalog: catalog.search("a")])
async def test_before_the_first_snapshot_every_question_says_so(ask: Callable[[Catalog], object]) -> None:
    async with cinema(settings=Settings()) as house:
        catalog = house.services.library.catalog
        catalog.index._current = None
        with pytest.raises(Unavailable) as caught:
            await ask(catalog)
        assert caught.value.code == "no_snapshot"
        assert await catalog.known({"a"}) == {}
