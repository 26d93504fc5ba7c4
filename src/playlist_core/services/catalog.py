"""The catalogue: searching the snapshot, and refreshing it without ever showing half of one."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from attrs import define, evolve, field, frozen

from playlist_core.domain.catalog import CatalogItem, SearchPage, SearchQuery, SnapshotInfo
from playlist_core.errors import Conflict, NotFound, OutcomeUnknown, PlaylistError, Unavailable
from playlist_core.ports import CatalogIndex, CatalogSource, Clock, IndexWriter, Randomness, Spawn
from playlist_core.services.documents import Documents

_BATCH: Final = 500
_CURRENT: Final = "current"


class Phase(StrEnum):
    """Where a refresh is."""

    IDLE = "idle"
    READING = "reading"
    BUILDING = "building"


@frozen(kw_only=True)
class RefreshReport:
    """How the last refresh ended: the snapshot it made, or the error that left the old one in place.

    `shared` says whether the store was told, too.
    """

    run_id: str
    source: str
    started_at: datetime
    finished_at: datetime
    snapshot_id: str | None = None
    item_count: int = 0
    without_duration: int = 0
    shared: bool = False
    code: str | None = None
    message: str | None = None


@frozen(kw_only=True)
class RefreshState:
    """What is going on; `expected` is None where the source cannot tell beforehand."""

    phase: Phase = Phase.IDLE
    run_id: str | None = None
    done: int = 0
    expected: int | None = None
    last: RefreshReport | None = None


@frozen(kw_only=True)
class SnapshotNote:
    """A snapshot as the shared store tells others of it (spec: catalog-refresh 4.4)."""

    snapshot_id: str
    source: str
    created_at: datetime
    item_count: int
    category_count: int
    notes: str = ""


@define(eq=False)
class Catalog:
    """The use-cases of the catalogue (PRD GH-002, GH-003).

    `refreshed` is awaited whenever a new snapshot has begun to count.
    """

    index: CatalogIndex
    source: CatalogSource | None = field(kw_only=True)
    notes: Documents[SnapshotNote] = field(kw_only=True)
    max_shrink: float = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    spawn: Spawn = field(kw_only=True)
    refreshed: Callable[[], Awaitable[None]] | None = field(default=None, kw_only=True)
    _state: RefreshState = field(factory=RefreshState, init=False)

    async def search(
        self,
        text: str,
        *,
        categories: Sequence[str] = (),
        match: str = "any",
        limit: int = 50,
        offset: int = 0,
        snapshot_id: str | None = None,
    ) -> SearchPage:
        """A page of titles; raises InvalidInput for text over 500 characters, Unavailable `no_snapshot`."""
        query = SearchQuery.parse(text, categories, match=match)
        return await self.index.search(query, limit=limit, offset=offset, snapshot_id=snapshot_id)

    async def categories(self) -> tuple[str, Mapping[str, int]]:
        """The snapshot's id, and its categories in natural order with their numbers of items."""
        counts = await self.index.categories()
        return (await self.snapshot()).snapshot_id, counts

    async def item(self, video_id: str) -> CatalogItem:
        """Raises NotFound `item_not_found`."""
        found = await self.index.get_many([video_id])
        if video_id not in found:
            raise NotFound("There is no title with this id in the catalogue.", code="item_not_found")
        return found[video_id]

    async def known(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        """Those of the ids that are titles; none before the first snapshot."""
        if not video_ids or await self.index.state() is None:
            return {}
        return await self.index.get_many(video_ids)

    async def snapshot(self) -> SnapshotInfo:
        """The snapshot that answers now; raises Unavailable `no_snapshot`."""
        info = await self.index.state()
        if info is None:
            raise Unavailable("There is no catalogue yet: run a refresh first.", code="no_snapshot")
        return info

    def refresh_state(self) -> RefreshState:
        """How far a refresh is, and how the last one ended."""
        return self._state

    def begin_refresh(self, *, allow_shrink: bool = False) -> str:
        """Start a refresh beside the asking request and return its id.

        Raises Conflict `refresh_in_progress`, Unavailable `no_source`.
        """
        run_id = self._claim_run()

        async def carry_out() -> None:
            try:
                await self._refresh(run_id, allow_shrink=allow_shrink)
            except PlaylistError:
                return  # kept as the last report

        self.spawn(carry_out)
        return run_id

    async def refresh(
        self, *, allow_shrink: bool = False, watch: Callable[[RefreshState], None] = lambda _: None
    ) -> RefreshReport:
        """Refresh and wait for the end; `watch` hears of every step. Raises what made it fail."""
        return await self._refresh(self._claim_run(), allow_shrink=allow_shrink, watch=watch)

    def _claim_run(self) -> str:
        if self.source is None:
            raise Unavailable("No catalogue source is configured: set catalog.source.", code="no_source")
        if self._state.phase is not Phase.IDLE:
            raise Conflict(
                "The catalogue is being refreshed already.",
                code="refresh_in_progress",
                run_id=self._state.run_id,
            )
        run_id = self.randomness.identifier()
        self._state = evolve(self._state, phase=Phase.READING, run_id=run_id, done=0, expected=None)
        return run_id

    async def _refresh(
        self,
        run_id: str,
        *,
        allow_shrink: bool,
        watch: Callable[[RefreshState], None] = lambda _: None,
    ) -> RefreshReport:
        source = self.source
        if source is None:
            raise AssertionError("a run is claimed only with a source")
        started = self.clock.now()
        report = RefreshReport(run_id=run_id, source=source.name, started_at=started, finished_at=started)
        try:
            report = await self._rebuild(source, report, allow_shrink=allow_shrink, watch=watch)
        except PlaylistError as exc:
            report = evolve(report, code=exc.code, message=exc.message)
            raise
        finally:
            report = evolve(report, finished_at=self.clock.now())
            self._state = RefreshState(last=report)
        return report

    async def _rebuild(
        self,
        source: CatalogSource,
        report: RefreshReport,
        *,
        allow_shrink: bool,
        watch: Callable[[RefreshState], None],
    ) -> RefreshReport:
        snapshot_id = self._snapshot_id(report.started_at)
        before = await self._before()
        expected = await source.total()
        self._state = evolve(self._state, expected=expected)
        async with self.index.rebuild(
            snapshot_id, source=source.name, created_at=report.started_at
        ) as writer:
            without_duration = await self._read(source, writer, watch)
            self._guard(before, writer.count(), allow_shrink=allow_shrink)
            self._state = evolve(self._state, phase=Phase.BUILDING)
            watch(self._state)
        if self.refreshed is not None:
            await self.refreshed()
        return evolve(
            report,
            shared=await self._publish(await self.snapshot()),
            snapshot_id=snapshot_id,
            item_count=writer.count(),
            without_duration=without_duration,
        )

    async def _before(self) -> SnapshotInfo | None:
        """The snapshot so far; one that cannot be read any more is no reason not to make a new one."""
        try:
            return await self.index.state()
        except Unavailable:
            return None

    async def _read(
        self, source: CatalogSource, writer: IndexWriter, watch: Callable[[RefreshState], None]
    ) -> int:
        """Everything from the source into the writer; returns how many have no duration."""
        without_duration = 0
        batch: list[CatalogItem] = []
        async with aclosing(source.iter_catalog_items()) as items:
            async for item in items:
                without_duration += item.duration_seconds is None
                batch.append(item)
                if len(batch) == _BATCH:
                    await self._add(writer, batch, watch)
                    batch = []
        await self._add(writer, batch, watch)
        return without_duration

    async def _add(
        self, writer: IndexWriter, batch: list[CatalogItem], watch: Callable[[RefreshState], None]
    ) -> None:
        await writer.add(batch)
        self._state = evolve(self._state, done=writer.count())
        watch(self._state)

    def _guard(self, before: SnapshotInfo | None, count: int, *, allow_shrink: bool) -> None:
        """Refuse what looks like a fault of the source rather than a change of the catalogue."""
        if count == 0:
            raise Conflict(
                "The source has no titles at all; the catalogue was left as it is.",
                code="would_shrink",
                **{"from": before.item_count if before else 0, "to": 0},
            )
        if before is None or allow_shrink:
            return
        if count < before.item_count * (1 - self.max_shrink):
            raise Conflict(
                f"The catalogue would shrink from {before.item_count} to {count} titles; it was left as it"
                " is. If that is right, refresh again and allow it to shrink.",
                code="would_shrink",
                **{"from": before.item_count, "to": count},
            )

    async def _publish(self, info: SnapshotInfo) -> bool:
        """Tell the shared store, the snapshot before that it is the current one; False when it is away."""
        note = SnapshotNote(
            snapshot_id=info.snapshot_id,
            source=info.source,
            created_at=info.created_at,
            item_count=info.item_count,
            category_count=info.category_count,
        )
        try:
            await self.notes.modify("snapshots", info.snapshot_id, change=lambda _: note)
            await self.notes.modify(_CURRENT, change=lambda _: note)
        except (Unavailable, OutcomeUnknown):
            return False
        return True

    def _snapshot_id(self, moment: datetime) -> str:
        """An ISO 8601 time and a suffix against collisions (spec: catalog-refresh 4.2)."""
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{stamp}-{self.randomness.identifier()[:6]}"
