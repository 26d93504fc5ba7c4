"""The lease of the refresh: one replica at a time, and nobody waits long for one that died."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta

import anyio
import anyio.lowlevel
import pytest

from playlist_adapters.kv.memory import Landed, Lost, MemoryKV
from playlist_adapters.testing.time import ManualClock
from playlist_app.tasks import background
from playlist_core.domain.refresh import RefreshLease, RefreshState
from playlist_core.errors import Conflict, Unavailable
from playlist_core.services.leases import LEASE_LASTS
from tests.unit.cinema import catalogue
from tests.unit.replicas import Replica, WaitingSource, keys, rebuilt, replica

pytestmark = pytest.mark.anyio

KEY = "ns/default/lease/refresh"


@pytest.fixture
def store() -> MemoryKV:
    return MemoryKV()


@pytest.fixture
async def pair(store: MemoryKV, clock: ManualClock) -> AsyncGenerator[tuple[Replica, Replica], None]:
    async with background() as tasks:
        yield (
            replica(store, tasks.start_soon, clock=clock, name="one"),
            replica(store, tasks.start_soon, clock=clock, name="two"),
        )


async def waiting(one: Replica) -> tuple[WaitingSource, str]:
    """The replica has begun to refresh and waits for its source."""
    source = one.refreshing.source = WaitingSource(catalogue("abcdefghij"))
    run_id = await one.refreshing.begin()
    await source.reached.wait()
    return source, run_id


async def let_go(one: Replica, source: WaitingSource) -> bool:
    """The refresh goes on to its end; whether it was shared."""
    source.go_on.set()
    while one.refreshing.state.run_id is not None:
        await anyio.lowlevel.checkpoint()
    assert one.refreshing.state.last.code is None
    return one.refreshing.state.last.shared


async def lease(store: MemoryKV) -> dict[str, object]:
    entry = await store.get(KEY)
    assert entry is not None
    return json.loads(entry.value)


async def test_a_second_replica_hears_who_refreshes_already(
    pair: tuple[Replica, Replica], clock: ManualClock
) -> None:
    one, two = pair
    source, run_id = await waiting(one)
    for ask in (two.refreshing.begin, two.refreshing.refresh):
        with pytest.raises(Conflict) as caught:
            await ask()
        assert (caught.value.code, caught.value.details) == ("refresh_in_progress", {"run_id": run_id})
    state = await two.refreshing.recalled_state()
    held = RefreshLease(
        holder=one.refreshing.leases.holder, run_id=run_id, expires_at=clock.now() + LEASE_LASTS
    )
    assert state == RefreshState(elsewhere=held)
    assert two.refreshing.state == RefreshState()
    assert (await one.refreshing.recalled_state()).elsewhere is None
    assert await let_go(one, source)
    assert (await two.refreshing.recalled_state()).elsewhere is None
    assert (await two.refreshing.refresh()).shared


async def test_the_lease_is_given_back_however_the_refresh_ends(
    pair: tuple[Replica, Replica], store: MemoryKV
) -> None:
    one, _ = pair
    await one.refresh("abcdefghij")
    assert await store.get(KEY) is None
    with pytest.raises(Conflict):
        await one.refresh("a")
    assert await store.get(KEY) is None
    source = one.refreshing.source = WaitingSource(catalogue("abcdefghij"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.refreshing.refresh)
        await source.reached.wait()
        assert await store.get(KEY) is not None
        tasks.cancel_scope.cancel()
    assert await store.get(KEY) is None


async def test_the_lease_of_one_that_died_runs_out_after_a_minute(
    pair: tuple[Replica, Replica], store: MemoryKV, clock: ManualClock
) -> None:
    one, two = pair
    await one.refreshing.leases.take("dead")
    clock.advance(LEASE_LASTS.total_seconds() - 1)
    with pytest.raises(Conflict):
        await two.refreshing.refresh()
    clock.advance(1)
    assert (await two.refreshing.recalled_state()).elsewhere is None
    assert (await two.refreshing.refresh()).shared


async def test_a_long_refresh_keeps_its_lease(
    pair: tuple[Replica, Replica], store: MemoryKV, clock: ManualClock
) -> None:
    one, two = pair
    one.refreshing.leases.renew_seconds = 0
    source, _ = await waiting(one)
    for _ in range(3):
        clock.advance(50)
        until = (clock.now() + LEASE_LASTS).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        while (await lease(store))["expires_at"] != until:
            await anyio.lowlevel.checkpoint()
        with pytest.raises(Conflict):
            await two.refreshing.refresh()
    assert await let_go(one, source)
    assert await store.get(KEY) is None


async def test_after_the_end_nothing_renews_the_lease(pair: tuple[Replica, Replica], store: MemoryKV) -> None:
    one, _ = pair
    one.refreshing.leases.renew_seconds = 0
    for _ in range(20):
        await one.refreshing.refresh()
        before = store._revision
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        assert (await store.get(KEY), store._revision) == (None, before)


async def test_a_store_that_is_away_for_a_while_does_not_cost_the_lease(
    pair: tuple[Replica, Replica], store: MemoryKV, clock: ManualClock
) -> None:
    one, _ = pair
    one.refreshing.leases.renew_seconds = 0
    source, run_id = await waiting(one)
    tried = anyio.Event()

    async def away(operation: str, key: str) -> None:
        store.fail_with = Unavailable("the store is away")
        tried.set()

    store.before_operation = away
    await tried.wait()
    clock.advance(500)
    store.before_operation = store.fail_with = None
    assert (await lease(store))["run_id"] == run_id
    assert await let_go(one, source)


async def test_who_lost_the_lease_refreshes_only_here(
    pair: tuple[Replica, Replica], store: MemoryKV, clock: ManualClock
) -> None:
    one, two = pair
    source, _ = await waiting(one)
    clock.advance(61)
    taken_over = await two.refresh("klmnopqrst")
    assert not await let_go(one, source)
    assert (await one.has())[1] == "abcdefghij"
    assert await rebuilt(store) == await two.has() == (taken_over, "klmnopqrst")


async def test_a_lease_that_is_lost_at_the_last_moment_keeps_the_snapshot_from_being_shared(
    pair: tuple[Replica, Replica], store: MemoryKV, clock: ManualClock
) -> None:
    one, two = pair

    async def lose_the_lease(operation: str, key: str) -> None:
        if operation == "create" and "/parts/" in key:
            store.before_operation = None
            clock.advance(61)
            await two.refreshing.leases.take("other")

    store.before_operation = lose_the_lease
    report = await one.refreshing.refresh()
    assert (report.shared, await rebuilt(store)) == (False, None)
    assert (await lease(store))["run_id"] == "other"


async def test_with_the_store_away_there_is_no_lease_and_all_goes_on_here(
    pair: tuple[Replica, Replica], store: MemoryKV
) -> None:
    one, _ = pair
    store.fail_with = Unavailable("the store is away")
    report = await one.refreshing.refresh()
    store.fail_with = None
    assert (report.shared, (await one.has())[1], await keys(store)) == (False, "abcdefghij", [])


async def test_a_lease_that_could_not_be_given_back_is_in_nobodys_way_here(
    pair: tuple[Replica, Replica], store: MemoryKV, clock: ManualClock
) -> None:
    one, two = pair
    source, run_id = await waiting(one)
    store.fail_with = Unavailable("the store is away")
    assert not await let_go(one, source)
    store.fail_with = None
    assert (await lease(store))["run_id"] == run_id
    assert (await one.refreshing.recalled_state()).elsewhere is None
    with pytest.raises(Conflict):
        await two.refreshing.refresh()
    await one.following.reconcile()
    assert await rebuilt(store) == await one.has()
    assert (await one.refreshing.refresh()).shared
    assert (await two.refreshing.refresh()).shared


@pytest.mark.parametrize("fate", [Lost(), Landed()])
async def test_a_lease_whose_answer_is_lost_is_settled(
    pair: tuple[Replica, Replica], store: MemoryKV, fate: Lost | Landed
) -> None:
    one, _ = pair
    store.next_writes = [fate]
    assert (await one.refreshing.refresh()).shared
    assert await store.get(KEY) is None


async def test_who_knows_to_be_the_only_one_takes_the_lease_from_the_dead(
    pair: tuple[Replica, Replica], store: MemoryKV
) -> None:
    one, two = pair
    await two.refreshing.leases.take("dead")
    await one.refreshing.abandon()
    assert (await one.refreshing.refresh()).shared
    await one.refreshing.abandon()
    store.fail_with = Unavailable("the store is away")
    await one.refreshing.abandon()


def test_a_lease_outlives_several_renewals_that_fail(clock: ManualClock) -> None:
    leases = replica(MemoryKV(), lambda _: None, clock=clock).refreshing.leases
    assert timedelta(seconds=leases.renew_seconds) * 3 <= LEASE_LASTS
