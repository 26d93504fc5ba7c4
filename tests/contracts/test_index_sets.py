"""Titles of few words that meet in every way: a query has many matches of each rank, so sets decide."""

from pathlib import Path
from random import Random

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.index.recent import Recent
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.testing.index_suite import by_definition, movie, refresh
from playlist_core.domain.catalog import IndexedItem, SearchQuery

PIECES = ["s", "st", "star", "ar", "tar", "art", "arts", "mustard", "wars", "a", "t", "?", "??", "?!", "!?"]
CATEGORIES = ["Movies", "TV", "2.Horror"]


def _titles(count: int) -> list[IndexedItem]:
    chance = Random(3)
    return [
        IndexedItem.of(
            movie(
                f"v{number:03}",
                " ".join(chance.choices(PIECES, k=chance.randint(1, 4))),
                *chance.sample(CATEGORIES, chance.randint(0, 2)),
            )
        )
        for number in range(count)
    ]


ENTRIES = _titles(700)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SQLiteIndex:
    path = tmp_path_factory.mktemp("sets") / "catalog.sqlite3"
    anyio.run(refresh, SQLiteIndex(path), [entry.item for entry in ENTRIES])
    return _opened(path)


def _opened(path: Path) -> SQLiteIndex:
    index = SQLiteIndex(path)
    anyio.run(index.state)
    return index


@given(
    st.lists(st.sampled_from([*PIECES, "sta", "tarst", "ustar", "rw", "ta"]), max_size=3).map(" ".join),
    st.lists(st.sampled_from(CATEGORIES), max_size=2),
    st.integers(0, 40),
    st.sampled_from([0, 0, 0, 7, 30, 90, 300]),
)
@settings(deadline=None, max_examples=300)
def test_many_matches_of_every_rank_come_as_the_definition_says(
    index: SQLiteIndex, text: str, categories: list[str], limit: int, offset: int
) -> None:
    query = SearchQuery.parse(text, categories)

    async def search() -> None:
        page = await index.search(query, limit=limit, offset=offset)
        assert page == by_definition(ENTRIES, query, limit=limit, offset=offset, snapshot_id="s1")

    anyio.run(search)


def test_what_was_used_lately_is_remembered_and_memory_has_an_end() -> None:
    recent = Recent[int, str](3)
    for number in range(100):
        recent.put(number, str(number))
        assert recent.get(0) == "0"  # asked for again and again
    kept = [number for number in range(100) if recent.get(number) is not None]
    assert 0 in kept
    assert 99 in kept
    assert len(kept) <= 6
