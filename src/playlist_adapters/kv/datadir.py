"""The data directory: private to its owner, and to one process at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playlist_core.errors import Conflict, Unavailable


def make_private_dir(path: Path) -> None:
    """Make the directory, for its owner alone, where it is missing; an existing one keeps its mode.

    Raises Unavailable when it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise _unusable(path, exc) from exc


@contextmanager
def lock_data_dir(path: Path) -> Iterator[Path]:
    """Hold the directory for this process, making it where it is missing.

    Raises Conflict `data_dir_in_use` (details: `directory`, `pid` of the holder or None) when it is held
    already, and Unavailable when it cannot be made, written or locked. The kernel drops the lock with the
    process, however that ends; the file stays, because removing it would let two processes lock two files.
    """
    make_private_dir(path)
    try:
        # Not inherited: a child that outlives us must not keep the directory locked.
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise _unusable(path, exc) from exc
    try:
        _lock(descriptor, path)
        yield path
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except BlockingIOError as exc:
        raise _in_use(path, _holder(descriptor)) from exc
    except OSError as exc:
        raise _unusable(path, exc) from exc


def _holder(descriptor: int) -> int | None:
    """The pid in the lock file; None in the instant before its holder has written it."""
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None


def _in_use(path: Path, pid: int | None) -> Conflict:
    holder = "another process" if pid is None else f"process {pid}"
    return Conflict(
        f"The data directory {path} is in use by {holder}: stop that one, or choose another directory.",
        code="data_dir_in_use",
        directory=str(path),
        pid=pid,
    )


def _unusable(path: Path, exc: OSError) -> Unavailable:
    return Unavailable(
        f"The data directory {path} cannot be used: {exc.strerror}. "
        "Choose another one, or give this user the right to write there.",
        dependency="store",
    )
