"""What the embedded stores cost over what they stand on."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

import anyio
from _kv_bare import WRITERS, BareDict, BareStatements, bare_statements, value

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_core.errors import Conflict
from playlist_core.ports import KVStore

ROUNDS = 7
OPERATIONS = 200  # a round
LISTED = 100  # entries a listing


async def embedded(directory: Path) -> None:
    """Rounds of adapter and baseline alternate and the median counts, so that a busy machine hits both."""
    await _measure("memory (baseline: dict + checkpoint)", MemoryKV(), BareDict())
    async with open_sqlite_store(directory / "ours.sqlite3") as store:
        with bare_statements(directory / "bare.sqlite3") as bare:
            await _measure("sqlite (baseline: bare APSW)", store.bucket("b"), bare)


async def _increment(kv: KVStore) -> None:
    while True:
        entry = await kv.get("counter")
        assert entry is not None
        try:
            await kv.update("counter", b"%d" % (int(entry.value) + 1), revision=entry.revision)
        except Conflict:
            continue
        return


async def _increments(kv: KVStore) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(WRITERS):
            tasks.start_soon(_increment, kv)


async def _parallel_creates(kv: KVStore, name: str) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(OPERATIONS):
            tasks.start_soon(kv.create, f"parallel/{name}/{number}", value())


async def _seconds(operations: Callable[[], Awaitable[None]]) -> float:
    begun = time.perf_counter()
    await operations()
    return time.perf_counter() - begun


async def _compare(
    name: str,
    operations: int,
    ours: Callable[[int], Awaitable[None]],
    bare: Callable[[int], Awaitable[None]],
) -> None:
    """Alternate rounds of both; `operations` in each, of which the round's number makes keys new."""
    times = [
        (await _seconds(lambda r=r: ours(r)), await _seconds(lambda r=r: bare(r))) for r in range(ROUNDS)
    ]
    mine, theirs = (median(column) / operations * 1e6 for column in zip(*times, strict=True))
    print(f"  {name:<38}{mine:>10.1f} µs {theirs:>10.1f} µs {mine / theirs:>8.1f} x")


async def _measure(title: str, kv: KVStore, bare: BareDict | BareStatements) -> None:
    print(f"\n{title:<40}{'adapter':>13}{'baseline':>14}{'ratio':>10}")
    revisions: dict[str, int] = {}

    async def create(round_: int) -> None:
        for n in range(OPERATIONS):
            revisions[f"k{round_}/{n}"] = await kv.create(f"k{round_}/{n}", value())

    async def bare_write(round_: int) -> None:
        for n in range(OPERATIONS):
            await bare.write(f"k{round_}/{n}")

    async def update(round_: int) -> None:
        for n in range(OPERATIONS):
            key = f"k{round_}/{n}"
            revisions[key] = await kv.update(key, value(), revision=revisions[key])

    async def get(round_: int) -> None:
        for n in range(OPERATIONS):
            await kv.get(f"k{round_}/{n}")

    async def bare_get(round_: int) -> None:
        for n in range(OPERATIONS):
            await bare.get(f"k{round_}/{n}")

    await _compare("create", OPERATIONS, create, bare_write)
    await _compare("update", OPERATIONS, update, bare_write)
    await _compare("get", OPERATIONS, get, bare_get)
    for n in range(LISTED):
        await kv.create(f"listed/{n}", value())
        await bare.write(f"listed/{n}")
    await _compare(
        f"entries, {LISTED} of them",
        1,
        lambda _: _discard(kv.entries("listed/")),
        lambda _: bare.listing("listed/"),
    )
    await _compare(
        f"create, {OPERATIONS} at once, each", OPERATIONS, lambda r: _parallel_creates(kv, str(r)), bare_write
    )
    await kv.create("counter", b"0")
    await _compare(
        f"increment, {WRITERS} at once, each", WRITERS, lambda _: _increments(kv), lambda _: bare.increments()
    )


async def _discard(operation: Awaitable[object]) -> None:
    await operation
