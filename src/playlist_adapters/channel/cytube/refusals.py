"""CyTube's sentences for a refused add, as reasons of the core."""

import html

from playlist_core.domain.queue import Refusal
from playlist_core.errors import QueueRefused

_BY_BEGINNING = (
    ("You are adding videos too quickly", Refusal.TOO_FAST),
    ("This item is already on the playlist", Refusal.DUPLICATE),
    ("Playlist limit reached (", Refusal.LIST_FULL),
    ("You don't have permission to add ", Refusal.NO_PERMISSION),
    # The next ones are about the item or the channel's settings, not about its manifest.
    ("Video exceeds the maximum length set by the channel admin", Refusal.OTHER),
    ("Channel limit exceeded: ", Refusal.OTHER),
    ("Internal error: could not determine media duration", Refusal.BAD_MANIFEST),
    ("Unknown media type ", Refusal.OTHER),
    ("Playlist failure", Refusal.OTHER),
    ("Unexpected error for message queue: ", Refusal.OTHER),
)


def refused(message: str) -> QueueRefused:
    """The refusal behind a `queueFail`'s message, which may come HTML-escaped (docs/cytube.md 3).

    What the fetch of a manifest can say is open-ended (Node's own error texts), so whatever is no
    sentence of the list's counts as a bad manifest.
    """
    text = html.unescape(message)
    reason = next(
        (reason for beginning, reason in _BY_BEGINNING if text.startswith(beginning)), Refusal.BAD_MANIFEST
    )
    return QueueRefused(text, reason=reason)
