"""What a search is measured against: a LIKE scan, and FTS5 with its defaults.

Both hold the raw titles in SQLite files of their own. They find less (no joined words, no accents; FTS5 whole
words only) and rank by title or by its own measure; both filter categories as stored, in JSON.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import apsw

from playlist_core.domain.catalog import CatalogItem

PAGE = 50

Rival = Callable[[str, Sequence[str], int], object]
"""First page and exact total for words, categories (any of them) and an offset."""


def like_scan(path: Path, items: Sequence[CatalogItem]) -> Rival:
    db = _table(
        path, "CREATE TABLE items (video_id TEXT, title TEXT, categories TEXT, seconds INTEGER)", items
    )

    def search(text: str, categories: Sequence[str], offset: int) -> object:
        words = [f"%{word}%" for word in text.split()]
        parts = ["title LIKE ?"] * len(words) + _any_category(categories)
        where = " AND ".join(parts) or "1"
        bindings = [*words, *map(_in_json, categories)]
        total = db.execute(f"SELECT count(*) FROM items WHERE {where}", bindings).get
        page = f"SELECT * FROM items WHERE {where} ORDER BY title LIMIT {PAGE} OFFSET {offset}"
        return total, db.execute(page, bindings).fetchall()

    return search


def fts_defaults(path: Path, items: Sequence[CatalogItem]) -> Rival:
    columns = "video_id UNINDEXED, title, categories UNINDEXED, seconds UNINDEXED"
    db = _table(path, f"CREATE VIRTUAL TABLE items USING fts5({columns})", items)

    def search(text: str, categories: Sequence[str], offset: int) -> object:
        words = [" ".join(f'"{word}"' for word in text.split())] if text else []
        parts = ["items MATCH ?"] * len(words) + _any_category(categories)
        where = " AND ".join(parts) or "1"
        bindings = [*words, *map(_in_json, categories)]
        total = db.execute(f"SELECT count(*) FROM items WHERE {where}", bindings).get
        order = "ORDER BY rank" if text else ""
        page = f"SELECT * FROM items WHERE {where} {order} LIMIT {PAGE} OFFSET {offset}"
        return total, db.execute(page, bindings).fetchall()

    return search


def _any_category(categories: Sequence[str]) -> list[str]:
    return ["(" + " OR ".join(["categories LIKE ?"] * len(categories)) + ")"] if categories else []


def _in_json(category: str) -> str:
    return f"%{json.dumps(category)}%"


def _table(path: Path, schema: str, items: Sequence[CatalogItem]) -> apsw.Connection:
    db = apsw.Connection(str(path))
    with db:
        db.execute(schema)
        rows = ((i.video_id, i.title, json.dumps(i.categories), i.duration_seconds) for i in items)
        db.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
    return db
