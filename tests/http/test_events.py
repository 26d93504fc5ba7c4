"""`GET /events`: who is admitted, what he hears, how he comes back, and when the stream ends."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import anyio
import pytest

from playlist_adapters.kv.memory import MemoryKV
from playlist_app.events import EventHub, EventKind
from playlist_app.feeds import RefreshFeed
from playlist_app.tasks import background
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.errors import Unavailable
from tests.http.house import ADMIN, BLESSED, VIEWER, House, open_house, refusal
from tests.http.listening import Block, listening

pytestmark = pytest.mark.anyio

ALICE = Actor(Username(ADMIN), Role.ADMIN)
BEAT = 15


@pytest.fixture
async def house(anyio_backend: str) -> AsyncGenerator[House, None]:
    async with open_house() as opened:
        opened.clock.frozen_sleep = True
        yield opened


@pytest.fixture
def hub(house: House) -> EventHub:
    return house.services.events


async def pass_time(house: House, seconds: float) -> None:
    """Let everybody notice that time has passed."""
    await anyio.wait_all_tasks_blocked()
    house.clock.advance(seconds)
    await anyio.wait_all_tasks_blocked()


async def test_the_answer_is_a_stream_that_nobody_keeps_or_holds_up(house: House, hub: EventHub) -> None:
    async with listening(house, VIEWER) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.headers["x-accel-buffering"] == "no"
        assert "content-length" not in stream.headers
        assert await stream.block() == Block({"retry": "2000", "": "", "id": f"{hub.life}-0"})
        hub.publish(EventKind.QUEUE, b'{"connected":true}')
        told = {"id": f"{hub.life}-1", "event": "queue", "data": '{"connected":true}'}
        assert await stream.block() == Block(told)


async def test_a_heartbeat_comes_every_fifteen_seconds_and_names_the_place(
    house: House, hub: EventHub
) -> None:
    async with listening(house, VIEWER) as stream:
        await stream.block()
        for _ in range(3):
            await pass_time(house, BEAT)
            assert await stream.block() == Block({"": "", "id": f"{hub.life}-0"})
        # Events that a viewer does not get move his place, too, and put off no heartbeat.
        for _ in range(4):
            hub.publish(EventKind.REFRESH_PROGRESS, b"{}")
            await pass_time(house, BEAT / 4)
        assert await stream.block() == Block({"": "", "id": f"{hub.life}-4"})


@pytest.mark.parametrize("cookie", [{}, {"kryten_playlist_session": "made-up"}])
async def test_who_is_not_signed_in_is_refused_as_anywhere(house: House, cookie: dict[str, str]) -> None:
    answer = await house.call("GET", "events", cookies=cookie)
    assert refusal(answer) == (401, "not_signed_in", {})


async def test_progress_of_a_refresh_is_for_those_who_may_refresh(house: House, hub: EventHub) -> None:
    async with (
        listening(house, ADMIN) as admin,
        listening(house, BLESSED) as blessed,
        listening(house, VIEWER) as viewer,
    ):
        hub.publish(EventKind.REFRESH_PROGRESS, b'{"done":1}')
        hub.publish(EventKind.PLAYLIST_CHANGED, b"{}")
        assert await admin.event() == ("refresh_progress", '{"done":1}')
        for stream in (admin, blessed, viewer):
            assert await stream.event() == ("playlist_changed", "{}")


async def test_who_is_made_an_admin_hears_more_and_who_is_none_any_more_less(
    house: House, hub: EventHub
) -> None:
    carol = Username(VIEWER)
    async with listening(house, VIEWER) as stream:
        await house.services.access.grant(ALICE, carol, Role.ADMIN)
        hub.publish(EventKind.REFRESH_PROGRESS, b"1")
        assert await stream.event() == ("refresh_progress", "1")
        await house.services.access.revoke(ALICE, carol, Role.ADMIN)
        await pass_time(house, 1)
        hub.publish(EventKind.REFRESH_PROGRESS, b"2")
        hub.publish(EventKind.QUEUE, b"3")
        assert await stream.event() == ("queue", "3")


async def test_a_refresh_is_told_as_its_address_tells_it(house: House) -> None:
    refreshing = house.services.library.refreshing
    async with background() as tasks, listening(house, ADMIN) as stream:
        tasks.start_soon(RefreshFeed(refreshing, house.services.events, house.clock).run)
        await anyio.wait_all_tasks_blocked()
        run_id = (await house.call("POST", "catalog/refresh", by=ADMIN)).json["run_id"]
        await stream.block()
        first = await stream.block()
        assert first is not None
        assert (first.fields["event"], first.data["state"], first.data["run_id"]) == (
            "refresh_progress",
            "running",
            run_id,
        )
        await pass_time(house, 1)
        last = await stream.block()
        assert last is not None
        state = (await house.call("GET", "catalog/refresh", by=ADMIN)).json
        assert last.data == state
        assert (state["state"], state["last_report"]["run_id"]) == ("idle", run_id)


async def test_who_comes_back_gets_what_he_missed(house: House, hub: EventHub) -> None:
    for number in range(1, 4):
        hub.publish(EventKind.QUEUE, b"%d" % number)
    async with listening(house, VIEWER, last_id=f"{hub.life}-1") as stream:
        assert await stream.block() == Block({"retry": "2000", "": "", "id": f"{hub.life}-1"})
        assert [await stream.event(), await stream.event()] == [("queue", "2"), ("queue", "3")]


@pytest.mark.parametrize(
    ("last_id", "place"),
    # Whoever loses the stream before the reset is to get it the next time: no new place in the greeting.
    [("{life}-1", {"id": "{life}-1"}), ("{life}-301", {}), ("another-1", {}), ("rubbish", {})],
)
async def test_who_has_missed_what_is_kept_no_more_or_comes_from_another_life_gets_a_reset(
    house: House, hub: EventHub, last_id: str, place: dict[str, str]
) -> None:
    for number in range(1, 301):
        hub.publish(EventKind.QUEUE, b"%d" % number)
    async with listening(house, VIEWER, last_id=last_id.format(life=hub.life)) as stream:
        place = {name: value.format(life=hub.life) for name, value in place.items()}
        assert await stream.block() == Block({"retry": "2000", "": "", **place})
        assert await stream.block() == Block({"id": f"{hub.life}-300", "event": "reset", "data": "{}"})
        hub.publish(EventKind.QUEUE, b"301")
        assert await stream.event() == ("queue", "301")


async def test_a_reader_that_is_too_slow_gets_a_reset_and_holds_up_nobody(
    house: House, hub: EventHub
) -> None:
    async with listening(house, VIEWER) as slow, listening(house, VIEWER) as quick:
        for number in range(1_000):
            hub.publish(EventKind.QUEUE, b"%d" % number)
            assert await quick.event() == ("queue", str(number))
        assert await slow.event() == ("reset", "{}")
        hub.publish(EventKind.QUEUE, b"1000")
        assert await slow.event() == ("queue", "1000")


async def test_signing_out_ends_the_stream_before_anything_else_is_told(house: House, hub: EventHub) -> None:
    async with listening(house, VIEWER) as stream:
        hub.publish(EventKind.QUEUE, b"1")
        assert await stream.event() == ("queue", "1")
        await house.call("POST", "auth/logout", by=VIEWER)
        await pass_time(house, 1)
        hub.publish(EventKind.QUEUE, b"2")
        assert await stream.event() is None


async def test_a_stream_on_which_nothing_happens_ends_with_its_session_too(house: House) -> None:
    async with listening(house, VIEWER) as stream:
        await stream.block()
        await house.call("POST", "auth/logout", by=VIEWER)
        await pass_time(house, BEAT)
        assert await stream.block() is None


async def test_listening_keeps_nobody_signed_in(house: House) -> None:
    third = house.services.settings.session_ttl_hours * 1_200
    async with listening(house, VIEWER) as stream:
        await stream.block()
        for _ in range(2):
            await pass_time(house, third)
            assert await stream.block() is not None
        await pass_time(house, third)
        assert await stream.block() is None


async def test_a_store_that_cannot_tell_who_listens_ends_the_stream(house: House, hub: EventHub) -> None:
    async with listening(house, VIEWER) as stream:
        await stream.block()
        store = house.services.login.sessions.documents.store
        assert isinstance(store, MemoryKV)
        store.fail_with = Unavailable("the store is out for lunch")
        hub.publish(EventKind.QUEUE, b"1")
        assert await stream.block() is None


async def test_the_end_of_the_service_ends_every_stream_and_each_that_comes_later(
    house: House, hub: EventHub
) -> None:
    async with listening(house, ADMIN) as admin, listening(house, VIEWER) as viewer:
        for stream in (admin, viewer):
            await stream.block()
        hub.stop()
        assert [await admin.block(), await viewer.block()] == [None, None]
    async with listening(house, VIEWER) as late:
        assert await late.event() is None


async def test_a_session_has_eight_streams_and_gets_another_when_one_has_hung_up(house: House) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(house, VIEWER)) for _ in range(8)]
        answer = await house.call("GET", "events", by=VIEWER)
        assert refusal(answer) == (429, "rate_limited", {"retry_after_seconds": BEAT})
        assert answer.headers["retry-after"] == str(BEAT)
        await stack.enter_async_context(listening(house, BLESSED))
        await streams[0].hang_up()
        again = await stack.enter_async_context(listening(house, VIEWER))
        assert again.status == 200
        assert (await house.call("GET", "events", by=VIEWER)).status_code == 429


async def test_a_client_that_hangs_up_is_noticed_at_once(house: House) -> None:
    async with listening(house, VIEWER) as stream:
        await stream.block()
        await anyio.wait_all_tasks_blocked()
        before = house.clock.now()
        await stream.hang_up()
        assert house.clock.now() == before
