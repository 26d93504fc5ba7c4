"""Marathons gathered from playlists, categories, searches and items."""

from collections.abc import AsyncGenerator

import anyio
import anyio.lowlevel
import pytest
from attrs import Factory, define, evolve

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.testing.source import FakeSource
from playlist_core.domain.catalog import CatalogItem, SearchPage, SearchQuery
from playlist_core.domain.marathon import Method
from playlist_core.errors import Malformed, NotFound, TooLarge
from playlist_core.services.marathons import FromCategory, FromItems, FromPlaylist, FromSearch
from tests.unit.cinema import BLESSED, Cinema, cinema, items

pytestmark = pytest.mark.anyio

SHOW = tuple(
    CatalogItem(video_id=f"s{n}", title=f"Show.S01E0{n}.mkv", categories=("Show",), duration_seconds=100)
    for n in (3, 1, 2)
)
FILMS = tuple(
    CatalogItem(video_id=f"f{n}", title=f"Film {n} (1931).avi", categories=("Movies",), duration_seconds=1000)
    for n in (1, 2)
)


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        made.services.library.refreshing.source = FakeSource((*SHOW, *FILMS))
        await made.services.library.refreshing.refresh(allow_shrink=True)
        yield made


@define(eq=False)
class CountingIndex(MemoryIndex):
    """An index that remembers what it was asked."""

    asked: list[SearchQuery] = Factory(list)

    async def search(
        self, query: SearchQuery, *, limit: int, offset: int, snapshot_id: str | None = None
    ) -> SearchPage:
        self.asked.append(query)
        return await super().search(query, limit=limit, offset=offset, snapshot_id=snapshot_id)


async def asked_for_clips(house: Cinema, count: int) -> list[SearchQuery]:
    """The house has so many clips now; what its index is asked from here on."""
    library = house.services.library
    library.catalog.index = index = CountingIndex()
    clips = [CatalogItem(video_id=f"v{n}", title=f"Clip {n}") for n in range(count)]
    library.refreshing.source = FakeSource(clips)
    await library.refreshing.refresh()
    index.asked.clear()
    return index.asked


async def order(house: Cinema, *sources: object, **options: object) -> list[str]:
    marathon = await house.services.library.marathons.preview(sources, **options)
    return [entry.source + entry.video_id for entry in marathon.entries]


async def test_sources_of_every_kind_are_gathered_in_order(house: Cinema) -> None:
    playlist = await house.services.library.playlists.create(BLESSED, "Mine", items(["s2", "s1"]))
    sources = (
        FromPlaylist(playlist.playlist_id),
        FromCategory("Movies"),
        FromSearch("film 2"),
        FromSearch("show", "Movies"),
        FromItems(("f1", "gone")),
    )
    assert await order(house, *sources) == ["As1", "As2", "Bf1", "Bf2", "Cf2", "Ef1", "Egone"]


async def test_a_pattern_weaves_and_keeps_the_run_order(house: Cinema) -> None:
    sources = (FromItems(("s3", "s1", "s2")), FromCategory("Movies"))
    woven = await order(house, *sources, method=Method.INTERLEAVE, pattern="A2B1")
    assert woven == ["As1", "As2", "Bf1", "As3", "Bf2"]


async def test_a_shuffle_without_a_seed_gets_one_that_repeats_it(house: Cinema) -> None:
    marathons = house.services.library.marathons
    sources = [FromItems(tuple("abcdefghijklmnopqrstuvwxyz"))]
    first = await marathons.preview(sources, method=Method.SHUFFLE)
    again = await marathons.preview(sources, method=Method.SHUFFLE, seed=first.seed)
    assert first.seed
    assert again == first
    assert evolve(first, seed=None) != await marathons.preview(sources)


async def test_a_search_source_takes_every_match_in_one_search(house: Cinema) -> None:
    asked = await asked_for_clips(house, 450)
    assert await order(house, FromSearch("clip")) == [f"Av{n}" for n in range(450)]
    assert [query.text for query in asked] == ["clip"]


async def test_what_is_too_much_is_refused_before_more_is_gathered(house: Cinema) -> None:
    asked = await asked_for_clips(house, 2_000)
    with pytest.raises(TooLarge) as caught:
        await order(house, *[FromSearch("clip")] * 26)
    assert (caught.value.details, caught.value.message) == (
        {"limit": "5000 items"},
        "this marathon would have at least 6000 items; a playlist holds at most 5000",
    )
    assert len(asked) == 3


@pytest.mark.parametrize("last", [FromItems(("f1",)), FromSearch("film"), FromCategory("Movies")])
async def test_a_marathon_may_be_exactly_as_long_as_a_playlist(house: Cinema, last: object) -> None:
    full = FromItems(("s1",) * 5_000)
    assert len(await order(house, full, FromSearch("nothing like it"), FromItems(()))) == 5_000
    with pytest.raises(TooLarge):
        await order(house, full, last)
    playlist = await house.services.library.playlists.create(BLESSED, "Mine", items(["s2"]))
    with pytest.raises(TooLarge):
        await order(house, full, FromPlaylist(playlist.playlist_id))


async def test_others_get_their_turn_between_sources(house: Cinema) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count)
        await order(house, *[FromSearch("show")] * 26)
        tasks.cancel_scope.cancel()
    assert turns >= 25


async def test_a_marathon_longer_than_a_playlist_is_refused(house: Cinema) -> None:
    with pytest.raises(TooLarge) as caught:
        await order(house, FromItems(("f1",) * 3000), FromItems(("f2",) * 3000))
    assert caught.value.details["limit"] == "5000 items"


async def test_what_cannot_be_combined_is_told(house: Cinema) -> None:
    with pytest.raises(Malformed) as caught:
        await order(house)
    assert caught.value.code == "too_few_sources"
    with pytest.raises(NotFound):
        await order(house, FromPlaylist("nowhere"))
