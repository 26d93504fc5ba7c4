"""Categories come from search, and are right whatever search does."""

from typing import Any

import pytest
from attrs import evolve

from playlist_core.domain.catalog import CatalogItem
from tests.mediacms.api_world import AS_EDITOR, CATEGORIES, MEDIA, SEARCH, SHELVES, films, read, together
from tests.mediacms.double_mischief import Rule
from tests.mediacms.double_site import Site, Version

pytestmark = pytest.mark.anyio

ODD = (
    "100% Cult",
    "Director's Cut",
    "Grindhouse / Exploitation",
    "Kung-Fu + Wuxia",
    "R&B",
    "Кино",
    "🎃 アニメ",
)


def _unsearchable(site: Site) -> Site:
    """Search vectors were never filled, and stop words are searched for: only categories find anything."""
    site.searches_stop_words = True
    site.videos = [evolve(video, is_indexed=False) for video in site.videos]
    return site


def _details(site: Site) -> list[str]:
    """What was looked up, in order."""
    return sorted(asked.path.rpartition("/")[2] for asked in site.asked if asked.path.startswith(f"{MEDIA}/"))


def _searches(site: Site, name: str) -> set[str]:
    """What search was asked for under a parameter."""
    searches = [asked.parameters for asked in site.asked if asked.path == SEARCH]
    return {parameters[name] for parameters in searches if name in parameters}


@pytest.mark.parametrize("version", Version)
async def test_by_category_those_whose_name_contains_another_are_told_apart(version: Version) -> None:
    site = _unsearchable(Site.of(version, films(200), page_size=20))
    assert await read(site) == films(200)
    assert (_searches(site, "c"), _details(site)) == (set(SHELVES), [])


@pytest.mark.parametrize("version", Version)
async def test_names_are_asked_for_letter_by_letter(version: Version) -> None:
    items = [evolve(film, categories=(ODD[at % len(ODD)],)) for at, film in enumerate(films(70))]
    site = _unsearchable(Site.of(version, items, page_size=20))
    assert await read(site) == items
    assert (_searches(site, "c"), _details(site)) == (set(ODD), [])


@pytest.mark.parametrize("version", Version)
async def test_where_stop_words_are_searched_for_uploaders_are(version: Version) -> None:
    site = Site.of(version, films(200), page_size=20, user=lambda at: ("admin", "Jane.D@e", "who")[at % 3])
    site.searches_stop_words = True
    assert await read(site) == films(200)
    assert (_searches(site, "author"), _searches(site, "c")) == ({"admin", "Jane.D@e", "who"}, set())
    assert _searches(site, "q") == {"the", "admin", "jane.d@e", "who"}


async def test_an_uploader_whom_the_database_cannot_find_is_no_loss() -> None:
    site = Site.of(Version.V1_9, films(200), page_size=20, user=lambda at: "admin" if at % 4 else "having")
    site.searches_stop_words = True
    assert await read(site) == films(200)
    assert _searches(site, "c") == set(SHELVES)


async def test_a_few_items_that_search_does_not_know_are_looked_up() -> None:
    site = Site.of(Version.V1_9, films(200), page_size=20)
    site.searches_stop_words = True
    for at in (7, 70, 133):
        site.videos[at] = evolve(site.videos[at], is_indexed=False)
    assert await read(site) == films(200)
    assert _details(site) == ["film00007", "film00070", "film00133"]
    assert _searches(site, "c") == set()


async def test_no_search_is_read_for_less_than_an_item_a_page() -> None:
    site = Site.of(Version.V1_9, films(200), page_size=20)
    hidden = {"film00007", "film00070", "film00133"}

    def hide(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "results": [row for row in body["results"] if row["friendly_token"] not in hidden]}

    site.rules.append(Rule(SEARCH, edit=hide, times=None))
    assert await read(site) == films(200)
    assert (site.count(SEARCH), set(_details(site))) == (11, hidden)


async def test_a_cut_search_is_not_repeated_in_orders_that_bring_nothing_new() -> None:
    """Titles, dates and views are all in the same order; nothing is in a category."""
    items = [CatalogItem(video_id=f"v{at}", title=f"{at:04}", duration_seconds=60) for at in range(2_300)]
    site = Site.of(Version.V8_3_2, items, page_size=250)
    site.videos = [evolve(video, views=at) for at, video in enumerate(site.videos)]
    assert await read(site, AS_EDITOR) == items
    assert (site.count(SEARCH), _details(site)) == (4 + 4 + 4 + 4, [])


async def test_very_many_uploaders_are_not_asked_for_one_by_one() -> None:
    site = Site.of(Version.V1_9, films(60), page_size=20, user=lambda at: f"user{at}")
    site.searches_stop_words = True
    assert await read(site) == films(60)
    assert (_searches(site, "author"), _searches(site, "c")) == (set(), set(SHELVES))


async def test_an_item_whose_row_is_missing_from_its_category_is_not_taken_for_being_in_none() -> None:
    items = [evolve(film, categories=(("Horror", "Movies")[at % 2],)) for at, film in enumerate(films(200))]
    site = _unsearchable(Site.of(Version.V8_3_2, items, page_size=20))

    def behead(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "results": body["results"][1:]}

    site.rules.append(Rule(SEARCH, edit=behead, page=2, times=None))
    assert await read(site) == items


async def test_a_search_that_answers_nothing_leaves_only_the_details() -> None:
    site = Site.of(Version.V1_9, films(12))
    site.rules.append(Rule(SEARCH, edit=lambda _: {}, times=None))
    assert await read(site) == films(12)
    assert len(_details(site)) == 12


@pytest.mark.parametrize("version", Version)
async def test_rows_that_tied_dates_drop_from_a_category_are_not_lost(version: Version) -> None:
    site = _unsearchable(Site.of(version, films(200), page_size=20, added=together))
    assert await read(site, AS_EDITOR) == films(200)
    assert (_searches(site, "sort_by"), _details(site)) == ({"title", "add_date"}, [])


async def test_a_category_that_the_site_does_not_list_is_still_found() -> None:
    site = _unsearchable(Site.of(Version.V1_9, films(200), page_size=20))

    def without_movies(body: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [category for category in body if category["title"] != "Movies"]

    site.rules.append(Rule(CATEGORIES, edit=without_movies, times=None))
    assert await read(site) == films(200)
    assert {"film00000", "film00016"} <= set(_details(site))


async def test_a_category_that_appears_meanwhile_makes_absence_prove_nothing() -> None:
    items = [evolve(film, categories=(("Horror", "Movies")[at % 2],)) for at, film in enumerate(films(200))]
    site = _unsearchable(Site.of(Version.V1_9, items, page_size=20))
    site.rules.append(Rule(CATEGORIES, edit=lambda body: body[:1]))
    assert await read(site) == items
    assert len(_details(site)) == 100


@pytest.mark.parametrize("is_searchable", [True, False])
async def test_searches_that_are_cut_bring_what_they_can_and_details_the_rest(is_searchable: bool) -> None:
    items = [evolve(film, categories=("Movies",) if at % 9 else ()) for at, film in enumerate(films(2_300))]
    site = Site.of(Version.V8_3_2, items, page_size=250)
    if not is_searchable:
        _unsearchable(site)
    assert await read(site, AS_EDITOR) == items
    assert len(_details(site)) < 500


async def test_several_categories_of_one_title_are_one() -> None:
    items = [CatalogItem(video_id=f"v{at}", title=f"V {at}", categories=("Horror",)) for at in range(60)]
    site = _unsearchable(
        Site.of(Version.V1_9, items, page_size=20, shelves=["Horror", "Horror", "Empty Shelf"])
    )
    assert await read(site) == items
    assert _details(site) == []
