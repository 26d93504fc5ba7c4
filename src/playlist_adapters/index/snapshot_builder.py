"""Writing one snapshot of the catalogue into a SQLite file that nobody sees before it is whole."""

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import apsw
from attrs import define, field

from playlist_core.domain.catalog import CatalogItem, count_categories
from playlist_core.domain.search import Vocabulary
from playlist_core.domain.titles import TitleText
from playlist_core.errors import Unavailable

APPLICATION_ID = 0x4B50_4349  # "KPCI": tells our file from any other SQLite file
LAYOUT_VERSION = 1

# A crash leaves an unfinished file that is swept away, so nothing here needs a journal.
_SETTINGS = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {LAYOUT_VERSION};
"""
# `place` is the position in natural order: what comes out by rowid is sorted. Texts that are not valid
# Unicode (lone surrogates) are stored as BLOBs, see `stored`; so those columns have no type.
_SCHEMA = """
CREATE TABLE snapshot (
    snapshot_id NOT NULL, source NOT NULL, created_at TEXT NOT NULL,
    item_count INTEGER NOT NULL, category_count INTEGER NOT NULL
);
CREATE TABLE items (
    place INTEGER PRIMARY KEY, video_id NOT NULL, title NOT NULL, categories TEXT NOT NULL,
    duration_seconds INTEGER, thumbnail_url, folded TEXT NOT NULL
);
CREATE TABLE wholes (text TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (text, place)) WITHOUT ROWID;
CREATE TABLE vocabulary (word TEXT PRIMARY KEY, titles INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE joined USING fts5(
    text, content = '', columnsize = 0, tokenize = 'trigram case_sensitive 1'
);
CREATE TEMP TABLE staged (
    number INTEGER PRIMARY KEY, video_id UNIQUE NOT NULL, title, categories, duration_seconds, thumbnail_url,
    folded, shown, wholes, natural
);
"""
_STAGE = """
INSERT INTO staged VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (video_id) DO UPDATE SET
    title = excluded.title, categories = excluded.categories, duration_seconds = excluded.duration_seconds,
    thumbnail_url = excluded.thumbnail_url, folded = excluded.folded, shown = excluded.shown,
    wholes = excluded.wholes, natural = excluded.natural
"""
# The cast makes the order that of code points for TEXT and BLOB alike, as in the core.
_ARRANGE = """
CREATE TEMP TABLE arranged AS
    SELECT number, row_number() OVER (ORDER BY natural, CAST(video_id AS BLOB)) - 1 AS place FROM staged;
INSERT INTO items
    SELECT place, video_id, title, categories, duration_seconds, thumbnail_url, folded
    FROM arranged JOIN staged USING (number) ORDER BY place;
CREATE UNIQUE INDEX items_video_id ON items (video_id);
INSERT INTO wholes
    SELECT whole.value, place FROM arranged JOIN staged USING (number), json_each(staged.wholes) AS whole
    ORDER BY 1, 2;
INSERT INTO joined (rowid, text) SELECT place, replace(folded, ' ', '') FROM items ORDER BY place;
INSERT INTO joined (joined) VALUES ('optimize');
"""
_CATEGORY_SETS = "SELECT categories, count(*) FROM staged GROUP BY categories"


def stored(text: str) -> str | bytes:
    """Text as SQLite can hold it: TEXT or, with lone surrogates in it, a BLOB."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
    return text


def loaded(value: str | bytes) -> str:
    """The text that `stored` made `value` of."""
    return value if isinstance(value, str) else value.decode(errors="surrogatepass")


def building_prefix(path: Path) -> str:
    """How the names of unfinished files for `path` begin."""
    return f"{path.name}.building-"


@define(eq=False)
class SnapshotBuilder:
    """One snapshot under construction beside `path`; blocking, for worker threads.

    Failures of the disk are Unavailable. `discard` removes what has not been published.
    """

    path: Path
    building: Path
    _db: apsw.Connection = field(alias="db", kw_only=True)
    count: int = field(default=0, init=False)
    # asyncio's own cancellation (Ctrl-C) passes anyio's shield and would let `discard` meet a working thread.
    _working: threading.Lock = field(factory=threading.Lock, init=False)

    @classmethod
    def begin(cls, path: Path) -> "SnapshotBuilder":
        building = path.with_name(building_prefix(path) + token_hex(4))
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            db = apsw.Connection(str(building))
            db.execute(_SETTINGS).fetchall()  # to the end: it would rest at the first row a pragma returns
            db.execute(_SCHEMA)
        return cls(path, building, db=db)

    def add(self, items: Sequence[CatalogItem]) -> None:
        with self._working, writing(), self._db:
            self._db.executemany(_STAGE, map(_row, items))
            # Staged rows are replaced but never removed, so the highest number is how many there are.
            self.count = self._db.execute("SELECT max(number) FROM staged").get or 0

    def finish(self, *, snapshot_id: str, source: str, created_at: datetime) -> None:
        """Write everything and wait until the disk has it; the file is not in place yet."""
        with self._working, writing():
            with self._db:
                self._db.execute(_ARRANGE)
                vocabulary = Vocabulary.of(words for (words,) in self._db.execute("SELECT shown FROM staged"))
                self._db.executemany("INSERT INTO vocabulary VALUES (?, ?)", vocabulary.counts.items())
                sets = {tuple(json.loads(names)): items for names, items in self._db.execute(_CATEGORY_SETS)}
                info = (stored(snapshot_id), stored(source), created_at.isoformat(), self.count)
                self._db.execute(
                    "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?)", (*info, len(count_categories(sets)))
                )
            self._db.close()
            _sync(self.building)

    def put_in_place(self) -> None:
        """Let the finished file take the place of the one before, at once and for good."""
        with self._working, writing():
            self.building.replace(self.path)
            _sync(self.path.parent)

    def discard(self) -> None:
        """Remove the unfinished file, if there still is one."""
        with self._working, writing():
            self._db.close(force=True)
            self.building.unlink(missing_ok=True)


def _row(item: CatalogItem) -> tuple[str | bytes | int | None, ...]:
    text = TitleText.of(item.title)
    return (
        stored(item.video_id),
        stored(item.title),
        json.dumps(item.categories),
        item.duration_seconds,
        None if item.thumbnail_url is None else stored(item.thumbnail_url),
        text.folded,
        text.shown,
        json.dumps(list(text.wholes)),
        text.natural,
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing() -> Iterator[None]:
    """Translate what a disk can do to us while an index is written."""
    try:
        yield
    except (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, OSError) as exc:
        raise Unavailable(f"The catalogue index cannot be written: {exc}") from exc
