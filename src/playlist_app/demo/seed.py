"""What a new demo begins with: a blessed user, two playlists."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from playlist_app.demo import SAMPLE_PLAYLISTS
from playlist_app.services import Services
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import PlaylistItem, name_key
from playlist_core.errors import NameTaken

ADMIN: Final = "alice"
BLESSED: Final = "bob"
VIEWER: Final = "carol"

_ALICE: Final = Actor(Username(ADMIN), Role.ADMIN)


async def seed(services: Services) -> None:
    """Save the sample playlists whose titles the catalogue has, and bless bob; once for a data directory.

    That it was done is told by what it does last, the record of bob's role, which also stays when an admin
    takes the blessing away. Broken off before that it is done again, leaving alone what is there.
    """
    bob = Username(BLESSED)
    if await services.access.records.get(bob.key) is not None:
        return
    for name, video_ids in _samples().items():
        await _save(services, name, video_ids)
    await services.access.grant(_ALICE, bob, Role.BLESSED)


async def saved_samples(services: Services) -> Sequence[str]:
    """The names of the sample playlists that are there now."""
    samples = {name_key(name) for name in _samples()}
    return [each.name for each in await services.library.playlists.listed() if name_key(each.name) in samples]


async def roles(services: Services) -> Mapping[str, Role]:
    """Who is in the channel from the beginning, as what."""
    return {name: await services.access.role_of(Username(name)) for name in (ADMIN, BLESSED, VIEWER)}


async def _save(services: Services, name: str, video_ids: Sequence[str]) -> None:
    known = await services.library.catalog.known(video_ids)
    items = [PlaylistItem(video_id) for video_id in video_ids if video_id in known]
    if items:
        try:
            await services.library.playlists.create(_ALICE, name, items)
        except NameTaken:
            return


def _samples() -> Mapping[str, Sequence[str]]:
    return {each["name"]: each["items"] for each in json.loads(SAMPLE_PLAYLISTS.read_text(encoding="utf-8"))}
