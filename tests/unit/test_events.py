"""The hub of events: who reads what, who has missed something, and that nobody is waited for."""

import json
from collections.abc import AsyncGenerator

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.testing.source import FakeSource
from playlist_app.events import NEEDED, Event, EventHub, EventKind, EventReader
from playlist_app.feeds import RefreshFeed
from playlist_app.shapes.catalog import refresh_state_view
from playlist_app.shapes.codec import wire
from playlist_app.tasks import background
from playlist_core.domain.refresh import Phase
from tests.unit.cinema import Cinema, catalogue, cinema
from tests.unit.replicas import WaitingSource

pytestmark = pytest.mark.anyio

KIND = EventKind.QUEUE


def hub(*published: bytes, kept: int = 4) -> EventHub:
    made = EventHub("life", kept=kept)
    for data in published:
        made.publish(KIND, data)
    return made


def reads(reader: EventReader) -> list[tuple[str, str, bytes]]:
    """What there is for it at this moment."""
    found = []
    while (event := reader.read()) is not None:
        found.append((event.id, event.kind.value, event.data))
    return found


async def test_every_reader_is_told_everything_once_and_in_order() -> None:
    events = hub()
    readers = [events.subscribe(), events.subscribe()]
    events.publish(EventKind.QUEUE, b"1")
    events.publish(EventKind.AVAILABILITY, b"2")
    for reader in readers:
        assert await reader.ready()
        assert reads(reader) == [("life-1", "queue", b"1"), ("life-2", "availability", b"2")]
    events.publish(EventKind.QUEUE, b"3")
    assert [reads(reader) for reader in readers] == [[("life-3", "queue", b"3")]] * 2


async def test_without_an_id_only_what_comes_is_told() -> None:
    events = hub(b"1", b"2")
    reader = events.subscribe()
    assert reads(reader) == []
    assert reader.place == "life-2"
    events.publish(KIND, b"3")
    assert reads(reader) == [("life-3", "queue", b"3")]


@pytest.mark.parametrize("seen", [0, 1, 2, 3])
async def test_with_an_id_it_goes_on_behind_that_event(seen: int) -> None:
    reader = hub(b"1", b"2", b"3").subscribe(f"life-{seen}")
    assert reader.place == f"life-{seen}"
    assert [data for _, _, data in reads(reader)] == [b"1", b"2", b"3"][seen:]


@pytest.mark.parametrize(
    "last_id",
    [
        *("", "-", "3", "life", "life-", "life-3", "other-2", "life--1", "life-²", "life-2 ", "life-1e0"),
        *("life-0-2", "life-" + "9" * 30_000),
    ],
    ids=lambda text: repr(text[:12]),
)
async def test_an_id_that_this_process_has_never_given_is_a_lost_place(last_id: str) -> None:
    reader = hub(b"1", b"2").subscribe(last_id)
    assert reader.place is None
    assert await reader.ready()
    assert reads(reader) == [("life-2", "reset", b"{}")]
    assert reader.place == "life-2"


async def test_what_fell_out_of_the_memory_is_a_reset_and_then_it_goes_on() -> None:
    events = hub(b"1", b"2", b"3", b"4", b"5", b"6", kept=4)
    assert [each for each, _, _ in reads(events.subscribe("life-2"))] == [
        "life-3",
        "life-4",
        "life-5",
        "life-6",
    ]
    late = events.subscribe("life-1")
    assert reads(late) == [("life-6", "reset", b"{}")]
    events.publish(KIND, b"7")
    assert reads(late) == [("life-7", "queue", b"7")]


async def test_a_reader_that_falls_behind_holds_up_nobody_and_costs_no_memory() -> None:
    events = hub(kept=4)
    slow = events.subscribe()
    quick = events.subscribe()
    for number in range(1, 1_001):
        events.publish(KIND, b"%d" % number)
        assert [data for _, _, data in reads(quick)] == [b"%d" % number]
    assert len(events._events) == 4
    assert slow.place == "life-0"  # to whoever comes back with that it is a reset as well
    assert reads(slow) == [("life-1000", "reset", b"{}")]


async def test_who_waits_is_woken_by_the_next_event() -> None:
    events = hub()
    heard: list[Event | None] = []

    async def listen() -> None:
        reader = events.subscribe()
        while await reader.ready():
            heard.append(reader.read())

    async with background() as tasks:
        tasks.start_soon(listen)
        tasks.start_soon(listen)
        await anyio.wait_all_tasks_blocked()
        assert heard == []
        events.publish(KIND, b"1")
        await anyio.wait_all_tasks_blocked()
        assert heard == [Event(1, "life-1", KIND, b"1")] * 2


async def test_when_the_service_stops_nobody_waits_any_longer() -> None:
    events = hub()
    readers = [events.subscribe(), events.subscribe("lost")]
    ended: list[bool] = []

    async def listen() -> None:
        ended.append(await readers[0].ready())

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await anyio.wait_all_tasks_blocked()
            events.stop()
    assert ended == [False]
    events.publish(KIND, b"1")
    assert [await reader.ready() for reader in (*readers, events.subscribe())] == [False] * 3


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 5))
def test_a_reader_gets_each_event_or_a_reset_that_stands_for_those_he_missed(
    pauses: list[int], kept: int
) -> None:
    events = EventHub("life", kept=kept)
    reader = events.subscribe()
    published, expected = 0, 0
    for pause in pauses:
        for _ in range(pause):
            published += 1
            events.publish(KIND, b"%d" % published)
        missed = published - expected
        told = reads(reader)
        if missed > kept:
            assert told == [(f"life-{published}", "reset", b"{}")]
        else:
            assert [data for _, _, data in told] == [b"%d" % n for n in range(expected + 1, published + 1)]
        expected = published
        assert reader.place == f"life-{published}"


def test_of_every_kind_it_is_known_who_may_hear_of_it() -> None:
    assert NEEDED.keys() == set(EventKind)


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema(titles="abc") as made:
        made.clock.frozen_sleep = True
        yield made


def told(reader: EventReader) -> list[dict[str, object]]:
    return [json.loads(data) for _, kind, data in reads(reader) if kind == "refresh_progress"]


async def test_a_refresh_is_told_at_most_four_times_a_second_and_its_end_always(house: Cinema) -> None:
    services, clock = house.services, house.clock
    refreshing = services.library.refreshing
    source = WaitingSource(catalogue("abcdef"))
    refreshing.source = source
    reader = services.events.subscribe()
    async with background() as tasks:
        tasks.start_soon(RefreshFeed(refreshing, services.events, clock).run)
        await anyio.wait_all_tasks_blocked()
        run_id = await refreshing.begin()
        await source.reached.wait()
        await anyio.wait_all_tasks_blocked()
        assert [(each["state"], each["run_id"]) for each in told(reader)] == [("running", run_id)]
        source.go_on.set()
        while refreshing.state.phase is not Phase.IDLE:
            await anyio.lowlevel.checkpoint()
        clock.advance(0.24)
        await anyio.wait_all_tasks_blocked()
        assert told(reader) == []
        clock.advance(0.01)
        await anyio.wait_all_tasks_blocked()
        view = wire.unstructure(refresh_state_view(await refreshing.recalled_state()))
        assert told(reader) == [view]
        assert (view["state"], view["last_report"]["run_id"]) == ("idle", run_id)
        clock.advance(60)
        await anyio.wait_all_tasks_blocked()
        assert told(reader) == []


async def test_a_refresh_that_fails_is_told_with_its_reason(house: Cinema) -> None:
    services = house.services
    refreshing = services.library.refreshing
    refreshing.source = FakeSource(catalogue("abc"), fail_after=2)
    reader = services.events.subscribe()
    async with background() as tasks:
        tasks.start_soon(RefreshFeed(refreshing, services.events, house.clock).run)
        await anyio.wait_all_tasks_blocked()
        await refreshing.begin()
        while refreshing.state.phase is not Phase.IDLE:
            await anyio.lowlevel.checkpoint()
        house.clock.advance(1)
        await anyio.wait_all_tasks_blocked()
    last = told(reader)[-1]
    error = {"code": "invalid", "message": "source: broken on purpose"}
    details = {"field": "source", "problem": "broken on purpose"}
    assert (last["state"], last["last_error"]) == ("idle", {**error, "details": details})


async def test_a_feed_that_has_ended_listens_no_more(house: Cinema) -> None:
    refreshing = house.services.library.refreshing
    async with background() as tasks:
        tasks.start_soon(RefreshFeed(refreshing, house.services.events, house.clock).run)
        await anyio.wait_all_tasks_blocked()
        assert len(refreshing.progress._listeners) == 1
    assert len(refreshing.progress._listeners) == 0
