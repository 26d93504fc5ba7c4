"""A list that the site cuts at 1,000 rows: whole, where its parts prove it, and otherwise not at all."""

from typing import Any

import pytest
from aiohttp import web
from attrs import evolve

from playlist_adapters.mediacms.api.retries import Manners
from playlist_core.domain.catalog import CatalogItem
from tests.mediacms.api_world import MEDIA, USERS, failure, films, read
from tests.mediacms.double_mischief import Rule
from tests.mediacms.double_site import EDITOR, OPENED, Site, Version, Video

pytestmark = pytest.mark.anyio

TRUNCATED = (
    "source_truncated",
    "The site lists no more than 1,000 items at once, and it cannot be read in parts that are small enough:"
    " configure the token of an editor of the site, or read the site's database or an export of it instead.",
)


def _features(number: int) -> list[CatalogItem]:
    """Films that all last longer than an hour, some longer than two."""
    return [evolve(film, duration_seconds=3_600 + at * 37 % 7_200) for at, film in enumerate(films(number))]


def _asked(site: Site, name: str) -> set[str]:
    """What the list was asked for under a parameter."""
    return {
        asked.parameters[name] for asked in site.asked if asked.path == MEDIA and name in asked.parameters
    }


async def _outcome(site: Site) -> tuple[str, str]:
    error = await failure(site)
    return error.code, error.message


async def test_a_cut_list_is_read_by_length() -> None:
    site = Site.of(Version.V8_3_2, films(1_500), page_size=250)
    assert await read(site) == films(1_500)
    assert _asked(site, "duration") == {"0-20", "20-40", "40-60", "60-120"}
    assert site.count(USERS) == 0


async def test_lengths_that_are_cut_themselves_are_read_by_uploader() -> None:
    """Half of the films last longer than an hour, half a little less."""
    items = _features(2_400)
    items[1::2] = [evolve(film, duration_seconds=2_400) for film in items[1::2]]
    site = Site.of(Version.V8_3_2, items, page_size=250, user=lambda at: f"user{at // 2 % 3}")
    assert await read(site) == items
    assert (_asked(site, "author"), site.count(USERS)) == (set(site.users), 1)


async def test_a_user_whom_a_page_of_the_users_misses_makes_it_begin_again() -> None:
    site = Site.of(Version.V8_3_2, _features(1_200), page_size=250, user=lambda at: f"user{at % 3}")
    site.rules.append(Rule(USERS, edit=lambda body: {**body, "results": body["results"][:-1] * 2}))
    assert await read(site) == _features(1_200)
    assert site.count(USERS) == 2


async def test_images_do_not_count_against_the_videos() -> None:
    site = Site.of(Version.V8_3_2, films(700), page_size=250)
    site.videos += [
        Video(token=f"image{at}", title="Image", added=OPENED, media_type="image") for at in range(400)
    ]
    assert await read(site) == films(700)
    assert _asked(site, "duration") == set()


@pytest.mark.parametrize("version", Version)
async def test_a_list_of_exactly_a_thousand_is_believed_when_its_parts_prove_it(
    version: Version,
) -> None:
    site = Site.of(version, films(1_000), page_size=250, user=lambda at: f"user{at % 2}")
    assert await read(site) == films(1_000)
    assert len(_asked(site, "duration" if version is Version.V8_3_2 else "author")) > 1


async def test_an_uploader_with_more_than_can_be_shown_makes_reading_impossible() -> None:
    site = Site.of(Version.V8_3_2, _features(1_200), page_size=250)
    assert await _outcome(site) == TRUNCATED


async def test_so_does_a_site_with_more_users_than_one_would_ask_about() -> None:
    site = Site.of(Version.V8_3_2, _features(1_200), page_size=250, user=lambda at: f"user{at % 3}")
    site.accounts = [evolve(EDITOR, username=f"member{at}") for at in range(500)]
    assert await _outcome(site) == TRUNCATED
    assert site.count(USERS) == 1


async def test_so_does_a_site_that_does_not_say_who_its_users_are() -> None:
    site = Site.of(Version.V8_3_2, _features(1_200), page_size=250, user=lambda at: f"user{at % 3}")
    site.hides_users = True
    assert await _outcome(site) == TRUNCATED


async def test_lengths_prove_nothing_as_long_as_the_last_range_may_have_an_end() -> None:
    short = [evolve(film, duration_seconds=at * 37 % 7_000 + 1) for at, film in enumerate(films(1_500))]
    assert await _outcome(Site.of(Version.V8_3_2, short, page_size=250)) == TRUNCATED
    site = Site.of(Version.V8_3_2, short, page_size=250, user=lambda at: f"user{at % 2}")
    assert await read(site) == short


@pytest.mark.parametrize("asked_page", [1, 3])
async def test_an_item_that_moves_from_one_part_to_another_is_not_lost(asked_page: int) -> None:
    """Out of the long ones into the short ones, which were read before: their first page, or all of it."""
    site = Site.of(Version.V8_3_2, films(1_400), page_size=250)
    assert site.videos[100].duration == 3_700

    async def shorten(request: web.Request) -> None:
        if request.query.get("duration") == "60-120":
            site.videos[100] = evolve(site.videos[100], duration=100)

    site.rules.append(Rule(MEDIA, shorten, page=asked_page, times=None))
    due = [evolve(film, duration_seconds=100) if at == 100 else film for at, film in enumerate(films(1_400))]
    assert await read(site, manners=Manners(at_once=1)) == due
    assert len([asked for asked in site.asked if asked.parameters == {"page": "1"}]) == 2


async def test_parts_that_leave_something_out_are_not_the_whole() -> None:
    site = Site.of(Version.V8_3_2, films(1_400), page_size=250)
    newest_short = films(1_400)[1_199].video_id

    def without(body: dict[str, Any]) -> dict[str, Any]:
        """Among the short ones one is missing, as if the ranges had a gap."""
        rows = body["results"]
        if not all(row["duration"] < 1_200 for row in rows):
            return body
        kept = [row for row in rows if row["friendly_token"] != newest_short]
        return {**body, "results": kept, "count": body["count"] - (len(rows) - len(kept))}

    site.rules.append(Rule(MEDIA, edit=without, times=None))
    error = await failure(site)
    assert error.code == "source_unstable"
    assert "1 of the newest items stand in the list, but not in any part of it" in error.message
