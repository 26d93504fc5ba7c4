"""What playlists look like over HTTP: the shapes of bodies and answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import orjson
from anyio.lowlevel import checkpoint
from attrs import define, field, frozen

from playlist_app.shapes.codec import wire
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.episodes import read_episodes
from playlist_core.domain.manifest import unavailable_reason
from playlist_core.domain.playlists import Playlist, PlaylistItem
from playlist_core.domain.summaries import Summary
from playlist_core.domain.titles import display_title

# So many rows are made before others get the event loop: well under a millisecond.
_AT_A_TIME: Final = 50


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
    described = [_described(item, known.get(item.video_id)) for item in playlist.items]
    titles = [item.title or item.video_id for item in described]
    episodes = read_episodes(titles)
    items: list[PlaylistItemView] = []
    for item, title, episode in zip(described, titles, episodes, strict=True):
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


def _described(item: PlaylistItem, found: CatalogItem | None) -> PlaylistItem:
    """An item with the title and length it was saved with, or else those of the catalogue."""
    if found is None:
        return item
    return PlaylistItem(
        item.video_id,
        item.title or found.title,
        found.duration_seconds if item.duration_seconds is None else item.duration_seconds,
    )


def summary_view(
    short: Summary, *, deleted_at: datetime | None = None, deleted_by: str | None = None
) -> PlaylistSummary:
    """A playlist in a list; when and by whom it was deleted, if it was."""
    return PlaylistSummary(
        playlist_id=short.playlist_id,
        name=short.name,
        item_count=short.item_count,
        duration_seconds=short.duration_seconds,
        unknown_durations=short.unknown_durations,
        updated_at=short.updated_at,
        updated_by=short.updated_by,
        version=short.version,
        deleted_at=deleted_at,
        deleted_by=deleted_by,
    )


@define(eq=False)
class PlaylistRows:
    """Makes the JSON of the list when something in it has changed, and then only of what has."""

    _listed: Sequence[Summary] = field(default=(), init=False)
    _rows: dict[str, tuple[Summary, orjson.Fragment]] = field(
        factory=dict[str, tuple[Summary, orjson.Fragment]], init=False
    )
    _answer: bytes = field(default=b'{"playlists":[]}', init=False)

    async def answer(self, listed: Sequence[Summary]) -> bytes:
        """A `PlaylistList` as JSON."""
        if listed is self._listed:
            return self._answer
        rows: list[tuple[Summary, orjson.Fragment]] = []
        for start in range(0, len(listed), _AT_A_TIME):
            rows += [(short, self._row(short)) for short in listed[start : start + _AT_A_TIME]]
            await checkpoint()
        answer = orjson.dumps({"playlists": [row for _, row in rows]})
        self._listed, self._answer = listed, answer
        self._rows = {short.playlist_id: (short, row) for short, row in rows}
        return answer

    def _row(self, short: Summary) -> orjson.Fragment:
        known, row = self._rows.get(short.playlist_id, (None, None))
        if row is None or known is not short:
            row = orjson.Fragment(orjson.dumps(wire.unstructure(summary_view(short))))
        return row


def version_view(state: Playlist) -> VersionView:
    """A saved state in a list of them."""
    return VersionView(
        version=state.version,
        name=state.name,
        item_count=len(state.items),
        updated_at=state.updated_at,
        updated_by=state.updated_by,
    )
