"""Steps about several replicas of the service over one store, and about a store that is away for a while."""

from collections.abc import Sequence
from contextlib import aclosing

from attrs import define

from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import Unavailable
from playlist_core.ports import CatalogIndex, Entry, KVStore
from tests.bdd.steps import given, then, when
from tests.bdd.wishes import REFRESH, SEE_REFRESH
from tests.bdd.world import World
from tests.unit.replicas import Replica, replica


@define(eq=False)
class Line:
    """A way to the store that can be cut."""

    store: KVStore
    cut: bool = False

    def other_end(self) -> KVStore:
        if self.cut:
            raise Unavailable("The store cannot be reached.")
        return self.store

    async def get(self, key: str) -> Entry | None:
        return await self.other_end().get(key)

    async def create(self, key: str, value: bytes) -> int:
        return await self.other_end().create(key, value)

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        return await self.other_end().update(key, value, revision=revision)

    async def delete(self, key: str, *, revision: int) -> None:
        await self.other_end().delete(key, revision=revision)

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        return await self.other_end().entries(prefix)

    async def incarnation(self) -> str:
        return await self.other_end().incarnation()


@given("there is a second replica of the service", target_fixture="second")
async def _(world: World) -> Replica:
    world.clock.advance(60)
    refreshing = world.services.library.refreshing
    made = replica(refreshing.shared.parts.store, refreshing.spawn, clock=world.clock, name="second")
    made.refreshing.source = refreshing.source
    await made.following.reconcile()
    return made


@when("the shared store goes away", target_fixture="line")
async def _(world: World) -> Line:
    refreshing = world.services.library.refreshing
    shared, line = refreshing.shared, Line(refreshing.reports.store, cut=True)
    for documents in (
        shared.currents,
        shared.notes,
        shared.parts,
        refreshing.leases.leases,
        refreshing.reports,
    ):
        documents.store = line
    return line


@when("the shared store is back")
async def _(world: World, line: Line) -> None:
    line.cut = False
    await world.services.library.following.reconcile()


@when("{who:who} asks the second replica to refresh, too")
async def _(world: World, who: str, second: Replica) -> None:
    await world.actor(who, REFRESH)
    await world.attempt(second.refreshing.begin())


async def items_of(index: CatalogIndex) -> list[CatalogItem]:
    async with aclosing(index.items()) as batches:
        return [item async for batch in batches for item in batch]


@then("the second replica has the same catalogue, of {count:d} titles")
async def _(world: World, second: Replica, count: int) -> None:
    await second.following.reconcile()
    here = world.services.library.catalog.index
    assert await second.index.state() == await here.state()
    found = await items_of(second.index)
    assert (found, len(found)) == (await items_of(here), count)


@then("the second replica still has {count:d} titles")
async def _(second: Replica, count: int) -> None:
    await second.following.reconcile()
    assert len(await items_of(second.index)) == count


@then("{who:who} is told that the other replicas cannot have it yet")
async def _(world: World, who: str) -> None:
    await world.actor(who, SEE_REFRESH)
    report = (await world.services.library.refreshing.recalled_state()).last_good
    assert report is not None
    assert not report.shared


@then("{who:who} is told that the other replicas can have it, too")
async def _(world: World, who: str, second: Replica) -> None:
    await world.actor(who, SEE_REFRESH)
    for each in (world.services.library.refreshing, second.refreshing):
        report = (await each.recalled_state()).last_good
        assert report is not None
        assert report.shared
        assert report.snapshot_id == (await world.services.library.catalog.snapshot()).snapshot_id


@then("{who:who} learns at the second replica that another one is at it")
async def _(world: World, who: str, second: Replica) -> None:
    await world.actor(who, SEE_REFRESH)
    state = await second.refreshing.recalled_state()
    assert state.elsewhere is not None
    assert state.elsewhere.run_id == world.services.library.refreshing.state.run_id
