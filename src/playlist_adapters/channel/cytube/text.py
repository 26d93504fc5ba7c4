"""What CyTube does to a text between the one who writes it and the one who reads it."""

import html
import re

from playlist_core.errors import InvalidInput

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "(": "&#40;", ")": "&#41;"}
# The sanitizer at the end of a message's way leaves only what HTML text needs escaped.
_PLAIN_AGAIN = {"&quot;": '"', "&#39;": "'", "&#40;": "(", "&#41;": ")"}
_LINK = re.compile(r"\w+://(?:[^:/\[\]\s]+|\[[0-9a-f:]+\])(?::\d+)?(?:/[^/\s]*)*", re.IGNORECASE | re.ASCII)
_PLACEHOLDER = "\ueeee"
# The chat filters a new channel has; an administrator may change them.
_FILTERS = (
    (re.compile(r"`(.+?)`"), r"<code>\1</code>"),
    (re.compile(r"\*(.+?)\*"), r"<strong>\1</strong>"),
    (re.compile(r"_(.+?)_"), r"<em>\1</em>"),
    (re.compile(r"~~(.+?)~~"), r"<s>\1</s>"),
    (re.compile(r"\[sp\](.*?)\[/sp\]", re.IGNORECASE), r'<span class="spoiler">\1</span>'),
)


def escape(text: str) -> str:
    """CyTube's escaping of text from outside: `& < > " ' ( )`."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def cut(text: str, units: int) -> str:
    """The first `units` UTF-16 code units, which is what JavaScript counts; half an astral one is lost."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return text if len(raw) <= 2 * units else raw[: 2 * units].decode("utf-16-le", "replace")


def check_message(text: str, limit: int) -> None:
    """Raises InvalidInput for what would not arrive whole: CyTube cuts at `limit` units without a word."""
    if not text.strip() or "\n" in text or "\r" in text:
        raise InvalidInput.of("text", "must be one line with something in it")
    if cut(text, limit) != text:
        raise InvalidInput.of("text", f"is over {limit} characters, and the rest would be lost")


def as_message(text: str, *, links: bool = True) -> str:
    """The HTML others receive for a chat line or a private message.

    Escaped, then run through the default chat filters (`_so_` becomes emphasis), links made clickable.
    """
    escaped = escape(text)
    found = iter(_LINK.findall(escaped))
    body = _LINK.sub(_PLACEHOLDER, escaped)
    for pattern, replacement in _FILTERS:
        body = pattern.sub(replacement, body)
    body = _sanitized(body)
    return re.sub(_PLACEHOLDER, lambda _: _anchor(next(found, ""), links), body)


def _anchor(link: str, links: bool) -> str:
    shown = _sanitized(link)
    if not links or not link:
        return shown
    target = shown.replace('"', "&quot;")
    return f'<a href="{target}" target="_blank">{shown}</a>'


def _sanitized(body: str) -> str:
    for entity, character in _PLAIN_AGAIN.items():
        body = body.replace(entity, character)
    return body


def as_read(message: str) -> str:
    """What a reader of the HTML of `as_message` sees: no tags, entities decoded."""
    return html.unescape(re.sub(r"<[^>]*>", "", message))
