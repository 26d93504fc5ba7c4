"""Refreshes that are killed: a warmed process forks one for each order it reads, and tells how it ended.

An order is a line of JSON: `directory` with an `export.csv` in it, and either `event`, at which of the
statements and file operations the refresh kills itself, or `seconds` after which it is killed; 0 for never.
The answer is a line of JSON: `signal` that ended it (0: it came to its end), the number of `events`, and the
`seconds` it took.
"""

import itertools
import json
import os
import signal
import sys
import time
from pathlib import Path

import anyio
import apsw

from playlist_app.config import CatalogSettings, Settings
from playlist_app.wiring import wire_files

FILES = {"open", "os.rename", "os.remove", "os.mkdir", "os.truncate"}


def settings_for(directory: Path) -> Settings:
    """A data directory beside the export that it is filled from."""
    return Settings(catalog=CatalogSettings(source=directory / "export.csv")).kept_in(directory / "data")


async def refresh(directory: Path) -> None:
    async with wire_files(settings_for(directory)) as library:
        await library.refreshing.refresh(allow_shrink=True)


def die_at(event: int) -> "itertools.count[int]":
    """SIGKILL for this process at the event, from 1; what is returned counts on."""
    events = itertools.count(1)

    def happens() -> bool:
        if next(events) == event:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    def trace(connection: apsw.Connection) -> None:
        connection.exec_trace = lambda *_: happens()

    def audit(name: str, _: object) -> None:
        if name in FILES:
            happens()

    apsw.connection_hooks.append(trace)
    sys.addaudithook(audit)
    return events


def carry_out(directory: Path, event: int, seconds: float, told: int) -> None:
    """In the forked process; ends it."""
    events = die_at(event)
    if seconds:
        # Its default action ends a process between two instructions, as SIGKILL does.
        signal.setitimer(signal.ITIMER_REAL, seconds)
    anyio.run(refresh, directory)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.write(told, str(next(events) - 1).encode())
    os._exit(0)


def forked(order: dict[str, object]) -> dict[str, object]:
    heard, told = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        carry_out(Path(str(order["directory"])), int(order["event"]), float(order["seconds"]), told)
    os.close(told)
    _, status = os.waitpid(child, 0)
    took = time.monotonic() - began
    events = os.read(heard, 100)
    os.close(heard)
    ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return {"signal": ended, "events": int(events or 0), "seconds": took}


def main(warm: Path) -> None:
    anyio.run(refresh, warm)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(forked(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
