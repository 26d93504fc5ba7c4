"""What a MediaCMS site finds when it is asked: filters, search and order, as the two versions have them."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.mediacms.double_site import Account, Role, Site, Video

CAP = 1_000

# Of the stop words of the app, which are dropped from a question, and of the database, which match nothing.
APP_STOP_WORDS = {"a", "about", "being", "the", "who", "de", "la"}
DATABASE_STOP_WORDS = {"having", "theirs", "being"}

_DROPPED = re.compile(r"""[\^{}&|<>")(!:;'#]""")
_SORTS: Mapping[str, Callable[[Video], Any]] = {
    "title": lambda video: video.title,
    "add_date": lambda video: video.added,
    "edit_date": lambda video: video.title[::-1],
    "views": lambda video: video.views,
    "likes": lambda video: 1,
}
_LENGTHS = {"0-20": (0, 1200), "20-40": (1200, 2400), "40-60": (2400, 3600), "60-120": (3600, 10**9)}


def listed(site: Site, asked: Mapping[str, str], account: Account | None) -> Sequence[Video] | None:
    """`/media`; None when the author is nobody."""
    author = asked.get("author", "").strip()
    if author and author not in site.users:
        return None
    sees_all = not site.is_old and account is not None and account.role is Role.EDITOR
    is_own = account is not None and account.username == author
    sees_all = sees_all or is_own
    found = [
        video for video in site.videos if sees_all or video.is_listable or _is_shared(site, video, account)
    ]
    if author:
        found = [video for video in found if video.user == author]
    if site.is_old:
        return _ordered(found, {}, asked)
    if asked.get("media_type") in ("video", "image", "audio", "pdf"):
        found = [video for video in found if video.media_type == asked["media_type"]]
    if asked.get("duration") in _LENGTHS:
        low, high = _LENGTHS[asked["duration"]]
        found = [video for video in found if low <= video.duration < high]
    # Visitors and members get the newest first, whatever order they ask for.
    return _ordered(found, asked if sees_all else {}, asked)[:CAP]


def managed(site: Site, asked: Mapping[str, str]) -> Sequence[Video]:
    """`/manage_media`: everything, never cut."""
    found = list(site.videos)
    for name in ("state", "encoding_status", "media_type"):
        if asked.get(name):
            found = [video for video in found if getattr(video, name) == asked[name]]
    if asked.get("is_reviewed") in ("true", "false"):
        found = [video for video in found if video.is_reviewed is (asked["is_reviewed"] == "true")]
    return _ordered(found, asked, asked)


def searched(site: Site, asked: Mapping[str, str], account: Account | None) -> Sequence[Video] | None:
    """`/search`; None for a question without a word, a category or a tag."""
    query, category = asked.get("q", "").strip().lower(), asked.get("c", "").strip()
    if not (query or category or asked.get("t", "").strip()):
        return None
    found = [video for video in site.videos if _is_searchable(site, video, account)]
    found = [video for video in found if _matches(site, video, query)]
    for name, attribute in (("media_type", "media_type"), ("author", "user")):
        if asked.get(name, "").strip():
            found = [video for video in found if getattr(video, attribute) == asked[name].strip()]
    if category:
        # A join: old versions repeat a row for each of its categories that contains the text.
        times = [sum(category in title for title in _shelves_of(site, video)) for video in found]
        found = [
            video
            for video, number in zip(found, times, strict=True)
            for _ in range(number if site.is_old else min(number, 1))
        ]
    ordered = _ordered(found, asked, asked)
    return ordered if site.is_old else ordered[:CAP]


def _shelves_of(site: Site, video: Video) -> list[str]:
    """The titles of a video's categories; one whose title stands twice on the shelves is two."""
    return [title for title in video.categories for _ in range(max(1, site.shelves.count(title)))]


def _is_searchable(site: Site, video: Video, account: Account | None) -> bool:
    if site.is_old:
        return video.state == "public" and video.is_reviewed
    if account is not None and account.role is Role.EDITOR:
        return True
    is_own = account is not None and account.username == video.user
    return video.is_listable or is_own or _is_shared(site, video, account)


def _is_shared(site: Site, video: Video, account: Account | None) -> bool:
    return not site.is_old and account is not None and video.shared_with == account.username


def _matches(site: Site, video: Video, query: str) -> bool:
    """As PostgreSQL's `word:*`, over title and uploader; without any word left, everything matches."""
    parts = _DROPPED.sub("", query).split()
    if not site.searches_stop_words:
        parts = [part for part in parts if part not in APP_STOP_WORDS]
    if not parts:
        return True
    if not video.is_indexed:
        return False
    name = site.names.get(video.user, video.user)
    words = [*re.findall(r"\w+", f"{video.title} {name}".lower()), video.user.lower()]
    return all(
        part not in DATABASE_STOP_WORDS and any(word.startswith(part.rstrip("y")) for word in words)
        for part in parts
    )


def _ordered(found: Sequence[Video], order: Mapping[str, str], asked: Mapping[str, str]) -> Sequence[Video]:
    """By date where nothing else is asked; who is tied stands elsewhere on every page, as in PostgreSQL."""
    key = _SORTS.get(order.get("sort_by", ""), _SORTS["add_date"])
    shuffled = list(found)
    Random(asked.get("page", "1") + order.get("sort_by", "")).shuffle(shuffled)
    return sorted(shuffled, key=key, reverse=order.get("ordering") != "asc")
