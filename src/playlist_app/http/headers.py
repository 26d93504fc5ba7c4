"""The headers that operations take and give: read and written here, told in the OpenAPI document."""

import re
from typing import Final

import falcon.asgi
from attrs import frozen

from playlist_core.errors import InvalidInput

# Eleven digits are more saves than anybody makes, and no number that costs time to read.
_VERSION: Final = r'(W/)?("[0-9]{1,11}"|[0-9]{1,11})'


@frozen(kw_only=True)
class Header:
    """A header as the OpenAPI document tells it; `pattern` is that of its value, where there is one.

    `always` speaks of answers: whether each success carries it.
    """

    name: str
    description: str
    pattern: str | None = None
    always: bool = True


IF_MATCH: Final = Header(
    name="If-Match",
    description='Only over the version that the ETag named, such as `"3"`; `*`, or nothing, over any.',
    pattern=rf"^(\*|{_VERSION})$",
)
PREFER: Final = Header(
    name="Prefer", description="With `respond-async` the answer comes at once, and the run goes on."
)
ETAG: Final = Header(name="ETag", description="The playlist's version in quotes.", pattern='^"[0-9]+"$')
LOCATION: Final = Header(name="Location", description="The address of what was made.")
RETRY_AFTER: Final = Header(name="Retry-After", description="Seconds after which it is worth trying again.")
SET_COOKIE: Final = Header(
    name="Set-Cookie", description="To be sent back with what follows, as browsers do.", always=False
)


def if_match(req: falcon.asgi.Request) -> int | None:
    """The version that an edit was made on; None where it may go over any. Raises InvalidInput."""
    text = req.get_header("If-Match", default="*").strip()
    if text == "*":
        return None
    if re.fullmatch(_VERSION, text) is None:
        raise InvalidInput.of("If-Match", 'must be a version as the ETag gave it, such as "3"')
    return int(text.removeprefix("W/").strip('"'))


def prefers_async(req: falcon.asgi.Request) -> bool:
    """Whether the asker would rather not wait for the end (RFC 7240)."""
    preferences = (req.get_header("Prefer") or "").lower().split(",")
    return any(each.partition(";")[0].strip() == "respond-async" for each in preferences)


def tag(resp: falcon.asgi.Response, version: int) -> None:
    """Name the version that the answer is about, for a later `If-Match`."""
    resp.set_header("ETag", f'"{version}"')
