"""Refreshing: all of the new snapshot or all of the old one, and a report that says what is different."""

import json
from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import UTC

import anyio
import anyio.lowlevel
import pytest
from attrs import define, evolve
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import ManualClock
from playlist_app.tasks import background
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import (
    Phase,
    ReadProgress,
    RefreshReport,
    RefreshState,
    TellProgress,
    estimate,
    ignore_progress,
)
from playlist_core.errors import Conflict, InvalidInput, Unavailable
from playlist_core.ports import Entry
from playlist_core.services.refreshing import Refreshing
from tests.unit.cinema import catalogue
from tests.unit.replicas import Replica, WaitingSource, keys, rebuilt, replica

pytestmark = pytest.mark.anyio


@pytest.fixture
def store() -> MemoryKV:
    return MemoryKV()


@pytest.fixture
async def here(store: MemoryKV, clock: ManualClock) -> AsyncGenerator[Replica, None]:
    """A replica that has refreshed from the titles a to j."""
    async with background() as tasks:
        made = replica(store, tasks.start_soon, clock=clock)
        await made.refresh()
        yield made


@pytest.fixture
def refreshing(here: Replica) -> Refreshing:
    return here.refreshing


async def ended(refreshing: Refreshing) -> RefreshReport:
    while refreshing.state.phase is not Phase.IDLE:
        await anyio.lowlevel.checkpoint()
    assert refreshing.state.last is not None
    return refreshing.state.last


def restarted(here: Replica, store: MemoryKV) -> Refreshing:
    """The same as the next process has it: what is in memory is gone."""
    return replica(store, here.refreshing.spawn, clock=here.clock, index=here.index, name="later").refreshing


# -- what it does --------------------------------------------------------------------


async def test_a_refresh_replaces_the_snapshot_and_tells_the_store(here: Replica, store: MemoryKV) -> None:
    before = await here.index.state()
    snapshot_id = await here.refresh("abcdefghiz")
    assert snapshot_id.startswith("2026-11-20T23:00:00Z-")
    assert await here.has() == await rebuilt(store) == (snapshot_id, "abcdefghiz")
    note = json.loads((await store.get(f"ns/default/snapshots/{snapshot_id.replace(':', '=3A')}")).value)
    current = json.loads((await store.get("ns/default/current")).value)
    assert current.items() >= {**note, "ops": current["ops"], "former": [before.snapshot_id]}.items()
    assert {
        name: note[name] for name in ("source", "created_at", "item_count", "category_count", "parts")
    } == {
        "source": "fake",
        "created_at": "2026-11-20T23:00:00.000000Z",
        "item_count": 10,
        "category_count": 0,
        "parts": 1,
    }


async def test_a_report_says_what_is_different(here: Replica, refreshing: Refreshing) -> None:
    kept, (b, c) = catalogue("defghij"), catalogue("bc")
    new = [
        CatalogItem(video_id="x", title="film.D.mp4", duration_seconds=1),
        CatalogItem(video_id="y", title="FILM  [d] mp4"),
        CatalogItem(video_id="z", title="???"),
        CatalogItem(video_id="zz", title="!!!"),
    ]
    here.source.items = [*kept, evolve(b, title="Another"), evolve(c, categories=("Movies",)), *new]
    report = await refreshing.refresh()
    assert report == RefreshReport(
        run_id=report.run_id,
        source="fake",
        started_at=here.clock.now(),
        finished_at=here.clock.now(),
        snapshot_id=(await here.index.state()).snapshot_id,
        item_count=13,
        new=4,
        changed=2,
        gone=1,
        duplicates=2,
        without_duration=3,
        shared=True,
    )


_LETTERS = st.text(alphabet="abcdefghijklm", min_size=1, max_size=13)


@given(before=_LETTERS, after=_LETTERS, renamed=st.sets(st.sampled_from("abcdefghijklm")))
def test_new_changed_and_gone_are_what_the_two_catalogues_differ_in(
    before: str, after: str, renamed: set[str]
) -> None:
    def items(letters: str, renamed: set[str]) -> list[CatalogItem]:
        return [
            evolve(item, title="Same") if item.video_id in renamed else item for item in catalogue(letters)
        ]

    async def refreshed() -> RefreshReport:
        async with background() as tasks:
            here = replica(MemoryKV(), tasks.start_soon, clock=ManualClock())
            here.source.items = items(before, set())
            await here.refreshing.refresh()
            here.source.items = items(after, renamed)
            return await here.refreshing.refresh(allow_shrink=True)

    report, old, new = anyio.run(refreshed), set(before), set(after)
    told = (report.item_count, report.new, report.changed, report.gone, report.duplicates)
    same = len(new & renamed)
    assert told == (len(new), len(new - old), len(old & new & renamed), len(old - new), max(0, same - 1))


async def test_a_source_that_repeats_itself_does_not_spoil_the_sums(here: Replica) -> None:
    here.source.items = [*catalogue("abcdefgh"), *catalogue("abc"), *catalogue("xax")]
    report = await here.refreshing.refresh()
    assert (report.item_count, report.new, report.changed, report.gone, report.duplicates) == (9, 1, 0, 2, 0)


async def test_more_titles_than_a_batch_are_compared_all_the_same(here: Replica) -> None:
    many = [CatalogItem(video_id=f"v{number}", title=f"Clip {number}") for number in range(1203)]
    here.source.items = many
    assert (await here.refreshing.refresh(allow_shrink=True)).new == 1203
    here.source.items = [*reversed(many[3:]), CatalogItem(video_id="w", title="Clip 1202")]
    report = await here.refreshing.refresh()
    assert (report.item_count, report.new, report.changed, report.gone) == (1201, 1, 0, 3)
    assert (report.duplicates, report.without_duration) == (1, 1201)


async def test_the_old_snapshot_answers_until_the_new_one_is_whole(
    here: Replica, refreshing: Refreshing
) -> None:
    source = refreshing.source = WaitingSource(catalogue("abcdefghijk"))
    before = await here.has()
    run_id = await refreshing.begin()
    await source.reached.wait()
    assert (refreshing.state.phase, refreshing.state.run_id) == (Phase.READING, run_id)
    assert await here.has() == before
    for ask in (refreshing.begin, refreshing.refresh):
        with pytest.raises(Conflict) as caught:
            await ask()
        assert (caught.value.code, caught.value.details) == ("refresh_in_progress", {"run_id": run_id})
    source.go_on.set()
    assert (await ended(refreshing)).run_id == run_id
    assert (await here.has())[1] == "abcdefghijk"
    still = await refreshing.catalog.search("", snapshot_id=before[0])
    assert (still.snapshot_id, still.total) == (before[0], 10)


async def test_without_a_source_nothing_can_be_refreshed(refreshing: Refreshing) -> None:
    refreshing.source = None
    with pytest.raises(Unavailable) as caught:
        await refreshing.begin()
    assert (caught.value.code, refreshing.state.phase) == ("no_source", Phase.IDLE)


class DamagedIndex(MemoryIndex):
    """An index whose items nobody can read before it is made anew."""

    async def get_many(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        if "a" in video_ids:
            return {"a": evolve(catalogue("a")[0], title="read before the damage")}
        raise Unavailable("the index is damaged", code="index_unreadable")


async def test_a_damaged_index_is_made_anew_and_everything_in_it_is_new(here: Replica) -> None:
    index = here.refreshing.catalog.index = DamagedIndex()
    here.source.items = [CatalogItem(video_id=name, title=name) for name in ["a", *map(str, range(100))]]
    await here.refreshing.refresh()
    report = await here.refreshing.refresh()
    assert (report.item_count, report.new, report.changed, report.gone) == (101, 101, 0, 0)
    assert (await index.state()).snapshot_id == report.snapshot_id


# -- what leaves everything as it was ------------------------------------------------


async def everything(here: Replica, store: MemoryKV) -> tuple[tuple[str, str], list[Entry]]:
    return await here.has(), list(await store.entries())


@pytest.mark.parametrize(("left", "refused"), [("abcdefgh", False), ("abcdefg", True), ("", True)])
async def test_a_catalogue_that_shrinks_too_much_does_not_count(
    here: Replica, store: MemoryKV, left: str, refused: bool
) -> None:
    before = await everything(here, store)
    here.site_has(left)
    if not refused:
        assert (await here.refreshing.refresh()).item_count == len(left)
        return
    with pytest.raises(Conflict) as caught:
        await here.refreshing.refresh()
    assert (caught.value.code, caught.value.details) == (
        "would_shrink",
        {"from": 10, "to": len(left), "gone": 10 - len(left)},
    )
    assert await everything(here, store) == before


async def test_the_refusal_says_how_to_insist_at_either_door(here: Replica) -> None:
    with pytest.raises(Conflict) as caught:
        await here.refresh("a")
    assert "would lose 9 of its 10 titles" in caught.value.message
    assert "--allow-shrink" in caught.value.message
    assert '"allow_shrink": true' in caught.value.message


async def test_shrinking_can_be_allowed_but_not_to_nothing(here: Replica, store: MemoryKV) -> None:
    await here.refresh("a", allow_shrink=True)
    before = await everything(here, store)
    here.site_has("")
    with pytest.raises(Conflict):
        await here.refreshing.refresh(allow_shrink=True)
    assert await everything(here, store) == before


async def test_a_source_that_breaks_in_the_middle_leaves_the_old_snapshot(
    here: Replica, store: MemoryKV
) -> None:
    before = await everything(here, store)
    here.refreshing.source = FakeSource(catalogue("klmnopqrst"), fail_after=7)
    with pytest.raises(InvalidInput):
        await here.refreshing.refresh(allow_shrink=True)
    assert await everything(here, store) == before
    last = here.refreshing.state.last
    assert (last.code, last.message) == ("invalid", "source: broken on purpose")
    assert last.details == {"field": "source", "problem": "broken on purpose"}


async def test_a_cancelled_refresh_leaves_everything_and_lets_the_next_one_begin(
    here: Replica, store: MemoryKV
) -> None:
    before, state = await everything(here, store), here.refreshing.state
    source = here.refreshing.source = WaitingSource(catalogue("abcdefghijk"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(here.refreshing.refresh)
        await source.reached.wait()
        tasks.cancel_scope.cancel()
    assert (await everything(here, store), here.refreshing.state) == (before, state)
    here.refreshing.source = FakeSource(catalogue("abcdefghijk"))
    assert (await here.refreshing.refresh()).item_count == 11


# -- how far it is -------------------------------------------------------------------


async def test_whoever_listens_hears_of_every_phase_in_order(here: Replica, refreshing: Refreshing) -> None:
    heard: list[RefreshState] = []
    stop = refreshing.listen(heard.append)
    report = await refreshing.refresh()
    told = [(state.phase, state.step, state.done, state.expected) for state in heard]
    assert told == [
        (Phase.READING, None, 0, None),
        (Phase.READING, "titles", 0, 10),
        (Phase.READING, "titles", 10, 10),
        (Phase.BUILDING, "index", 0, None),
        (Phase.SHARING, "parts", 0, 10),
        (Phase.SHARING, "parts", 10, 10),
        (Phase.IDLE, None, 0, None),
    ]
    assert {state.run_id for state in heard} == {report.run_id, None}
    assert heard[-1] == refreshing.state == RefreshState(last=report, last_good=report)
    stop()
    stop()
    await refreshing.refresh()
    assert len(heard) == len(told)


@define(eq=False)
class TellingSource:
    """A source that works for a while before its first title comes; a second for each thing it does."""

    clock: ManualClock
    name: str = "telling"

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        for done in range(5):
            tell(ReadProgress(step="listing", done=done, expected=4))
            self.clock.advance(1)
        tell(ReadProgress(step="categories", done=0))
        for item in catalogue("abcdefghij"):
            yield item


async def test_a_source_that_tells_of_its_steps_is_believed(here: Replica, refreshing: Refreshing) -> None:
    refreshing.source = TellingSource(here.clock)
    heard: list[RefreshState] = []
    refreshing.listen(heard.append)
    await refreshing.refresh()
    told = [(s.step, s.done, s.expected, s.estimate_seconds) for s in heard if s.phase is Phase.READING]
    assert told == [
        (None, 0, None, None),
        ("listing", 0, 4, None),
        ("listing", 1, 4, 3.0),
        ("listing", 2, 4, 2.0),
        ("listing", 3, 4, 1.0),
        ("listing", 4, 4, 0.0),
        ("categories", 0, None, None),
    ]


@given(seconds=st.floats(0, 1e6), done=st.integers(0, 10**7), expected=st.none() | st.integers(0, 10**7))
def test_an_estimate_is_known_or_not_but_never_nonsense(
    seconds: float, done: int, expected: int | None
) -> None:
    left = estimate(seconds, done, expected)
    if expected is None or done == 0 or seconds < 1:
        assert left is None
    else:
        assert left == pytest.approx(max(0.0, seconds * expected / done - seconds), abs=1e-3)


# -- the report ----------------------------------------------------------------------


async def test_a_failure_does_not_hide_the_last_snapshot_and_a_success_clears_it(
    here: Replica, refreshing: Refreshing
) -> None:
    good = refreshing.state.last_good
    here.clock.advance(60)
    with pytest.raises(Conflict):
        await here.refresh("ab")
    state = refreshing.state
    assert state == RefreshState(last=state.last, last_good=good)
    assert (state.last.code, state.last.details) == ("would_shrink", {"from": 10, "to": 2, "gone": 8})
    assert state.last.started_at == state.last.finished_at == here.clock.now()
    better = await refreshing.refresh(allow_shrink=True)
    assert refreshing.state == RefreshState(last=better, last_good=better)


async def test_a_failure_in_the_background_is_kept_as_the_last_report(refreshing: Refreshing) -> None:
    refreshing.source = FakeSource(catalogue("klm"), fail_after=1)
    run_id = await refreshing.begin()
    last = await ended(refreshing)
    assert (last.run_id, last.code) == (run_id, "invalid")


async def test_the_last_report_is_still_known_after_a_restart(here: Replica, store: MemoryKV) -> None:
    report = await here.refreshing.refresh()
    kept = json.loads((await store.get("ns/default/last_report")).value)
    assert (kept["schema_version"], kept["finished_at"]) == (1, "2026-11-20T23:00:00.000000Z")
    after = restarted(here, store)
    assert after.state == RefreshState()
    assert await after.recalled_state() == RefreshState(last=report, last_good=report)
    assert (await after.recalled_state()).last.finished_at.tzinfo is UTC


async def test_a_report_of_a_failure_is_not_stored_over_that_of_the_snapshot(
    here: Replica, store: MemoryKV
) -> None:
    report = await here.refreshing.refresh()
    with pytest.raises(Conflict):
        await here.refresh("a")
    assert (await restarted(here, store).recalled_state()).last_good == report


async def test_a_later_report_of_another_replica_is_the_last_one(here: Replica, store: MemoryKV) -> None:
    other = restarted(here, store)
    here.clock.advance(1)
    with pytest.raises(Conflict):
        await here.refresh("a")
    here.clock.advance(1)
    report = await other.refresh()
    assert await here.refreshing.recalled_state() == RefreshState(last=report, last_good=report)


async def test_without_a_report_or_a_store_there_is_no_last_report(here: Replica, store: MemoryKV) -> None:
    after = restarted(here, store)
    store.fail_with = Unavailable("the store is away")
    assert await after.recalled_state() == RefreshState()
    store.fail_with = None
    kept = await store.get("ns/default/last_report")
    damaged = await store.update("ns/default/last_report", b"{", revision=kept.revision)
    assert await after.recalled_state() == RefreshState()
    await store.delete("ns/default/last_report", revision=damaged)
    assert await after.recalled_state() == RefreshState()


async def test_a_report_from_before_the_counts_can_be_read(here: Replica, store: MemoryKV) -> None:
    kept = await store.get("ns/default/last_report")
    plain = json.loads(kept.value)
    for name in ("new", "changed", "gone", "duplicates"):
        del plain[name]
    await store.update(kept.key, json.dumps(plain).encode(), revision=kept.revision)
    report = (await restarted(here, store).recalled_state()).last_good
    assert report == evolve(here.refreshing.state.last_good, new=0)


async def test_after_a_refresh_nothing_is_left_but_the_last_two_snapshots(
    here: Replica, store: MemoryKV
) -> None:
    first = (await here.has())[0]
    second, third = await here.refresh(), await here.refresh()
    names = {name.replace(":", "=3A"): name for name in (first, second, third)}
    assert sorted(await keys(store)) == sorted(
        [
            "current",
            "last_report",
            *(f"snapshots/{name}" for name in names),
            *(f"snapshots/{name}/parts/1" for name in list(names)[1:]),
        ]
    )


async def test_the_notes_of_twenty_snapshots_are_kept(here: Replica, store: MemoryKV) -> None:
    ids = [await here.refresh() for _ in range(22)]
    notes = {
        key.split("/")[1].replace("=3A", ":") for key in await keys(store) if key.startswith("snapshots/")
    }
    assert notes == set(ids[-20:])
