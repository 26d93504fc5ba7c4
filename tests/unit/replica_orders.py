"""Every order in which replicas can reach their one store, and what is there if all of them die at some step.

Like `interleaving`, but in an event loop, as a refresh has tasks of its own: each replica stops before each
operation on the store until it is let through. An order is explored once for each distinct state: what is
there, and what every replica has been told so far.
"""

from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from itertools import chain, repeat
from typing import Any

import anyio
import anyio.lowlevel
from attrs import define, field

from playlist_core.errors import PlaylistError, Unavailable
from playlist_core.ports import Entry
from tests.unit.interleaving import SteppedKV


@define(eq=False)
class Gate:
    """One replica's way to the store; `told` is what it heard there."""

    told: list[Any] = field(factory=list)
    done: bool = False
    dead: bool = False
    _waiting: anyio.Event | None = None

    def memory(self) -> Hashable:
        """What its replica can know."""
        return self.done, tuple(map(str, self.told))

    @property
    def closed_upon(self) -> bool:
        """Whether somebody stands before it."""
        return self._waiting is not None

    async def arrive(self) -> None:
        if not self.dead:
            event = self._waiting = anyio.Event()
            await event.wait()
        if self.dead:
            raise Unavailable("this process is dead")

    def let_through(self) -> None:
        assert self._waiting is not None
        self._waiting.set()
        self._waiting = None

    def die(self) -> None:
        """Nothing of this replica reaches the store any more."""
        self.dead = True
        if self._waiting is not None:
            self.let_through()


@define(eq=False)
class GatedKV:
    """The store as one replica sees it."""

    store: SteppedKV
    gate: Gate

    async def get(self, key: str) -> Entry | None:
        return await self._through(lambda: self.store.get(key))

    async def create(self, key: str, value: bytes) -> int:
        return await self._through(lambda: self.store.create(key, value))

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        return await self._through(lambda: self.store.update(key, value, revision=revision))

    async def delete(self, key: str, *, revision: int) -> None:
        return await self._through(lambda: self.store.delete(key, revision=revision))

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        return await self._through(lambda: self.store.entries(prefix))

    async def incarnation(self) -> str:
        return "one"

    async def _through(self, operation: Callable[[], Awaitable[Any]]) -> Any:
        await self.gate.arrive()
        try:
            answer = await operation()
        except PlaylistError as exc:
            self.gate.told.append(type(exc))
            raise
        self.gate.told.append(answer)
        return answer


class World:
    """One fresh system: the store, and a gate for each of the operations that race."""

    store: SteppedKV
    gates: Sequence[Gate]

    def operations(self) -> Sequence[Coroutine[Any, Any, Any]]:
        raise NotImplementedError

    def left(self) -> Hashable:
        """What is there for good, whatever those who run remember."""
        raise NotImplementedError

    async def check(self) -> None:
        """Must hold whatever is there: for those who run, and for those who start after all have died."""
        raise NotImplementedError


def explore(world: Callable[[Any], World]) -> int:
    """Visit every reachable state and check what is there; how many there are. `world` gets a spawn."""
    seen: set[Hashable] = set()
    checked: set[Hashable] = set()
    paths: list[list[int]] = [[]]

    async def walk(fresh: World, path: list[int], spawn: Any) -> None:
        """Along the path, then on and on to states that are new; the turnings not taken are noted."""
        await _begin(fresh, spawn)
        for index in path:
            await _step(fresh, index)
        while (state := (fresh.left(), tuple(gate.memory() for gate in fresh.gates))) not in seen:
            seen.add(state)
            if fresh.left() not in checked:
                checked.add(fresh.left())
                await fresh.check()
            turnings = [index for index, gate in enumerate(fresh.gates) if not gate.done]
            if not turnings:
                return
            paths.extend([*path, index] for index in turnings[1:])
            path = [*path, turnings[0]]
            await _step(fresh, turnings[0])

    async def visit_all() -> None:
        while paths:
            await _in(world, lambda fresh, spawn: walk(fresh, paths.pop(), spawn))

    anyio.run(visit_all)
    return len(seen)


def wander(world: Callable[[Any], World], turnings: Sequence[int]) -> None:
    """One way through the states, each checked; `turnings` say who goes next, as long as they last."""

    async def walk(fresh: World, spawn: Any) -> None:
        await _begin(fresh, spawn)
        for turning in chain(turnings, repeat(0)):
            await fresh.check()
            open_ = [index for index, gate in enumerate(fresh.gates) if not gate.done]
            if not open_:
                return
            await _step(fresh, open_[turning % len(open_)])

    anyio.run(_in, world, walk)


async def _in(world: Callable[[Any], World], walk: Callable[[World, Any], Awaitable[None]]) -> None:
    async with anyio.create_task_group() as tasks:
        fresh = world(tasks.start_soon)
        try:
            await walk(fresh, tasks.start_soon)
        finally:
            for gate in fresh.gates:
                gate.die()
            tasks.cancel_scope.cancel()


async def _begin(world: World, spawn: Any) -> None:
    for gate, operation in zip(world.gates, world.operations(), strict=True):
        spawn(_carry_out, gate, operation)
    await _all_stand(world)


async def _step(world: World, index: int) -> None:
    world.gates[index].let_through()
    await _all_stand(world)


async def _carry_out(gate: Gate, operation: Coroutine[Any, Any, Any]) -> None:
    try:
        await operation
    except PlaylistError as exc:
        gate.told.append(type(exc))
    gate.done = True


async def _all_stand(world: World) -> None:
    """Until every replica stands before its gate or has ended."""
    while not all(gate.done or gate.closed_upon for gate in world.gates):
        await anyio.lowlevel.checkpoint()
