"""The book of runs: one at a time, cancelled, interrupted, forgotten."""

from collections.abc import AsyncGenerator

import anyio
import pytest
from attrs import evolve

from playlist_core.domain.playlists import PlaylistItem
from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import RunStatus, item_failure
from playlist_core.errors import (
    Conflict,
    Denied,
    NotFound,
    Unavailable,
)
from playlist_core.services.runs import INTERRUPTED
from tests.unit.applies import DONE, told
from tests.unit.cinema import ADMIN, BLESSED, Cinema, cinema

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


async def test_one_apply_at_a_time_and_the_other_learns_who(house: Cinema) -> None:
    playlist = await house.playlist("ab")
    queue = house.services.queue
    first = await queue.apply(BLESSED, playlist.playlist_id, Mode.APPEND)
    with pytest.raises(Conflict) as caught:
        await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    assert (caught.value.code, caught.value.details["by"], caught.value.details["run_id"]) == (
        "apply_in_progress",
        "bob",
        first.run_id,
    )
    assert (await queue.finished(first.run_id)).status is DONE
    assert told(await house.apply("ab", Mode.APPEND))[0] is DONE


async def test_a_run_is_cancelled_between_commands_by_its_starter_or_an_admin(house: Cinema) -> None:
    playlist = await house.playlist("abcdef")
    queue = house.services.queue
    run = await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    with pytest.raises(Denied):
        await queue.cancel(BLESSED, run.run_id)
    await queue.cancel(ADMIN, run.run_id)
    ended = await queue.finished(run.run_id)
    assert (ended.status, ended.added) == (RunStatus.CANCELLED, 1)
    assert await queue.run(run.run_id) == ended
    assert house.queue == "[a]"


async def test_a_run_whose_service_stopped_is_told_as_interrupted(house: Cinema) -> None:
    playlist = await house.playlist("abcdef")
    run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    book = house.services.queue.applying.book
    assert (await book.get(run.run_id)).status is RunStatus.RUNNING
    house.clock.advance(31)
    assert (await book.get(run.run_id)).message == INTERRUPTED


async def test_stopping_the_service_in_the_middle_writes_down_how_far_it_came() -> None:
    async with cinema() as house:
        playlist = await house.playlist("abcdef")
        run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
        book = house.services.queue.applying.book
        await anyio.lowlevel.checkpoint()
    seen = await book.runs.get(run.run_id)
    assert (seen.value.status, seen.value.code) == (RunStatus.FAILED, "interrupted")
    assert await book.leases.get("apply") is None


async def test_stopping_ends_every_run_between_two_commands(house: Cinema) -> None:
    playlist = await house.playlist("abcdef")
    queue = house.services.queue
    run = await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    queue.applying.stop()
    ended = await queue.finished(run.run_id)
    assert (ended.status, ended.code, ended.added) == (RunStatus.FAILED, "interrupted", 1)
    assert [each.reason for each in ended.failed] == ["interrupted"] * 5
    late = await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    assert (await queue.finished(late.run_id)).code == "interrupted"


async def test_a_process_that_is_alone_takes_the_lease_of_a_dead_one(house: Cinema) -> None:
    playlist = await house.playlist("ab")
    queue = house.services.queue
    dead = await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    await queue.applying.book.abandon()
    assert (await queue.applying.book.get(dead.run_id)).code == "interrupted"
    await queue.applying.book.abandon()  # nothing to take is no error


async def test_a_store_that_fails_while_a_run_begins_leaves_no_lease(house: Cinema) -> None:
    playlist = await house.playlist("ab")
    queue = house.services.queue
    queue.applying.book.former.store.fail_with = Unavailable("the store is away")
    with pytest.raises(Unavailable):
        await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    queue.applying.book.former.store.fail_with = None
    run = await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    assert (await queue.finished(run.run_id)).status is DONE


async def test_very_many_failures_fit_into_the_book() -> None:
    async with cinema(titles="a") as house:
        gone = [PlaylistItem(f"{number:0149}", "木" * 100) for number in range(4500)]
        playlists = house.services.library.playlists
        short = [PlaylistItem(f"x{number}") for number in range(4999)]
        playlist = await playlists.create(BLESSED, "Gone", [PlaylistItem("a"), *short])
        run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
        ended = await house.services.queue.finished(run.run_id)
        assert (ended.status, ended.added, len(ended.failed)) == (DONE, 1, 4999)
        large = evolve(
            ended,
            run_id="large",
            failed=tuple(item_failure(i, item, "unavailable", "x" * 100) for i, item in enumerate(gone)),
        )
        book = house.services.queue.applying.book
        await book.runs.create("large", value=ended)
        await book.close(large)
        assert len((await book.get("large")).failed) == 1500


async def test_runs_of_long_ago_are_forgotten(house: Cinema) -> None:
    run = await house.apply("ab")
    house.clock.advance(8 * 24 * 3600)
    await house.services.queue.sweep()
    with pytest.raises(NotFound):
        await house.services.queue.run(run.run_id)
    with pytest.raises(NotFound):
        await house.services.queue.undo(ADMIN, run.run_id)
