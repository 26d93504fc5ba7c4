"""Every order in which coroutines can reach one store, with a crash possible at every step.

The coroutines are driven by hand, without an event loop: each store operation is one step. An order is
explored once for each distinct state: what the store holds, what every coroutine has been told so far.
"""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from types import coroutine
from typing import Any

from attrs import define, field

from playlist_adapters.testing.time import EPOCH
from playlist_core.errors import Conflict, PlaylistError
from playlist_core.ports import Entry


@coroutine
def _step() -> Iterator[None]:
    yield


@define(eq=False)
class SteppedKV:
    """A bucket that hands control back before each operation; revisions count for each key by itself.

    (Operations on different keys then commute, which keeps the number of distinct states small.)
    """

    name: str
    held: dict[str, tuple[bytes, int]] = field(factory=dict)
    counters: dict[str, int] = field(factory=dict)
    told: Callable[[Any], None] = lambda _: None

    def _next(self, key: str) -> int:
        self.counters[key] = self.counters.get(key, 0) + 1
        return self.counters[key]

    def _tell(self, result: Any) -> Any:
        self.told((self.name, result))
        return result

    async def get(self, key: str) -> Entry | None:
        await _step()
        held = self.held.get(key)
        return self._tell(None if held is None else Entry(key, *held))

    async def create(self, key: str, value: bytes) -> int:
        await _step()
        if key in self.held:
            self._tell("conflict")
            raise Conflict("exists")
        self.held[key] = (value, self._next(key))
        return self._tell(self.held[key][1])

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        await _step()
        if key not in self.held or self.held[key][1] != revision:
            self._tell("conflict")
            raise Conflict("stale")
        self.held[key] = (value, self._next(key))
        return self._tell(self.held[key][1])

    async def delete(self, key: str, *, revision: int) -> None:
        await _step()
        if key not in self.held or self.held[key][1] != revision:
            self._tell("conflict")
            raise Conflict("stale")
        del self.held[key]
        self._next(key)
        self._tell("deleted")

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        await _step()
        found = [Entry(key, *held) for key, held in sorted(self.held.items()) if key.startswith(prefix)]
        return self._tell(tuple(found))

    async def incarnation(self) -> str:
        return "one"


@define(eq=False)
class SteppedClock:
    """Time that passes only as a step of its own; pauses between tries take none."""

    current: datetime = EPOCH

    def now(self) -> datetime:
        return self.current

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None

    async def pass_time(self, seconds: float) -> None:
        await _step()
        self.current += timedelta(seconds=seconds)


@define(eq=False)
class FixedRandomness:
    """Operation ids that depend on the coroutine and its own count only, never on the order of steps."""

    prefix: str
    count: int = 0

    def identifier(self) -> str:
        self.count += 1
        return f"{self.prefix}{self.count}"

    def fraction(self) -> float:
        return 0.5

    def code(self) -> str:
        raise AssertionError("no codes here")

    token = seed = code


class World:
    """One fresh system: stores, clock and the operations that race in it."""

    buckets: Sequence[SteppedKV]
    clock: SteppedClock

    def operations(self) -> Sequence[Coroutine[Any, Any, Any]]:
        raise NotImplementedError

    def check(self) -> None:
        """Must hold in every state, reached by whatever order and however many crashes."""
        raise NotImplementedError


def run(operation: Coroutine[Any, Any, Any]) -> Any:
    """Drive one coroutine alone to its end."""
    while True:
        try:
            operation.send(None)
        except StopIteration as stop:
            return stop.value


def explore(world: Callable[[], World]) -> int:
    """Visit every reachable state of the operations and check it; returns how many there are."""
    seen: set[Any] = set()
    paths: list[tuple[int, ...]] = [()]
    while paths:
        path = paths.pop()
        fresh = world()
        state, alive = _replay(fresh, path)
        if state in seen:
            continue
        seen.add(state)
        fresh.check()
        paths.extend((*path, index) for index in alive)
    return len(seen)


def _replay(world: World, path: tuple[int, ...]) -> tuple[Any, list[int]]:
    told: list[list[Any]] = []
    running: dict[int, Coroutine[Any, Any, Any]] = {}
    for index, operation in enumerate(world.operations()):
        told.append([])
        running[index] = operation
        _send(world, running, told, index)
    for index in path:
        _send(world, running, told, index)
    world_state = tuple(tuple(sorted(bucket.held.items())) for bucket in world.buckets)
    alive = list(running)
    for operation in running.values():
        operation.close()
    return (world_state, tuple(map(tuple, told)), world.clock.current), alive


def _send(world: World, running: dict[int, Any], told: list[list[Any]], index: int) -> None:
    for bucket in world.buckets:
        bucket.told = told[index].append
    try:
        running[index].send(None)
    except StopIteration:
        told[index].append("done")
        del running[index]
    except PlaylistError as exc:
        told[index].append(("failed", exc.code))
        del running[index]
