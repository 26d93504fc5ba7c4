"""A refresh killed at any moment: the old snapshot or the new one, whole, here and in the store."""

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path
from random import Random

import anyio
import apsw
import pytest
from attrs import frozen

from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_app.services import Library
from playlist_app.wiring import wire_files
from tests.process.child import started, until
from tests.process.refresh_child import refresh, settings_for
from tests.unit.replicas import rebuilt

ROOT = Path(__file__).parent.parent.parent
OLD, NEW, NEXT = range(60), range(10, 75), range(20, 80)
SPREAD = 150
AT_RANDOM = 15


def export(path: Path, numbers: range) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("video_id", "title", "categories", "duration_seconds"))
        for number in numbers:
            rows.writerow((f"v{number:02}", f"Film {number:02}.mp4", '["Movies"]', 600 + number))


def ids(numbers: range) -> list[str]:
    return [f"v{number:02}" for number in numbers]


@frozen
class Ended:
    """How a refresh ended: by which signal, 0 for none, and after how many events and seconds."""

    signal: int
    events: int
    seconds: float


@frozen
class Killer:
    """Refreshes in forks of a process that is warm; each in a copy of the same directory."""

    process: "subprocess.Popen[str]"
    template: Path
    room: Path

    def refresh(self, *, event: int = 0, seconds: float = 0.0) -> tuple[Path, Ended]:
        directory = self.room / f"{event}-{seconds}"
        shutil.copytree(self.template, directory)
        export(directory / "export.csv", NEW)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"directory": str(directory), "event": event, "seconds": seconds}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return directory, Ended(**json.loads(self.process.stdout.readline()))


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    template, warm, room = (tmp_path_factory.mktemp(name) for name in ("template", "warm", "room"))
    for directory in (template, warm):
        export(directory / "export.csv", OLD)
    anyio.run(refresh, template)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.process.refresh_child", str(warm)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        yield Killer(process, template, room)
        assert process.stdin is not None
        process.stdin.close()


async def contents(library: Library) -> list[str]:
    async with aclosing(library.catalog.index.items()) as batches:
        return [item.video_id async for batch in batches for item in batch]


async def is_whole(directory: Path) -> str:
    """Open what is left and see that nothing is half; which of the two snapshots counts."""
    async with wire_files(settings_for(directory)) as library:
        store = library.refreshing.shared.parts.store
        here, info = await contents(library), await library.catalog.snapshot()
        assert here in (ids(OLD), ids(NEW))
        assert info.item_count == len(here)
        for text, expected in (
            ("film", here),
            ("film 30", ["v30"]),
            ("05", [each for each in here if each == "v05"]),
        ):
            page = await library.catalog.search(text, limit=200)
            assert [item.video_id for item in page.items] == expected
        shared = await rebuilt(store)
        assert shared is not None
        assert shared[1] in ("".join(ids(OLD)), "".join(ids(NEW)))
        assert shared[0] == info.snapshot_id or here == ids(NEW), "the store is ahead of the index"
        await library.following.reconcile()
        assert await rebuilt(store) == (info.snapshot_id, "".join(here))
        export(directory / "export.csv", NEXT)
        report = await library.refreshing.refresh(allow_shrink=True)
        assert (report.item_count, report.shared) == (len(NEXT), True)
        assert await contents(library) == ids(NEXT)
        kept = [entry.key for entry in await store.entries() if "/parts/" in entry.key]
        assert len(kept) == 2, "parts of nobody are left"
        assert await store.get("ns/default/lease/refresh") is None
    files = sorted(path.name for path in (directory / "data").iterdir())
    assert [name for name in files if not name.startswith("store.sqlite3")] == ["catalog.sqlite3", "lock"]
    return "old" if here == ids(OLD) else "new"


def test_kill_9_at_any_statement_or_file_leaves_one_snapshot_whole(killer: Killer) -> None:
    directory, survived = killer.refresh()
    assert (survived.signal, anyio.run(is_whole, directory)) == (0, "new")
    assert survived.events > SPREAD
    step = survived.events / SPREAD
    found = []
    for moment in range(SPREAD):
        event = 1 + int(moment * step)
        directory, ended = killer.refresh(event=event)
        assert ended.signal == signal.SIGKILL, f"event {event} of {survived.events}"
        found.append(anyio.run(is_whole, directory))
    assert found == sorted(found, reverse=True), "old up to some event, and new from then on"
    assert set(found) == {"old", "new"}
    directory, ended = killer.refresh(event=survived.events + 1)
    assert (ended.signal, anyio.run(is_whole, directory)) == (0, "new")


def test_a_service_that_starts_shares_what_a_killed_refresh_could_not(tmp_path: Path) -> None:
    export(tmp_path / "export.csv", OLD)
    anyio.run(refresh, tmp_path)
    path = tmp_path / "data" / "store.sqlite3"

    async def forget_current() -> None:
        async with open_sqlite_store(path) as store:
            bucket = store.bucket("kryten_playlist_snapshot")
            current = await bucket.get("ns/default/current")
            assert current is not None
            await bucket.delete(current.key, revision=current.revision)

    anyio.run(forget_current)
    with started(tmp_path / "data"), closing(apsw.Connection(str(path), apsw.SQLITE_OPEN_READONLY)) as store:
        until(lambda: store.execute("SELECT 1 FROM entries WHERE key = 'ns/default/current'").get, "current")


def test_kill_9_at_any_time_leaves_one_snapshot_whole(killer: Killer) -> None:
    random = Random(9)
    _, survived = killer.refresh(event=10**6)
    for _ in range(AT_RANDOM):
        directory, ended = killer.refresh(seconds=random.uniform(0.001, survived.seconds))
        assert ended.signal in (0, signal.SIGALRM)
        assert anyio.run(is_whole, directory) in ("old", "new")
