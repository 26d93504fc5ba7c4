"""What a search costs while a new index is being built beside, against the same searches with nothing else.

    python benchmarks/search_beside_a_build.py [TITLES]         500000 unless told

One process searches its snapshot of 4,000 real titles all the time; meanwhile the same index takes in so many
titles, as a refresh does, and writes the new snapshot. Times are those of a search in the event loop, waiting
for its turn included.
"""

import itertools
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.lowlevel
from _rivals import PAGE
from _timing import Times
from _titles import catalogue
from attrs import define, field
from search import kinds

from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_core.domain.catalog import SearchQuery

BATCH = 500
IDLE_SECONDS = 5.0


@define
class Clocked:
    """The searches so far, by what went on meanwhile."""

    meanwhile: str = "nothing"
    seconds: dict[str, list[float]] = field(factory=dict)


async def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500_000
    real, large = catalogue(4_000), catalogue(count)
    texts = [query for kind in kinds(real) if kind.mixed for query in kind.queries]
    random.Random(3).shuffle(texts)
    clocked = Clocked()
    with tempfile.TemporaryDirectory() as directory:
        index = SQLiteIndex(Path(directory) / "index.sqlite3")
        async with index.rebuild("old", source="benchmark", created_at=datetime.now(UTC)) as writer:
            await writer.add(real)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(search_for_ever, index, texts, clocked)
            await anyio.sleep(IDLE_SECONDS)
            async with index.rebuild("new", source="benchmark", created_at=datetime.now(UTC)) as writer:
                clocked.meanwhile = "items coming in"
                for first in range(0, count, BATCH):
                    await writer.add(large[first : first + BATCH])
                clocked.meanwhile = "index written"
            clocked.meanwhile = "done"
            tasks.cancel_scope.cancel()
    idle = Times.of(clocked.seconds["nothing"])
    print(f"searches among 4,000 titles while {count:,} are being indexed; times in µs")
    print(f"{'meanwhile':20}{'searches':>10}{'p50':>8}{'p95':>8}{'p95 / nothing':>16}")
    for meanwhile in ("nothing", "items coming in", "index written"):
        times = Times.of(clocked.seconds[meanwhile])
        number = len(clocked.seconds[meanwhile])
        print(f"{meanwhile:20}{number:>10}{times.p50:>8.0f}{times.p95:>8.0f}{times.p95 / idle.p95:>16.2f}")


async def search_for_ever(index: SQLiteIndex, texts: list, clocked: Clocked) -> None:
    for query in itertools.cycle(texts):
        began = time.perf_counter()
        await anyio.lowlevel.checkpoint()  # a turn, as a request has to wait for
        parsed = SearchQuery.parse(query.text, query.categories)
        await index.search(parsed, limit=PAGE, offset=query.offset, snapshot_id="old")
        clocked.seconds.setdefault(clocked.meanwhile, []).append(time.perf_counter() - began)
        await anyio.sleep(0.001)


if __name__ == "__main__":
    anyio.run(main)
