"""A saved playlist in short: what a list of playlists tells of each."""

from datetime import datetime

from attrs import frozen

from playlist_core.domain.playlists import Playlist, Record


@frozen(kw_only=True)
class Summary(Record):
    """A living playlist without its items; `unknown_durations` of them are missing in the sum, in seconds."""

    name: str
    version: int
    item_count: int
    duration_seconds: int
    unknown_durations: int
    updated_by: str
    updated_at: datetime

    @classmethod
    def of(cls, playlist: Playlist) -> "Summary":
        return cls(
            playlist_id=playlist.playlist_id,
            name=playlist.name,
            version=playlist.version,
            item_count=len(playlist.items),
            duration_seconds=playlist.total_duration_seconds,
            unknown_durations=playlist.unknown_durations,
            updated_by=playlist.updated_by,
            updated_at=playlist.updated_at,
        )
