"""The sample catalogue: enough of it, untidy as real ones, and good for marathons."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping

import anyio
import pytest

from playlist_adapters.mediacms.export import ExportSource
from playlist_app.demo import SAMPLE_CATALOG, SAMPLE_PLAYLISTS
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.episodes import read_episodes
from playlist_core.domain.marathon import Entry, Method, Source, build


async def _read() -> list[CatalogItem]:
    return [item async for item in ExportSource(SAMPLE_CATALOG).iter_catalog_items()]


ITEMS = anyio.run(_read)
TITLES = [item.title for item in ITEMS]


@pytest.fixture(scope="module")
def series() -> Mapping[str, list[CatalogItem]]:
    found: defaultdict[str, list[CatalogItem]] = defaultdict(list)
    for item, episode in zip(ITEMS, read_episodes(TITLES), strict=True):
        if episode is not None:
            found[episode.series_key].append(item)
    return found


def test_there_is_enough_to_find(series: Mapping[str, list[CatalogItem]]) -> None:
    assert len(ITEMS) >= 250
    assert sum(re.search(r"(19|20)\d\d", title) is not None for title in TITLES) >= 80
    assert len([name for name, episodes in series.items() if len(episodes) >= 10]) >= 8
    assert len({category for item in ITEMS for category in item.categories}) >= 15


@pytest.mark.parametrize(
    "untidy",
    [
        r"^[^ ]+\.\[\d{4}\]\.mp4$",
        r"\(\d{4}\)",
        r"S\d\dE\d\d",
        r"\d+x\d\d",
        r"Season \d+ Episode \d+",
        r"\b[1-9]\d\d\b",
        r"\d{4}-\d\d-\d\d",
        r"720p|480p|DVDRip",
        r"'",
        r"&",
        r"\.(mkv|avi)$",
        r"(?i)chapter",
        r"[∕꞉]",
        r"\[\d{4}[\[}]",
    ],
)
def test_titles_are_as_untidy_as_on_real_sites(untidy: str) -> None:
    assert [title for title in TITLES if re.search(untidy, title)]


def test_there_are_gaps_as_on_real_sites() -> None:
    assert [item for item in ITEMS if item.duration_seconds is None]
    assert [item for item in ITEMS if not item.categories]
    assert [title for title, count in Counter(TITLES).items() if count > 1]


def test_episodes_do_not_stand_in_order_so_that_marathons_show_what_they_can(
    series: Mapping[str, list[CatalogItem]],
) -> None:
    entries = tuple(Entry(item.video_id, item.title) for item in series["cygnus outpost"])
    marathon = build([Source("Cygnus Outpost", entries)], method=Method.CONCATENATE)
    numbers = [(entry.season, entry.episode) for entry in marathon.entries]
    assert numbers == sorted(numbers)
    assert [entry.video_id for entry in entries] != [entry.video_id for entry in marathon.entries]


def test_two_playlists_come_with_it_and_all_their_titles_exist() -> None:
    playlists = json.loads(SAMPLE_PLAYLISTS.read_text())
    known = {item.video_id for item in ITEMS}
    assert [sorted(each) for each in playlists] == [["items", "name"]] * 2
    assert all(5 < len(each["items"]) < 30 and set(each["items"]) <= known for each in playlists)
