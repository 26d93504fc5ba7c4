"""What one reader of a bucket is told where values are read only for the telling, and who waits for him."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import Factory, define
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.kv.watcher import Unread, Watcher, nothing_is_unread
from playlist_core.errors import Unavailable
from playlist_core.ports import Change, Changed, Entry, Reset, Whole

pytestmark = pytest.mark.anyio

PATIENCE = 5
Door = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """A barrier with nothing to wait for."""


@define(eq=False)
class Store:
    """The bucket behind a watcher: what is read from it, how often, and what happens meanwhile."""

    held: dict[str, Entry] = Factory(dict)
    read: list[list[str]] = Factory(list)
    meanwhile: list[Callable[[], None]] = Factory(list)
    fail_with: Unavailable | None = None

    def put(self, key: str, revision: int) -> Unread:
        self.held[key] = Entry(key, b"%d" % revision, revision)
        return Unread(key, revision)

    async def read_each(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        self.read.append(list(keys))
        await checkpoint()
        found = {key: self.held[key] for key in keys if key in self.held}
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if self.fail_with is not None:
            raise self.fail_with
        return found

    def watcher(self) -> Watcher:
        return Watcher(at_once, self.read_each)


async def heard(watcher: Watcher, how_many: int) -> list[Change]:
    with anyio.fail_after(PATIENCE):
        return [await anext(watcher) for _ in range(how_many)]


async def test_values_are_read_some_at_a_time_and_never_the_whole_bucket() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([store.put(f"{number:03}", number + 1) for number in range(100)])

    assert await heard(watcher, 1) == [Changed("000", b"1", 1)]
    assert store.read == [[f"{number:03}" for number in range(32)]]
    rest = await heard(watcher, 100)
    assert rest == [*(Changed(f"{n:03}", b"%d" % (n + 1), n + 1) for n in range(1, 100)), Whole()]
    assert [len(keys) for keys in store.read] == [32, 32, 32, 4]


async def test_a_value_that_is_newer_than_its_announcement_is_told_once() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([store.put("a", 1), store.put("b", 2)])
    store.put("a", 3)

    assert await heard(watcher, 3) == [Changed("a", b"3", 3), Changed("b", b"2", 2), Whole()]
    watcher.offer(Unread("a", 3))
    watcher.offer(store.put("b", 4))
    assert await heard(watcher, 1) == [Changed("b", b"4", 4)]


async def test_a_deletion_that_lies_before_a_value_already_told_is_not_told_after_it() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([store.put("a", 1)])
    store.put("a", 3)
    assert await heard(watcher, 2) == [Changed("a", b"3", 3), Whole()]

    watcher.offer(Changed("a", None, 2))
    watcher.offer(store.put("b", 4))
    assert await heard(watcher, 1) == [Changed("b", b"4", 4)]
    watcher.offer(Changed("a", None, 5))
    assert await heard(watcher, 1) == [Changed("a", None, 5)]


async def test_what_is_gone_before_it_was_read_is_told_as_deleted() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([Unread("a", 1), store.put("b", 2)])

    assert await heard(watcher, 3) == [Changed("a", None, 1), Changed("b", b"2", 2), Whole()]


async def test_a_key_that_changes_with_each_reading_is_told_all_the_same_and_holds_up_no_other() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([])
    watcher.offer(store.put("hot", 1))
    watcher.offer(store.put("cold", 2))
    store.meanwhile = [
        lambda number=number: watcher.offer(store.put("hot", number)) for number in range(3, 8)
    ]

    assert await heard(watcher, 4) == [
        Whole(),
        Changed("hot", b"1", 1),
        Changed("cold", b"2", 2),
        Changed("hot", b"3", 3),
    ]


async def test_an_answer_older_than_the_announcement_is_asked_for_again() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([])
    store.put("a", 1)
    store.meanwhile = [lambda: None, lambda: store.put("a", 2) and None]
    watcher.offer(Unread("a", 2))

    assert await heard(watcher, 2) == [Whole(), Changed("a", b"2", 2)]
    assert store.read == [["a"]] * 3


async def test_an_outage_while_values_are_read_is_sat_out_until_all_is_told_again() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([store.put("a", 1), store.put("gone", 2)])

    def back_again() -> None:
        store.fail_with = None
        watcher.begin_again([store.put("a", 1)])

    store.fail_with = Unavailable("The store is away.")
    async with anyio.create_task_group() as tasks:
        told: list[Change] = []

        async def read() -> None:
            told.extend(await heard(watcher, 3))

        tasks.start_soon(read)
        await anyio.wait_all_tasks_blocked()
        assert told == []
        back_again()
    assert told == [Reset(), Changed("a", b"1", 1), Whole()]


async def test_what_was_read_in_another_life_is_not_told_in_this_one() -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([store.put("a", 70), store.put("b", 80)])

    def made_anew() -> None:
        store.held.clear()
        watcher.begin_again([store.put("a", 1)])

    store.meanwhile = [made_anew]
    assert await heard(watcher, 3) == [Reset(), Changed("a", b"1", 1), Whole()]


async def test_a_store_that_is_closed_while_values_are_unread_says_so() -> None:
    store = Store(fail_with=Unavailable("The store is away."))
    watcher = store.watcher()
    watcher.begin([store.put("a", 1)])
    watcher.end(Unavailable("The store is closed."))

    with pytest.raises(Unavailable, match="is closed"), anyio.fail_after(PATIENCE):
        await anext(watcher)


@define(eq=False)
class Waiting:
    """Somebody who waits until the reader has caught up."""

    watcher: Watcher
    returned: bool = False

    async def wait(self) -> None:
        await self.watcher.caught_up()
        self.returned = True


async def test_a_reset_that_is_due_is_part_of_catching_up() -> None:
    watcher = Watcher(at_once, nothing_is_unread)
    watcher.begin([Entry("a", b"", 1)])
    await heard(watcher, 2)
    watcher.begin_again([])
    waiting = Waiting(watcher)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.wait)
        for change in (Reset(), Whole()):
            await anyio.wait_all_tasks_blocked()
            assert not waiting.returned
            assert await heard(watcher, 1) == [change]
        await anyio.wait_all_tasks_blocked()
        assert not waiting.returned
        tasks.start_soon(watcher.__anext__)
        await anyio.wait_all_tasks_blocked()
        assert waiting.returned
        tasks.cancel_scope.cancel()


async def test_who_waits_through_a_reset_waits_until_all_was_told_again() -> None:
    watcher = Watcher(at_once, nothing_is_unread)
    watcher.begin([])
    watcher.offer(Changed("a", b"", 1))
    waiting = Waiting(watcher)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.wait)
        await heard(watcher, 1)
        watcher.begin_again([Entry("a", b"", 1), Entry("b", b"", 2)])
        for change in (Reset(), Changed("a", b"", 1), Changed("b", b"", 2), Whole()):
            assert await heard(watcher, 1) == [change]
            await anyio.wait_all_tasks_blocked()
            assert not waiting.returned
        tasks.start_soon(watcher.__anext__)
        await anyio.wait_all_tasks_blocked()
        assert waiting.returned
        tasks.cancel_scope.cancel()


async def test_who_waits_when_the_store_is_closed_hears_it() -> None:
    watcher = Watcher(at_once, nothing_is_unread)
    watcher.begin([Entry("a", b"", 1)])
    async with anyio.create_task_group() as tasks:

        async def wait() -> None:
            with pytest.raises(Unavailable, match="is closed"), anyio.fail_after(PATIENCE):
                await watcher.caught_up()

        for _ in range(2):
            tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        watcher.end(Unavailable("The store is closed."))


offers = st.tuples(st.sampled_from("abc"), st.sampled_from(["value", "unread", "deleted"]))
takings = st.just("take")
resets = st.just("reset")


@given(steps=st.lists(offers | takings | resets, max_size=40))
@settings(deadline=None)
async def test_any_order_of_offers_readings_and_resets_leaves_the_reader_with_the_bucket(
    steps: list[tuple[str, str] | str],
) -> None:
    store = Store()
    watcher = store.watcher()
    watcher.begin([])
    copy: dict[str, Entry] = {}
    latest: dict[str, int] = {}

    async def take() -> None:
        match (await heard(watcher, 1))[0]:
            case Reset():
                copy.clear()
                latest.clear()
            case Changed(key, value, revision):
                assert revision >= latest.get(key, 0)
                latest[key] = revision
                copy.pop(key, None)
                if value is not None:
                    copy[key] = Entry(key, value, revision)
            case _:
                pass

    async def take_what_is_there() -> None:
        """One change, if there is one: it takes no more turns than these."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
            for _ in range(6):
                await checkpoint()
            tasks.cancel_scope.cancel()

    for revision, step in enumerate(steps, 1):
        match step:
            case (key, "deleted"):
                if store.held.pop(key, None):
                    watcher.offer(Changed(key, None, revision))
            case (key, "unread"):
                watcher.offer(store.put(key, revision))
            case (key, _):
                store.put(key, revision)
                watcher.offer(Changed(key, b"%d" % revision, revision))
            case "take":
                await take_what_is_there()
            case _:
                watcher.begin_again([Unread(entry.key, entry.revision) for entry in store.held.values()])
    waiting = Waiting(watcher)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.wait)
        while not waiting.returned:
            await take_what_is_there()
    assert copy == store.held
