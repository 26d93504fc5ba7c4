"""What a refresh must not do to the other replicas, in the corners where two things meet."""

from collections.abc import AsyncGenerator

import anyio
import anyio.abc
import pytest
from attrs import define, field

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import ManualClock
from playlist_app.tasks import background
from playlist_core.errors import Conflict, Unavailable
from tests.unit.replicas import Replica, keys, rebuilt, replica

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tasks() -> AsyncGenerator[anyio.abc.TaskGroup, None]:
    async with background() as group:
        yield group


def pair(store: MemoryKV, clock: ManualClock, tasks: anyio.abc.TaskGroup) -> tuple[Replica, Replica]:
    made = [replica(store, tasks.start_soon, clock=clock, name=name) for name in ("one", "two")]
    return made[0], made[1]


async def test_a_replica_without_a_catalogue_may_not_shrink_that_of_the_others(
    clock: ManualClock, tasks: anyio.abc.TaskGroup
) -> None:
    store = MemoryKV()
    one, two = pair(store, clock, tasks)
    before = await one.refresh("abcdefghij")
    with pytest.raises(Conflict) as refusal:
        await two.refresh("a")
    assert refusal.value.code == "would_shrink"
    assert dict(refusal.value.details) == {"from": 10, "to": 1, "gone": 9}
    assert await rebuilt(store) == (before, "abcdefghij")

    after = await two.refresh("a", allow_shrink=True)
    assert await rebuilt(store) == (after, "a")


async def test_as_many_other_titles_are_no_replacement_for_those_that_are_gone(
    clock: ManualClock, tasks: anyio.abc.TaskGroup
) -> None:
    one, _ = pair(MemoryKV(), clock, tasks)
    await one.refresh("abcdefghij")
    with pytest.raises(Conflict, match="would lose 10 of its 10 titles and then have 10") as refusal:
        await one.refresh("klmnopqrst")
    assert refusal.value.code == "would_shrink"
    assert (await one.has())[1] == "abcdefghij"
    await one.refresh("cdefghijkl")  # two are gone, two are new


async def test_a_report_that_comes_late_does_not_replace_a_later_one(
    clock: ManualClock, tasks: anyio.abc.TaskGroup
) -> None:
    store = MemoryKV()
    one, two = pair(store, clock, tasks)
    store.fail_with = Unavailable("the store is away")
    made_in_the_outage = await one.refresh("abcdefghij")
    store.fail_with = None
    clock.advance(60)
    later = await two.refresh("abcdefghijk")

    await one.refreshing.has_become_shared(made_in_the_outage)
    kept = await two.refreshing.reports.get()
    assert kept is not None
    assert kept.value.snapshot_id == later


@define(eq=False)
class Stuck(MemoryKV):
    """A store that keeps the first create, and never says so."""

    reached: anyio.Event = field(factory=anyio.Event)

    async def create(self, key: str, value: bytes) -> int:
        revision = await super().create(key, value)
        if not self.reached.is_set():
            self.reached.set()
            await anyio.sleep_forever()
        return revision


async def test_a_refresh_cancelled_while_it_takes_the_lease_leaves_none(
    clock: ManualClock, tasks: anyio.abc.TaskGroup
) -> None:
    store = Stuck()
    one, two = pair(store, clock, tasks)
    async with anyio.create_task_group() as asking:
        asking.start_soon(one.refresh)
        await store.reached.wait()
        asking.cancel_scope.cancel()

    assert await keys(store) == []
    await two.refresh("abcdefghij")
