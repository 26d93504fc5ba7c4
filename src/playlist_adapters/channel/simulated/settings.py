"""What a channel's higher ranks change: permissions, options, the lock on the list."""

from typing import Any

from attrs import define

from playlist_adapters.channel.simulated.audience import Audience
from playlist_adapters.channel.simulated.connection import Connection
from playlist_adapters.channel.simulated.frames import json_type
from playlist_adapters.channel.simulated.playlist import Playlist

# CyTube ignores these from rank 2, with no answer.
_RANK_3_OPTIONS = frozenset(
    {"pagetitle", "externalcss", "externaljs", "show_public", "password", "torbanned"}
    | {"block_anonymous_users", "allow_ascii_control"}
    | {"playlist_max_per_user", "playlist_max_duration_per_user"}
)


@define(eq=False)
class Settings:
    """Each change answers None, or the reason for which CyTube kicks who tried it without the rank."""

    audience: Audience
    playlist: Playlist

    def send(self, reader: Connection) -> None:
        """Permissions and lock, at joining."""
        self.audience.tell(reader, "setPermissions", dict(self.audience.permissions.levels))
        self.audience.tell(reader, "setPlaylistLocked", not self.audience.permissions.unlocked)

    def send_options(self, reader: Connection) -> None:
        self.audience.tell(reader, "channelOpts", dict(self.audience.options))

    def toggle_lock(self, sender: Connection) -> None:
        """Lock or unlock the list; silence without `playlistlock`."""
        permissions = self.audience.permissions
        if self.audience.may(sender, "playlistlock"):
            permissions.unlocked = not permissions.unlocked
            self.audience.tell_all("setPlaylistLocked", not permissions.unlocked)

    def set_permissions(self, sender: Connection, payload: Any) -> str | None:
        """Change the levels named in `payload`; unknown nodes and what is no number are left out."""
        if not isinstance(payload, dict):
            return None
        if sender.rank < 3:
            return "Attempted setPermissions as a non-admin"
        levels = self.audience.permissions.levels
        levels |= {node: level for node, level in payload.items() if node in levels and _number(level)}
        if "seeplaylist" in payload:
            for member in self.audience.members:
                self.playlist.send_list(member)
        self.audience.tell_all("setPermissions", dict(levels))
        return None

    def set_options(self, sender: Connection, payload: Any) -> str | None:
        """Change the options named in `payload`; a value of another type than the old one is left out."""
        if not isinstance(payload, dict):
            return None
        if sender.rank < 2:
            return "Attempted setOptions without sufficient rank"
        options = self.audience.options
        changed = {
            key: value
            for key, value in payload.items()
            if key in options
            and json_type(value) == json_type(options[key])
            and (sender.rank >= 3 or key not in _RANK_3_OPTIONS)
        }
        if changed:
            options |= changed
            self.audience.tell_all("channelOpts", dict(options))
        return None


def _number(value: Any) -> bool:
    return json_type(value) == "number"
