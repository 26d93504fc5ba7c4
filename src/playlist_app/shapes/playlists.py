"""What playlists look like over HTTP: the shapes of bodies and answers."""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.episodes import read_episodes
from playlist_core.domain.manifest import unavailable_reason
from playlist_core.domain.playlists import Playlist
from playlist_core.domain.titles import display_title


@frozen
class ItemReference:
    """A title by its id."""

    video_id: str


@frozen
class PlaylistBody:
    """A playlist as it shall be: its name, its items in order; the same item may occur twice."""

    name: str
    items: tuple[ItemReference, ...]


@frozen
class Created:
    """The new playlist; `version` is also the ETag."""

    playlist_id: str
    version: int


@frozen
class Saved:
    """The playlist's next version."""

    playlist_id: str
    version: int
    updated_at: datetime


@frozen(kw_only=True)
class PlaylistSummary:
    """A playlist without its items; `unknown_durations` items are missing in the sum."""

    playlist_id: str
    name: str
    item_count: int
    duration_seconds: int
    unknown_durations: int
    updated_at: datetime
    updated_by: str
    version: int
    deleted_at: datetime | None = None
    deleted_by: str | None = None


@frozen
class PlaylistList:
    """All playlists by name, or with `deleted=true` those that can be restored, latest first."""

    playlists: tuple[PlaylistSummary, ...]


@frozen
class ListParameters:
    """Which playlists."""

    deleted: bool = False


@frozen(kw_only=True)
class PlaylistItemView:
    """A place in a playlist; one that is gone from the catalogue keeps the title it had."""

    video_id: str
    title: str | None
    display_title: str
    duration_seconds: int | None
    available: bool
    unavailable_reason: str | None
    season: int | None
    episode: int | None


@frozen(kw_only=True)
class PlaylistView:
    """A playlist with its items."""

    playlist_id: str
    name: str
    version: int
    items: tuple[PlaylistItemView, ...]
    duration_seconds: int
    unknown_durations: int
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime


@frozen(kw_only=True)
class VersionView:
    """A saved state that can be restored."""

    version: int
    name: str
    item_count: int
    updated_at: datetime
    updated_by: str


@frozen
class VersionList:
    """The saved states, latest first."""

    versions: tuple[VersionView, ...]


@frozen
class RestoreOrder:
    """Which version to bring back."""

    version: int


def playlist_view(playlist: Playlist, known: Mapping[str, CatalogItem]) -> PlaylistView:
    """A playlist as the API shows it; `known` are those of its titles that the catalogue has."""
    titles = [item.title or item.video_id for item in playlist.items]
    episodes = read_episodes(titles)
    items: list[PlaylistItemView] = []
    for item, title, episode in zip(playlist.items, titles, episodes, strict=True):
        reason = unavailable_reason(item.video_id, in_catalog=item.video_id in known)
        items.append(
            PlaylistItemView(
                video_id=item.video_id,
                title=item.title,
                display_title=display_title(title),
                duration_seconds=item.duration_seconds,
                available=reason is None,
                unavailable_reason=reason,
                season=episode.season if episode else None,
                episode=episode.episode if episode else None,
            )
        )
    return PlaylistView(
        playlist_id=playlist.playlist_id,
        name=playlist.name,
        version=playlist.version,
        items=tuple(items),
        duration_seconds=playlist.total_duration_seconds,
        unknown_durations=playlist.unknown_durations,
        created_by=playlist.created_by,
        created_at=playlist.created_at,
        updated_by=playlist.updated_by,
        updated_at=playlist.updated_at,
    )


def summary(
    playlist: Playlist, *, deleted_at: datetime | None = None, deleted_by: str | None = None
) -> PlaylistSummary:
    return PlaylistSummary(
        playlist_id=playlist.playlist_id,
        name=playlist.name,
        item_count=len(playlist.items),
        duration_seconds=playlist.total_duration_seconds,
        unknown_durations=playlist.unknown_durations,
        updated_at=playlist.updated_at,
        updated_by=playlist.updated_by,
        version=playlist.version,
        deleted_at=deleted_at,
        deleted_by=deleted_by,
    )


def version_view(state: Playlist) -> VersionView:
    """A saved state in a list of them."""
    return VersionView(
        version=state.version,
        name=state.name,
        item_count=len(state.items),
        updated_at=state.updated_at,
        updated_by=state.updated_by,
    )
