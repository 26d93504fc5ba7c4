"""The catalogue: searching the snapshot, and refreshing it without ever showing half of one."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Final

from attrs import define, evolve, field, frozen

from playlist_core.domain.catalog import (
    CatalogItem,
    SearchPage,
    SearchQuery,
    SnapshotInfo,
    no_snapshot,
    refresh_in_progress,
)
from playlist_core.domain.refresh import Phase, ReadProgress, RefreshReport, RefreshState, check_size
from playlist_core.errors import NotFound, OutcomeUnknown, PlaylistError, Unavailable
from playlist_core.ports import CatalogIndex, CatalogSource, Clock, IndexWriter, Randomness, Spawn
from playlist_core.services.documents import Documents
from playlist_core.services.expiry import sweep

_BATCH: Final = 500
_CURRENT: Final = "current"
_SNAPSHOTS: Final = "snapshots"


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
    reports: Documents[RefreshReport] = field(kw_only=True)
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
        return await known_items(self.index, video_ids)

    async def snapshot(self) -> SnapshotInfo:
        """The snapshot that answers now; raises Unavailable `no_snapshot`."""
        info = await self.index.state()
        if info is None:
            raise no_snapshot()
        return info

    def refresh_state(self) -> RefreshState:
        """How far a refresh is, and how those of this process ended."""
        return self._state

    async def recalled_state(self) -> RefreshState:
        """`refresh_state`, with the last report of an earlier process as long as this one has none.

        Never raises: what the store cannot tell, or has in a form that nobody can read, is not there.
        """
        if self._state.last_good is None:
            kept = await self._kept_report()
            if self._state.last_good is None:  # no refresh has ended meanwhile
                self._state = evolve(self._state, last_good=kept)
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
            raise refresh_in_progress(self._state.run_id)
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
        ended: RefreshReport | None = None
        try:
            ended = report = await self._rebuild(source, report, allow_shrink=allow_shrink, watch=watch)
            await self._keep(ended)
        except PlaylistError as exc:
            failure = {"code": exc.code, "message": exc.message, "details": dict(exc.details)}
            ended = evolve(report, finished_at=self.clock.now(), **failure)
            raise
        finally:
            self._state = _after(self._state, ended)
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
        async with self.index.rebuild(
            snapshot_id, source=source.name, created_at=report.started_at
        ) as writer:
            without_duration = await self._read(source, writer, watch)
            check_size(
                None if before is None else before.item_count,
                writer.count(),
                max_shrink=self.max_shrink,
                allow_shrink=allow_shrink,
            )
            self._state = evolve(self._state, phase=Phase.BUILDING)
            watch(self._state)
        if self.refreshed is not None:
            await self.refreshed()
        return evolve(
            report,
            shared=await self._publish(await self.snapshot()),
            finished_at=self.clock.now(),
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

        def tell(progress: ReadProgress) -> None:
            self._state = evolve(self._state, done=progress.done, expected=progress.expected)
            watch(self._state)

        async with aclosing(source.iter_catalog_items(tell)) as items:
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
            before = await self.notes.get(_CURRENT)
            await self.notes.modify(_SNAPSHOTS, info.snapshot_id, change=lambda _: note)
            await self.notes.modify(_CURRENT, change=lambda _: note)
        except (Unavailable, OutcomeUnknown):
            return False
        await self._forget_all_but(note, None if before is None else before.value)
        return True

    async def _forget_all_but(self, *kept: SnapshotNote | None) -> None:
        """Drop notes of snapshots that nobody can search any more; what fails is left for the next time."""
        ids = {note.snapshot_id for note in kept if note is not None}
        with suppress(Unavailable, OutcomeUnknown):
            await sweep(self.notes, _SNAPSHOTS, expired=lambda note: note.snapshot_id not in ids)

    async def _keep(self, report: RefreshReport) -> None:
        """For whoever asks after a restart; a store that is away knows as little of the snapshot."""
        if report.shared:
            with suppress(Unavailable, OutcomeUnknown):
                await self.reports.modify(change=lambda _: report)

    async def _kept_report(self) -> RefreshReport | None:
        try:
            kept = await self.reports.get()
        except Unavailable:
            return None
        return None if kept is None else kept.value

    def _snapshot_id(self, moment: datetime) -> str:
        """An ISO 8601 time and a suffix against collisions (spec: catalog-refresh 4.2)."""
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{stamp}-{self.randomness.identifier()[:6]}"


async def known_items(index: CatalogIndex, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
    """Those of the ids that are titles; none before the first snapshot."""
    if not video_ids or await index.state() is None:
        return {}
    return await index.get_many(video_ids)


def _after(state: RefreshState, ended: RefreshReport | None) -> RefreshState:
    """Nothing going on; `ended` is None for a refresh that was cancelled and has nothing to tell."""
    if ended is None:
        return RefreshState(last=state.last, last_good=state.last_good)
    return RefreshState(last=ended, last_good=state.last_good if ended.code else ended)
