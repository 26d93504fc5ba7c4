"""What the tests of the API connector begin with: a site in the double, and somebody who reads it."""

from collections.abc import Sequence
from contextlib import aclosing
from datetime import datetime

import pytest

from playlist_adapters.mediacms.api import ApiCredentials, ApiSource
from playlist_adapters.mediacms.api.retries import Manners
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress
from playlist_core.errors import PlaylistError
from playlist_core.ports import CatalogSource
from tests.mediacms.double import doubled
from tests.mediacms.double_site import EDITOR, OPENED, VIEWER, Site

AS_EDITOR = ApiCredentials.of_token(EDITOR.token)
AS_VIEWER = ApiCredentials.of_token(VIEWER.token)
MEDIA, MANAGE, SEARCH = "/api/v1/media", "/api/v1/manage_media", "/api/v1/search"
CATEGORIES, USERS, WHOAMI = "/api/v1/categories", "/api/v1/users", "/api/v1/whoami"
SHELVES = ("1.Family Comedies", "2.Horror", "Horror", "Horror Comedy", "Movies")


def films(number: int) -> list[CatalogItem]:
    """Films of up to three hours, every one in other categories than its neighbours, some in none."""
    return [
        CatalogItem(
            video_id=f"film{index:05}",
            title=f"Film {index * 7919 % 100_003:06}.[1968].mkv",
            categories=tuple(name for at, name in enumerate(SHELVES) if index >> at & 1),
            duration_seconds=(index * 37 % 10_800) or None,
        )
        for index in range(number)
    ]


def together(_: int) -> datetime:
    """All were added in the same instant."""
    return OPENED


def source_at(
    address: str,
    credentials: ApiCredentials | None = None,
    *,
    clock: ManualClock | None = None,
    manners: Manners | None = None,
) -> ApiSource:
    return ApiSource(
        address,
        credentials=credentials,
        clock=clock or ManualClock(),
        randomness=SeededRandomness(),
        manners=manners or Manners(),
    )


async def catalogue(source: CatalogSource, tell: TellProgress = ignore_progress) -> list[CatalogItem]:
    async with aclosing(source.iter_catalog_items(tell)) as items:
        return [item async for item in items]


async def read(
    site: Site,
    credentials: ApiCredentials | None = None,
    *,
    clock: ManualClock | None = None,
    manners: Manners | None = None,
    tell: TellProgress = ignore_progress,
) -> list[CatalogItem]:
    """The catalogue of a site, over HTTP."""
    async with doubled() as double:
        source = source_at(double.mount(site), credentials, clock=clock, manners=manners)
        return await catalogue(source, tell)


async def failure(
    site: Site,
    credentials: ApiCredentials | None = None,
    *,
    clock: ManualClock | None = None,
    manners: Manners | None = None,
) -> PlaylistError:
    """What reading a site ends with; that not one item came before it."""
    got: list[CatalogItem] = []
    async with doubled() as double:
        source = source_at(double.mount(site), credentials, clock=clock, manners=manners)
        with pytest.raises(PlaylistError) as caught:
            async with aclosing(source.iter_catalog_items()) as items:
                got += [item async for item in items]
    assert got == []
    return caught.value


def pages_of(items: Sequence[object], size: int) -> int:
    """How many requests a list of these takes."""
    return max(1, -(-len(items) // size))
