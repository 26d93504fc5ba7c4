"""What a search costs: first page of 50 with exact total, against a LIKE scan and FTS5 with its defaults.

    python benchmarks/search.py [TITLES.csv]

The three answer each query in turn, in one process and one run: compare rows, not machines. The baselines
hold the raw titles in SQLite files of their own; they rank less and find less, and pay no attention to
categories. The larger catalogue is drawn from the words of the real titles, with a fixed seed.
"""

import csv
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import anyio
import apsw
from attrs import evolve, frozen

from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_core.domain.catalog import CatalogItem, SearchQuery

REAL_TITLES = Path(__file__).parent.parent / "tests" / "data" / "titles-4000.csv"
DRAWN = 50_000
PAGE = 50
SECONDS_A_QUERY = 0.6

_ROW = "{:18}{:>10}{:>8}{:>12}{:>8}{:>12}{:>8}{:>14}{:>20}"

Baseline = Callable[[str, int], object]


@frozen
class Case:
    name: str
    text: str
    categories: tuple[str, ...] = ()
    offset: int = 0


CASES = [
    Case("rare word", "christmases"),
    Case("two words", "four christmases"),
    Case("common word", "star"),
    Case("most common word", "the"),
    Case("two common words", "the of"),
    Case("two letters", "up"),
    Case("one letter", "e"),
    Case("deep page", "the", offset=1000),
    Case("nothing like it", "qqqqzzzz"),
    Case("a slip", "chrismases"),
    Case("everything", ""),
    Case("category", "", ("Movies",)),
    Case("word in category", "star", ("Movies",)),
]


def real_items(path: Path) -> list[CatalogItem]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            CatalogItem(
                video_id=row["video_id"],
                title=row["title"],
                categories=tuple(json.loads(row["categories"] or "[]")),
                duration_seconds=int(row["duration_seconds"]) if row["duration_seconds"] else None,
            )
            for row in csv.DictReader(lines)
        ]


def drawn_items(items: Sequence[CatalogItem], count: int) -> list[CatalogItem]:
    """Titles of the lengths of the real ones, made of their words; with the categories of real ones."""
    chance = random.Random(7)
    words = [word for item in items for word in item.title.removesuffix(".mp4").split(".")]
    drawn: list[CatalogItem] = []
    for number in range(count):
        like = chance.choice(items)
        title = ".".join(chance.choices(words, k=max(1, like.title.count(".")))) + ".mp4"
        drawn.append(evolve(like, video_id=f"drawn{number}", title=title))
    return drawn


def like_scan(path: Path, items: Sequence[CatalogItem]) -> Baseline:
    db = _table(
        path, "CREATE TABLE items (video_id TEXT, title TEXT, categories TEXT, seconds INTEGER)", items
    )

    def search(text: str, offset: int) -> object:
        words = [f"%{word}%" for word in text.split()]
        where = " AND ".join(["title LIKE ?"] * len(words)) or "1"
        total = db.execute(f"SELECT count(*) FROM items WHERE {where}", words).get
        page = f"SELECT * FROM items WHERE {where} ORDER BY title LIMIT {PAGE} OFFSET {offset}"
        return total, db.execute(page, words).fetchall()

    return search


def fts_defaults(path: Path, items: Sequence[CatalogItem]) -> Baseline:
    columns = "video_id UNINDEXED, title, categories UNINDEXED, seconds UNINDEXED"
    db = _table(path, f"CREATE VIRTUAL TABLE items USING fts5({columns})", items)

    def search(text: str, offset: int) -> object:
        if not text:
            total = db.execute("SELECT count(*) FROM items").get
            return total, db.execute(f"SELECT * FROM items LIMIT {PAGE} OFFSET {offset}").fetchall()
        words = (" ".join(f'"{word}"' for word in text.split()),)
        total = db.execute("SELECT count(*) FROM items WHERE items MATCH ?", words).get
        page = f"SELECT * FROM items WHERE items MATCH ? ORDER BY rank LIMIT {PAGE} OFFSET {offset}"
        return total, db.execute(page, words).fetchall()

    return search


def _table(path: Path, schema: str, items: Sequence[CatalogItem]) -> apsw.Connection:
    db = apsw.Connection(str(path))
    with db:
        db.execute(schema)
        rows = ((i.video_id, i.title, json.dumps(i.categories), i.duration_seconds) for i in items)
        db.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
    return db


@frozen
class Times:
    """Microseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Times":
        shares = quantiles(seconds, n=20)
        return cls(shares[9] * 1e6, shares[18] * 1e6)


async def measure(index: SQLiteIndex, like: Baseline, fts: Baseline, case: Case) -> list[Times]:
    """The index (parsing included), the LIKE scan and FTS5, taking turns."""
    taken: tuple[list[float], list[float], list[float]] = ([], [], [])
    until = time.perf_counter() + SECONDS_A_QUERY
    while time.perf_counter() < until or len(taken[0]) < 20:
        marks = [time.perf_counter()]
        query = SearchQuery.parse(case.text, case.categories)
        await index.search(query, limit=PAGE, offset=case.offset)
        marks.append(time.perf_counter())
        for baseline in (like, fts):
            baseline(case.text, case.offset)
            marks.append(time.perf_counter())
        for one, begun, ended in zip(taken, marks, marks[1:], strict=False):
            one.append(ended - begun)
    return [Times.of(one) for one in taken]


async def run(items: Sequence[CatalogItem], directory: Path) -> None:
    began = time.perf_counter()
    index = SQLiteIndex(directory / "index.sqlite3")
    async with index.rebuild("bench", source="benchmark", created_at=datetime.now(UTC)) as writer:
        await writer.add(items)
    built = time.perf_counter() - began
    size = (directory / "index.sqlite3").stat().st_size / 2**20
    print(f"\n{len(items):,} titles: built in {built:.2f} s, {size:.1f} MiB; times in µs")
    print(
        _ROW.format(
            "", "index p50", "p95", "LIKE p50", "p95", "FTS5 p50", "p95", "LIKE/index", "FTS5/index (p95)"
        )
    )
    like = like_scan(directory / "like.sqlite3", items)
    fts = fts_defaults(directory / "fts.sqlite3", items)
    for case in CASES:
        ours, scan, words = await measure(index, like, fts, case)
        times = [f"{time:.0f}" for each in (ours, scan, words) for time in (each.p50, each.p95)]
        print(_ROW.format(case.name, *times, f"{scan.p95 / ours.p95:.1f}", f"{words.p95 / ours.p95:.1f}"))


async def main() -> None:
    items = real_items(Path(sys.argv[1]) if len(sys.argv) > 1 else REAL_TITLES)
    for catalogue in (items, drawn_items(items, DRAWN)):
        with tempfile.TemporaryDirectory() as directory:
            await run(catalogue, Path(directory))


if __name__ == "__main__":
    anyio.run(main)
