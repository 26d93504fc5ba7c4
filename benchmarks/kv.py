"""What the `KVStore` adapters cost: against kryten-py's own helpers, and against the bare thing below them.

    python benchmarks/kv.py [directory]

The helpers speak to the same nats-server, which the benchmark starts, as the two JetStream adapters: one that
copies the values of its bucket, one that does not. Each operation is done by all in turn, so that a busy
machine hits all alike; once on a quiet machine, once while a process spins on every core. Then `memory`
against a dict, and `sqlite` against the same statements straight through APSW. The directory (default: the
system's temporary one) decides which disk is measured: SQLite waits for it, NATS does not.
"""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from _kv_bare import WRITERS, value
from _kv_embedded import embedded
from _kv_stores import UNCOPIED, Bucket, Stores, noise, opened
from _timing import Times
from attrs import frozen

from playlist_adapters.system import SystemClock, SystemRandomness
from playlist_core.ports import KVStore
from playlist_core.services.documents import Documents

OPERATIONS = 300
ROUNDS = 5
LISTED = (100, 10_000, 100_000)
# A listing of kryten-py reads a key at a time: half a minute for the largest, which is multiplied up instead.
READ_ONE_BY_ONE = 10_000
KRYTEN = "kryten-py"


@frozen
class Counter:
    """A document of the size of a like counter."""

    count: int


async def main(directory: str | None) -> None:
    with TemporaryDirectory(dir=directory) as place:
        async with opened(Path(place)) as stores:
            for surroundings in ("quiet", "noisy"):
                if surroundings == "quiet":
                    await side_by_side(stores, surroundings)
                else:
                    with noise():
                        await side_by_side(stores, surroundings)
            for number in LISTED:
                await listings(stores, number)
        await embedded(Path(place))


async def side_by_side(stores: Stores, surroundings: str) -> None:
    async with stores.bucket(surroundings) as bucket:
        await operations(bucket, surroundings)
        await increments(bucket, surroundings)


async def operations(bucket: Bucket, surroundings: str) -> None:
    """Each of them in turn on a key of its own; the helpers have one way to write and one to read."""
    revisions: dict[str, int] = {}

    async def create(kv: KVStore, key: str) -> None:
        revisions[key] = await kv.create(key, value())

    async def update(kv: KVStore, key: str) -> None:
        revisions[key] = await kv.update(key, value(), revision=revisions[key])

    kryten = bucket.kryten
    rows: Mapping[
        str, tuple[Callable[[KVStore, str], Awaitable[object]], Callable[[str], Awaitable[object]]]
    ] = {
        "create": (create, lambda key: kryten.put(key, value())),
        "get": (lambda kv, key: kv.get(key), kryten.get),
        "glance": (lambda kv, key: kv.glance(key), kryten.get),
        "update": (update, lambda key: kryten.put(key, value())),
    }
    for row, (ours, theirs) in rows.items():
        taken: dict[str, list[float]] = {name: [] for name in (*bucket.stores, KRYTEN)}
        for number in range(OPERATIONS):
            for place, (name, kv) in enumerate(bucket.stores.items()):
                taken[name].append(await seconds(ours(kv, f"{place}/{number}")))
            taken[KRYTEN].append(await seconds(theirs(f"kryten/{number}")))
        report(f"{row}, {surroundings}", taken)


async def increments(bucket: Bucket, surroundings: str) -> None:
    """Fifty at once, and what is there of them afterwards."""
    taken: dict[str, list[float]] = {name: [] for name in (*bucket.stores, KRYTEN)}
    counted: dict[str, list[int]] = {name: [] for name in (*bucket.stores, KRYTEN)}
    for number in range(ROUNDS):
        for place, (name, kv) in enumerate(bucket.stores.items()):
            counters = Documents(
                kv,
                ("counters", str(place)),
                kind=Counter,
                clock=SystemClock(),
                randomness=SystemRandomness(),
            )
            taken[name].append(await seconds(count_up(counters, str(number))))
            counted[name].append(found.value.count if (found := await counters.get(str(number))) else 0)
        begun = time.perf_counter()
        counted[KRYTEN].append(await bucket.kryten.increments(WRITERS))
        taken[KRYTEN].append(time.perf_counter() - begun)
    lost = {name: sum(WRITERS - each for each in counts) for name, counts in counted.items()}
    report(f"{WRITERS} increments at once, {surroundings}", taken, lost=lost)


async def count_up(counters: Documents[Counter], name: str) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(WRITERS):
            tasks.start_soon(lambda: counters.modify(name, change=one_more))


def one_more(counter: Counter | None) -> Counter:
    return Counter(1 if counter is None else counter.count + 1)


async def listings(stores: Stores, number: int) -> None:
    """By prefix: all but a hundred of the bucket, values of 200 bytes."""
    filled = [(f"listed/{n:06}", b"%0200d" % n) for n in range(number)]
    others = [(f"other/{n:03}", b"%0200d" % n) for n in range(100)]
    async with stores.bucket(f"listed_{number}", filled=[*filled, *others]) as bucket:
        taken: dict[str, list[float]] = {name: [] for name in (*bucket.stores, KRYTEN)}
        for round_ in range(ROUNDS):
            for name, kv in bucket.stores.items():
                # Value by value it takes long enough to be measured once.
                if number < READ_ONE_BY_ONE or name != UNCOPIED or not round_:
                    taken[name].append(await seconds(kv.entries("listed/")))
            if number <= READ_ONE_BY_ONE and not round_:
                taken[KRYTEN].append(await seconds(bucket.kryten.listing("listed/")))
        shown = f"{number:,} listed by prefix"
        if not taken[KRYTEN]:
            keys = [key for key, _ in filled[:READ_ONE_BY_ONE]]
            begun = time.perf_counter()
            for key in keys:
                await bucket.kryten.get(key)
            taken[KRYTEN].append((time.perf_counter() - begun) * number / len(keys))
            shown += f" (kryten-py: {len(keys):,} of them, multiplied)"
        report(shown, taken)


async def seconds(operation: Awaitable[object]) -> float:
    begun = time.perf_counter()
    await operation
    return time.perf_counter() - begun


def report(title: str, taken: Mapping[str, list[float]], *, lost: Mapping[str, int] | None = None) -> None:
    print(f"\n{title:<52}{'p50':>12}{'p95':>12}{'/ kryten-py':>13}{'lost' if lost else '':>6}")
    times = {name: Times.of(each * 2 if len(each) == 1 else each) for name, each in taken.items()}
    for name, each in times.items():
        ratio = each.p50 / times[KRYTEN].p50
        print(
            f"  {name:<50}{each.p50:>9.1f} µs{each.p95:>9.1f} µs{ratio:>13.4f}{lost[name] if lost else '':>6}"
        )


if __name__ == "__main__":
    anyio.run(main, sys.argv[1] if len(sys.argv) > 1 else None)
