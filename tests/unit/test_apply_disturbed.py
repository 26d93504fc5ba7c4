"""Applying while the channel, its people or the store do something else."""

from collections.abc import AsyncGenerator

import pytest

from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import RunStatus
from playlist_core.errors import (
    OutcomeUnknown,
    Unavailable,
)
from tests.unit.applies import DONE, Meddler, told
from tests.unit.cinema import ADMIN, LENGTH, Cinema, cinema

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("add", "[p]abcd"),
        ("add ours", "[p]abcd"),
        ("remove ours", "[p]abcd"),
        ("skip", "p[a]bcd"),
    ],
)
async def test_somebody_else_in_the_middle_does_not_spoil_the_target(
    house: Cinema, deed: str, expected: str
) -> None:
    await house.apply("pxy")
    house.services.queue.applying.gateway = Meddler(house, 2, deed)
    run = await house.apply("abcd")
    assert (run.status, run.failed, house.queue) == (DONE, (), expected)


@pytest.mark.parametrize("mode", [Mode.PRESERVE_CURRENT, Mode.HARD_REPLACE])
@pytest.mark.parametrize("after", range(1, 6))
async def test_a_shuffle_in_the_middle_makes_all_uids_new_and_the_target_is_reached(
    house: Cinema, mode: Mode, after: int
) -> None:
    await house.apply("pxy")
    house.services.queue.applying.gateway = Meddler(house, after, "shuffle")
    run = await house.apply("abcd", mode)
    assert (run.status, run.failed, run.enqueued_count) == (DONE, (), 4)
    assert house.queue == ("[a]bcd" if mode is Mode.HARD_REPLACE else "[p]abcd")


async def test_the_channel_going_away_in_the_middle_ends_the_run_and_says_how_far_it_came(
    house: Cinema,
) -> None:
    await house.apply("pxy")
    house.services.queue.applying.gateway = Meddler(house, 2, "away")
    run = await house.apply("abcd")
    assert (run.status, run.code, run.added) == (RunStatus.FAILED, "channel_unavailable", 2)
    house.channel.reconnect()
    house.services.queue.applying.gateway = house.channel
    assert told(await house.apply("abcd")) == (DONE, 2, 0, 2, [])
    assert house.queue == "[p]abcd"


async def test_a_channel_that_goes_away_does_not_claim_that_nothing_was_sent(house: Cinema) -> None:
    await house.apply("p")
    house.services.queue.applying.gateway = Meddler(house, 1, "away")
    run = await house.apply("abc")
    assert (run.added, run.code) == (1, "channel_unavailable")
    assert run.message == "The channel went away; what was done so far stays. Apply again when it is back."


async def test_an_item_that_ends_in_the_middle_is_history(house: Cinema) -> None:
    await house.apply("p")
    house.clock.advance(LENGTH + 1)
    house.channel.refuse_next("slow 7", media_id=house.url("b"))
    run = await house.apply("abc")
    assert (run.status, run.failed, run.enqueued_count) == (DONE, (), 3)
    assert house.queue == "p[a]bc"


async def test_an_item_that_comes_on_the_air_by_itself_is_counted(house: Cinema) -> None:
    await house.apply("xb")
    queue = house.services.queue
    playlist = await house.playlist("abc", name="Mine")
    run = await queue.apply(ADMIN, playlist.playlist_id, Mode.PRESERVE_CURRENT)
    house.channel.skip()
    ended = await queue.finished(run.run_id)
    assert (ended.enqueued_count, len(ended.failed), ended.status) == (3, 0, DONE)


async def test_without_the_right_to_add_the_run_stops_and_says_so(house: Cinema) -> None:
    alice = house.channel.as_user("alice")
    alice.send("setPermissions", {"playlistaddrawfile": 5})
    run = await house.apply("ab")
    assert (run.status, run.code) == (RunStatus.FAILED, "no_permission")


async def test_what_somebody_removes_each_time_is_given_up(house: Cinema) -> None:
    await house.apply("p")

    class Remover(Meddler):
        def _meddle(self) -> None:
            self.after = 1
            for item in self.house.channel.queue:
                if item.media_id == self.house.url("b"):
                    self.house.channel.as_user("alice").remove(item.uid)

    house.services.queue.applying.gateway = Remover(house, 1, "")
    run = await house.apply("abc")
    assert told(run) == (DONE, 0, 0, 2, [("b", "removed")])
    assert house.queue == "[p]ac"


async def test_a_command_that_never_gets_an_answer_stops_the_run(house: Cinema) -> None:
    await house.apply("pxy")
    gateway = Meddler(house, 99, "")

    async def lost(uid: int, *, generation: int) -> None:
        raise OutcomeUnknown("no answer")

    gateway.remove = lost
    house.services.queue.applying.gateway = gateway
    run = await house.apply("a")
    assert (run.status, run.code, house.queue) == (RunStatus.FAILED, "no_answer", "[p]axy")


LONG = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    ("away", "status", "code"),
    [(5.0, DONE, None), (60.0, DONE, None), (150.0, RunStatus.FAILED, "store_unavailable")],
)
async def test_a_store_that_is_away_for_a_moment_does_not_end_a_run(
    away: float, status: RunStatus, code: str | None
) -> None:
    async with cinema(titles=LONG) as house:
        playlist = await house.playlist(LONG)
        run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
        store = house.services.queue.applying.book.runs.store
        store.fail_with = Unavailable("the store is away")
        until = house.clock.monotonic() + away

        async def back(operation: str, key: str) -> None:
            if house.clock.monotonic() > until:
                store.fail_with = None

        store.before_operation = back
        ended = await house.services.queue.finished(run.run_id)
        assert (ended.status, ended.code) == (status, code)
        assert ended.enqueued_count + len(ended.failed) == len(LONG)
