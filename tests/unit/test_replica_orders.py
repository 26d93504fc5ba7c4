"""Refreshing, sharing, following, sweeping: two replicas in every order, and both dead at every state."""

from collections.abc import Callable, Coroutine, Hashable
from functools import cache
from typing import Any

import anyio
import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.testing.time import ManualClock
from playlist_app.tasks import background
from playlist_core.domain.catalog import SnapshotInfo
from playlist_core.domain.identity import store_key
from playlist_core.domain.sharing import succeeding
from playlist_core.errors import Unavailable
from playlist_core.ports import CatalogIndex, Spawn
from playlist_core.services.snapshots import SharedSnapshots
from tests.unit.interleaving import SteppedKV
from tests.unit.replica_orders import Gate, GatedKV, World, explore, wander
from tests.unit.replicas import Replica, keys, rebuilt, replica

NAMES = ("a", "b")


@frozen
class Past:
    """What there is before the deeds: the store, and the indexes of the two replicas."""

    store: SteppedKV
    indexes: tuple[MemoryIndex, ...]
    clock: ManualClock


def copy_of(past: Past) -> Past:
    indexes = tuple(MemoryIndex() for _ in past.indexes)
    for index, before in zip(indexes, past.indexes, strict=True):
        index._current, index._previous = before._current, before._previous
    store = SteppedKV("snapshot", dict(past.store.held), dict(past.store.counters))
    return Past(store, indexes, ManualClock(past.clock.current))


@cache
def past(alone: tuple[bool, ...]) -> Past:
    """Two snapshots on both replicas, and the part of one whose publisher died.

    Those `alone` have made another one in an outage, so that nobody else knows it.
    """

    async def happen() -> Past:
        made = Past(SteppedKV("snapshot"), (MemoryIndex(), MemoryIndex()), ManualClock())
        async with background() as tasks:
            one, two = (
                replica(made.store, tasks.start_soon, clock=made.clock, index=index, name=f"past {name}")
                for name, index in zip(NAMES, made.indexes, strict=True)
            )
            for titles in ("abc", "abcd"):
                await one.refresh(titles)
                await two.following.reconcile()
                made.clock.advance(1)
            for each, is_alone in zip((one, two), alone, strict=True):
                if is_alone:
                    gate = Gate(dead=True)
                    away = replica(
                        GatedKV(made.store, gate),
                        tasks.start_soon,
                        clock=made.clock,
                        index=each.index,
                        name=f"away {each.index is two.index}",
                    )
                    await away.refresh("abcd" + ("y" if each is two else "x"))
                    made.clock.advance(1)
            entry = await made.store.get(f"ns/default/{(await keys(made.store))[-1]}")
            await made.store.create("ns/default/snapshots/dead/parts/1", entry.value)
        return made

    return anyio.run(happen)


async def refresh(who: Replica) -> None:
    await who.refreshing.refresh()


async def reconcile(who: Replica) -> None:
    await who.following.reconcile()


async def sweep(who: Replica) -> None:
    await who.refreshing.shared.sweep()


@frozen
class Deed:
    """What a replica does, and whether it has a snapshot that nobody knows before it does."""

    do: Callable[[Replica], Coroutine[Any, Any, Any]]
    alone: bool = False


DEEDS = {
    "refresh": Deed(refresh),
    "follow": Deed(reconcile),
    "share": Deed(reconcile, alone=True),
    "sweep": Deed(sweep),
}


@define(eq=False)
class Shop(World):
    """Two replicas, and where `leases_end` a moment at which every lease has run out."""

    past: Past
    spawn: Spawn
    deeds: tuple[Deed, Deed]
    leases_end: bool
    kind: type[SharedSnapshots]
    gates: tuple[Gate, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.gates = tuple(Gate() for _ in range(2 + self.leases_end))

    @property
    def store(self) -> SteppedKV:
        return self.past.store

    def operations(self) -> list[Coroutine[Any, Any, Any]]:
        found = []
        for name, deed, gate, index in zip(NAMES, self.deeds, self.gates, self.past.indexes, strict=False):
            who = replica(
                GatedKV(self.store, gate), self.spawn, clock=self.past.clock, index=index, name=name
            )
            shared = who.refreshing.shared
            who.refreshing.shared = self.kind(shared.currents, shared.notes, shared.parts)
            who.site_has("abcd" + name)
            found.append(deed.do(who))
        return [*found, self._pass_time()] if self.leases_end else found

    async def _pass_time(self) -> None:
        await self.gates[2].arrive()
        self.past.clock.advance(61)

    def left(self) -> Hashable:
        here = tuple(index._current.info.snapshot_id for index in self.past.indexes if index._current)
        return here, tuple(sorted(self.store.held.items()))

    async def check(self) -> None:
        assert await rebuilt(self.store) is not None
        left = copy_of(self.past)
        left.clock.advance(61)
        one, two = (
            replica(left.store, self.spawn, clock=left.clock, index=index, name=f"later {name}")
            for name, index in zip(NAMES, left.indexes, strict=True)
        )
        for each in (one, two, one):
            await each.following.reconcile()
        assert await one.has() == await two.has() == await rebuilt(left.store)
        await one.refresh("abcde")
        await two.following.reconcile()
        assert await one.has() == await two.has() == await rebuilt(left.store)
        assert len([key for key in await keys(left.store) if "/parts/" in key]) == 2, "leftovers stay"


def shops(
    one: str, two: str, *, leases_end: bool = False, kind: type[SharedSnapshots] = SharedSnapshots
) -> Callable[[Spawn], Shop]:
    deeds = (DEEDS[one], DEEDS[two])
    before = past(tuple(deed.alone for deed in deeds))
    return lambda spawn: Shop(copy_of(before), spawn, deeds, leases_end, kind)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("refresh", "follow"),
        ("refresh", "refresh"),
        ("refresh", "sweep"),
        ("share", "follow"),
        ("share", "share"),
        ("share", "sweep"),
    ],
)
def test_in_no_order_is_current_a_snapshot_that_nobody_can_build(one: str, two: str) -> None:
    assert explore(shops(one, two)) > 40


@given(turnings=st.lists(st.integers(0, 2), max_size=80))
@settings(max_examples=40)
@pytest.mark.parametrize("other", ["refresh", "share"])
def test_nor_is_it_when_a_refresh_loses_its_lease(other: str, turnings: list[int]) -> None:
    wander(shops("refresh", other, leases_end=True), turnings)


class SweepingWithoutFence(SharedSnapshots):
    """Deletes what it has listed without making those give up who may be about to publish it."""

    async def sweep(self) -> None:
        listed = await self.parts.store.entries("ns/default/snapshots/")
        current = await self.current()
        assert current is not None
        for entry in listed:
            if not any(store_key(name) in entry.key for name in (current.snapshot_id, *current.former)):
                await self.parts.store.delete(entry.key, revision=entry.revision)


class ReadingLate(SharedSnapshots):
    """Replaces whatever is current when the parts are written, instead of what was before."""

    async def publish(self, info: SnapshotInfo, index: CatalogIndex, **_: Any) -> None:
        note = await self._write_parts(info, index, lambda _: None)
        seen = await self.currents.get("current")
        assert seen is not None
        await self.currents.update("current", value=succeeding(note, seen.value), seen=seen)


@pytest.mark.parametrize("kind", [SweepingWithoutFence, ReadingLate])
def test_the_exploration_finds_the_fault_when_a_rule_is_broken(kind: type[SharedSnapshots]) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(Unavailable, match="not complete")):
        explore(shops("share", "sweep", kind=kind))
