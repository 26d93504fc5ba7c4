"""The contract of `CatalogSource` as tests: whoever writes a connector inherits them and gives the fixtures.

    pytest.register_assert_rewrite("playlist_adapters.testing.source_suite")  # before the import

    class TestMySource(SourceContract):
        @pytest.fixture
        def source_of(self, tmp_path): ...

The fixtures, each a function of a sequence of items that returns a `CatalogSource`:
- `source_of`: a source whose site holds exactly these items, in this order.
- `broken_behind`: a source that turns out unreadable behind these items.
"""
# ruff: noqa: S101 - a suite asserts

from collections.abc import Callable, Sequence
from contextlib import aclosing

import pytest

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress
from playlist_core.errors import PlaylistError
from playlist_core.ports import CatalogSource

SourceOf = Callable[[Sequence[CatalogItem]], CatalogSource]

CATALOG = (
    CatalogItem(
        video_id="9HGIB57Nw", title="Alien.Raiders.x264.mkv", categories=("Movies",), duration_seconds=1
    ),
    CatalogItem(
        video_id="a_b-C", title='Amélie, "le film" ∕ 映画 🎬', categories=("2.Horror", "Anime アニメ")
    ),
    CatalogItem(video_id="A_B-c", title="  no length, no category\r\nand two lines "),
    CatalogItem(
        video_id="zz", title="<b>' OR 1=1; --</b>", categories=('a "quoted", one',), duration_seconds=86400
    ),
)
"""Categories ascend by title, as the site's database gives them."""


class SourceContract:
    """One test for each duty that `CatalogSource` states."""

    pytestmark = pytest.mark.anyio

    async def test_every_item_comes_once_in_order_and_unchanged(self, source_of: SourceOf) -> None:
        assert await _all(source_of(CATALOG)) == list(CATALOG)

    async def test_an_empty_catalogue_is_no_error(self, source_of: SourceOf) -> None:
        assert await _all(source_of(())) == []

    async def test_a_source_can_be_read_again(self, source_of: SourceOf) -> None:
        source = source_of(CATALOG)
        assert await _all(source) == await _all(source)

    async def test_a_reader_may_stop_early_and_begin_again(self, source_of: SourceOf) -> None:
        source = source_of(CATALOG)
        async with aclosing(source.iter_catalog_items()) as items:
            assert await anext(items) == CATALOG[0]
        assert await _all(source) == list(CATALOG)

    async def test_two_readers_do_not_disturb_each_other(self, source_of: SourceOf) -> None:
        source = source_of(CATALOG)
        async with aclosing(source.iter_catalog_items()) as items:
            first = await anext(items)
            assert await _all(source) == list(CATALOG)
            assert [first, *[item async for item in items]] == list(CATALOG)

    async def test_a_long_catalogue_keeps_count_and_order(self, source_of: SourceOf) -> None:
        many = [CatalogItem(video_id=f"v{number}", title=f"Title {number}") for number in range(2_000)]
        assert await _all(source_of(many)) == many

    async def test_what_a_source_tells_of_its_progress_adds_up(self, source_of: SourceOf) -> None:
        told: list[ReadProgress] = []
        async with aclosing(source_of(CATALOG).iter_catalog_items(told.append)) as items:
            assert [item async for item in items] == list(CATALOG)
        for progress in told:
            assert progress.step.strip()
            assert 0 <= progress.done <= (progress.done if progress.expected is None else progress.expected)

    async def test_a_source_that_breaks_raises_instead_of_ending(self, broken_behind: SourceOf) -> None:
        for items in ((), CATALOG):
            with pytest.raises(PlaylistError) as caught:
                await _all(broken_behind(items))
            assert caught.value.message

    async def test_a_source_has_a_name_that_people_can_read(self, source_of: SourceOf) -> None:
        name = source_of(CATALOG).name
        assert name.isprintable()
        assert name.strip()


async def _all(source: CatalogSource) -> list[CatalogItem]:
    async with aclosing(source.iter_catalog_items()) as items:
        return [item async for item in items]
