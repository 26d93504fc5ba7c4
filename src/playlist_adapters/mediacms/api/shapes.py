"""What we read of MediaCMS's answers: the page of a list, items as list, detail and search show them,
categories.

The shapes are those of 1.0 to 8.3.2; recorded answers of 1.9 and 8.3.2 stand in the tests.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from attrs import frozen

from playlist_adapters.mediacms.api.fields import Fields, objects

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@frozen
class Page:
    """One page of a list: how many rows the whole list is said to have, and those of this page.

    `has_next` is all that is read of `next`: behind a proxy it may name another host.
    """

    count: int
    rows: Sequence[Fields]
    has_next: bool

    @classmethod
    def read(cls, place: str, body: object) -> "Page":
        fields = Fields.of(place, body)
        return cls(fields.number("count"), fields.objects("results"), fields.reference("next") is not None)


@frozen(kw_only=True)
class ListRow:
    """An item of `/media`, `/manage_media`, or a detail: all of it but its categories.

    `thumbnail` is as the site wrote it, absolute or not.
    """

    video_id: str
    title: str
    user: str
    added: datetime
    duration_seconds: int | None
    thumbnail: str | None
    is_video: bool
    is_listable: bool

    @classmethod
    def read(cls, fields: Fields) -> "ListRow":
        return cls.of_detail(fields, fields.token("friendly_token"))

    @classmethod
    def of_detail(cls, fields: Fields, video_id: str) -> "ListRow":
        """A detail lacks the id it was asked with."""
        return cls(
            video_id=video_id,
            title=fields.text("title"),
            user=fields.text("user"),
            added=fields.moment("add_date") or _NEVER,
            duration_seconds=fields.seconds("duration"),
            thumbnail=fields.reference("thumbnail_url"),
            is_video=fields.text("media_type") == "video",
            is_listable=(
                fields.text("state") == "public"
                and fields.text("encoding_status") == "success"
                and fields.flag("is_reviewed")
            ),
        )


@frozen
class SearchRow:
    """An item of `/search`; a title occurs as often in `categories` as there are categories of that title."""

    video_id: str
    categories: tuple[str, ...]

    @classmethod
    def read(cls, fields: Fields) -> "SearchRow":
        return cls(fields.token("friendly_token"), categories_of(fields))


def categories_of(fields: Fields) -> tuple[str, ...]:
    """The titles in `categories_info`, which search and details have."""
    return tuple(category.text("title") for category in fields.objects("categories_info"))


@frozen
class Category:
    """A row of `/categories`. `media_count` is a cached number that old and new versions count differently:
    it says about how long reading the category takes, and nothing else.
    """

    title: str
    media_count: int

    @classmethod
    def read_all(cls, place: str, body: object) -> Sequence["Category"]:
        return [cls(each.text("title"), each.number("media_count")) for each in objects(place, body)]


def read_username(fields: Fields) -> str:
    """The name in a row of `/users`."""
    return fields.text("username")
