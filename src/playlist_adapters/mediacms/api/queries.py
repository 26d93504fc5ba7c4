"""The questions we ask a MediaCMS site: its lists, its searches and its details.

Every search is for videos. What comes back says nothing by itself: `c` is a case-sensitive substring test
(`Horror` also finds `2.Horror`), up to 6.3 a row comes once for each category that matches, and items are
found that the list hides. Only `categories_info` of a row counts.
"""

from http import HTTPStatus
from typing import Final

from playlist_adapters.mediacms.api.client import FORBIDDEN, Client
from playlist_adapters.mediacms.api.fields import Fields
from playlist_adapters.mediacms.api.paging import PagedList
from playlist_adapters.mediacms.api.shapes import ListRow, SearchRow, read_username

MEDIA: Final = PagedList("/api/v1/media", {}, ListRow.read)
MANAGED: Final = PagedList(
    "/api/v1/manage_media",
    {"state": "public", "encoding_status": "success", "is_reviewed": "true", "media_type": "video"},
    ListRow.read,
)
USERS: Final = PagedList("/api/v1/users", {}, read_username)
CATEGORIES: Final = "/api/v1/categories"
WHOAMI: Final = "/api/v1/whoami"

_SEARCH: Final = PagedList("/api/v1/search", {"media_type": "video"}, SearchRow.read)

# MediaCMS drops its stop words from a question, and asks the search index nothing when none is left.
EVERYTHING: Final = _SEARCH.narrowed({"q": "the"})
"""Every item, whether its search vector was ever filled or not. From the source of 1.9 and 8.x, not
documented: a site that answers otherwise costs us one request.
"""


def of_uploader(username: str) -> PagedList[SearchRow]:
    """What somebody uploaded: the search index holds the uploader's name beside the title.

    Items whose search vector was never filled are not found, nor any of somebody whose name is a stop word
    of the database.
    """
    return _SEARCH.narrowed({"q": username.lower(), "author": username})


def of_category(title: str) -> PagedList[SearchRow]:
    """What is in a category, and in any other whose title contains this one."""
    return _SEARCH.narrowed({"c": title})


async def read_detail(client: Client, video_id: str) -> Fields | None:
    """One item with its categories, about 80 kB; None when the site does not show it to us."""
    answer = await client.get(f"/api/v1/media/{video_id}", {})
    if answer.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, *FORBIDDEN):
        return None
    if answer.status != HTTPStatus.OK:
        raise client.complaint(answer)
    return Fields.of(answer.place, answer.body)
