"""Finds out what our credentials are worth at a site.

MediaCMS ignores what it does not understand instead of refusing it, and a proxy may drop the header: an
answer alone does not say that we were recognised. `/manage_media` answers only editors, `/whoami` (from 1.6
on) only who is signed in. Before 1.6 a wrong token is refused everywhere, and only the sentence of the 403
tells a header that never arrived from an account that may not see the page.
"""

from enum import Enum
from http import HTTPStatus
from typing import cast

from playlist_adapters.mediacms.api.client import FORBIDDEN, Answer, Client
from playlist_adapters.mediacms.api.queries import MANAGED, WHOAMI


class Standing(Enum):
    """Nobody, an account that is signed in, or one that may see every item."""

    VISITOR = "visitor"
    MEMBER = "member"
    EDITOR = "editor"


async def find_standing(client: Client) -> Standing:
    """Raises Unavailable `source_refused` when credentials are configured and do not count."""
    if not client.has_credentials:
        return Standing.VISITOR
    manage = await client.get(MANAGED.path, {**MANAGED.parameters, "page": "1"})
    if manage.status == HTTPStatus.OK:
        return Standing.EDITOR
    if manage.status not in FORBIDDEN:
        raise client.complaint(manage)
    who = await client.get(WHOAMI, {})
    if who.status == HTTPStatus.OK:
        return Standing.MEMBER
    if who.status in FORBIDDEN or "not provided" in _detail(manage):
        raise client.complaint(manage)
    return Standing.MEMBER


def _detail(answer: Answer) -> str:
    if not isinstance(answer.body, dict):
        return ""
    return str(cast("dict[str, object]", answer.body).get("detail", ""))
