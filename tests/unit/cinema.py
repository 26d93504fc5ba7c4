"""A whole system for tests of the use-cases: catalogue, playlists, queue and channel, in memory."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from attrs import evolve, frozen

from playlist_adapters.channel.simulated import SimulatedChannel
from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.config import Settings
from playlist_app.services import Services
from playlist_app.wiring import System, wire_memory
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import Playlist, PlaylistItem
from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import Run

ADMIN = Actor(Username("alice"), Role.ADMIN)
BLESSED = Actor(Username("bob"), Role.BLESSED)
VIEWER = Actor(Username("carol"), Role.VIEWER)
LENGTH = 600


def items(names: str | Sequence[str]) -> list[PlaylistItem]:
    return [PlaylistItem(name) for name in names]


def catalogue(names: str | Sequence[str]) -> tuple[CatalogItem, ...]:
    return tuple(
        CatalogItem(video_id=name, title=f"Film {name}.mp4", duration_seconds=LENGTH) for name in names
    )


@frozen
class Cinema:
    """Services over a channel; titles are single letters, each ten minutes long."""

    services: Services
    channel: SimulatedChannel
    clock: ManualClock

    async def playlist(self, names: str, *, name: str = "") -> Playlist:
        return await self.services.library.playlists.create(BLESSED, name or f"List {names}", items(names))

    async def apply(self, names: str, mode: Mode = Mode.PRESERVE_CURRENT, actor: Actor = ADMIN) -> Run:
        """Save a playlist of these titles, apply it and wait for the end."""
        playlist = await self.playlist(names, name=f"List {self.services.queue.randomness.identifier()}")
        run = await self.services.queue.apply(actor, playlist.playlist_id, mode)
        return await self.services.queue.finished(run.run_id)

    def url(self, name: str) -> str:
        return self.services.queue.manifests.url(name)

    @property
    def queue(self) -> str:
        """The letters in the channel's queue, the playing one in brackets, foreign items as `?`."""
        now = self.channel.now_playing
        letters = ""
        for item in self.channel.queue:
            letter = self.services.queue.manifests.video_id(item.media_id) or "?"
            letters += f"[{letter}]" if now is not None and item.uid == now.uid else letter
        return letters

    @property
    def commands(self) -> list[str]:
        return [sent.command for sent in self.channel.commands() if sent.command != "pm"]


@asynccontextmanager
async def cinema(
    *,
    titles: str = "abcdefghijklmnopqrstuvwxyz",
    settings: Settings | None = None,
    dupes: bool = False,
    most: int = 4000,
) -> AsyncGenerator[Cinema, None]:
    clock = ManualClock()
    system = System(clock=clock, randomness=SeededRandomness())
    source = FakeSource(catalogue(titles))
    settings = evolve(settings or Settings(), admins=(ADMIN.username,))
    async with wire_memory(settings, source, system=system) as services:
        await services.library.refreshing.refresh()
        channel = services.queue.gateway
        assert isinstance(channel, SimulatedChannel)
        channel.room.playlist.max_items = channel._bot._view.max_items = most
        if dupes:
            channel.as_user("alice").send("setOptions", {"allow_dupes": True})
        yield Cinema(services, channel, clock)
