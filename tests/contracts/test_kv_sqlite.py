"""What the SQLite store promises beyond the contract: kill -9, full disks, damage, rights, the lock."""
# ruff: noqa: ASYNC240 - nothing else waits for these loops

import os
import random
import signal
import stat
import subprocess
import sys
import threading
from asyncio import AbstractEventLoop, create_task
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import apsw
import pytest
from anyio.lowlevel import checkpoint
from attrs import Factory, define, field

from playlist_adapters.kv.datadir import lock_data_dir
from playlist_adapters.kv.sqlite import SQLiteStore, open_sqlite_store
from playlist_adapters.kv.sqlite_file import SCHEMA_VERSION, translated
from playlist_adapters.testing.kv_watch_suite import Waiter
from playlist_core.errors import Conflict, OutcomeUnknown, PlaylistError, Unavailable
from playlist_core.ports import Changed, Entry, Whole

pytestmark = pytest.mark.anyio

APSW_ERRORS: list[type[apsw.Error]] = apsw.Error.__subclasses__()
OPEN_IN_CHILD = """
import os, resource, sys, anyio
from pathlib import Path
from playlist_adapters.kv.datadir import lock_data_dir
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_core.errors import PlaylistError

def say(*words):
    print(*words, flush=True)
"""
WRITE_NUMBERS = """
async def main(path):
    with lock_data_dir(path.parent):
        async with open_sqlite_store(path) as store:
            kv = store.bucket("numbers")
            for number in range(100_000):
                say(number, await kv.create(f"n/{number}", b"%d" % number * 300))
"""
FILL_THE_QUOTA = """
async def main(path):
    async with open_sqlite_store(path) as store:
        kv = store.bucket("numbers")
        number, _ = 0, resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        try:
            while True:
                await kv.create(f"n/{number}", b"%d" % number * 5000)
                number += 1
        except PlaylistError as failure:
            say(number, type(failure).__name__, failure.message)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        say(await kv.get(f"n/{number}"), len(await kv.entries()))
        await kv.create(f"n/{number}", b"%d" % number * 5000)
        number += 1
"""
USE_WITHOUT_RIGHTS = """
async def main(path):
    if os.geteuid() == 0:
        os.setegid(65534), os.seteuid(65534)
    try:
        with lock_data_dir(path.parent):
            say("locked")
    except PlaylistError as failure:
        say(type(failure).__name__, failure.message)
    try:
        async with open_sqlite_store(path) as store:
            await store.bucket("b").create("a", b"")
            say("written")
    except PlaylistError as failure:
        say(type(failure).__name__, failure.message)
"""
HOLD_THE_LOCK = """
async def main(path):
    with lock_data_dir(path.parent):
        say("held")
        await anyio.sleep_forever()
"""


@contextmanager
def child(story: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs `main(path)` of the story; killed in the end if it still runs."""
    program = f"{OPEN_IN_CHILD}{story}\nanyio.run(main, Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> str:
    """The next line the child says."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "kv.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SQLiteStore]:
    async with open_sqlite_store(path) as store:
        yield store


@pytest.mark.parametrize("seed", range(5))
async def test_what_was_acknowledged_survives_kill_9(path: Path, seed: int) -> None:
    with child(WRITE_NUMBERS, path) as process:
        heard = [told(process) for _ in range(random.Random(seed).randrange(1, 200))]
        process.send_signal(signal.SIGKILL)
        heard += (process.communicate()[0] or "").split("\n")
    acknowledged = [tuple(map(int, line.split())) for line in heard if line]

    async with open_sqlite_store(path) as store:
        entries = {entry.key: entry for entry in await store.bucket("numbers").entries()}
        for number, revision in acknowledged:
            assert entries[f"n/{number}"] == Entry(f"n/{number}", b"%d" % number * 300, revision)
        # The one write under way may have landed before its answer did; nothing else may be there.
        assert len(entries) - len(acknowledged) in (0, 1)
        assert await store.bucket("numbers").create("after", b"") == len(entries) + 1


async def test_a_commit_waits_for_the_disk(store: SQLiteStore) -> None:
    assert store._writer.pragma("journal_mode") == "wal"
    assert store._writer.pragma("synchronous") == 2


async def test_a_refused_write_writes_nothing_at_all(store: SQLiteStore) -> None:
    kv = store.bucket("b")
    first = await kv.create("a", b"one")
    with pytest.raises(Conflict):
        await kv.create("a", b"two")
    with pytest.raises(Conflict):
        await kv.delete("a", revision=first + 1)

    assert await kv.create("b", b"two") == first + 1


async def test_a_full_disk_is_said_and_leaves_nothing_half_written(store: SQLiteStore) -> None:
    kv = store.bucket("b")
    first = await kv.create("a", b"one")
    store._writer.pragma("max_page_count", store._writer.pragma("page_count") + 2)

    with pytest.raises(Unavailable, match=r"kv\.sqlite3 is full") as refused:
        await kv.create("big", b"x" * 100_000)
    assert isinstance(refused.value.__cause__, apsw.FullError)
    with pytest.raises(Unavailable):
        await kv.update("a", b"x" * 100_000, revision=first)
    assert await kv.entries() == [Entry("a", b"one", first)]
    second = await kv.update("a", b"two", revision=first)
    store._writer.pragma("max_page_count", 1_000_000)
    await kv.create("big", b"x" * 100_000)
    assert await kv.get("a") == Entry("a", b"two", second)
    assert store._writer.pragma("integrity_check") == "ok"


async def test_a_used_up_quota_is_said_and_the_store_goes_on_after_it(path: Path) -> None:
    with child(FILL_THE_QUOTA, path) as process:
        number, failure, message = told(process).split(maxsplit=2)
        assert (failure, "could not be read or written" in message) == ("Unavailable", True)
        assert told(process) == f"None {number}"
        assert process.wait() == 0

    async with open_sqlite_store(path) as store:
        entries = await store.bucket("numbers").entries()
        assert {entry.key: entry.value for entry in entries} == {
            f"n/{n}": b"%d" % n * 5000 for n in range(int(number) + 1)
        }


async def test_a_file_that_is_no_database_is_called_damaged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this was a store once" * 1000)

    with pytest.raises(Unavailable, match="is damaged: restore a backup"):
        async with open_sqlite_store(path):
            pass
    assert path.read_bytes() == b"this was a store once" * 1000


async def test_damaged_pages_are_said_when_they_are_read(path: Path) -> None:
    async with open_sqlite_store(path) as store:
        for number in range(200):
            await store.bucket("b").create(f"n/{number}", b"x" * 1000)
    async with open_sqlite_store(path) as store:
        with path.open("r+b") as file:
            file.seek(8 * 4096)
            file.write(b"\xff" * (path.stat().st_size - 8 * 4096))
        with pytest.raises(Unavailable, match=r"kv\.sqlite3 is damaged: restore a backup"):
            await store.bucket("b").entries()


async def test_a_store_of_a_newer_version_is_left_alone(path: Path) -> None:
    async with open_sqlite_store(path) as store:
        store._writer.pragma("user_version", SCHEMA_VERSION + 1)
    before = path.read_bytes()

    with pytest.raises(Unavailable, match="newer version of this program"):
        async with open_sqlite_store(path):
            pass
    assert path.read_bytes() == before


async def test_a_database_of_something_else_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    apsw.Connection(str(path)).execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()

    with pytest.raises(Unavailable, match="of something else"):
        async with open_sqlite_store(path):
            pass
    assert path.read_bytes() == before


async def test_another_process_that_holds_the_file_is_said(store: SQLiteStore, path: Path) -> None:
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Unavailable, match="in use by another process"):
        await store.bucket("b").create("a", b"one")
    other.execute("ROLLBACK")
    other.close()
    assert await store.bucket("b").create("a", b"one") == 1


async def test_files_and_directory_are_for_their_owner_alone(store: SQLiteStore, path: Path) -> None:
    await store.bucket("b").create("a", b"one")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {"kv.sqlite3": 0o600, "kv.sqlite3-wal": 0o600, "kv.sqlite3-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_without_rights_on_the_directory_it_says_so() -> None:
    # Not tmp_path: a user without rights could not even walk there.
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o555)
        with child(USE_WITHOUT_RIGHTS, Path(directory) / "kv.sqlite3") as process:
            said = [told(process), told(process)]
        Path(directory).chmod(0o755)

    assert said[0].startswith(
        f"Unavailable The data directory {directory} cannot be used: Permission denied."
    )
    assert said[1] == f"Unavailable The store {directory}/kv.sqlite3 cannot be made: Permission denied."


async def test_without_rights_on_the_file_it_says_so() -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "kv.sqlite3"
        async with open_sqlite_store(path):
            pass
        path.chmod(0o444)
        Path(directory).chmod(0o555)
        with child(USE_WITHOUT_RIGHTS, path) as process:
            said = [told(process), told(process)]
        Path(directory).chmod(0o755)

    assert said[1].startswith(f"Unavailable The store {path} cannot be opened for writing")


async def test_a_path_through_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Unavailable, match="cannot be used: Not a directory"):
        async with open_sqlite_store(tmp_path / "file" / "data" / "kv.sqlite3"):
            pass
    with (
        pytest.raises(Unavailable, match="cannot be used: Not a directory"),
        lock_data_dir(tmp_path / "file" / "data"),
    ):
        pass


async def test_a_second_process_is_told_who_holds_the_directory(path: Path) -> None:
    with child(HOLD_THE_LOCK, path) as process:
        assert told(process) == "held"
        with pytest.raises(Conflict) as refused, lock_data_dir(path.parent):
            pass
        assert refused.value.code == "data_dir_in_use"
        assert refused.value.details == {"directory": str(path.parent), "pid": process.pid}
        assert f"{path.parent} is in use by process {process.pid}" in refused.value.message

        process.send_signal(signal.SIGKILL)
        process.wait()
        with lock_data_dir(path.parent) as held:
            assert held == path.parent
            assert (held / "lock").read_text() == f"{os.getpid()}\n"


async def test_the_lock_holds_within_one_process_and_ends_with_its_block(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("99999999999999\n")
    with pytest.raises(KeyError), lock_data_dir(tmp_path):
        with pytest.raises(Conflict) as refused, lock_data_dir(tmp_path):
            pass
        assert refused.value.details["pid"] == os.getpid()
        raise KeyError
    with lock_data_dir(tmp_path):
        pass


async def test_reads_go_on_while_a_write_waits_for_the_disk(store: SQLiteStore) -> None:
    kv = store.bucket("b")
    revision = await kv.create("a", b"one")
    async with anyio.create_task_group() as tasks:
        with store._writing:
            tasks.start_soon(kv.create, "b", b"two")
            tasks.start_soon(kv.create, "c", b"three")
            assert await kv.get("a") == Entry("a", b"one", revision)
            assert await kv.entries() == [Entry("a", b"one", revision)]
    assert [entry.key for entry in await kv.entries()] == ["a", "b", "c"]


async def test_a_long_listing_lets_others_run(store: SQLiteStore) -> None:
    kv = store.bucket("b")
    for number in range(10):
        await kv.create(f"n/{number}", b"x" * 200_000)
    turns = 0
    async with anyio.create_task_group() as tasks:

        async def count_turns() -> None:
            nonlocal turns
            while True:
                await checkpoint()
                turns += 1

        tasks.start_soon(count_turns)
        assert len(await kv.entries()) == 10
        tasks.cancel_scope.cancel()
    assert turns >= 10


async def test_a_write_that_has_begun_is_seen_through_and_one_that_waits_is_not(store: SQLiteStore) -> None:
    kv = store.bucket("b")
    answers: list[int] = []

    async def write(key: str) -> None:
        answers.append(await kv.create(key, b"one"))

    async with anyio.create_task_group() as tasks:
        with store._writing:
            tasks.start_soon(write, "begun")
            tasks.start_soon(write, "waiting")
            with anyio.fail_after(5):
                while store._turn.statistics().tasks_waiting == 0:
                    await checkpoint()
            tasks.cancel_scope.cancel()

    assert answers == [1]
    assert [entry.key for entry in await kv.entries()] == ["begun"]


@define(eq=False)
class Door:
    """A lock that counts who came to it."""

    came: int = 0
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __enter__(self) -> None:
        self.came += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    async def wait_for(self, count: int) -> None:
        with anyio.fail_after(5):
            while self.came < count:
                await checkpoint()


async def test_a_cancellation_by_asyncio_itself_never_lets_two_write_at_once(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kv, door = store.bucket("b"), Door()
    monkeypatch.setattr(store, "_writing", door)
    with door:
        first = create_task(kv.create("first", b"one"))
        await door.wait_for(2)
        first.cancel()
        with pytest.raises(BaseException) as ended:
            await first
        assert type(ended.value) is anyio.get_cancelled_exc_class()
        second = create_task(kv.create("second", b"two"))
        await door.wait_for(3)

    await second
    await kv.create("third", b"three")
    assert {entry.key: entry.value for entry in await kv.entries()} == {
        "first": b"one",
        "second": b"two",
        "third": b"three",
    }


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    async with open_sqlite_store(path) as store:
        kv = store.bucket("b")
        await kv.create("a", b"one")

    for operation in (kv.get("a"), kv.glance("a"), kv.create("b", b""), kv.entries()):
        with pytest.raises(Unavailable, match="is closed"):
            await operation


async def test_a_watch_hears_all_that_was_committed_and_then_that_the_store_is_closed(path: Path) -> None:
    async with open_sqlite_store(path) as store:
        kv = store.bucket("b")
        watching = kv.watch()
        changes = await watching.__aenter__()
        revision = await kv.create("a", b"one")

    assert [await anext(changes), await anext(changes)] == [Whole(), Changed("a", b"one", revision)]
    with pytest.raises(Unavailable, match="is closed"):
        await anext(changes)
    with pytest.raises(Unavailable, match="is closed"):
        await changes.caught_up()
    await watching.__aexit__(None, None, None)


async def test_who_watches_has_heard_of_a_write_before_its_writer(store: SQLiteStore) -> None:
    kv = store.bucket("b")
    async with kv.watch() as changes:
        assert await anext(changes) == Whole()
        revision = await kv.create("a", b"one")
        assert changes._first() == Changed("a", b"one", revision)


@define(eq=False)
class HeldUp:
    """An event loop that a writing thread reaches only when the gate is open."""

    loop: AbstractEventLoop
    gate: threading.Event = Factory(threading.Event)

    def call_soon_threadsafe(self, tell: Callable[..., None], *news: object) -> None:
        self.gate.wait(10)
        self.loop.call_soon_threadsafe(tell, *news)


async def test_who_has_caught_up_knows_what_was_committed_and_is_only_being_told(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kv, loop = store.bucket("b"), HeldUp(store._loop)
    monkeypatch.setattr(store, "_loop", loop)
    async with kv.watch() as changes, anyio.create_task_group() as tasks:
        assert await anext(changes) == Whole()
        tasks.start_soon(kv.create, "a", b"one")
        with anyio.fail_after(10):
            while (entry := await kv.get("a")) is None:
                await checkpoint()
        waiter = Waiter(changes)
        tasks.start_soon(waiter.wait)
        assert await waiter.still_waits(kv)
        loop.gate.set()

        assert await anext(changes) == Changed("a", b"one", entry.revision)
        assert await waiter.still_waits(kv)
        tasks.start_soon(changes.__anext__)
        await waiter.until_returned()
        tasks.cancel_scope.cancel()


async def test_a_disk_that_fails_to_confirm_leaves_the_outcome_unknown() -> None:
    for code in (apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC):
        with pytest.raises(OutcomeUnknown, match="read again"), translated("kv.sqlite3"):
            raise apsw.exception_for(code)


@pytest.mark.parametrize("error", APSW_ERRORS)
async def test_no_error_of_apsw_passes_the_border(error: type[apsw.Error]) -> None:
    with (
        pytest.raises(PlaylistError, match=r"^The .*kv\.sqlite3 .*\.$") as refused,
        translated("kv.sqlite3"),
    ):
        raise error("why")
    assert type(refused.value) is Unavailable
    assert isinstance(refused.value.__cause__, error)
