"""Turning staged items into one snapshot file; as a module of its own so that a process of its own can do it.

    python -m playlist_adapters.index.snapshot_writer STAGED TARGET

Reading titles for half a million items takes the interpreter for half a minute, which searches in the same
process would wait for. Exit code 3: the disk refused, and the last line of stderr says how.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from playlist_adapters.index import set_builder
from playlist_adapters.index.texts import loaded
from playlist_core.domain.catalog import count_categories
from playlist_core.domain.search import Vocabulary
from playlist_core.domain.titles import TitleText
from playlist_core.errors import Unavailable

APPLICATION_ID = 0x4B50_4349  # "KPCI": tells our file from any other SQLite file
LAYOUT_VERSION = 2
DISK_REFUSED = 3

# A crash leaves an unfinished file that is swept away, so nothing here needs a journal.
UNGUARDED = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
_SETTINGS = f"""
{UNGUARDED}
PRAGMA temp_store = FILE;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {LAYOUT_VERSION};
"""
STAGING = """
CREATE TABLE about (snapshot_id NOT NULL, source NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE staged (
    number INTEGER PRIMARY KEY, video_id UNIQUE NOT NULL, title NOT NULL, categories TEXT NOT NULL,
    duration_seconds INTEGER, thumbnail_url
);
"""
# `place` is the position in natural order: what comes out by rowid is sorted. Texts that are not valid
# Unicode (lone surrogates) are stored as BLOBs, see `texts`; so those columns have no type.
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
CREATE TEMP TABLE prepared (number INTEGER PRIMARY KEY, folded, shown, wholes, natural);
"""
# The cast makes the order that of code points for TEXT and BLOB alike, as in the core.
_ARRANGE = """
CREATE TEMP TABLE arranged AS
    SELECT number, row_number() OVER (ORDER BY natural, CAST(video_id AS BLOB)) - 1 AS place
    FROM prepared JOIN staged USING (number);
INSERT INTO items
    SELECT place, video_id, title, categories, duration_seconds, thumbnail_url, folded
    FROM arranged JOIN staged USING (number) JOIN prepared USING (number) ORDER BY place;
CREATE UNIQUE INDEX items_video_id ON items (video_id);
INSERT INTO wholes
    SELECT whole.value, place FROM arranged JOIN prepared USING (number), json_each(prepared.wholes) AS whole
    ORDER BY 1, 2;
INSERT INTO joined (rowid, text) SELECT place, replace(folded, ' ', '') FROM items ORDER BY place;
INSERT INTO joined (joined) VALUES ('optimize');
"""
_CATEGORY_SETS = "SELECT categories, count(*) FROM items GROUP BY categories"
_SNAPSHOT = "INSERT INTO snapshot SELECT snapshot_id, source, created_at, ?, ? FROM about"


def write_snapshot(staged: Path, target: Path) -> None:
    """Write everything and wait until the disk has it; blocking. What a disk can do is Unavailable."""
    with writing():
        db = apsw.Connection(str(target))
        try:
            db.execute(_SETTINGS).fetchall()  # to the end: it would rest at the first row a pragma returns
            db.execute("ATTACH ? AS staging", (str(staged),))
            # One transaction, for speed only: without a journal there is no rolling back.
            db.execute("BEGIN")
            _write(db)
            db.execute("COMMIT")
        finally:
            db.close(force=True)
        sync(target)


def _write(db: apsw.Connection) -> None:
    db.execute(_SCHEMA)
    titles = db.execute("SELECT number, title FROM staged")
    db.executemany("INSERT INTO prepared VALUES (?, ?, ?, ?, ?)", (_prepared(*row) for row in titles))
    db.execute(_ARRANGE)
    vocabulary = Vocabulary.of(words for (words,) in db.execute("SELECT shown FROM prepared"))
    db.executemany("INSERT INTO vocabulary VALUES (?, ?)", vocabulary.counts.items())
    db.execute(set_builder.SCHEMA)
    set_builder.write_sets(db)
    sets = {tuple(json.loads(names)): items for names, items in db.execute(_CATEGORY_SETS)}
    db.execute(_SNAPSHOT, (sum(sets.values()), len(count_categories(sets))))


def _prepared(number: int, title: str | bytes) -> tuple[int | str, ...]:
    text = TitleText.of(loaded(title))
    return number, text.folded, text.shown, json.dumps(list(text.wholes)), text.natural


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a directory."""
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
        raise disk_refused(str(exc)) from exc


def disk_refused(reason: str) -> Unavailable:
    """The failure of a build for want of a disk that takes it."""
    return Unavailable(f"The catalogue index cannot be written: {reason}")


def main() -> int:
    """What the child process does; it gives way to whoever answers searches meanwhile."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(5)
    try:
        write_snapshot(Path(sys.argv[1]), Path(sys.argv[2]))
    except Unavailable as exc:
        sys.stderr.write(str(exc.__cause__))
        return DISK_REFUSED
    return 0


def _end_with_parent() -> None:
    """Standard input is a pipe that nobody writes to: it ends when the process that waits for us does."""
    while os.read(0, 1):  # not through sys.stdin, whose lock would be in the way of an ordinary end
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
