"""Documents: the one conflict retry, and writes whose answer never came."""

from typing import Any

import anyio
import pytest
from attrs import evolve, frozen

from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_core.errors import Conflict, OutcomeUnknown, Unavailable
from playlist_core.services.documents import OPS_KEPT, Documents
from tests.unit.lagging import make_lag

pytestmark = pytest.mark.anyio


@frozen
class Tally:
    count: int = 0
    by: tuple[str, ...] = ()


def plus_one(tally: Tally | None) -> Tally:
    return Tally(1) if tally is None else evolve(tally, count=tally.count + 1)


@pytest.fixture
def kv() -> MemoryKV:
    return MemoryKV()


def documents(kv: MemoryKV, clock: ManualClock, seed: int = 7) -> Documents[Tally]:
    randomness = SeededRandomness()
    for _ in range(seed):
        randomness.identifier()  # replicas never share operation ids
    return Documents(kv, ("ns", "default", "t"), kind=Tally, clock=clock, randomness=randomness)


async def count(docs: Documents[Tally]) -> int:
    seen = await docs.get("a")
    return 0 if seen is None else seen.value.count


async def test_a_document_carries_its_schema_version_and_operation_ids(
    kv: MemoryKV, clock: ManualClock
) -> None:
    docs = documents(kv, clock)
    await docs.modify("a b", change=plus_one)
    (entry,) = await kv.entries()
    assert entry.key == "ns/default/t/a=20b"
    assert b'"schema_version":1,"ops":["' in entry.value


async def test_fifty_concurrent_changes_of_two_replicas_lose_nothing(
    kv: MemoryKV, clock: ManualClock
) -> None:
    replicas = [documents(kv, clock, seed) for seed in (1, 100)]
    async with anyio.create_task_group() as tasks:
        for number in range(50):
            docs = replicas[number % 2]
            tasks.start_soon(lambda docs=docs: docs.modify("a", change=plus_one))
    assert await count(replicas[0]) == 50


@pytest.mark.parametrize("outcome", [Lost(), Landed(), Late()], ids=["lost", "landed", "late"])
@pytest.mark.parametrize("existing", [False, True], ids=["create", "update"])
async def test_a_write_without_an_answer_counts_once(
    kv: MemoryKV, clock: ManualClock, outcome: Any, existing: bool
) -> None:
    docs = documents(kv, clock)
    if existing:
        await docs.modify("a", change=plus_one)
    kv.next_writes.append(outcome)
    await docs.modify("a", change=plus_one)
    kv.deliver_late()
    assert await count(docs) == 1 + existing


async def test_two_equal_increments_are_two_even_when_one_answer_is_lost(
    kv: MemoryKV, clock: ManualClock
) -> None:
    mine, theirs = documents(kv, clock, 1), documents(kv, clock, 100)
    await mine.modify("a", change=plus_one)

    async def somebody_else_first(operation: str, key: str) -> None:
        if operation == "get" and kv.next_writes == []:
            kv.before_operation = None
            await theirs.modify("a", change=plus_one)

    kv.next_writes.append(Lost())
    kv.before_operation = somebody_else_first
    await mine.modify("a", change=plus_one)
    assert await count(mine) == 3


async def test_a_write_that_never_gets_an_answer_is_told_as_unknown(kv: MemoryKV, clock: ManualClock) -> None:
    docs = documents(kv, clock)
    kv.next_writes.extend([Lost()] * 20)
    with pytest.raises(OutcomeUnknown):
        await docs.modify("a", change=plus_one)


async def test_a_document_gone_after_a_lost_answer_is_told_as_unknown(
    kv: MemoryKV, clock: ManualClock
) -> None:
    docs = documents(kv, clock)
    seen = await docs.create("a", value=Tally(1))

    async def delete_meanwhile(operation: str, key: str) -> None:
        if operation == "get":
            kv.before_operation = None
            await kv.delete(key, revision=(await kv.get(key)).revision)

    kv.next_writes.append(Landed())
    kv.before_operation = delete_meanwhile
    with pytest.raises(OutcomeUnknown):
        await docs.update("a", value=Tally(2), seen=seen)


async def test_an_operation_id_that_was_pushed_out_is_told_as_unknown(
    kv: MemoryKV, clock: ManualClock
) -> None:
    mine, theirs = documents(kv, clock, 1), documents(kv, clock, 100)
    seen = await mine.create("a", value=Tally(1))

    async def many_changes(operation: str, key: str) -> None:
        if operation == "get":
            kv.before_operation = None
            for _ in range(OPS_KEPT + 1):
                await theirs.modify("a", change=plus_one)

    kv.next_writes.append(Lost())
    kv.before_operation = many_changes
    with pytest.raises(OutcomeUnknown):
        await mine.update("a", value=Tally(9), seen=seen)


async def test_an_outage_changes_nothing_and_says_so(kv: MemoryKV, clock: ManualClock) -> None:
    docs = documents(kv, clock)
    await docs.modify("a", change=plus_one)
    kv.fail_with = Unavailable("the store is away")
    with pytest.raises(Unavailable):
        await docs.modify("a", change=plus_one)
    kv.fail_with = None
    assert await count(docs) == 1


async def test_a_change_that_raises_ends_the_operation(kv: MemoryKV, clock: ManualClock) -> None:
    def refuse(_: Tally | None) -> Tally:
        raise Conflict("no")

    with pytest.raises(Conflict):
        await documents(kv, clock).modify("a", change=refuse)
    assert await kv.entries() == []


async def test_an_equal_value_is_not_written_again(kv: MemoryKV, clock: ManualClock) -> None:
    docs = documents(kv, clock)
    before = await docs.create("a", value=Tally(1))
    assert await docs.modify("a", change=lambda tally: tally) == Tally(1)
    assert (await docs.get("a")).revision == before.revision


async def test_update_and_delete_of_a_stale_document_conflict(kv: MemoryKV, clock: ManualClock) -> None:
    docs = documents(kv, clock)
    stale = await docs.create("a", value=Tally(1))
    await docs.update("a", value=Tally(2), seen=stale)
    with pytest.raises(Conflict):
        await docs.update("a", value=Tally(3), seen=stale)
    with pytest.raises(Conflict):
        await docs.delete("a", seen=stale)
    assert await count(docs) == 2


@pytest.mark.parametrize("outcome", [Lost(), Landed()], ids=["lost", "landed"])
async def test_a_deletion_without_an_answer_ends_deleted(
    kv: MemoryKV, clock: ManualClock, outcome: Any
) -> None:
    docs = documents(kv, clock)
    seen = await docs.create("a", value=Tally(1))
    kv.next_writes.append(outcome)
    await docs.delete("a", seen=seen)
    assert await docs.get("a") is None


async def test_a_value_that_cannot_be_read_is_an_error_and_stays(kv: MemoryKV, clock: ManualClock) -> None:
    deep, half_a_sign = b"[" * 20_000, rb'{"count": 1, "ops": ["\ud83d"]}'
    for number, value in enumerate(
        [
            b"{",
            b'{"count": "1"}',
            b"[]",
            b"\xff",
            b"null",
            deep,
            half_a_sign,
            half_a_sign.replace(b"ud83d", b"uD83D"),
        ]
    ):
        key = f"ns/default/t/{number}"
        await kv.create(key, value)
        with pytest.raises(Unavailable) as caught:
            await documents(kv, clock).modify(str(number), change=plus_one)
        assert caught.value.code == "store_unreadable"
        assert (await kv.get(key)).value == value


async def test_all_lists_the_documents_under_a_prefix_only(kv: MemoryKV, clock: ManualClock) -> None:
    docs = documents(kv, clock)
    for segments in [("a", "1"), ("a", "2"), ("ab", "3")]:
        await docs.create(*segments, value=Tally(int(segments[1])))
    assert [seen.value.count for seen in await docs.all("a")] == [1, 2]
    assert len(await docs.all()) == 3


async def test_a_glance_is_a_read_that_may_be_a_second_old(kv: MemoryKV, clock: ManualClock) -> None:
    docs = documents(kv, clock)
    lagging = make_lag(docs, clock)
    before = await docs.create("a b", value=Tally(1))
    await lagging.catch_up()
    after = await docs.update("a b", value=Tally(2), seen=before)
    later = await docs.create("c", value=Tally(3))
    for _ in range(2):  # whichever was read before
        assert await docs.glance("a b") == before
        assert await docs.get("a b") == after
    assert await docs.glance("c") is None
    clock.advance(1)
    assert [await docs.glance("a b"), await docs.glance("c")] == [after, later]


async def test_what_cannot_be_read_cannot_be_glanced_at_either(kv: MemoryKV, clock: ManualClock) -> None:
    await kv.create("ns/default/t/a", b"{")
    with pytest.raises(Unavailable) as caught:
        await documents(kv, clock).glance("a")
    assert caught.value.code == "store_unreadable"
