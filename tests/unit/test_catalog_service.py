"""Refreshing: all of the new snapshot or all of the old one, and a sentence that says which."""

import json
from collections.abc import AsyncGenerator, Callable
from datetime import UTC

import anyio
import anyio.lowlevel
import pytest
from attrs import define, evolve, field

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.source import FakeSource
from playlist_app.config import Settings
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import Phase, RefreshState, TellProgress, ignore_progress
from playlist_core.errors import Conflict, InvalidInput, NotFound, Unavailable
from playlist_core.services.catalog import Catalog
from tests.unit.cinema import Cinema, catalogue, cinema

pytestmark = pytest.mark.anyio


@define(eq=False)
class WaitingSource:
    """A source that stops in the middle until it is let go."""

    items: tuple[CatalogItem, ...]
    name: str = "waiting"
    reached: anyio.Event = field(factory=anyio.Event)
    go_on: anyio.Event = field(factory=anyio.Event)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        yield self.items[0]
        self.reached.set()
        await self.go_on.wait()
        for item in self.items[1:]:
            yield item


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema(titles="abcdefghij") as made:
        yield made


@pytest.fixture
def catalog(house: Cinema) -> Catalog:
    return house.services.library.catalog


async def found(catalog: Catalog) -> str:
    return "".join(item.video_id for item in (await catalog.search("")).items)


async def test_a_refresh_replaces_the_snapshot_and_tells_the_store(house: Cinema, catalog: Catalog) -> None:
    seen: list[RefreshState] = []
    catalog.source = FakeSource((*catalogue("abcdefghi"), CatalogItem(video_id="z", title="Z.mp4")))
    report = await catalog.refresh(watch=seen.append)
    assert (report.item_count, report.without_duration, report.shared, report.code) == (10, 1, True, None)
    assert await found(catalog) == "abcdefghiz"
    assert report.snapshot_id == (await catalog.snapshot()).snapshot_id
    assert report.snapshot_id.startswith("2026-11-20T23:00:00Z-")
    current, kept = (
        await catalog.notes.get("current"),
        await catalog.notes.get("snapshots", report.snapshot_id),
    )
    assert current.value == kept.value
    assert (current.value.item_count, current.value.source) == (10, "fake")
    assert [state.phase for state in seen][-1] is Phase.BUILDING
    assert catalog.refresh_state() == RefreshState(last=report, last_good=report)


async def test_the_old_snapshot_answers_until_the_new_one_is_whole(catalog: Catalog) -> None:
    source = catalog.source = WaitingSource(catalogue("abcdefghijk"))
    before = (await catalog.snapshot()).snapshot_id
    run_id = catalog.begin_refresh()
    await source.reached.wait()
    assert (catalog.refresh_state().phase, catalog.refresh_state().run_id) == (Phase.READING, run_id)
    assert await found(catalog) == "abcdefghij"
    with pytest.raises(Conflict) as caught:
        catalog.begin_refresh()
    assert (caught.value.code, caught.value.details) == ("refresh_in_progress", {"run_id": run_id})
    source.go_on.set()
    while catalog.refresh_state().phase is not Phase.IDLE:
        await anyio.lowlevel.checkpoint()
    assert await found(catalog) == "abcdefghijk"
    still = await catalog.search("", snapshot_id=before)
    assert (still.snapshot_id, still.total) == (before, 10)


async def test_a_source_that_breaks_in_the_middle_leaves_the_old_snapshot(catalog: Catalog) -> None:
    before = await catalog.snapshot()
    catalog.source = FakeSource(catalogue("klmnopqrst"), fail_after=7)
    with pytest.raises(InvalidInput):
        await catalog.refresh(allow_shrink=True)
    assert (await catalog.snapshot(), await found(catalog)) == (before, "abcdefghij")
    assert (await catalog.notes.get("current")).value.snapshot_id == before.snapshot_id
    last = catalog.refresh_state().last
    assert (last.code, last.message) == ("invalid", "source: broken on purpose")
    assert last.details == {"field": "source", "problem": "broken on purpose"}


async def test_a_failure_does_not_hide_the_last_snapshot_and_a_success_clears_it(
    house: Cinema, catalog: Catalog
) -> None:
    good = catalog.refresh_state().last_good
    catalog.source = FakeSource(catalogue("ab"))
    house.clock.advance(60)
    with pytest.raises(Conflict):
        await catalog.refresh()
    state = catalog.refresh_state()
    assert state == RefreshState(last=state.last, last_good=good)
    assert (state.last.code, state.last.details) == ("would_shrink", {"from": 10, "to": 2})
    assert state.last.started_at == state.last.finished_at == house.clock.now()
    better = await catalog.refresh(allow_shrink=True)
    assert catalog.refresh_state() == RefreshState(last=better, last_good=better)


async def test_a_cancelled_refresh_leaves_what_was_known_and_lets_the_next_one_begin(
    catalog: Catalog,
) -> None:
    before = catalog.refresh_state()
    catalog.source = WaitingSource(catalogue("abcdefghijk"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(catalog.refresh)
        await catalog.source.reached.wait()
        tasks.cancel_scope.cancel()
    assert catalog.refresh_state() == before
    catalog.source = FakeSource(catalogue("abcdefghijk"))
    assert (await catalog.refresh()).item_count == 11


def restarted(catalog: Catalog) -> Catalog:
    """The catalogue as the next process has it: what is in memory is gone."""
    return Catalog(
        catalog.index,
        source=catalog.source,
        notes=catalog.notes,
        reports=catalog.reports,
        max_shrink=catalog.max_shrink,
        clock=catalog.clock,
        randomness=catalog.randomness,
        spawn=catalog.spawn,
    )


async def test_the_last_report_is_still_known_after_a_restart(catalog: Catalog) -> None:
    report = await catalog.refresh()
    (entry,) = [each for each in await catalog.reports.store.entries() if each.key.endswith("report")]
    kept = json.loads(entry.value)
    assert (entry.key, kept["schema_version"]) == ("ns/default/last_report", 1)
    assert kept["finished_at"] == "2026-11-20T23:00:00.000000Z"
    after = restarted(catalog)
    assert after.refresh_state() == RefreshState()
    assert await after.recalled_state() == RefreshState(last_good=report)
    assert after.refresh_state() == RefreshState(last_good=report)
    assert after.refresh_state().last_good.finished_at.tzinfo is UTC


async def test_a_report_of_a_failure_is_not_stored_over_that_of_the_snapshot(catalog: Catalog) -> None:
    report = await catalog.refresh()
    catalog.source = FakeSource(catalogue("a"))
    with pytest.raises(Conflict):
        await catalog.refresh()
    assert await restarted(catalog).recalled_state() == RefreshState(last_good=report)


async def test_without_a_report_or_a_store_there_is_no_last_report(catalog: Catalog) -> None:
    after = restarted(catalog)
    store = catalog.reports.store
    assert isinstance(store, MemoryKV)
    store.fail_with = Unavailable("the store is away")
    assert await after.recalled_state() == RefreshState()
    store.fail_with = None
    kept = await store.get("ns/default/last_report")
    damaged = await store.update("ns/default/last_report", b"{", revision=kept.revision)
    assert await after.recalled_state() == RefreshState()
    await store.delete("ns/default/last_report", revision=damaged)
    assert await after.recalled_state() == RefreshState()
    await store.create("ns/default/last_report", kept.value)
    assert (await after.recalled_state()).last_good == catalog.refresh_state().last_good


async def test_a_refresh_that_ends_while_the_store_is_asked_is_the_newer_one(catalog: Catalog) -> None:
    after = restarted(catalog)
    store = catalog.reports.store
    assert isinstance(store, MemoryKV)

    async def refresh_first(operation: str, key: str) -> None:
        if key.endswith("last_report"):
            store.before_operation = None
            await after.refresh()

    store.before_operation = refresh_first
    state = await after.recalled_state()
    assert state.last is not None
    assert state.last_good == state.last


async def test_only_the_current_and_the_previous_snapshot_have_notes(catalog: Catalog) -> None:
    ids = [(await catalog.snapshot()).snapshot_id]
    for _ in range(3):
        ids.append((await catalog.refresh()).snapshot_id)
    noted = [note.value.snapshot_id for note in await catalog.notes.all("snapshots")]
    assert sorted(noted) == sorted(ids[-2:])
    assert (await catalog.notes.get("current")).value.snapshot_id == ids[-1]


async def test_a_note_that_cannot_be_read_or_deleted_keeps_nobody_from_sharing(catalog: Catalog) -> None:
    store = catalog.notes.store
    assert isinstance(store, MemoryKV)
    await store.create("ns/default/snapshots/odd", b"?")
    await catalog.refresh()
    assert (await store.get("ns/default/snapshots/odd")).value == b"?"

    async def fail_deletions(operation: str, key: str) -> None:
        store.fail_with = Unavailable("the store is away") if operation == "delete" else None

    store.before_operation = fail_deletions
    report = await catalog.refresh()
    assert report.shared
    assert await restarted(catalog).recalled_state() == RefreshState(last_good=report)


async def test_a_failure_in_the_background_is_kept_as_the_last_report(catalog: Catalog) -> None:
    catalog.source = FakeSource(catalogue("klm"), fail_after=1)
    run_id = catalog.begin_refresh()
    while catalog.refresh_state().phase is not Phase.IDLE:
        await anyio.lowlevel.checkpoint()
    assert (catalog.refresh_state().last.run_id, catalog.refresh_state().last.code) == (run_id, "invalid")


@pytest.mark.parametrize(("left", "refused"), [("abcdefgh", False), ("abcdefg", True), ("", True)])
async def test_a_catalogue_that_shrinks_too_much_does_not_count(
    catalog: Catalog, left: str, refused: bool
) -> None:
    catalog.source = FakeSource(catalogue(left))
    if not refused:
        assert (await catalog.refresh()).item_count == len(left)
        return
    with pytest.raises(Conflict) as caught:
        await catalog.refresh()
    assert (caught.value.code, caught.value.details) == ("would_shrink", {"from": 10, "to": len(left)})
    assert await found(catalog) == "abcdefghij"


async def test_shrinking_can_be_allowed_but_not_to_nothing(catalog: Catalog) -> None:
    catalog.source = FakeSource(catalogue("a"))
    assert (await catalog.refresh(allow_shrink=True)).item_count == 1
    catalog.source = FakeSource(())
    with pytest.raises(Conflict):
        await catalog.refresh(allow_shrink=True)


async def test_with_the_store_away_the_catalogue_refreshes_all_the_same(catalog: Catalog) -> None:
    store = catalog.notes.store
    assert isinstance(store, MemoryKV)
    store.fail_with = Unavailable("the store is away")
    catalog.source = FakeSource(catalogue("abcdefghijk"))
    report = await catalog.refresh()
    assert (report.shared, await found(catalog)) == (False, "abcdefghijk")


async def test_without_a_source_nothing_can_be_refreshed(catalog: Catalog) -> None:
    catalog.source = None
    with pytest.raises(Unavailable) as caught:
        catalog.begin_refresh()
    assert caught.value.code == "no_source"


async def test_items_and_categories_are_those_of_the_snapshot(catalog: Catalog) -> None:
    films = tuple(evolve(item, categories=("2.Horror", "10.Drama")) for item in catalogue("abcdefghij"))
    catalog.source = FakeSource(films)
    await catalog.refresh()
    assert await catalog.item("a") == films[0]
    snapshot_id, counts = await catalog.categories()
    assert snapshot_id == (await catalog.snapshot()).snapshot_id
    assert list(counts.items()) == [("2.Horror", 10), ("10.Drama", 10)]
    with pytest.raises(NotFound) as caught:
        await catalog.item("zz")
    assert caught.value.code == "item_not_found"


@pytest.mark.parametrize("ask", [Catalog.categories, Catalog.snapshot, lambda catalog: catalog.search("a")])
async def test_before_the_first_snapshot_every_question_says_so(ask: Callable[[Catalog], object]) -> None:
    async with cinema(settings=Settings()) as house:
        catalog = house.services.library.catalog
        catalog.index._current = None
        with pytest.raises(Unavailable) as caught:
            await ask(catalog)
        assert caught.value.code == "no_snapshot"
        assert await catalog.known({"a"}) == {}
