"""The list of playlists in short: as new as the question, wherever they were saved, and without the items."""

import gc
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from random import Random

import anyio
import pytest
from anyio.lowlevel import checkpoint
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from attrs import define, evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import EPOCH, ManualClock, SeededRandomness
from playlist_app.server import bind
from playlist_app.supervisor import serve
from playlist_app.tasks import background
from playlist_core.domain.playlists import Playlist, PlaylistItem, Record, Void
from playlist_core.domain.summaries import Summary
from playlist_core.errors import NameTaken, NotFound, Unavailable
from playlist_core.ports import Change, Changed, Entry, Reset, Whole
from playlist_core.services.documents import Documents
from playlist_core.services.history import Buried, PlaylistHistory
from playlist_core.services.names import Claim, PlaylistNames
from playlist_core.services.playlists import Playlists
from tests.unit.cinema import ADMIN, BLESSED, cinema, items

pytestmark = pytest.mark.anyio

GONE = Unavailable("the store is away")


@frozen
class Store:
    """The buckets that the replicas share."""

    living: MemoryKV
    past: MemoryKV
    clock: ManualClock

    def replica(self, name: str) -> Playlists:
        """A process of its own, random by its name."""
        ports = {"clock": self.clock, "randomness": SeededRandomness(Random(name))}
        records: Documents[Record] = Documents(self.living, ("playlists",), kind=Record, **ports)
        return Playlists(
            records,
            PlaylistNames(Documents(self.living, ("names",), kind=Claim, **ports), records, self.clock),
            PlaylistHistory(
                Documents(self.past, ("versions",), kind=Playlist, **ports),
                Documents(self.past, ("deleted",), kind=Buried, **ports),
            ),
            MemoryIndex(),
            **ports,
        )


@asynccontextmanager
async def following(playlists: Playlists) -> AsyncGenerator[Playlists, None]:
    """A replica that follows the bucket; it may still be reading what is there."""
    async with background() as tasks:
        tasks.start_soon(playlists.summaries.run)
        while playlists.summaries._watch is None:
            await checkpoint()
        yield playlists


@pytest.fixture
def store(clock: ManualClock) -> Store:
    return Store(MemoryKV(), MemoryKV(), clock)


@pytest.fixture
async def here(store: Store) -> AsyncGenerator[Playlists, None]:
    async with following(store.replica("here")) as playlists:
        yield playlists


@pytest.fixture
def elsewhere(store: Store) -> Playlists:
    """Another replica, which follows nothing: it reads."""
    return store.replica("elsewhere")


async def names(playlists: Playlists) -> list[str]:
    return [short.name for short in await playlists.listed()]


def note_what_is_read(kv: MemoryKV) -> list[tuple[str, str]]:
    """What is read from here on; that the watch has caught up is asked without reading anything."""
    read: list[tuple[str, str]] = []

    async def note(operation: str, key: str) -> None:
        await checkpoint()
        if operation in ("get", "entries"):
            read.append((operation, key))

    kv.before_operation = note
    return read


async def test_a_summary_tells_everything_but_the_items(here: Playlists) -> None:
    made = await here.create(BLESSED, "Night", items("ab"))
    known = evolve(made, items=(PlaylistItem("a", "A", 60), PlaylistItem("b", "B", 7), PlaylistItem("c")))
    seen = await here.records.get(made.playlist_id)
    assert seen is not None
    await here.records.update(made.playlist_id, value=known, seen=seen)
    assert list(await here.listed()) == [
        Summary(
            playlist_id=made.playlist_id,
            name="Night",
            version=1,
            item_count=3,
            duration_seconds=67,
            unknown_durations=1,
            updated_by="bob",
            updated_at=EPOCH,
        )
    ]


async def test_what_another_replica_saves_is_listed_here_at_once(
    here: Playlists, elsewhere: Playlists
) -> None:
    for number in range(50):
        made = await elsewhere.create(BLESSED, f"List {number}", items("a"))
        assert made.playlist_id in {short.playlist_id for short in await here.listed()}
    await elsewhere.save(ADMIN, made.playlist_id, name="Night", items=items("abc"))
    (short,) = [each for each in await here.listed() if each.name == "Night"]
    assert (short.version, short.item_count, short.updated_by) == (2, 3, "alice")
    await elsewhere.delete(ADMIN, made.playlist_id)
    assert "Night" not in await names(here)
    assert len(await here.listed()) == 49


async def test_the_list_is_by_name_whatever_the_case(here: Playlists) -> None:
    for name in ("owls", "Bats", "Zebras", "ants", "Ötter"):
        await here.create(BLESSED, name, items("a"))
    assert await names(here) == ["ants", "Bats", "owls", "Zebras", "Ötter"]


async def test_the_very_same_list_is_given_while_nothing_changes(here: Playlists) -> None:
    made = await here.create(BLESSED, "Night", items("a"))
    listed = await here.listed()
    assert await here.listed() is listed
    await here.save(BLESSED, made.playlist_id, name="Night", items=items("b"))
    assert await here.listed() is not listed


async def test_a_list_asks_the_store_for_no_playlist(here: Playlists, store: Store) -> None:
    for number in range(20):
        await here.create(BLESSED, f"List {number}", items("a"))
    read = note_what_is_read(store.living)
    for _ in range(3):
        assert len(await here.listed()) == 20
        assert await here.deleted() == []
    assert read == []


async def test_a_list_that_is_asked_for_while_all_is_being_read_waits_for_the_rest(
    store: Store, elsewhere: Playlists
) -> None:
    for number in range(100):
        await elsewhere.create(BLESSED, f"List {number:03}", items("a"))
    async with following(store.replica("new")) as playlists:
        read = note_what_is_read(store.living)
        assert await names(playlists) == [f"List {number:03}" for number in range(100)]
        assert read == []


async def test_no_item_of_any_playlist_stays_in_memory(store: Store, elsewhere: Playlists) -> None:
    for number in range(5):
        await elsewhere.create(BLESSED, f"List {number}", items(["unforgettable"]))
    async with following(store.replica("here")) as playlists:
        await playlists.listed()
        await playlists.sweep()
        gc.collect()
        kept = [each for each in gc.get_objects() if isinstance(each, PlaylistItem)]
        assert [item for item in kept if item.video_id == "unforgettable"] == []


async def test_nobody_follows_and_the_store_is_read(elsewhere: Playlists) -> None:
    made = await elsewhere.create(BLESSED, "Night", items("ab"))
    assert list(await elsewhere.listed()) == [Summary.of(made)]
    await elsewhere.delete(BLESSED, made.playlist_id)
    assert list(await elsewhere.listed()) == []
    assert [buried.playlist for buried in await elsewhere.deleted()] == [made]


async def test_after_a_reset_what_is_gone_is_not_listed(
    here: Playlists, elsewhere: Playlists, store: Store
) -> None:
    made = [await elsewhere.create(BLESSED, name, items("a")) for name in ("One", "Two", "Three")]
    assert len(await here.listed()) == 3
    # As a bucket that was made anew while the connection was down: nobody told that anything was deleted.
    del store.living._entries[f"playlists/{made[1].playlist_id}"]
    store.living.reset_watches()
    assert await names(here) == ["One", "Three"]
    assert await here.summaries.names() == {"one", "three"}


async def test_a_reset_in_the_middle_of_a_question_does_not_make_the_list_short(
    here: Playlists, elsewhere: Playlists, store: Store
) -> None:
    for number in range(30):
        await elsewhere.create(BLESSED, f"List {number}", items("a"))
    lengths: list[int] = []

    async def ask() -> None:
        for _ in range(40):
            lengths.append(len(await here.listed()))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(ask)
        for _ in range(20):
            store.living.reset_watches()
            await checkpoint()
    assert lengths == [30] * 120


@define(eq=False)
class ResettingKV:
    """A bucket with one playlist; between a reader's catching up and its being told so a reset can come."""

    entry: Entry
    resets: int
    _changes: MemoryObjectSendStream[Change] | None = field(default=None, init=False)
    _read: MemoryObjectReceiveStream[Change] | None = field(default=None, init=False)

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator["ResettingKV", None]:
        self._changes, self._read = anyio.create_memory_object_stream[Change]()
        with self._changes, self._read:
            yield self

    def __aiter__(self) -> "ResettingKV":
        return self

    async def __anext__(self) -> Change:
        assert self._read is not None
        return await self._read.receive()

    async def caught_up(self) -> None:
        await self._tell(Changed(self.entry.key, self.entry.value, self.entry.revision))
        if self.resets:
            self.resets -= 1
            await self._tell(Reset())

    async def _tell(self, change: Change) -> None:
        """Return when the reader is done with it, that is, has taken what comes behind it."""
        assert self._changes is not None
        await self._changes.send(change)
        await self._changes.send(Whole())


async def test_a_reset_right_behind_the_answer_does_not_make_the_list_empty(
    elsewhere: Playlists, store: Store
) -> None:
    made = await elsewhere.create(BLESSED, "Night", items("a"))
    entry = await store.living.get(f"playlists/{made.playlist_id}")
    assert entry is not None
    playlists = store.replica("here")
    playlists.records.store = ResettingKV(entry, resets=3)
    async with following(playlists):
        assert await names(playlists) == ["Night"]


async def test_a_watch_that_is_lost_is_opened_again(
    here: Playlists, elsewhere: Playlists, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await elsewhere.create(BLESSED, "Night", items("a"))
    assert await names(here) == ["Night"]
    store.living.fail_with = GONE
    store.living._feed.end(GONE)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await here.listed()
    store.living.fail_with = None
    assert await names(here) == ["Night"]  # read, for the time being
    await anyio.wait_all_tasks_blocked()
    await elsewhere.create(BLESSED, "Day", items("a"))
    read = note_what_is_read(store.living)
    assert (await names(here), read) == (["Day", "Night"], [])
    told = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["Playlists are listed by reading them all: the store is away"]


async def test_a_document_that_cannot_be_read_is_left_out_and_complained_of_once(
    here: Playlists, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await here.create(BLESSED, "Night", items("a"))
    kv = store.living
    revision = await kv.create("playlists/zz", b'{"visibility": "private"}')
    for _ in range(3):
        assert await names(here) == ["Night"]
        kv.reset_watches()
    assert [record.message for record in caplog.records] == [
        "the stored document playlists/zz cannot be read; it was left as it is"
        " (kryten-playlist migrate carries over what version 0.3 wrote)"
    ]
    await kv.update("playlists/zz", b"[]", revision=revision)
    assert await names(here) == ["Night"]
    assert len(caplog.records) == 2


async def test_one_that_becomes_unreadable_is_listed_no_longer(here: Playlists, store: Store) -> None:
    made = await here.create(BLESSED, "Night", items("a"))
    entry = await store.living.get(f"playlists/{made.playlist_id}")
    assert entry is not None
    await store.living.update(entry.key, b"{", revision=entry.revision)
    assert await names(here) == []


async def test_other_things_in_the_bucket_are_no_playlists(here: Playlists, store: Store) -> None:
    await store.living.create("runs/r1", b"{}")
    await store.living.create("playlistsx/p1", b"{}")
    await here.create(BLESSED, "Night", items("a"))
    assert await names(here) == ["Night"]


async def test_a_playlist_is_found_by_its_name_without_reading_the_others(
    here: Playlists, store: Store
) -> None:
    made = [await here.create(BLESSED, f"List {number}", items("a")) for number in range(10)]
    read = note_what_is_read(store.living)
    assert await here.find("  lIST 7 ") == made[7]
    assert read == [("get", "names/list=207"), ("get", f"playlists/{made[7].playlist_id}")]


@pytest.mark.parametrize("name", ["", " ", "nothing", "x" * 5_000, "\ud800", "Old"])
async def test_a_name_that_no_living_playlist_has_finds_nothing(here: Playlists, name: str) -> None:
    made = await here.create(BLESSED, "Old", items("a"))
    await here.save(BLESSED, made.playlist_id, name="New", items=items("a"))
    with pytest.raises(NotFound):
        await here.find(name)


async def test_a_claim_that_is_only_a_claim_is_no_playlist_of_that_name(here: Playlists) -> None:
    made = await here.create(BLESSED, "Night", items("a"))
    claim = Claim(playlist_id=made.playlist_id, name="Noon", claimed_at=EPOCH)
    await here.names.claims.create("noon", value=claim)
    with pytest.raises(NotFound):
        await here.find("Noon")


async def test_a_suggested_name_is_one_that_nobody_has(here: Playlists, elsewhere: Playlists) -> None:
    for name in ("Night", "Night 2", "NIGHT 3"):
        await elsewhere.create(BLESSED, name, items("a"))
    with pytest.raises(NameTaken) as caught:
        await here.create(ADMIN, "night", items("a"))
    assert caught.value.details["suggestion"] == "night 4"


async def test_tidying_up_reads_no_playlists_and_tidies_all_the_same(here: Playlists, store: Store) -> None:
    made = await here.create(BLESSED, "Night", items("a"))
    old = await here.create(BLESSED, "Old", items("a"))
    await here.delete(BLESSED, old.playlist_id)
    await here.records.create("dead", value=Void(playlist_id="dead", voided_at=EPOCH))
    await here.names.claims.create("x", value=Claim(playlist_id="never", name="x", claimed_at=EPOCH))
    store.clock.advance(31 * 24 * 3600)
    read = note_what_is_read(store.living)
    await here.sweep()
    assert ("entries", "playlists/") not in read
    assert ("get", f"playlists/{made.playlist_id}") not in read
    kept = {entry.key for entry in await store.living.entries()}
    # The claim of nobody left a void behind, which goes 24 hours later.
    assert kept == {"names/night", "playlists/never", f"playlists/{made.playlist_id}"}
    assert list(await store.past.entries()) == []
    store.clock.advance(25 * 3600)
    await here.sweep()
    assert await store.living.get("playlists/never") is None


LETTERS = st.sampled_from("abcd")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "rename", "save", "delete", "restore", "sweep", "reset", "look"]),
        LETTERS,
        LETTERS,
        st.booleans(),
    ),
    max_size=25,
)


async def _take(step: str, one: str, other: str, replica: Playlists, ids: dict[str, str]) -> None:
    match step:
        case "create":
            ids[one] = (await replica.create(BLESSED, f"Name {other}", items(one))).playlist_id
        case "rename":
            await replica.save(BLESSED, ids.get(one, ""), name=f"Name {other}", items=items(other))
        case "save":
            await replica.save(BLESSED, ids.get(one, ""), name=None, items=items(other * 2))
        case "delete":
            await replica.delete(BLESSED, ids.get(one, ""))
        case "restore":
            await replica.restore(BLESSED, ids.get(one, ""), 1)
        case "sweep":
            await replica.sweep()
        case _:
            pass


async def _play(steps: Sequence[tuple[str, str, str, bool]]) -> None:
    store = Store(MemoryKV(), MemoryKV(), ManualClock())
    elsewhere, ids = store.replica("elsewhere"), dict[str, str]()
    async with following(store.replica("here")) as here:
        for step, one, other, locally in steps:
            with suppress(NameTaken, NotFound):
                await _take(step, one, other, here if locally else elsewhere, ids)
            if step == "reset":
                store.living.reset_watches()
            store.clock.advance(7 * 3600)
            if step == "look":
                assert list(await here.listed()) == [Summary.of(each) for each in await elsewhere.all()]
        assert list(await here.listed()) == [Summary.of(each) for each in await elsewhere.all()]
        assert list(await here.listed()) == list(await elsewhere.listed())
        assert set(await here.summaries.names()) == set(await elsewhere.summaries.names())


@given(STEPS)
def test_the_list_is_always_what_reading_everything_would_say(
    steps: Sequence[tuple[str, str, str, bool]],
) -> None:
    anyio.run(_play, steps)


async def test_the_service_follows_its_playlists_while_it_serves() -> None:
    async with cinema() as house:
        playlists = house.services.library.playlists
        with bind("127.0.0.1", 0) as bound, anyio.fail_after(20):
            ready = anyio.Event()
            async with background() as tasks:
                tasks.start_soon(lambda: serve(house.services, bound, ready=ready.set))
                await ready.wait()
                await house.playlist("abc", name="Night")
                assert isinstance(playlists.records.store, MemoryKV)
                while True:
                    read = note_what_is_read(playlists.records.store)
                    assert await names(playlists) == ["Night"]
                    if read == []:
                        break
                    await checkpoint()
