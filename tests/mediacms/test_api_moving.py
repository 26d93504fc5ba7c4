"""A site that does not hold still is read again, and never half."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from attrs import evolve

from playlist_adapters.testing.time import ManualClock
from playlist_core.domain.catalog import CatalogItem
from tests.mediacms.api_world import AS_EDITOR, MANAGE, MEDIA, SEARCH, failure, films, read, together
from tests.mediacms.double_mischief import Rule, happen
from tests.mediacms.double_site import OPENED, Site, Version, Video

pytestmark = pytest.mark.anyio


def _ids(items: Sequence[CatalogItem]) -> list[str]:
    return [item.video_id for item in items]


def _late(site: Site, number: int) -> Callable[[], None]:
    """Newer items come."""

    def change() -> None:
        for at in range(number):
            added = OPENED + timedelta(days=999, minutes=at)
            site.videos.append(Video(token=f"late{at}", title="Late", added=added))

    return change


def _unpublished(site: Site, tokens: list[str]) -> Callable[[], None]:
    def change() -> None:
        site.videos = [
            evolve(video, state="private") if video.token in tokens else video for video in site.videos
        ]

    return change


async def test_items_that_are_added_meanwhile_do_not_push_others_out() -> None:
    site = Site.of(Version.V1_9, films(60), page_size=10)
    site.rules.append(Rule(MEDIA, happen(_late(site, 3)), page=3))
    assert _ids(await read(site)) == [*_ids(films(60)), "late0", "late1", "late2"]


async def test_items_that_are_unpublished_behind_us_do_not_pull_others_past_us() -> None:
    site = Site.of(Version.V1_9, films(60), page_size=10)
    newest = _ids(films(60))[-7:]
    site.rules.append(Rule(MEDIA, happen(_unpublished(site, newest)), page=4))
    assert _ids(await read(site)) == _ids(films(60))[:-7]


async def test_a_list_that_loses_its_last_page_is_read_again() -> None:
    site = Site.of(Version.V1_9, films(31), page_size=10)
    oldest = _ids(films(31))[:1]
    site.rules.append(Rule(MEDIA, happen(_unpublished(site, oldest)), page=4))
    assert _ids(await read(site)) == _ids(films(31))[1:]


async def test_after_three_tries_it_is_given_up_with_the_numbers() -> None:
    site = Site.of(Version.V1_9, films(30), page_size=10)
    site.rules.append(Rule(MEDIA, happen(site.videos.pop), page=3, times=None))
    error = await failure(site)
    assert error.code == "source_unstable"
    assert error.message == (
        "The site changed each of the 3 times its catalogue was read; the last time the list told of 28 items"
        " at first and of 27 later, of which 20 came. Try again when nobody uploads or edits."
    )
    assert [asked.parameters["page"] for asked in site.asked].count("1") == 3


def _looked_up(site: Site) -> list[str]:
    return [asked.path.rpartition("/")[2] for asked in site.asked if asked.path.startswith(f"{MEDIA}/")]


def _authors(site: Site) -> set[str]:
    """Whose uploads were searched for."""
    return {asked.parameters["author"] for asked in site.asked if "author" in asked.parameters}


@pytest.mark.parametrize("version", Version)
async def test_what_tied_dates_drop_is_looked_up(version: Version) -> None:
    """Images are in the list as well; what is being encoded is not, but old versions find it."""
    site = Site.of(version, films(300), page_size=20, added=together)
    for at in range(30):
        site.videos.append(Video(token=f"image{at}", title=f"Image {at}", added=OPENED, media_type="image"))
        site.videos.append(Video(token=f"raw{at}", title="Encoding", added=OPENED, encoding_status="fail"))
    assert await read(site) == films(300)
    assert 0 < len(_looked_up(site)) < 200
    assert _authors(site) == set()


async def test_two_of_one_title_and_one_date_are_told_apart_by_their_views() -> None:
    items = [evolve(film, title="Again and again.avi") for film in films(100)]
    site = Site.of(Version.V1_9, items, page_size=10, added=together)
    assert await read(site) == items


async def test_what_tied_dates_drop_is_looked_up_once_also_when_it_is_searched_for_by_uploader() -> None:
    """Searching for `the` finds what Theo uploaded; of admin it takes another search."""
    site = Site.of(Version.V1_9, films(300), page_size=20, added=together)
    site.videos = [evolve(video, user="Theo") if at % 2 else video for at, video in enumerate(site.videos)]
    site.searches_stop_words = True
    assert await read(site) == films(300)
    assert _authors(site) == {"admin", "Theo"}
    assert len(set(_looked_up(site))) == len(_looked_up(site)) > 0


@pytest.mark.parametrize("version", Version)
async def test_an_editor_reads_a_tied_list_in_another_order(version: Version) -> None:
    site = Site.of(version, films(300), page_size=20, added=together)
    assert await read(site, AS_EDITOR) == films(300)
    orders = [asked.parameters.get("sort_by") for asked in site.asked if asked.path == MANAGE]
    assert (orders.count("add_date"), orders.count("title")) == (15, 15)
    assert _looked_up(site) == []


async def test_what_one_reading_has_seen_does_not_stand_for_what_the_next_misses() -> None:
    site = Site.of(Version.V1_9, films(30), page_size=10)
    lost, gone = films(30)[4].video_id, films(30)[7].video_id
    firsts = 0

    def hide(body: dict[str, Any]) -> dict[str, Any]:
        rows = body["results"]
        return {**body, "results": [rows[0] if row["friendly_token"] == lost else row for row in rows]}

    async def vanish(_: web.Request) -> None:
        """When the list is read for the second time; the first page was asked for before to see if we may."""
        nonlocal firsts
        firsts += 1
        if firsts == 3:
            _unpublished(site, [gone])()

    site.rules += [Rule(MANAGE, vanish, page=1, times=None), Rule(MANAGE, edit=hide, times=7)]
    assert await read(site, AS_EDITOR) == [film for film in films(30) if film.video_id != gone]


async def test_what_cannot_be_found_again_is_an_error_with_the_numbers() -> None:
    site = Site.of(Version.V1_9, films(30), page_size=10)

    def repeat(body: dict[str, Any]) -> dict[str, Any]:
        """The last row is the first again, and search knows nothing of it."""
        return {**body, "results": [*body["results"][:-1], body["results"][0]]}

    site.rules.append(Rule(MEDIA, edit=repeat, times=None))
    site.rules.append(Rule(SEARCH, edit=lambda _: {}, times=None))
    error = await failure(site)
    assert error.code == "source_unstable"
    assert "the list told of 30 items throughout, but 27 different ones came" in error.message


async def test_a_short_page_is_not_the_end() -> None:
    site = Site.of(Version.V1_9, films(30), page_size=10)
    site.rules.append(Rule(MEDIA, edit=lambda body: {**body, "results": body["results"][:4]}, page=2))
    site.rules.append(Rule(MEDIA, edit=lambda body: {**body, "results": [], "next": None}, page=1))
    assert await read(site) == films(30)


async def test_an_item_that_is_gone_before_it_is_looked_up_makes_it_begin_again() -> None:
    site = Site.of(Version.V1_9, films(5))
    site.rules.append(Rule(SEARCH, edit=lambda _: {}, times=None))
    path = f"{MEDIA}/{films(5)[2].video_id}"
    site.rules.append(Rule(path, happen(lambda: site.videos.pop(2))))
    assert await read(site) == [film for at, film in enumerate(films(5)) if at != 2]


async def test_between_the_tries_the_site_is_left_alone(clock: ManualClock) -> None:
    site = Site.of(Version.V1_9, films(30), page_size=10)
    site.rules.append(Rule(MEDIA, happen(site.videos.pop), page=3, times=None))
    await failure(site, clock=clock)
    assert 1.5 <= clock.monotonic() <= 3
