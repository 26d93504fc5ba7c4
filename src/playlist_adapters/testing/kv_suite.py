"""The contract of `KVStore` as tests: whoever writes an adapter inherits them and gives the fixtures.

    pytest.register_assert_rewrite("playlist_adapters.testing.kv_suite")  # before the import

    class TestMyKV(KVContract):
        @pytest.fixture
        async def kv(self, tmp_path): ...

`kv_glance_suite.KVGlanceContract`, `kv_watch_suite.KVWatchContract` and its `KVCaughtUpContract` go with it.
The fixtures:
- `kv`: an empty bucket.
- `second_bucket`: another empty bucket of the same store.
- `foreign_kv`: an empty bucket in another store, of the same name as `kv`.
- `reopen` (`DurableKVContract` only): an async callable that closes the store, if it is open, opens the
  same data again and returns the bucket.
"""
# ruff: noqa: S101 - a suite asserts

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import Factory, define, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playlist_core.errors import Conflict, InvalidInput, PlaylistError, TooLarge
from playlist_core.ports import Entry, KVStore

T = TypeVar("T")

ADMITTED_KEYS = ["a", "-", "_", "=", "/", "a.b", "a.b.c", "a//b", "/a/", "Az09-_/=.x", "k" * 2048]
BEYOND_THE_GRAMMAR = [
    ".",
    ".a",
    "a..b",
    "a b",
    "a*",
    "a>",
    "a%",
    "a:b",
    "ä",
    "a\n",
    "a\0",
    "\ud800",
    "k" * 2049,
]
REFUSED_KEYS = ["", "a.", *BEYOND_THE_GRAMMAR]
OVER_THE_LIMIT = b"x" * (1024 * 1024 + 1)
# A server that counts headers into its own limit of 1 MiB must still take it.
NEAR_THE_LIMIT = b"x" * 1_000_000


def shown(key: str) -> str:
    return ascii(key)[1:20]


async def together(*operations: Awaitable[T]) -> list[T | PlaylistError]:
    """Run operations at once; what each returned or the expected failure it raised, in their order."""
    outcomes: dict[int, T | PlaylistError] = {}

    async def settle(place: int, operation: Awaitable[T]) -> None:
        try:
            outcomes[place] = await operation
        except PlaylistError as failure:
            outcomes[place] = failure

    async with anyio.create_task_group() as tasks:
        for place, operation in enumerate(operations):
            tasks.start_soon(settle, place, operation)
    return [outcomes[place] for place in range(len(operations))]


@frozen
class Create:
    key: str
    value: bytes


@frozen
class Update:
    """`age` 0 names the latest revision ever given to the key, 1 the one before, and so on."""

    key: str
    value: bytes
    age: int


@frozen
class Delete:
    key: str
    age: int


@define(eq=False)
class Model:
    """What a bucket should be: a dict, and every revision it gave."""

    entries: dict[str, Entry] = Factory(dict)
    given: dict[str, list[int]] = Factory(dict)
    highest: int = 0

    def named(self, key: str, age: int) -> int:
        revisions = self.given.get(key, [])
        return revisions[-1 - age] if age < len(revisions) else 1

    def holds(self, key: str, revision: int) -> bool:
        return key in self.entries and self.entries[key].revision == revision

    def took(self, key: str, value: bytes, revision: int) -> None:
        assert revision > self.highest
        self.highest = revision
        self.entries[key] = Entry(key, value, revision)
        self.given.setdefault(key, []).append(revision)

    async def follow(self, kv: KVStore, step: Create | Update | Delete) -> None:
        """Do one step in the bucket and here; fails where the two disagree."""
        revision = 0 if isinstance(step, Create) else self.named(step.key, step.age)
        match step:
            case Create(key, value):
                admitted, attempt = key not in self.entries, kv.create(key, value)
            case Update(key, value):
                admitted, attempt = self.holds(key, revision), kv.update(key, value, revision=revision)
            case Delete(key):
                admitted, attempt = self.holds(key, revision), kv.delete(key, revision=revision)
        if not admitted:
            with pytest.raises(Conflict):
                await attempt
        elif isinstance(step, Delete):
            await attempt
            del self.entries[step.key]
        else:
            taken = await attempt
            assert taken is not None
            self.took(step.key, step.value, taken)


_keys = st.sampled_from(["a", "a/b", "a/c", "ab", "A", "b"])
_values = st.binary(max_size=20)
_ages = st.integers(0, 2)
_creates = st.builds(Create, _keys, _values)
_updates = st.builds(Update, _keys, _values, _ages)
_deletes = st.builds(Delete, _keys, _ages)
STEPS = st.lists(_creates | _updates | _deletes, max_size=20)


@pytest.mark.anyio
class KVContract:
    """What every adapter does, whatever it stands on."""

    async def test_a_key_that_was_never_stored_reads_as_none(self, kv: KVStore) -> None:
        assert await kv.get("absent") is None

    async def test_a_created_entry_reads_back_with_its_revision(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"one")

        assert revision >= 1
        assert await kv.get("a") == Entry("a", b"one", revision)

    async def test_an_update_replaces_the_value_and_takes_a_higher_revision(self, kv: KVStore) -> None:
        first = await kv.create("a", b"one")
        second = await kv.update("a", b"two", revision=first)

        assert second > first
        assert await kv.get("a") == Entry("a", b"two", second)

    async def test_an_existing_key_cannot_be_created_again(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"one")

        with pytest.raises(Conflict):
            await kv.create("a", b"two")
        assert await kv.get("a") == Entry("a", b"one", revision)

    async def test_a_stale_update_conflicts_and_changes_nothing(self, kv: KVStore) -> None:
        first = await kv.create("a", b"one")
        second = await kv.update("a", b"two", revision=first)

        with pytest.raises(Conflict):
            await kv.update("a", b"lost", revision=first)
        assert await kv.get("a") == Entry("a", b"two", second)

    async def test_the_revision_of_another_key_is_no_key_to_this_one(self, kv: KVStore) -> None:
        mine = await kv.create("a", b"one")
        theirs = await kv.create("b", b"two")

        with pytest.raises(Conflict):
            await kv.update("a", b"lost", revision=theirs)
        with pytest.raises(Conflict):
            await kv.delete("a", revision=theirs)
        assert await kv.get("a") == Entry("a", b"one", mine)

    async def test_an_absent_key_can_be_neither_updated_nor_deleted(self, kv: KVStore) -> None:
        with pytest.raises(Conflict):
            await kv.update("a", b"one", revision=1)
        with pytest.raises(Conflict):
            await kv.delete("a", revision=1)
        assert await kv.entries() == []

    @pytest.mark.parametrize("revision", [0, -1])
    async def test_a_revision_below_one_is_refused_rather_than_unconditional(
        self, kv: KVStore, revision: int
    ) -> None:
        held = await kv.create("held", b"one")

        for key in ("held", "absent"):
            with pytest.raises(InvalidInput):
                await kv.update(key, b"two", revision=revision)
            with pytest.raises(InvalidInput):
                await kv.delete(key, revision=revision)
        assert await kv.entries() == [Entry("held", b"one", held)]

    async def test_a_deleted_entry_is_gone_and_its_revision_with_it(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"one")
        await kv.delete("a", revision=revision)

        assert await kv.get("a") is None
        assert await kv.entries() == []
        with pytest.raises(Conflict):
            await kv.update("a", b"two", revision=revision)
        with pytest.raises(Conflict):
            await kv.delete("a", revision=revision)

    async def test_a_stale_delete_conflicts_and_deletes_nothing(self, kv: KVStore) -> None:
        first = await kv.create("a", b"one")
        second = await kv.update("a", b"two", revision=first)

        with pytest.raises(Conflict):
            await kv.delete("a", revision=first)
        assert await kv.get("a") == Entry("a", b"two", second)

    async def test_a_deleted_key_can_be_created_again_under_a_higher_revision(self, kv: KVStore) -> None:
        first = await kv.create("a", b"one")
        await kv.delete("a", revision=first)
        second = await kv.create("a", b"two")

        assert second > first
        assert await kv.get("a") == Entry("a", b"two", second)
        with pytest.raises(Conflict):
            await kv.update("a", b"lost", revision=first)

    async def test_revisions_grow_over_all_keys_and_through_deletions(self, kv: KVStore) -> None:
        a = await kv.create("a", b"")
        b = await kv.create("b", b"")
        b2 = await kv.update("b", b"", revision=b)
        await kv.delete("b", revision=b2)
        a2 = await kv.update("a", b"", revision=a)
        await kv.delete("a", revision=a2)
        c = await kv.create("c", b"")

        assert 1 <= a < b < b2 < a2 < c

    async def test_entries_are_listed_by_key_with_value_and_revision(self, kv: KVStore) -> None:
        stored = {key: await kv.create(key, key.encode()) for key in ("b", "_", "a", "Z", "9", "-", "=", "/")}
        stored["a"] = await kv.update("a", b"new", revision=stored["a"])
        await kv.delete("b", revision=stored.pop("b"))

        values = {"a": b"new"}
        expected = [Entry(key, values.get(key, key.encode()), stored[key]) for key in sorted(stored)]
        assert await kv.entries() == expected

    async def test_a_prefix_lists_what_begins_with_it_and_no_neighbours(self, kv: KVStore) -> None:
        keys = [
            "ns/a",
            "ns/a/1",
            "ns/a/2",
            "ns/a.b",
            "ns/ab",
            "ns/A/1",
            "ns/a_1",
            "ns/aa1",
            "ns/b",
            "n",
            "zns/a",
        ]
        for key in keys:
            await kv.create(key, b"")

        async def listed(prefix: str) -> list[str]:
            return [entry.key for entry in await kv.entries(prefix)]

        assert await listed("ns/a/") == ["ns/a/1", "ns/a/2"]
        assert await listed("ns/a") == ["ns/a", "ns/a.b", "ns/a/1", "ns/a/2", "ns/a_1", "ns/aa1", "ns/ab"]
        assert await listed("ns/a.") == ["ns/a.b"]
        assert await listed("ns/a_") == ["ns/a_1"]
        assert await listed("ns/c") == []
        assert await listed("") == sorted(keys)

    async def test_a_listing_of_large_values_is_complete_where_keys_extend_each_other(
        self, kv: KVStore
    ) -> None:
        stored: list[Entry] = []
        for number in range(10):
            key, value = "large" + "-" * number, bytes([number]) * 200_000
            stored.append(Entry(key, value, await kv.create(key, value)))

        assert await kv.entries("large") == stored

    @pytest.mark.parametrize("key", ADMITTED_KEYS, ids=shown)
    async def test_a_key_of_the_grammar_is_taken(self, kv: KVStore, key: str) -> None:
        revision = await kv.create(key, b"one")

        assert await kv.get(key) == Entry(key, b"one", revision)
        assert await kv.entries(key) == [Entry(key, b"one", revision)]

    @pytest.mark.parametrize("key", REFUSED_KEYS, ids=shown)
    async def test_a_key_outside_the_grammar_is_refused_everywhere(self, kv: KVStore, key: str) -> None:
        for operation in (
            kv.get(key),
            kv.create(key, b""),
            kv.update(key, b"", revision=1),
            kv.delete(key, revision=1),
        ):
            with pytest.raises(InvalidInput):
                await operation
        assert await kv.entries() == []

    @pytest.mark.parametrize("prefix", BEYOND_THE_GRAMMAR, ids=shown)
    async def test_a_prefix_no_key_can_have_is_refused(self, kv: KVStore, prefix: str) -> None:
        with pytest.raises(InvalidInput):
            await kv.entries(prefix)

    @pytest.mark.parametrize(
        "value", [b"", bytes(range(256)), b"\0", NEAR_THE_LIMIT], ids=["empty", "binary", "nul", "large"]
    )
    async def test_any_bytes_come_back_as_they_were(self, kv: KVStore, value: bytes) -> None:
        created = await kv.create("created", value)
        before = await kv.create("updated", b"before")
        updated = await kv.update("updated", value, revision=before)

        assert await kv.get("created") == Entry("created", value, created)
        assert await kv.entries() == [Entry("created", value, created), Entry("updated", value, updated)]

    async def test_a_value_over_one_mebibyte_is_too_large(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"one")

        with pytest.raises(TooLarge) as refused:
            await kv.update("a", OVER_THE_LIMIT, revision=revision)
        assert refused.value.details["limit"] == 1024 * 1024
        with pytest.raises(TooLarge):
            await kv.create("b", OVER_THE_LIMIT)
        assert await kv.entries() == [Entry("a", b"one", revision)]

    async def test_buckets_do_not_see_each_other(self, kv: KVStore, second_bucket: KVStore) -> None:
        a, b = await kv.create("a", b"ours"), await kv.create("b", b"ours")
        theirs = [Entry(key, b"theirs", await second_bucket.create(key, b"theirs")) for key in ("a", "b")]
        await kv.delete("a", revision=a)
        b = await kv.update("b", b"ours still", revision=b)

        assert await kv.entries() == [Entry("b", b"ours still", b)]
        assert await second_bucket.entries() == theirs
        assert await second_bucket.get("a") == theirs[0]

    async def test_of_fifty_who_create_one_key_at_once_one_wins(self, kv: KVStore) -> None:
        outcomes = await together(*(kv.create("a", b"%d" % number) for number in range(50)))

        [(number, revision)] = [(n, won) for n, won in enumerate(outcomes) if isinstance(won, int)]
        assert [type(outcome) for outcome in outcomes].count(Conflict) == 49
        assert await kv.entries() == [Entry("a", b"%d" % number, revision)]

    async def test_of_fifty_who_update_one_revision_at_once_one_wins(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"")
        outcomes = await together(*(kv.update("a", b"%d" % n, revision=revision) for n in range(50)))

        [(number, revision)] = [(n, won) for n, won in enumerate(outcomes) if isinstance(won, int)]
        assert [type(outcome) for outcome in outcomes].count(Conflict) == 49
        assert await kv.entries() == [Entry("a", b"%d" % number, revision)]

    async def test_of_two_who_delete_one_revision_at_once_one_wins(self, kv: KVStore) -> None:
        revision = await kv.create("a", b"")
        outcomes = await together(kv.delete("a", revision=revision), kv.delete("a", revision=revision))

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "NoneType"]
        assert await kv.get("a") is None

    async def test_fifty_increments_at_once_lose_nothing(self, kv: KVStore) -> None:
        await kv.create("counter", b"0")

        async def increment() -> int:
            while True:
                entry = await kv.get("counter")
                assert entry is not None
                try:
                    return await kv.update("counter", b"%d" % (int(entry.value) + 1), revision=entry.revision)
                except Conflict:
                    continue

        revisions = await together(*(increment() for _ in range(50)))

        assert len(set(revisions)) == 50
        entry = await kv.get("counter")
        assert entry is not None and entry.value == b"50"

    @pytest.mark.parametrize("patience", range(6))
    async def test_a_cancelled_write_has_happened_or_has_not(self, kv: KVStore, patience: int) -> None:
        before = await kv.create("a", b"before")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: kv.update("a", b"after", revision=before))
            tasks.start_soon(kv.create, "b", b"new")
            for _ in range(patience):
                await checkpoint()
            tasks.cancel_scope.cancel()

        held = await kv.get("a")
        assert held is not None
        assert (held.value, held.revision == before) in [(b"before", True), (b"after", False)]
        assert [entry.value for entry in await kv.entries("b")] in ([], [b"new"])
        last = await kv.update("a", b"usable", revision=held.revision)
        assert await kv.get("a") == Entry("a", b"usable", last)

    async def test_an_incarnation_stays_while_things_change(self, kv: KVStore) -> None:
        first = await kv.incarnation()
        await kv.create("a", b"one")

        assert first
        assert await kv.incarnation() == first

    async def test_another_store_is_another_incarnation(self, kv: KVStore, foreign_kv: KVStore) -> None:
        assert await kv.incarnation() != await foreign_kv.incarnation()

    @given(steps=STEPS)
    @settings(
        max_examples=50,
        deadline=None,
        # The bucket is emptied at the start of each example; an inherited test runs on several classes.
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    async def test_any_sequence_of_steps_agrees_with_a_dict(
        self, kv: KVStore, steps: Sequence[Create | Update | Delete]
    ) -> None:
        for left in await kv.entries():
            await kv.delete(left.key, revision=left.revision)
        model = Model()
        for step in steps:
            await model.follow(kv, step)
            assert await kv.get(step.key) == model.entries.get(step.key)
        for prefix in ("", "a", "a/", "b"):
            expected = [entry for key, entry in sorted(model.entries.items()) if key.startswith(prefix)]
            assert await kv.entries(prefix) == expected


@pytest.mark.anyio
class DurableKVContract:
    """What an adapter adds whose data outlive the process."""

    async def test_entries_and_revisions_survive_a_restart(
        self, reopen: Callable[[], Awaitable[KVStore]]
    ) -> None:
        kv = await reopen()
        first = await kv.create("a", b"one")
        second = await kv.update("a", b"two", revision=first)
        kv = await reopen()

        assert await kv.entries() == [Entry("a", b"two", second)]
        assert await kv.update("a", b"three", revision=second) > second

    async def test_revisions_grow_over_a_restart_of_an_emptied_bucket(
        self, reopen: Callable[[], Awaitable[KVStore]]
    ) -> None:
        kv = await reopen()
        first = await kv.create("a", b"one")
        await kv.delete("a", revision=first)
        kv = await reopen()

        assert await kv.create("a", b"two") > first

    async def test_an_incarnation_survives_a_restart(self, reopen: Callable[[], Awaitable[KVStore]]) -> None:
        first = await (await reopen()).incarnation()

        assert await (await reopen()).incarnation() == first
