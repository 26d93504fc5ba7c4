"""Media and list entries as CyTube packs them."""

from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

from playlist_adapters.channel.simulated.frames import format_time

TITLE_LIMIT = 100
_LIVE_TYPES = frozenset({"li", "tw", "rt", "cu", "hl"})
_LINKS = {"yt": "https://youtu.be/", "vi": "https://vimeo.com/", "tw": "https://twitch.tv/"}
_OTHER_TYPES = {"cm", "fi", "yp", "dm", "sc", "gd", "sb", "tc", "pt", "bc", "bn", "od"}
KNOWN_TYPES = _LIVE_TYPES | _LINKS.keys() | _OTHER_TYPES


@frozen(kw_only=True)
class Media:
    """What can be played: `seconds` 0 is live, `meta` is passed on unread."""

    media_id: str
    media_type: str
    title: str = field(converter=lambda title: title if len(title) <= TITLE_LIMIT else title[:97] + "...")
    seconds: int
    meta: Mapping[str, Any] = field(factory=dict[str, Any])

    def pack(self) -> dict[str, Any]:
        return {
            "id": self.media_id,
            "title": self.title,
            "seconds": self.seconds,
            "duration": format_time(self.seconds),
            "type": self.media_type,
            "meta": dict(self.meta),
        }


@define(eq=False)
class Item:
    """One entry of the list; an entry, not a value: moving it keeps it."""

    uid: int
    media: Media
    temp: bool
    queueby: str

    def pack(self) -> dict[str, Any]:
        return {
            "media": self.media.pack(),
            "uid": self.uid,
            "temp": self.temp,
            "queueby": self.queueby,
        }


def is_live(media_type: str) -> bool:
    return media_type in _LIVE_TYPES


def link_to(media_id: str, media_type: str) -> str:
    """The `link` of a `queueFail`; for custom manifests the id itself."""
    return _LINKS.get(media_type, "") + media_id
