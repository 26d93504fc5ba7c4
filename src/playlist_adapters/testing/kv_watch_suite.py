"""The contract of `KVStore.watch` and `Watch.caught_up` as tests; `kv_suite` says how they are inherited.

The fixtures `kv` and `second_bucket` are those of `kv_suite`.
"""
# ruff: noqa: S101 - a suite asserts

from collections.abc import Sequence

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import Factory, define
from hypothesis import HealthCheck, given, settings

from playlist_adapters.testing.kv_suite import STEPS, Create, Delete, Model, Update, together
from playlist_core.errors import Conflict, Unavailable
from playlist_core.ports import Change, Changed, Entry, KVStore, Reset, Watch, Whole

PATIENCE = 10


@define(eq=False)
class Follower:
    """A reader of a watch that keeps what it hears, and fails when a key goes back."""

    changes: Watch
    held: dict[str, Entry] = Factory(dict)
    latest: dict[str, int] = Factory(dict)
    heard: list[Change] = Factory(list)

    async def next(self, *, within: float | None = PATIENCE) -> Change:
        with anyio.fail_after(within):
            change = await anext(self.changes)
        self.heard.append(change)
        match change:
            case Reset():
                self.held.clear()
                self.latest.clear()
            case Changed(key, value, revision):
                assert revision >= self.latest.get(key, 0), "a key went back"
                self.latest[key] = revision
                self.held.pop(key, None)
                if value is not None:
                    self.held[key] = Entry(key, value, revision)
            case Whole():
                pass
        return change

    async def until_whole(self) -> "Follower":
        while not isinstance(await self.next(), Whole):
            pass
        return self

    async def until_holds(self, entries: Sequence[Entry]) -> None:
        """Listen until the copy is these entries, by key; fails when it never becomes them."""
        while self.entries() != entries:
            await self.next()

    async def until_reset(self) -> "Follower":
        while not isinstance(await self.next(), Reset):
            pass
        return self

    async def follow(self) -> None:
        """Listen for ever, however long nothing comes."""
        while True:
            await self.next(within=None)

    def entries(self) -> list[Entry]:
        return [self.held[key] for key in sorted(self.held)]


@pytest.mark.anyio
class KVWatchContract:
    """What every adapter's `watch` does."""

    async def test_an_empty_bucket_is_whole_at_once(self, kv: KVStore) -> None:
        async with kv.watch() as changes:
            assert await Follower(changes).next() == Whole()

    async def test_what_is_there_is_told_before_what_comes(self, kv: KVStore) -> None:
        a = await kv.create("a", b"one")
        b = await kv.create("b", b"two")
        gone = await kv.create("gone", b"")
        await kv.delete("gone", revision=gone)
        async with kv.watch() as changes:
            follower = await Follower(changes).until_whole()

            assert follower.entries() == [Entry("a", b"one", a), Entry("b", b"two", b)]
            assert follower.heard.count(Whole()) == 1

    async def test_creations_updates_and_deletions_are_told_with_their_revisions(self, kv: KVStore) -> None:
        async with kv.watch() as changes:
            follower = await Follower(changes).until_whole()
            first = await kv.create("a", b"one")
            assert await follower.next() == Changed("a", b"one", first)
            second = await kv.update("a", b"", revision=first)
            assert await follower.next() == Changed("a", b"", second)
            await kv.delete("a", revision=second)
            gone = await follower.next()
            again = await kv.create("a", b"again")

            assert isinstance(gone, Changed)
            assert (gone.key, gone.value) == ("a", None)
            assert second < gone.revision < again
            assert await follower.next() == Changed("a", b"again", again)

    async def test_the_revision_of_a_deletion_names_nothing_that_could_be_written_on(
        self, kv: KVStore
    ) -> None:
        async with kv.watch() as changes:
            follower = await Follower(changes).until_whole()
            await kv.delete("a", revision=await kv.create("a", b"one"))
            gone = await follower.next()
            while not isinstance(gone, Changed) or gone.value is not None:
                gone = await follower.next()

            with pytest.raises(Conflict):
                await kv.update("a", b"two", revision=gone.revision)
            with pytest.raises(Conflict):
                await kv.delete("a", revision=gone.revision)
            assert await kv.get("a") is None

    async def test_every_watcher_hears_everything(self, kv: KVStore) -> None:
        async with kv.watch() as first, kv.watch() as second:
            followers = [await Follower(changes).until_whole() for changes in (first, second)]
            revision = await kv.create("a", b"one")

            for follower in followers:
                assert await follower.next() == Changed("a", b"one", revision)

    async def test_a_watch_that_was_left_can_be_taken_up_anew(self, kv: KVStore) -> None:
        async with kv.watch() as changes:
            await Follower(changes).until_whole()
        revision = await kv.create("a", b"one")
        async with kv.watch() as changes:
            assert (await Follower(changes).until_whole()).entries() == [Entry("a", b"one", revision)]

    async def test_buckets_are_watched_apart(self, kv: KVStore, second_bucket: KVStore) -> None:
        async with kv.watch() as changes:
            follower = await Follower(changes).until_whole()
            await second_bucket.create("theirs", b"")
            revision = await kv.create("ours", b"")

            assert await follower.next() == Changed("ours", b"", revision)

    async def test_a_watch_opened_among_writers_misses_nothing(self, kv: KVStore) -> None:
        async def write(number: int) -> None:
            revision = await kv.create(f"n/{number}", b"first")
            revision = await kv.update(f"n/{number}", b"second", revision=revision)
            if number % 3 == 0:
                await kv.delete(f"n/{number}", revision=revision)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: together(*(write(number) for number in range(60))))
            await checkpoint()
            async with kv.watch() as changes:
                follower = await Follower(changes).until_whole()
                expected = {f"n/{number}": b"second" for number in range(60) if number % 3}
                while {key: entry.value for key, entry in follower.held.items()} != expected:
                    await follower.next()
                assert follower.entries() == await kv.entries()

    async def test_who_listens_late_holds_nobody_up_and_hears_the_latest(self, kv: KVStore) -> None:
        async with kv.watch() as changes:
            follower = await Follower(changes).until_whole()
            revision = await kv.create("a", b"0")
            for number in range(1, 600):
                revision = await kv.update("a", b"%d" % number, revision=revision)

            await follower.until_holds([Entry("a", b"599", revision)])

    async def test_fifty_increments_are_heard_in_their_order(self, kv: KVStore) -> None:
        await kv.create("counter", b"0")

        async def increment() -> None:
            while True:
                entry = await kv.get("counter")
                assert entry is not None
                try:
                    await kv.update("counter", b"%d" % (int(entry.value) + 1), revision=entry.revision)
                except Conflict:
                    continue
                return

        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            follower = await Follower(changes).until_whole()
            for _ in range(50):
                tasks.start_soon(increment)
            while (counter := follower.held["counter"]).value != b"50":
                await follower.next()
            assert await kv.get("counter") == counter

    @given(steps=STEPS)
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    async def test_who_follows_any_sequence_of_steps_holds_what_the_bucket_holds(
        self, kv: KVStore, steps: Sequence[Create | Update | Delete]
    ) -> None:
        for left in await kv.entries():
            await kv.delete(left.key, revision=left.revision)
        model = Model()
        async with kv.watch() as changes:
            follower = await Follower(changes).until_whole()
            for step in steps:
                await model.follow(kv, step)
            await follower.until_holds([entry for _, entry in sorted(model.entries.items())])


@define(eq=False)
class Waiter:
    """Somebody who waits until the reader of a watch has caught up."""

    changes: Watch
    returned: anyio.Event = Factory(anyio.Event)

    async def wait(self) -> None:
        await self.changes.caught_up()
        self.returned.set()

    async def still_waits(self, kv: KVStore) -> bool:
        """After some time in which it could have returned."""
        for _ in range(3):
            await kv.get("somewhere")
            await anyio.wait_all_tasks_blocked()
        return not self.returned.is_set()

    async def until_returned(self) -> None:
        with anyio.fail_after(PATIENCE):
            await self.returned.wait()


@pytest.mark.anyio
class KVCaughtUpContract:
    """What every adapter's `Watch.caught_up` does."""

    async def test_caught_up_is_who_has_taken_a_change_and_asks_for_more(self, kv: KVStore) -> None:
        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            follower = await Follower(changes).until_whole()
            revision = await kv.create("a", b"one")
            waiter = Waiter(changes)
            tasks.start_soon(waiter.wait)
            assert await waiter.still_waits(kv)

            assert await follower.next() == Changed("a", b"one", revision)
            # What the reader makes of it has its time, too.
            assert await waiter.still_waits(kv)
            tasks.start_soon(follower.follow)
            await waiter.until_returned()
            tasks.cancel_scope.cancel()

    async def test_a_reader_at_rest_has_caught_up(self, kv: KVStore) -> None:
        await kv.create("a", b"one")
        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            tasks.start_soon(Follower(changes).follow)
            for _ in range(3):
                with anyio.fail_after(PATIENCE):
                    await changes.caught_up()
            tasks.cancel_scope.cancel()

    async def test_a_slow_reader_has_caught_up_after_the_last_of_many(self, kv: KVStore) -> None:
        there = [await kv.create(f"there/{number}", b"") for number in range(10)]
        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            waiter = Waiter(changes)
            follower = Follower(changes)
            for number in range(10):
                await kv.create(f"new/{number}", b"")
                await kv.update(f"there/{number}", b"replaced", revision=there[number])
            tasks.start_soon(waiter.wait)
            while len(follower.held) < 20 or any(each.value == b"" for each in follower.entries()[10:]):
                assert not waiter.returned.is_set()
                await follower.next()
                await checkpoint()
            assert await waiter.still_waits(kv)
            tasks.start_soon(follower.follow)
            await waiter.until_returned()
            assert follower.entries() == await kv.entries()
            tasks.cancel_scope.cancel()

    async def test_who_has_caught_up_holds_what_the_bucket_holds(self, kv: KVStore) -> None:
        async def write(number: int) -> None:
            key = f"n/{number % 8}"
            for entry in await kv.entries(key):
                if number % 3:
                    await kv.update(key, b"%d" % number, revision=entry.revision)
                else:
                    await kv.delete(key, revision=entry.revision)
                return
            await kv.create(key, b"%d" % number)

        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            follower = Follower(changes)
            tasks.start_soon(follower.follow)
            for _ in range(5):
                await together(*(write(number) for number in range(24)))
                with anyio.fail_after(PATIENCE):
                    await changes.caught_up()
                assert follower.entries() == await kv.entries()
            tasks.cancel_scope.cancel()

    async def test_what_anybody_could_read_before_is_known_to_who_has_caught_up(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"")

        async def rewrite() -> None:
            nonlocal revision
            while True:
                revision = await kv.update("a", b"", revision=revision)

        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            follower = Follower(changes)
            tasks.start_soon(follower.follow)
            tasks.start_soon(rewrite)
            for _ in range(100):
                seen = await kv.get("a")
                with anyio.fail_after(PATIENCE):
                    await changes.caught_up()
                assert seen is not None
                assert follower.held["a"].revision >= seen.revision
            tasks.cancel_scope.cancel()

    async def test_all_who_wait_are_told_but_those_who_went_away(self, kv: KVStore) -> None:
        async with kv.watch() as changes, anyio.create_task_group() as tasks:
            follower = await Follower(changes).until_whole()
            await kv.create("a", b"one")
            waiters = [Waiter(changes) for _ in range(3)]
            gone = Waiter(changes)
            async with anyio.create_task_group() as leaving:
                leaving.start_soon(gone.wait)
                for waiter in waiters:
                    tasks.start_soon(waiter.wait)
                assert await gone.still_waits(kv)
                leaving.cancel_scope.cancel()
            tasks.start_soon(follower.follow)
            for waiter in waiters:
                await waiter.until_returned()
            assert not gone.returned.is_set()
            tasks.cancel_scope.cancel()

    async def test_nobody_waits_for_a_reader_who_has_left(self, kv: KVStore) -> None:
        outcomes: list[Unavailable] = []

        async def wait(changes: Watch) -> None:
            try:
                await changes.caught_up()
            except Unavailable as failure:
                outcomes.append(failure)

        async with anyio.create_task_group() as tasks:
            async with kv.watch() as changes:
                await Follower(changes).until_whole()
                await kv.create("a", b"one")
                tasks.start_soon(wait, changes)
                await Waiter(changes).still_waits(kv)
            with anyio.fail_after(PATIENCE):
                while not outcomes:
                    await checkpoint()
            await wait(changes)
        assert len(outcomes) == 2
