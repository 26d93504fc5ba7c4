"""A quiet site is read exactly, and at no higher price than it must be."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from playlist_adapters.mediacms.api import ApiCredentials
from playlist_adapters.mediacms.export import ExportSource
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress
from tests.mediacms.api_world import (
    AS_EDITOR,
    AS_VIEWER,
    MANAGE,
    MEDIA,
    SEARCH,
    WHOAMI,
    catalogue,
    films,
    read,
    source_at,
)
from tests.mediacms.double import doubled
from tests.mediacms.double_mischief import Rule
from tests.mediacms.double_site import OPENED, VIEWER, Site, Version, Video

pytestmark = pytest.mark.anyio

REAL = Path(__file__).parent.parent / "data" / "titles-4000.csv"
WHO = {"visitor": None, "viewer": AS_VIEWER, "editor": AS_EDITOR}


def _paths(site: Site) -> dict[str, int]:
    """How often each path was asked, details as one."""
    paths = [MEDIA + "/…" if asked.path.startswith(MEDIA + "/") else asked.path for asked in site.asked]
    return {path: paths.count(path) for path in sorted(set(paths))}


async def test_four_thousand_real_titles_come_exactly_from_an_old_site() -> None:
    titles = await catalogue(ExportSource(REAL))
    site = Site.of(Version.V1_9, titles, user=lambda at: "admin" if at % 5 else f"user{at % 7}")
    assert await read(site) == titles
    assert _paths(site) == {MEDIA: 80, SEARCH: 80}


@pytest.mark.parametrize(
    ("version", "who", "number", "due"),
    [
        (Version.V1_9, "visitor", 1_200, {MEDIA: 12, SEARCH: 12}),
        (Version.V1_9, "viewer", 1_200, {MANAGE: 1, WHOAMI: 1, MEDIA: 12, SEARCH: 12}),
        (Version.V1_9, "editor", 1_200, {MANAGE: 13, SEARCH: 12}),
        (Version.V8_3_2, "visitor", 900, {MEDIA: 9, SEARCH: 9}),
        (Version.V8_3_2, "editor", 900, {MANAGE: 10, SEARCH: 9}),
        # Cut at 1,000 rows: both ends of the titles bring all but what is in the middle.
        (Version.V8_3_2, "editor", 1_900, {MANAGE: 20, SEARCH: 20}),
        (Version.V8_3_2, "editor", 1_100, {MANAGE: 12, SEARCH: 11}),
        (Version.V1_9, "visitor", 0, {MEDIA: 1}),
    ],
)
async def test_reading_costs_as_many_requests_as_there_are_pages(
    version: Version, who: str, number: int, due: dict[str, int]
) -> None:
    site = Site.of(version, films(number), page_size=100)
    assert await read(site, WHO[who]) == films(number)
    assert _paths(site) == dict(sorted(due.items()))


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("who", WHO)
async def test_only_what_is_public_encoded_reviewed_and_a_video_counts(version: Version, who: str) -> None:
    site = Site.of(version, films(4), page_size=3)
    hidden: list[dict[str, Any]] = [
        {"state": "private"},
        {"state": "private", "user": VIEWER.username},
        {"state": "private", "shared_with": VIEWER.username},
        {"state": "unlisted"},
        {"encoding_status": "fail"},
        {"encoding_status": "pending"},
        {"is_reviewed": False},
        {"media_type": "image"},
        {"media_type": "audio"},
    ]
    for number, fault in enumerate(hidden):
        added = OPENED + timedelta(seconds=number)
        site.videos.append(Video(token=f"hidden{number}", title="Film hidden", added=added, **fault))
    assert await read(site, WHO[who]) == films(4)


@pytest.mark.parametrize("who", ["visitor", "editor"])
async def test_items_come_oldest_first_and_those_of_one_moment_by_id(who: str) -> None:
    moments = {"b": 3, "d": 1, "a": 3, "c": 2}
    videos = [
        Video(token=token, title="Film", added=OPENED + timedelta(hours=hour))
        for token, hour in moments.items()
    ]
    site = Site(Version.V1_9, videos, page_size=10)
    assert [item.video_id for item in await read(site, WHO[who])] == ["d", "c", "a", "b"]


async def test_an_item_without_a_date_is_the_oldest_and_a_time_without_an_offset_is_in_utc() -> None:
    site = Site.of(Version.V1_9, films(3))

    def restamp(body: dict[str, Any]) -> dict[str, Any]:
        dates = ["2021-03-01T02:30:00+02:00", "2021-03-01T00:31:00", None]
        rows = [{**row, "add_date": date} for row, date in zip(body["results"], dates, strict=True)]
        return {**body, "results": rows}

    site.rules.append(Rule(MEDIA, edit=restamp, times=None))
    assert [item.video_id for item in await read(site)] == ["film00000", "film00002", "film00001"]


@pytest.mark.parametrize("version", Version)
async def test_an_item_is_shown_as_the_site_has_it(version: Version) -> None:
    own = "/media/original/thumbnails/user/admin/D%C3%A9tour.jpg"
    videos = [
        Video(
            token="a-Z_9",
            title="Détour.[1945].mp4 ",
            added=OPENED,
            categories=("Movies", "1.Family Comedies", "100% Cult"),
            duration=4_080,
            thumbnail=own,
        ),
        Video(token="b", title="<b>.avi", added=OPENED, thumbnail="https://cdn.example/b.jpg"),
    ]
    site = Site(version, videos, shelves=["Movies", "Movies"])
    async with doubled() as double:
        got = await catalogue(source_at(double.mount(site)))
        host = f"http://127.0.0.1:{double.port}"
    assert got == [
        CatalogItem(
            video_id="a-Z_9",
            title="Détour.[1945].mp4 ",
            categories=("1.Family Comedies", "100% Cult", "Movies"),
            duration_seconds=4_080,
            thumbnail_url=host + own,
        ),
        CatalogItem(video_id="b", title="<b>.avi", thumbnail_url="https://cdn.example/b.jpg"),
    ]


async def test_a_detail_that_has_only_half_a_thumbnail_does_not_replace_a_whole_one() -> None:
    site = Site.of(Version.V1_9, [evolve(films(2)[1], thumbnail_url="/media/thumb.jpg")])
    site.rules.append(Rule(SEARCH, edit=lambda _: {}, times=None))
    async with doubled() as double:
        items = await catalogue(source_at(double.mount(site)))
        due = f"http://127.0.0.1:{double.port}/media/thumb.jpg"
    assert [item.thumbnail_url for item in items] == [due]
    assert _paths(site)[MEDIA + "/…"] == 1


async def test_links_to_the_next_page_are_not_followed_wherever_they_lead() -> None:
    site = Site.of(Version.V1_9, films(7), page_size=3)

    def astray(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "next": body["next"] and "http://thief.example/api/v1/media?page=2"}

    site.rules += [Rule(path, edit=astray, times=None) for path in (MEDIA, SEARCH)]
    assert await read(site) == films(7)


async def test_members_of_an_answer_that_nobody_knows_do_not_matter() -> None:
    site = Site.of(Version.V8_3_2, films(5), page_size=3)

    def with_more(body: dict[str, Any]) -> dict[str, Any]:
        rows = [{**row, "shared_users": [], "size": None} for row in body["results"]]
        return {**body, "results": rows, "shared_groups": []}

    site.rules += [Rule(path, edit=with_more, times=None) for path in (MEDIA, SEARCH)]
    assert await read(site) == films(5)


async def test_how_far_reading_is_is_told() -> None:
    told: list[ReadProgress] = []
    site = Site.of(Version.V1_9, films(5), page_size=2)
    site.videos[3] = evolve(site.videos[3], is_indexed=False)
    site.searches_stop_words = True
    await read(site, tell=told.append)
    assert [(each.step, each.expected) for each in told[:1]] == [("listing", 5)]
    furthest = {each.step: (each.done, each.expected) for each in told}
    assert furthest == {"listing": (5, 5), "categories": (4, 5), "details": (1, 1)}


async def test_more_is_never_done_than_is_expected() -> None:
    told: list[ReadProgress] = []
    site = Site.of(Version.V1_9, films(5), page_size=2)
    for path in (MEDIA, SEARCH):
        site.rules.append(Rule(path, edit=lambda body: {**body, "results": body["results"] * 3}, page=2))
    assert await read(site, tell=told.append) == films(5)
    assert [each for each in told if each.expected is None or each.done > each.expected] == []


async def test_a_name_and_a_password_are_as_good_as_a_token() -> None:
    site = Site.of(Version.V8_3_2, films(3))
    assert await read(site, ApiCredentials.of_password(VIEWER.username, VIEWER.password)) == films(3)
    assert _paths(site) == {MANAGE: 1, MEDIA: 1, SEARCH: 1, WHOAMI: 1}


async def test_a_source_is_named_after_its_site() -> None:
    assert source_at("https://Videos.Example:8443/tv/", AS_EDITOR).name == "MediaCMS videos.example:8443/tv"
    assert source_at("http://videos.example/").name == "MediaCMS videos.example"
