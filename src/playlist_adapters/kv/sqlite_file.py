"""The SQLite file under the store: recognised before it is touched, made where missing, its errors told."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import apsw
import apsw.bestpractice

from playlist_core.errors import OutcomeUnknown, Unavailable

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x4B50_4B56  # "KPKV": tells our file from any other SQLite file
_SCHEMA = """
CREATE TABLE store (incarnation TEXT NOT NULL) STRICT;
CREATE TABLE buckets (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entries (
    bucket TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (bucket, key)
) STRICT;
"""

# `library_logging` is left out: it reconfigures SQLite for the whole process, and errors reach us anyway.
_PRACTICES = [
    practice for practice in apsw.bestpractice.recommended if practice.__name__.startswith("connection_")
]
# SQLite has written the commit and cannot say whether the disk has it: a restart may find it done.
_UNSYNCED = {apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC}


def make_private_file(path: Path) -> None:
    """SQLite would make it readable for all; its -wal and -shm files take over the mode of this one."""
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as exc:
        raise Unavailable(f"The store {path} cannot be made: {exc.strerror}.", dependency="store") from exc


def connect(path: Path, flags: int) -> apsw.Connection:
    # Absolute, because SQLite has a meaning of its own for names such as ":memory:".
    return apsw.Connection(str(path.absolute()), flags)


def recognise(connection: apsw.Connection, path: Path) -> bool:
    """Whether the file is a store already; raises Unavailable, leaving it as it is, when it is not for us."""
    version = connection.pragma("user_version")
    if connection.pragma("application_id") == _APPLICATION_ID:
        if version > SCHEMA_VERSION:
            raise Unavailable(
                f"The store {path} was written by a newer version of this program "
                f"(format {version}, known up to {SCHEMA_VERSION}): install that version.",
                dependency="store",
            )
        return True
    if version or connection.execute("SELECT 1 FROM sqlite_schema").get:
        raise Unavailable(
            f"{path} is a SQLite file of something else: move it away, or choose another directory.",
            dependency="store",
        )
    return False


def configure(connection: apsw.Connection) -> None:
    for practice in _PRACTICES:
        practice(connection)
    # An acknowledged write is on the disk, not on its way there.
    connection.pragma("synchronous", "FULL")
    connection.transaction_mode = "IMMEDIATE"


def begin(connection: apsw.Connection) -> None:
    with transaction(connection):
        connection.execute(_SCHEMA)
        connection.execute("INSERT INTO store VALUES (?)", (token_hex(16),))
        connection.pragma("application_id", _APPLICATION_ID)
        connection.pragma("user_version", SCHEMA_VERSION)


@contextmanager
def transaction(connection: apsw.Connection) -> Iterator[None]:
    """All or nothing; whatever is raised inside takes everything back."""
    with connection:
        yield


@contextmanager
def translated(file: str) -> Iterator[None]:
    """The border: nothing of APSW's errors passes, each becomes a sentence about `file`."""
    try:
        yield
    except apsw.Error as exc:
        if getattr(exc, "extendedresult", None) in _UNSYNCED:
            raise OutcomeUnknown(
                f"The disk of the store {file} failed while saving: read again before repeating."
            ) from exc
        raise Unavailable(_advice(exc, file), dependency="store") from exc


def _advice(exc: apsw.Error, file: str) -> str:
    match exc:
        case apsw.FullError():
            return f"The disk of the store {file} is full: free some space, then try again."
        case apsw.IOError():
            return f"The store {file} could not be read or written ({exc}): look at its disk and its quota."
        case apsw.BusyError() | apsw.LockedError():
            return f"The store {file} is in use by another process: stop that one, then try again."
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.PermissionsError():
            return f"The store {file} cannot be opened for writing: check its rights and its directory's."
        case apsw.CorruptError() | apsw.NotADBError():
            return f"The store {file} is damaged: restore a backup, or move it away to begin anew."
        case apsw.ConnectionClosedError():
            return f"The store {file} is closed."
        case _:
            return f"The store {file} failed ({exc})."
