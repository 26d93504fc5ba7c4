"""What a new demo begins with: a blessed user, two playlists."""

import json
from typing import Final

from playlist_app.demo import SAMPLE_PLAYLISTS
from playlist_app.services import Services
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import PlaylistItem

ADMIN: Final = "alice"
BLESSED: Final = "bob"


async def seed(services: Services) -> None:
    """Bless bob and save the sample playlists whose titles the catalogue has; once for a data directory."""
    alice = Actor(Username(ADMIN), Role.ADMIN)
    await services.access.grant(alice, Username(BLESSED), Role.BLESSED)
    for sample in json.loads(SAMPLE_PLAYLISTS.read_text(encoding="utf-8")):
        known = await services.library.catalog.known(sample["items"])
        items = [PlaylistItem(video_id) for video_id in sample["items"] if video_id in known]
        if items:
            await services.library.playlists.create(alice, sample["name"], items)
