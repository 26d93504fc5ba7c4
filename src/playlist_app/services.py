"""Everything a door needs, wired."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from attrs import frozen

from playlist_app.config import Settings
from playlist_app.events import EventHub
from playlist_app.shapes.demo import DemoChannelView, DemoOrder
from playlist_core.errors import PlaylistError
from playlist_core.ports import Clock
from playlist_core.services.access import Access
from playlist_core.services.catalog import Catalog
from playlist_core.services.following import Following
from playlist_core.services.health import Health
from playlist_core.services.login import Login
from playlist_core.services.marathons import Marathons
from playlist_core.services.playlists import Playlists
from playlist_core.services.plays import PlayCount
from playlist_core.services.queue import ChannelQueue
from playlist_core.services.refreshing import Refreshing
from playlist_core.services.scheduling import ScheduledRefreshes


class DemoChannel(Protocol):
    """What the demo shows and moves; wiring gives the simulated channel this shape."""

    def view(self, *, commands: bool = True) -> DemoChannelView: ...

    def act(self, order: DemoOrder) -> None: ...


@frozen(kw_only=True)
class Library:
    """What works on the data alone, without a channel."""

    catalog: Catalog
    refreshing: Refreshing
    following: Following
    playlists: Playlists
    marathons: Marathons


@frozen(kw_only=True)
class Services:
    """The use-cases over their adapters, and where doors hear what happens.

    `schedule` is None where nothing is to be refreshed without being asked, `plays` where nobody tells what
    is played, `demo` where the channel is real.
    """

    settings: Settings
    clock: Clock
    access: Access
    login: Login
    library: Library
    queue: ChannelQueue
    health: Health
    events: EventHub
    schedule: ScheduledRefreshes | None = None
    plays: PlayCount | None = None
    demo: DemoChannel | None = None

    async def sweep(self) -> None:
        """Tidy up what has expired, each part for itself; raises the first failure at the end."""
        failures: list[PlaylistError] = []
        parts: list[Callable[[], Awaitable[object]]] = [
            self.login.sweep,
            self.library.playlists.sweep,
            self.queue.sweep,
        ]
        if self.plays is not None:
            parts.append(self.plays.sweep)
        for part in parts:
            try:
                await part()
            except PlaylistError as exc:
                failures.append(exc)
        if failures:
            raise failures[0]
