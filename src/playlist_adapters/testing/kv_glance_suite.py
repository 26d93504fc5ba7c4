"""The contract of `KVStore.glance` as tests; inherited like `kv_suite.KVContract`, which says how.

The fixtures `kv` and `second_bucket` are those of `kv_suite`.
"""
# ruff: noqa: S101 - a suite asserts

from collections.abc import Callable

import anyio
import pytest

from playlist_adapters.testing.kv_suite import REFUSED_KEYS, shown, together
from playlist_core.errors import InvalidInput
from playlist_core.ports import Entry, KVStore

OLDEST = 1.0


async def glance_until(kv: KVStore, key: str, wanted: Callable[[Entry | None], bool]) -> Entry | None:
    """Glance until the answer is wanted; fails for another one that was asked for a second after the call."""
    begun = anyio.current_time()
    while True:
        asked = anyio.current_time()
        seen = await kv.glance(key)
        if wanted(seen):
            return seen
        assert asked - begun < OLDEST, f"a glance that is older than a second: {seen}"
        await anyio.sleep(0.01)


@pytest.mark.anyio
class KVGlanceContract:
    """What every adapter's `glance` does."""

    async def test_a_key_that_was_never_stored_is_glanced_at_as_none(self, kv: KVStore) -> None:
        await kv.create("a", b"one")

        assert await kv.glance("absent") is None

    async def test_what_was_done_a_second_ago_is_seen_whatever_it_was(self, kv: KVStore) -> None:
        first = await kv.create("a", b"one")
        assert await glance_until(kv, "a", lambda seen: seen == Entry("a", b"one", first))
        second = await kv.update("a", b"", revision=first)
        assert await glance_until(kv, "a", lambda seen: seen == Entry("a", b"", second))
        await kv.delete("a", revision=second)
        assert await glance_until(kv, "a", lambda seen: seen is None) is None
        third = await kv.create("a", b"again")
        assert await glance_until(kv, "a", lambda seen: seen == Entry("a", b"again", third))

    async def test_a_glance_names_the_revision_that_a_write_must_name(self, kv: KVStore) -> None:
        await kv.create("other", b"")
        await kv.create("a", b"one")
        seen = await glance_until(kv, "a", lambda seen: seen is not None)

        assert seen is not None
        revision = await kv.update("a", b"two", revision=seen.revision)
        assert await kv.get("a") == Entry("a", b"two", revision)

    async def test_buckets_are_glanced_at_apart(self, kv: KVStore, second_bucket: KVStore) -> None:
        ours = Entry("a", b"ours", await kv.create("a", b"ours"))
        theirs = Entry("a", b"theirs", await second_bucket.create("a", b"theirs"))

        assert await glance_until(kv, "a", lambda seen: seen is not None) == ours
        assert await glance_until(second_bucket, "a", lambda seen: seen is not None) == theirs

    async def test_two_hundred_who_glance_at_once_see_the_same(self, kv: KVStore) -> None:
        entry = Entry("a", b"one", await kv.create("a", b"one"))
        await glance_until(kv, "a", lambda seen: seen == entry)

        assert await together(*(kv.glance("a") for _ in range(200))) == [entry] * 200

    @pytest.mark.parametrize("key", REFUSED_KEYS, ids=shown)
    async def test_a_key_outside_the_grammar_is_no_glance(self, kv: KVStore, key: str) -> None:
        with pytest.raises(InvalidInput):
            await kv.glance(key)
