"""What a search costs in the index: the first page of 50 with exact total, against LIKE and FTS5's defaults.

    python benchmarks/search.py [TITLES ...]        4000 50000 500000 unless told

Each kind of query has many texts, drawn with a fixed seed, so that no memory of answers flatters anybody. The
three answer these texts in turn, again and again, in one process and one run: compare rows, not machines.
`keystroke.py` measures the same over HTTP, `search_beside_a_build.py` while an index is being built.
"""

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio
from _rivals import PAGE, Rival, fts_defaults, like_scan
from _timing import Times
from _titles import catalogue
from attrs import field, frozen

from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_core.domain.catalog import CatalogItem, SearchQuery
from playlist_core.domain.titles import fold

TEXTS = 40
SECONDS_A_KIND = 1.2
FEWEST = 40

_ROW = "{:20}{:>10}{:>8}{:>12}{:>9}{:>12}{:>9}{:>12}{:>12}"


@frozen
class Query:
    text: str
    categories: tuple[str, ...] = ()
    offset: int = 0


@frozen
class Kind:
    """One sort of query; those out of the mix are nothing people type often."""

    name: str
    queries: Sequence[Query]
    mixed: bool = field(default=True, kw_only=True)


def kinds(items: Sequence[CatalogItem]) -> list[Kind]:
    chance = random.Random(11)
    titles = [[word for word in fold(item.title).split() if word != "mp4"] for item in items]
    counts = Counter(word for words in titles for word in set(words) if len(word) > 3 and word.isalpha())
    ranked = [word for word, _ in counts.most_common()]
    common, rare = ranked[:TEXTS], chance.sample(ranked[len(ranked) // 4 :], TEXTS)
    names = [name for name, _ in Counter(c for i in items for c in i.categories).most_common(TEXTS)]

    def many(make: Callable[[], Query]) -> list[Query]:
        return [make() for _ in range(TEXTS)]

    def pair() -> str:
        words = chance.choice([words for words in chance.choices(titles, k=50) if len(words) > 1])
        return " ".join(chance.sample(words, 2))

    return [
        Kind("rare word", [Query(word) for word in rare]),
        Kind("common word", [Query(word) for word in common]),
        Kind("most common word", [Query("the")]),
        Kind("beginning of a word", many(lambda: Query(chance.choice(ranked)[:4]))),
        Kind("two words", many(lambda: Query(pair()))),
        Kind("two common words", many(lambda: Query(" ".join(chance.sample(common[:12], 2))))),
        Kind("three letters", many(lambda: Query(chance.choice(ranked)[:3]))),
        Kind("two letters", many(lambda: Query(chance.choice(ranked)[:2]))),
        Kind("one letter", [Query(letter) for letter in "abcdefghiklmnoprstuvw"]),
        Kind("category", [Query("", (name,)) for name in names]),
        Kind("two categories", many(lambda: Query("", tuple(chance.sample(names[:20], 2))))),
        Kind("word in category", many(lambda: Query(chance.choice(common), (chance.choice(names),)))),
        Kind("letter in category", many(lambda: Query(chance.choice("aeorst"), (chance.choice(names[:9]),)))),
        Kind("deep page", many(lambda: Query("the", offset=chance.randrange(200, 1200)))),
        Kind("deep page of all", many(lambda: Query("", offset=chance.randrange(len(items))))),
        Kind(
            "a sign beside words",
            many(lambda: Query(f"{chance.choice(common)} - {chance.choice(ranked)[:2]}")),
        ),
        Kind("everything", [Query("")]),
        Kind("a slip", many(lambda: Query(_slip(chance.choice(ranked), chance)))),
        Kind("nothing like it", [Query("qqqqzzzz"), Query("zzzyx wvvvq")]),
        Kind("half of all, long", [Query("s01e"), Query(".mp4 2008")], mixed=False),
    ]


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + word[at] + word[at:]


async def measure(index: SQLiteIndex, rivals: Sequence[Rival], kind: Kind) -> list[list[float]]:
    """Seconds of the index (parsing included) and of each rival; one answers all texts, then the next."""
    taken: list[list[float]] = [[] for _ in range(1 + len(rivals))]
    until = time.perf_counter() + SECONDS_A_KIND
    texts = (list(kind.queries) * FEWEST)[: max(FEWEST, len(kind.queries))]
    while time.perf_counter() < until or not taken[0]:
        for query in texts:
            began = time.perf_counter()
            parsed = SearchQuery.parse(query.text, query.categories)
            await index.search(parsed, limit=PAGE, offset=query.offset)
            taken[0].append(time.perf_counter() - began)
        for rival, seconds in zip(rivals, taken[1:], strict=True):
            for query in texts:
                began = time.perf_counter()
                rival(query.text, query.categories, query.offset)
                seconds.append(time.perf_counter() - began)
    return taken


async def run(count: int, directory: Path) -> None:
    items = catalogue(count)
    await built(items, directory)
    index = await opened(directory)
    rivals = [
        like_scan(directory / "like.sqlite3", items),
        fts_defaults(directory / "fts.sqlite3", items),
    ]
    of_items = kinds(items)
    del items
    print(
        _ROW.format("times in µs", "index p50", "p95", "LIKE p50", "p95", "FTS5 p50", "p95", "LIKE/", "FTS5/")
    )
    mix: list[list[float]] = [[], [], []]
    for kind in of_items:
        seconds = await measure(index, rivals, kind)
        report(kind.name, seconds)
        if kind.mixed:
            for pool, times in zip(mix, seconds, strict=True):
                pool.extend(random.Random(1).sample(times, FEWEST))  # every kind counts the same
    report("THE MIX", mix)


async def built(items: Sequence[CatalogItem], directory: Path) -> None:
    began = time.perf_counter()
    index = SQLiteIndex(directory / "index.sqlite3")
    async with index.rebuild("bench", source="benchmark", created_at=datetime.now(UTC)) as writer:
        for first in range(0, len(items), 500):
            await writer.add(items[first : first + 500])
    index.close()
    size = (directory / "index.sqlite3").stat().st_size / 2**20
    print(
        f"\n{len(items):,} titles: built in {time.perf_counter() - began:.2f} s, {size:.1f} MiB on disk",
        end="",
    )


async def opened(directory: Path) -> SQLiteIndex:
    before, began = resident(), time.perf_counter()
    index = SQLiteIndex(directory / "index.sqlite3")
    state = await index.state()
    assert state is not None
    took, held = time.perf_counter() - began, resident() - before
    print(f", opened in {took:.3f} s, {held / 2**20:.1f} MiB in memory")
    return index


def resident() -> int:
    """Bytes of memory this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def report(name: str, seconds: Sequence[Sequence[float]]) -> None:
    ours, *others = (Times.of(one) for one in seconds)
    times = [f"{time:.0f}" for each in (ours, *others) for time in (each.p50, each.p95)]
    ratios = [f"{other.p95 / ours.p95:.1f}" for other in others]
    print(_ROW.format(name, *times, *ratios))


async def main() -> None:
    for count in map(int, sys.argv[1:] or ("4000", "50000", "500000")):
        with tempfile.TemporaryDirectory() as directory:
            await run(count, Path(directory))


if __name__ == "__main__":
    anyio.run(main)
