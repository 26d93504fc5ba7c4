"""The faults that `MemoryKV` plays on demand: outages, lost answers, races."""

import anyio
import pytest

from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_core.errors import Conflict, InvalidInput, OutcomeUnknown, Unavailable
from playlist_core.ports import Changed, Entry, Reset, Whole

pytestmark = pytest.mark.anyio


async def test_in_an_outage_every_operation_raises_and_nothing_changes() -> None:
    kv = MemoryKV()
    revision = await kv.create("a", b"one")
    kv.fail_with = Unavailable("The store is away.")

    for operation in (
        kv.get("a"),
        kv.create("b", b"two"),
        kv.update("a", b"two", revision=revision),
        kv.delete("a", revision=revision),
        kv.entries(),
        kv.incarnation(),
    ):
        with pytest.raises(Unavailable, match="The store is away"):
            await operation
    kv.fail_with = None
    assert await kv.entries() == [Entry("a", b"one", revision)]


async def test_an_outage_uses_up_no_scripted_write() -> None:
    kv = MemoryKV(Unavailable("The store is away."), [Lost()])
    with pytest.raises(Unavailable):
        await kv.create("a", b"one")
    kv.fail_with = None

    with pytest.raises(OutcomeUnknown):
        await kv.create("a", b"one")
    assert await kv.create("a", b"one") == 1


async def test_a_lost_write_never_lands() -> None:
    kv = MemoryKV()
    revision = await kv.create("a", b"one")
    kv.next_writes += [Lost(), Lost(), Lost()]

    with pytest.raises(OutcomeUnknown):
        await kv.update("a", b"two", revision=revision)
    with pytest.raises(OutcomeUnknown):
        await kv.delete("a", revision=revision)
    with pytest.raises(OutcomeUnknown):
        await kv.create("b", b"two")
    assert await kv.entries() == [Entry("a", b"one", revision)]
    assert kv.deliver_late() == 0


async def test_a_landed_write_is_there_although_its_answer_is_lost() -> None:
    kv = MemoryKV()
    kv.next_writes.append(Landed())
    with pytest.raises(OutcomeUnknown):
        await kv.create("a", b"one")
    assert await kv.get("a") == Entry("a", b"one", 1)

    kv.next_writes += [Landed(), Landed()]
    with pytest.raises(OutcomeUnknown):
        await kv.update("a", b"two", revision=1)
    assert await kv.get("a") == Entry("a", b"two", 2)
    with pytest.raises(OutcomeUnknown):
        await kv.delete("a", revision=2)
    assert await kv.get("a") is None


async def test_a_refused_write_whose_answer_is_lost_looks_like_any_other() -> None:
    kv = MemoryKV()
    revision = await kv.create("a", b"one")
    kv.next_writes.append(Landed())

    with pytest.raises(OutcomeUnknown):
        await kv.create("a", b"two")
    assert await kv.get("a") == Entry("a", b"one", revision)


async def test_a_late_write_lands_when_it_is_delivered() -> None:
    kv = MemoryKV()
    revision = await kv.create("a", b"one")
    kv.next_writes.append(Late())

    with pytest.raises(OutcomeUnknown):
        await kv.update("a", b"late", revision=revision)
    assert await kv.get("a") == Entry("a", b"one", revision)
    assert kv.deliver_late() == 1
    assert await kv.get("a") == Entry("a", b"late", revision + 1)
    assert kv.deliver_late() == 0


async def test_a_late_write_that_was_overtaken_is_refused_on_arrival() -> None:
    kv = MemoryKV()
    revision = await kv.create("a", b"one")
    kv.next_writes.append(Late())

    with pytest.raises(OutcomeUnknown):
        await kv.update("a", b"late", revision=revision)
    newer = await kv.update("a", b"repeated", revision=revision)
    assert kv.deliver_late() == 0
    assert await kv.get("a") == Entry("a", b"repeated", newer)


async def test_a_write_that_repeats_a_late_one_conflicts_once_that_has_landed() -> None:
    kv = MemoryKV()
    kv.next_writes.append(Late())

    with pytest.raises(OutcomeUnknown):
        await kv.create("a", b"late")
    kv.deliver_late()
    with pytest.raises(Conflict):
        await kv.create("a", b"repeated")
    assert await kv.get("a") == Entry("a", b"late", 1)


async def test_what_the_grammar_refuses_uses_up_no_scripted_write() -> None:
    kv = MemoryKV(next_writes=[Landed()])

    with pytest.raises(InvalidInput):
        await kv.create("not a key", b"")
    with pytest.raises(OutcomeUnknown):
        await kv.create("a", b"")


async def test_another_writer_can_be_let_in_before_any_operation() -> None:
    kv = MemoryKV()
    revision = await kv.create("a", b"one")
    seen: list[tuple[str, str]] = []

    async def overtake(operation: str, key: str) -> None:
        seen.append((operation, key))
        if operation == "update":
            kv.before_operation = None
            await kv.update("a", b"theirs", revision=revision)

    kv.before_operation = overtake
    await kv.get("a")
    await kv.entries("x/")
    await kv.incarnation()
    with pytest.raises(Conflict):
        await kv.update("a", b"ours", revision=revision)
    assert await kv.get("a") == Entry("a", b"theirs", revision + 1)
    assert seen == [("get", "a"), ("entries", "x/"), ("incarnation", ""), ("update", "a")]


async def test_the_store_can_go_away_right_before_an_operation() -> None:
    kv = MemoryKV()

    async def go_away(operation: str, key: str) -> None:
        kv.fail_with = Unavailable("The store is away.")

    kv.before_operation = go_away
    with pytest.raises(Unavailable):
        await kv.create("a", b"one")
    kv.before_operation = kv.fail_with = None
    assert await kv.get("a") is None


def test_with_the_hook_operations_run_by_hand_without_an_event_loop() -> None:
    async def pass_by(operation: str, key: str) -> None: ...

    kv = MemoryKV(before_operation=pass_by)

    async def story() -> list[Entry]:
        first = await kv.create("a", b"one")
        second = await kv.update("a", b"two", revision=first)
        await kv.delete("a", revision=second)
        await kv.create("b", (await kv.incarnation()).encode())
        return [entry for entry in await kv.entries() if entry == await kv.get("b")]

    with pytest.raises(StopIteration) as finished:
        story().send(None)
    assert [entry.key for entry in finished.value.value] == ["b"]


async def test_a_late_write_is_heard_when_it_lands_and_a_lost_one_never() -> None:
    kv = MemoryKV(next_writes=[Late(), Lost(), Landed()])
    async with kv.watch() as changes:
        for key in ("late", "lost", "landed"):
            with pytest.raises(OutcomeUnknown):
                await kv.create(key, b"")
        assert [await anext(changes), await anext(changes)] == [Whole(), Changed("landed", b"", 1)]
        kv.deliver_late()
        assert await anext(changes) == Changed("late", b"", 2)


async def test_after_a_reset_everything_is_told_again_and_nothing_of_before() -> None:
    kv = MemoryKV()
    a = await kv.create("a", b"one")
    async with kv.watch() as changes:
        assert await anext(changes) == Changed("a", b"one", a)
        kv.reset_watches()
        assert [await anext(changes) for _ in range(3)] == [Reset(), Changed("a", b"one", a), Whole()]
        b = await kv.create("b", b"unheard")
        await kv.delete("b", revision=b)
        kv.reset_watches()
        assert [await anext(changes) for _ in range(3)] == [Reset(), Changed("a", b"one", a), Whole()]


async def test_in_an_outage_nobody_has_caught_up_and_nothing_can_be_glanced_at() -> None:
    kv = MemoryKV()
    await kv.create("a", b"one")
    async with kv.watch() as changes:
        kv.fail_with = Unavailable("The store is away.")
        for operation in (changes.caught_up(), kv.glance("a")):
            with pytest.raises(Unavailable, match="is away"), anyio.fail_after(5):
                await operation


async def test_in_an_outage_no_watch_can_be_opened() -> None:
    kv = MemoryKV(Unavailable("The store is away."))
    with pytest.raises(Unavailable, match="is away"):
        async with kv.watch():
            pass
