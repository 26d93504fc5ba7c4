"""How the two versions write what they found as JSON; held against recorded answers in `test_api_double`."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.mediacms.double_site import Site, Video

Link = Callable[[int | None], str]
RECORDED = Path(__file__).parent.parent / "data" / "mediacms"


def recorded(name: str) -> dict[str, Any]:
    """A recorded answer with its request, such as `v1_9__list_page_1`."""
    return json.loads((RECORDED / f"{name}.json").read_text())


def list_row(site: Site, video: Video, base: str) -> dict[str, Any]:
    """An item of a list: absolute addresses, no categories."""
    return {
        "friendly_token": video.token,
        "url": f"{base}/view?m={video.token}",
        "api_url": f"{base}/api/v1/media/{video.token}",
        "user": video.user,
        "title": video.title,
        "description": "",
        "add_date": moment(video.added),
        "views": video.views,
        "media_type": video.media_type,
        "state": video.state,
        "duration": video.duration,
        "thumbnail_url": None if video.thumbnail is None else urljoin(f"{base}/", video.thumbnail),
        "is_reviewed": video.is_reviewed,
        "preview_url": None,
        "author_name": site.names.get(video.user, video.user),
        "author_profile": f"{base}/user/{video.user}/",
        "author_thumbnail": f"{base}/media/userlogos/user.jpg",
        "encoding_status": video.encoding_status,
        "likes": 1,
        "dislikes": 0,
        "reported_times": 0,
        "featured": False,
        "user_featured": False,
        "size": video.size,
    }


def search_row(site: Site, video: Video, base: str) -> dict[str, Any]:
    """An item of a search: relative addresses, categories, no state."""
    row = {
        "title": video.title,
        "author_name": site.names.get(video.user, video.user),
        "author_profile": f"/user/{video.user}/",
        "thumbnail_url": video.thumbnail,
        "add_date": moment(video.added),
        "views": video.views,
        "description": "",
        "friendly_token": video.token,
        "duration": video.duration,
        "url": f"{base}/view?m={video.token}",
        "api_url": f"{base}/api/v1/media/{video.token}",
        "media_type": video.media_type,
        "preview_url": None,
        "categories_info": categories_info(site, video),
    }
    if site.is_old:
        del row["api_url"]
    return row


def detail(site: Site, video: Video, base: str, related: Sequence[Video]) -> dict[str, Any]:
    """One item: everything but its id. What we do not model is as recorded."""
    own = {
        "url": f"{base}/view?m={video.token}",
        "user": video.user,
        "title": video.title,
        "add_date": moment(video.added),
        "media_type": video.media_type,
        "state": video.state,
        "duration": video.duration,
        "thumbnail_url": video.thumbnail,
        "poster_url": video.thumbnail,
        "author_name": site.names.get(video.user, video.user),
        "author_profile": f"/user/{video.user}/",
        "encoding_status": video.encoding_status,
        "is_reviewed": video.is_reviewed,
        "views": video.views,
        "size": video.size,
        "edit_url": f"/edit?m={video.token}",
        "add_subtitle_url": f"/add_subtitle?m={video.token}",
        "categories_info": categories_info(site, video),
        "related_media": [list_row(site, other, base) for other in related],
    }
    return {**_recorded_detail(site.version.value), **own}


def categories_info(site: Site, video: Video) -> list[dict[str, Any]]:
    titles = [title for title in sorted(video.categories) for _ in range(max(1, site.shelves.count(title)))]
    newer = {} if site.is_old else {"is_lms_course": False}
    return [{"title": title, "url": f"/search?c={title}", **newer} for title in titles]


def category_row(site: Site, title: str, number: int) -> dict[str, Any]:
    held = [video for video in site.videos if title in video.categories]
    row = {
        "title": title,
        "uid": f"{number:016}",
        "description": "",
        "is_global": True,
        "media_count": sum(video.is_listable or not site.is_old for video in held),
        "user": "admin",
        "thumbnail_url": held[0].thumbnail if held else None,
        "is_lms_course": False,
    }
    if site.is_old:
        del row["uid"], row["is_lms_course"]
    return row


def user_row(site: Site, username: str, base: str) -> dict[str, Any]:
    """Read from the source; `/users` was not recorded."""
    return {
        "description": "",
        "date_added": "2021-03-01T00:00:00Z",
        "name": site.names.get(username, username),
        "is_featured": False,
        "thumbnail_url": f"{base}/media/userlogos/user.jpg",
        "url": f"{base}/user/{username}/",
        "api_url": f"{base}/api/v1/users/{username}",
        "username": username,
        "advancedUser": False,
        "is_editor": False,
        "is_manager": False,
        "email_is_verified": False,
    }


def page(rows: Sequence[object], count: int, number: int, last: int, link: Link) -> dict[str, Any]:
    """A page of a list; `link` gives the address of another, that of the first without a number."""
    return {
        "count": count,
        "next": link(number + 1) if number < last else None,
        "previous": link(None if number == 2 else number - 1) if number > 1 else None,
        "results": rows,
    }


def moment(when: datetime) -> str:
    """As Django REST framework writes it."""
    text = when.isoformat()
    return text.replace("+00:00", "Z") if when.utcoffset() == UTC.utcoffset(None) else text


@cache
def _recorded_detail(version: str) -> Mapping[str, Any]:
    return recorded(f"{version}__detail_multi_category")["body"]
