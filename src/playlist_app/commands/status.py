"""How the service is and what it does at this moment; what cannot be learned is said, not left out."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from attrs import define, field, frozen

from playlist_app.commands.orders import Command, Order
from playlist_app.shapes.commands import NoFields
from playlist_app.shapes.queue import QueueView, RunView, queue_view, run_view
from playlist_app.shapes.replies import CatalogState, Counts, StatusReply
from playlist_core.domain.catalog import SnapshotInfo
from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.errors import PlaylistError
from playlist_core.ports import Clock
from playlist_core.services.catalog import Catalog
from playlist_core.services.playlists import Playlists
from playlist_core.services.queue import ChannelQueue

T = TypeVar("T")


@frozen(kw_only=True)
class About:
    """Who answers: the service by its name, version and namespace, and since when."""

    service: str
    version: str
    namespace: str
    clock: Clock
    began: float

    @property
    def uptime_seconds(self) -> int:
        return int(self.clock.monotonic() - self.began)

    @property
    def now(self) -> datetime:
        return self.clock.now()


@define(eq=False)
class _Learning:
    """Asks one thing after the other, and keeps what those said that did not answer."""

    problems: list[str] = field(factory=list[str])

    async def of(self, question: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await question()
        except PlaylistError as exc:
            if exc.message not in self.problems:
                self.problems.append(exc.message)
            return None


@frozen
class _Seen:
    """What was learned of the channel, the catalogue, and how many of each there are."""

    channel: QueueView | None
    catalog: SnapshotInfo | None
    counts: Counts


@define(eq=False)
class Overview:
    """`channel_name` is None until it is known."""

    about: About
    queue: ChannelQueue
    playlists: Playlists
    catalog: Catalog
    manifests: ManifestTemplate
    channel_name: Callable[[], str | None]

    async def status(self, order: Order[NoFields]) -> StatusReply:
        learning = _Learning()
        seen = await self._see(learning)
        run = await learning.of(self._run)
        return StatusReply(
            service=self.about.service,
            version=self.about.version,
            namespace=self.about.namespace,
            uptime_seconds=self.about.uptime_seconds,
            channel=self.channel_name(),
            connected=seen.channel is not None,
            now_playing=None if seen.channel is None else seen.channel.now_playing,
            catalog=None if seen.catalog is None else _catalog_state(seen.catalog),
            counts=seen.counts,
            run=run,
            problems=tuple(learning.problems),
        )

    async def counts(self) -> Counts:
        """Of titles, playlists and items of the queue."""
        return (await self._see(_Learning())).counts

    async def _see(self, learning: _Learning) -> _Seen:
        channel = await learning.of(self._queue_now)
        catalog = await learning.of(self.catalog.snapshot)
        playlists = await learning.of(self.playlists.listed)
        counts = Counts(
            titles=None if catalog is None else catalog.item_count,
            playlists=None if playlists is None else len(playlists),
            queue_items=None if channel is None else len(channel.items),
        )
        return _Seen(channel, catalog, counts)

    async def _queue_now(self) -> QueueView:
        return queue_view(await self.queue.state(), self.manifests)

    async def _run(self) -> RunView | None:
        """The run that is going on, on whichever replica."""
        run = await self.queue.applying.book.current()
        return None if run is None else run_view(run)


def _catalog_state(info: SnapshotInfo) -> CatalogState:
    return CatalogState(
        snapshot_id=info.snapshot_id,
        source=info.source,
        created_at=info.created_at,
        item_count=info.item_count,
        category_count=info.category_count,
    )


def status_command(overview: Overview) -> Command:
    """`status`."""
    return Command(
        name="status",
        summary="How the service is and what it does",
        needs=None,
        reply=StatusReply,
        carry_out=overview.status,
    )
