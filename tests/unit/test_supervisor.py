"""What the service does by itself while it serves; how it starts and stops is told in tests/process."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from functools import partial

import anyio
import pytest
from attrs import define, field

from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.config import CatalogSettings, Settings
from playlist_app.server import bind
from playlist_app.supervisor import serve
from playlist_app.tasks import background
from playlist_app.wiring import System, wire_memory
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress
from tests.unit.cinema import catalogue

pytestmark = pytest.mark.anyio


@define(eq=False)
class Site:
    """A source that says when it has been read three times."""

    name: str = "site"
    reads: int = 0
    read_thrice: anyio.Event = field(factory=anyio.Event)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        self.reads += 1
        if self.reads == 3:
            self.read_thrice.set()
        for item in catalogue("abc"):
            yield item


async def test_it_refreshes_as_often_as_the_settings_say() -> None:
    site, clock = Site(), ManualClock()
    settings = Settings(catalog=CatalogSettings(refresh_every=timedelta(hours=1)))
    system = System(clock=clock, randomness=SeededRandomness())
    async with wire_memory(settings, site, system=system) as services:
        began = clock.now()
        with bind("127.0.0.1", 0) as bound, anyio.fail_after(20):
            async with background() as tasks:
                tasks.start_soon(partial(serve, services, bound, ready=lambda: None))
                await site.read_thrice.wait()
        assert timedelta(hours=1.8) <= clock.now() - began <= timedelta(hours=2.5)
