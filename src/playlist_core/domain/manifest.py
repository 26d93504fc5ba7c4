"""From a title of the catalogue to what CyTube queues, and back."""

import re
from typing import Final

from attrs import field, frozen

from playlist_core.errors import InvalidInput

DEFAULT_TEMPLATE: Final = "https://www.420grindhouse.com/api/v1/media/cytube/{video_id}.json?format=json"
_PLACE: Final = "{video_id}"
# MediaCMS tokens: 9 characters today, up to 150 with - and _ from 6.1 on (facts: MediaCMS section 3).
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,150}", re.ASCII)


@frozen
class ManifestTemplate:
    """The address of a title's CyTube manifest (PRD 4, derived field `manifest_url`).

    `text` is an http(s) URL with `{video_id}` exactly once; it is queued as it is.
    """

    text: str = field(default=DEFAULT_TEMPLATE)

    @classmethod
    def parse(cls, text: str) -> "ManifestTemplate":
        """Raises InvalidInput for anything that could not be a manifest's address."""
        if text.count(_PLACE) != 1:
            raise InvalidInput.of("manifest_url_template", "must contain {video_id} exactly once")
        if not re.match(r"https?://[^/\s{]+/", text) or re.search(r"\s", text):
            raise InvalidInput.of("manifest_url_template", "must be an http or https address")
        return cls(text)

    def url(self, video_id: str) -> str:
        """The manifest URL of a title, exactly as it is queued."""
        return self.text.replace(_PLACE, video_id)

    def video_id(self, media_id: str) -> str | None:
        """Which title a queued manifest is, or None when it is not one of ours."""
        head, tail = self.text.split(_PLACE)
        if not (media_id.startswith(head) and media_id.endswith(tail)):
            return None
        token = media_id[len(head) : len(media_id) - len(tail)]
        return token if _TOKEN.fullmatch(token) else None


def unavailable_reason(video_id: str, *, in_catalog: bool) -> str | None:
    """Why a title cannot be queued, in words for people; None when it can."""
    if not _TOKEN.fullmatch(video_id):
        return "This id cannot be a MediaCMS title."
    if not in_catalog:
        return "This title is not in the catalogue any more."
    return None
