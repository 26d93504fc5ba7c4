"""Building one snapshot of the catalogue beside the one in place; nobody sees it before it is whole."""

import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from subprocess import DEVNULL, PIPE

import anyio
import apsw
from anyio import CancelScope, to_thread
from anyio.abc import Process
from attrs import define, field

from playlist_adapters.index.snapshot_writer import (
    DISK_REFUSED,
    STAGING,
    UNGUARDED,
    disk_refused,
    sync,
    write_snapshot,
    writing,
)
from playlist_adapters.index.texts import stored
from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import Unavailable

log = logging.getLogger("kryten_playlist.catalog")

# So few are written sooner than a process starts.
_SMALL = 2_000
_STAGE = """
INSERT INTO staged VALUES (NULL, ?, ?, ?, ?, ?) ON CONFLICT (video_id) DO UPDATE SET
    title = excluded.title, categories = excluded.categories, duration_seconds = excluded.duration_seconds,
    thumbnail_url = excluded.thumbnail_url
"""


def building_prefix(path: Path) -> str:
    """How the names of unfinished files for `path` begin."""
    return f"{path.name}.building-"


@define(eq=False)
class SnapshotBuilder:
    """One snapshot under construction beside `path`: items are staged in one file, then written to another.

    All but `finish` is blocking, for worker threads. Failures of the disk are Unavailable. `discard` removes
    what has not been published.
    """

    path: Path
    staging: Path
    _db: apsw.Connection = field(alias="db", kw_only=True)
    count: int = field(default=0, init=False)
    # asyncio's own cancellation (Ctrl-C) passes anyio's shield and would let `discard` meet a working thread.
    _working: threading.Lock = field(factory=threading.Lock, init=False)

    @classmethod
    def begin(cls, path: Path) -> "SnapshotBuilder":
        staging = path.with_name(building_prefix(path) + token_hex(4))
        with writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            db = apsw.Connection(str(staging))
            db.execute(UNGUARDED).fetchall()
            db.execute(STAGING)
        return cls(path, staging, db=db)

    @property
    def building(self) -> Path:
        """The file that is going to take the place of the one before."""
        return self.staging.with_name(f"{self.staging.name}.whole")

    def add(self, items: Sequence[CatalogItem]) -> None:
        with self._working, writing(), self._db:
            self._db.executemany(_STAGE, map(_row, items))
            # Staged rows are replaced but never removed, so the highest number is how many there are.
            self.count = self._db.execute("SELECT max(number) FROM staged").get or 0

    async def finish(self, *, snapshot_id: str, source: str, created_at: datetime) -> None:
        """Write everything and wait until the disk has it; the file is not in place yet."""
        await to_thread.run_sync(self._describe, stored(snapshot_id), stored(source), created_at.isoformat())
        if self.count <= _SMALL:
            await to_thread.run_sync(self._write)
        else:
            await _write_in_a_process(self.staging, self.building)

    def _describe(self, *about: str | bytes) -> None:
        with self._working, writing():
            with self._db:
                self._db.execute("INSERT INTO about VALUES (?, ?, ?)", about)
            self._db.close()

    def _write(self) -> None:
        with self._working:
            write_snapshot(self.staging, self.building)

    def put_in_place(self) -> None:
        """Let the finished file take the place of the one before, at once and for good."""
        with self._working, writing():
            self.building.replace(self.path)
            sync(self.path.parent)

    def discard(self) -> None:
        """Remove the unfinished files, if there still are any; what resists is left to the next opening."""
        with self._working, suppress(OSError, apsw.Error):
            self._db.close(force=True)
            for file in (self.staging, self.building):
                file.unlink(missing_ok=True)


async def _write_in_a_process(staging: Path, building: Path) -> None:
    """As `write_snapshot`, but searches do not share the interpreter with it; cancelling kills it."""
    command = [sys.executable, "-m", "playlist_adapters.index.snapshot_writer", str(staging), str(building)]
    async with await _started(command) as process:
        parts = [] if process.stderr is None else [part async for part in process.stderr]
        code = await process.wait()
    complaint = b"".join(parts).decode(errors="replace").strip()
    if code == DISK_REFUSED:
        raise disk_refused(complaint)
    if code < 0:
        raise Unavailable(
            f"The process that writes the catalogue index was killed (signal {-code}): is memory short?"
        )
    if code:
        log.error("writing the catalogue index ended with %d: %s", code, complaint)
        raise Unavailable("The process that writes the catalogue index failed; the log says how.")


async def _started(command: Sequence[str]) -> Process:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        with CancelScope(shield=True):  # cancelled half-way, it would run on without us
            return await anyio.open_process(command, stdin=PIPE, stdout=DEVNULL, env=environment)
    except OSError as exc:
        raise Unavailable(f"The process that writes the catalogue index does not start: {exc}") from exc
    raise AssertionError("a shield swallows nothing")


def _row(item: CatalogItem) -> tuple[str | bytes | int | None, ...]:
    return (
        stored(item.video_id),
        stored(item.title),
        json.dumps(item.categories),
        item.duration_seconds,
        None if item.thumbnail_url is None else stored(item.thumbnail_url),
    )
