"""What a MediaCMS site holds, as far as its API shows it: the library behind the double."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from attrs import define, field, frozen

from playlist_core.domain.catalog import CatalogItem
from tests.mediacms.double_mischief import Rule

ADMIN = "admin"
OPENED = datetime(2021, 3, 1, 0, 17, tzinfo=UTC)


class Version(Enum):
    """The two versions whose answers were recorded."""

    V1_9 = "v1_9"
    V8_3_2 = "v8_3_2"


class Role(Enum):
    VIEWER = "viewer"
    EDITOR = "editor"


@frozen
class Account:
    """Somebody with a token and a password."""

    username: str
    role: Role
    token: str
    password: str


EDITOR = Account("edith", Role.EDITOR, "e" * 40, "edith's password")
VIEWER = Account("victor", Role.VIEWER, "f" * 40, "victor's password")


@frozen(kw_only=True)
class Video:
    """A row of the site's media table. `thumbnail` is a path of the site, or an address elsewhere."""

    token: str
    title: str
    added: datetime
    user: str = ADMIN
    categories: tuple[str, ...] = ()
    duration: int = 0
    thumbnail: str | None = None
    media_type: str = "video"
    state: str = "public"
    encoding_status: str = "success"
    is_reviewed: bool = True
    is_indexed: bool = True
    shared_with: str | None = None
    views: int = 0
    size: str = "790.3MB"

    @property
    def is_listable(self) -> bool:
        return self.state == "public" and self.encoding_status == "success" and self.is_reviewed


@frozen
class Asked:
    """A request as it came; the path is that of the API, without the prefix of the site."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]


@define(eq=False)
class Site:
    """One site: what is in it, how it is set up, what it does wrong, and what it was asked.

    `names` are the full names of users that differ from their user names. `shelves` are categories beside
    those that the videos name; a title may stand there twice.
    """

    version: Version
    videos: list[Video]
    shelves: list[str] = field(factory=list, kw_only=True)
    names: dict[str, str] = field(factory=lambda: {ADMIN: "Site Admin"}, kw_only=True)
    accounts: Sequence[Account] = field(default=(EDITOR, VIEWER), kw_only=True)
    page_size: int = field(default=50, kw_only=True)
    has_whoami: bool = field(default=True, kw_only=True)
    wants_login: bool = field(default=False, kw_only=True)
    hides_users: bool = field(default=False, kw_only=True)
    drops_credentials: bool = field(default=False, kw_only=True)
    searches_stop_words: bool = field(default=False, kw_only=True)
    rules: list[Rule] = field(factory=list, kw_only=True)
    asked: list[Asked] = field(factory=list, init=False)

    @classmethod
    def of(
        cls,
        version: Version,
        items: Sequence[CatalogItem],
        *,
        user: Callable[[int], str] = lambda _: ADMIN,
        added: Callable[[int], datetime] = lambda index: OPENED + timedelta(minutes=index),
        **settings: Any,
    ) -> "Site":
        """A site that holds exactly these items, added in their order."""
        videos = [
            Video(
                token=item.video_id,
                title=item.title,
                added=added(index),
                user=user(index),
                categories=item.categories,
                duration=item.duration_seconds or 0,
                thumbnail=item.thumbnail_url,
                views=index * 7919 % 1_000_003,
            )
            for index, item in enumerate(items)
        ]
        return cls(version, videos, **settings)

    @property
    def is_old(self) -> bool:
        return self.version is Version.V1_9

    @property
    def category_titles(self) -> list[str]:
        """Every category, by title; one that stands on the shelves twice is there twice."""
        named = {title for video in self.videos for title in video.categories}
        return sorted([*(named - set(self.shelves)), *self.shelves])

    @property
    def users(self) -> list[str]:
        uploaders = {video.user for video in self.videos}
        return sorted({ADMIN, *uploaders, *(account.username for account in self.accounts)})

    def count(self, path: str) -> int:
        """How often a path was asked."""
        return sum(asked.path == path for asked in self.asked)
