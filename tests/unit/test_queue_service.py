"""Applying to the simulated channel: exactly the target, or exactly what is missing and why."""

from collections.abc import AsyncGenerator

import anyio
import pytest
from attrs import evolve

from playlist_app.config import Settings
from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import ItemFailure, Run, RunStatus
from playlist_core.errors import (
    ChannelUnavailable,
    Conflict,
    Denied,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    Unavailable,
)
from playlist_core.services.runs import INTERRUPTED
from tests.unit.cinema import ADMIN, BLESSED, LENGTH, VIEWER, Cinema, cinema

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


def told(run: Run) -> tuple[RunStatus, int, int, int, list[tuple[str, str]]]:
    return run.status, run.kept, run.moved, run.added, [(f.video_id, f.reason) for f in run.failed]


DONE = RunStatus.DONE


async def test_preserve_current_keeps_what_plays_and_replaces_the_rest(house: Cinema) -> None:
    first = await house.apply("pxy")
    assert (told(first), first.done, house.queue) == ((DONE, 0, 0, 3, []), 3, "[p]xy")
    run = await house.apply("axb")
    assert told(run) == (DONE, 1, 0, 2, [])
    assert (house.queue, run.enqueued_count, run.done, run.total) == ("[p]axb", 3, 3, 3)


async def test_append_keeps_everything(house: Cinema) -> None:
    await house.apply("pxy")
    assert told(await house.apply("axb", Mode.APPEND)) == (DONE, 0, 1, 2, [])
    assert house.queue == "[p]yaxb"


async def test_append_where_duplicates_are_allowed_adds_each_once() -> None:
    async with cinema(dupes=True) as house:
        await house.apply("px")
        assert told(await house.apply("xx", Mode.APPEND)) == (DONE, 0, 0, 2, [])
        assert house.queue == "[p]xxx"


async def test_hard_replace_ends_with_exactly_the_playlist(house: Cinema) -> None:
    await house.apply("pxy")
    assert told(await house.apply("abx", Mode.HARD_REPLACE)) == (DONE, 1, 0, 2, [])
    assert house.queue == "[a]bx"
    assert told(await house.apply("ba", Mode.HARD_REPLACE))[:2] == (DONE, 1)
    assert house.queue == "[b]a"


async def test_hard_replace_of_a_temp_item_and_of_an_empty_queue(house: Cinema) -> None:
    await house.apply("ab", Mode.HARD_REPLACE)
    house.channel.as_user("alice").send("setTemp", {"uid": house.channel.now_playing.uid, "temp": True})
    assert told(await house.apply("cab", Mode.HARD_REPLACE))[0] is DONE
    assert house.queue == "[c]ab"


async def test_applying_again_sends_nothing(house: Cinema) -> None:
    await house.apply("pabc")
    before = len(house.commands)
    assert told(await house.apply("abc")) == (DONE, 3, 0, 0, [])
    assert len(house.commands) == before


async def test_what_fails_is_named_and_does_not_stop_the_rest(house: Cinema) -> None:
    house.channel.refuse_next("bad_manifest", media_id=house.url("b"))
    run = await house.apply("pabc-")
    assert told(run) == (DONE, 0, 0, 3, [("-", "unavailable"), ("b", "bad_manifest")])
    assert (house.queue, run.enqueued_count) == ("[p]ac", 3)
    told_of_b = ItemFailure(
        index=2,
        video_id="b",
        title="Film b.mp4",
        reason="bad_manifest",
        message="Expected HTTP 200 OK, not 404 Not Found",
    )
    assert run.failed[1] == told_of_b


async def test_a_second_occurrence_and_the_playing_item_are_reported(house: Cinema) -> None:
    await house.apply("p")
    run = await house.apply("apa")
    assert told(run) == (DONE, 0, 0, 1, [("p", "playing_now"), ("a", "already_on_playlist")])
    assert house.queue == "[p]a"


async def test_when_everything_fails_the_queue_is_left_as_it_was(house: Cinema) -> None:
    await house.apply("pxy")
    house.channel.refuse_next("bad_manifest", count=10)
    run = await house.apply("ab")
    assert (run.status, run.code, len(run.failed)) == (RunStatus.FAILED, "nothing_queued", 2)
    assert house.queue == "[p]xy"


async def test_sixty_items_go_through_the_pace_of_the_channel() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[:60]
    async with cinema(titles=letters) as house:
        began = house.clock.monotonic()
        assert told(await house.apply(letters)) == (DONE, 0, 0, 60, [])
        assert house.queue.replace("[", "").replace("]", "") == letters
        assert 24 < house.clock.monotonic() - began < 40


async def test_a_slow_manifest_is_waited_for_and_not_added_twice(house: Cinema) -> None:
    house.channel.refuse_next("slow 9", media_id=house.url("b"))
    run = await house.apply("abc")
    assert (told(run)[0], house.queue) == (DONE, "[a]bc")


async def test_a_silent_channel_is_given_up_item_by_item(house: Cinema) -> None:
    house.channel.refuse_next("silent", count=100, media_id=house.url("b"))
    run = await house.apply("abc")
    assert told(run) == (DONE, 0, 0, 2, [("b", "no_answer")])
    assert house.queue == "[a]c"


class Meddler:
    """Somebody who does something in the channel after so many commands of ours."""

    def __init__(self, house: Cinema, after: int, deed: str) -> None:
        self.house, self.after, self.deed = house, after, deed
        self.carry_out = house.services.queue.applying.gateway

    def __getattr__(self, name: str) -> object:
        real = getattr(self.carry_out, name)
        if name == "snapshot":
            return real

        async def command(*args: object, **options: object) -> object:
            result = await real(*args, **options)
            self.after -= 1
            if self.after == 0:
                self._meddle()
            return result

        return command

    def _meddle(self) -> None:
        alice = self.house.channel.as_user("alice")
        match self.deed:
            case "add":
                alice.add(self.house.url("z"))
            case "add ours":
                alice.add(self.house.url("d"))
            case "remove ours":
                alice.remove(max(item.uid for item in self.house.channel.queue))
            case "shuffle":
                alice.shuffle()
            case "skip":
                self.house.channel.skip()
            case "away":
                self.house.channel.disconnect()


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


async def test_a_shuffle_in_the_middle_makes_all_uids_new_and_the_target_is_reached(house: Cinema) -> None:
    await house.apply("pxy")
    house.services.queue.applying.gateway = Meddler(house, 2, "shuffle")
    run = await house.apply("abcd")
    assert (run.status, run.failed) == (DONE, ())
    assert house.queue.replace("[", "").replace("]", "").endswith("abcd") or "[a]" in house.queue


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


async def test_an_item_that_ends_in_the_middle_is_history(house: Cinema) -> None:
    await house.apply("p")
    house.clock.advance(LENGTH + 1)
    house.channel.refuse_next("slow 7", media_id=house.url("b"))
    run = await house.apply("abc")
    assert (run.status, run.failed, run.enqueued_count) == (DONE, (), 3)
    assert house.queue == "p[a]bc"


async def test_without_the_right_to_add_the_run_stops_and_says_so(house: Cinema) -> None:
    alice = house.channel.as_user("alice")
    alice.send("setPermissions", {"playlistaddrawfile": 5})
    run = await house.apply("ab")
    assert (run.status, run.code) == (RunStatus.FAILED, "no_permission")


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


@pytest.mark.parametrize("mode", Mode)
async def test_undo_puts_the_queue_back(house: Cinema, mode: Mode) -> None:
    await house.apply("pxyz")
    run = await house.apply("axb", mode)
    undone = await house.services.queue.undo(ADMIN, run.run_id)
    ended = await house.services.queue.finished(undone.run_id)
    assert (ended.status, ended.undo_of, house.queue) == (DONE, run.run_id, "[p]xyz")


async def test_an_undo_that_ends_what_plays_needs_what_hard_replace_needs(house: Cinema) -> None:
    await house.apply("px")
    run = await house.apply("ab", Mode.HARD_REPLACE)
    with pytest.raises(Denied) as caught:
        await house.services.queue.undo(BLESSED, run.run_id)
    assert caught.value.details == {"needs": "admin"}


async def test_hard_replace_is_for_admins_unless_the_settings_allow_it(house: Cinema) -> None:
    playlist = await house.playlist("ab")
    for actor, mode in [(VIEWER, Mode.APPEND), (BLESSED, Mode.HARD_REPLACE)]:
        with pytest.raises(Denied):
            await house.services.queue.apply(actor, playlist.playlist_id, mode)
    assert house.queue == ""
    allowed = evolve(Settings(), allow_blessed_hard_replace=True)
    async with cinema(settings=allowed) as other:
        assert told(await other.apply("ab", Mode.HARD_REPLACE, BLESSED))[0] is DONE


async def test_what_cannot_be_applied_is_told_before_anything_is_sent(house: Cinema) -> None:
    queue = house.services.queue
    empty = await house.playlist("", name="Empty")
    with pytest.raises(InvalidInput):
        await queue.apply(ADMIN, empty.playlist_id, Mode.APPEND)
    with pytest.raises(NotFound):
        await queue.apply(ADMIN, "nowhere", Mode.APPEND)
    playlist = await house.playlist("ab")
    house.channel.disconnect()
    with pytest.raises(ChannelUnavailable):
        await queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    with pytest.raises(NotFound):
        await queue.run("nowhere")
    assert house.commands == []


async def test_the_plan_tells_what_apply_will_do(house: Cinema) -> None:
    await house.apply("pxy")
    playlist = await house.playlist("axp-")
    before = len(house.commands)
    preview = await house.services.queue.preview(playlist.playlist_id, Mode.PRESERVE_CURRENT)
    assert (len(preview.plan.kept), len(preview.plan.added), preview.plan.deleted) == (1, 1, 1)
    assert [(each.video_id, each.reason) for each in preview.failed] == [
        ("-", "unavailable"),
        ("p", "playing_now"),
    ]
    assert preview.ends_in_seconds == pytest.approx(3 * LENGTH, abs=10)
    assert len(house.commands) == before


async def test_a_run_whose_service_stopped_is_told_as_interrupted(house: Cinema) -> None:
    playlist = await house.playlist("abcdef")
    run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    book = house.services.queue.applying.book
    assert (await book.get(run.run_id)).status is RunStatus.RUNNING
    house.clock.advance(31)
    assert (await book.get(run.run_id)).message == INTERRUPTED


async def test_a_store_that_goes_away_in_the_middle_ends_the_run_not_the_process(house: Cinema) -> None:
    playlist = await house.playlist("abcdefghijklmnop")
    run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
    house.services.queue.applying.book.runs.store.fail_with = Unavailable("the store is away")
    ended = await house.services.queue.finished(run.run_id)
    house.services.queue.applying.book.runs.store.fail_with = None
    assert (ended.status, ended.code) == (RunStatus.FAILED, "store_unavailable")
    assert 0 < ended.added < 16


async def test_stopping_the_service_in_the_middle_writes_down_how_far_it_came() -> None:
    async with cinema() as house:
        playlist = await house.playlist("abcdef")
        run = await house.services.queue.apply(ADMIN, playlist.playlist_id, Mode.APPEND)
        book = house.services.queue.applying.book
        await anyio.lowlevel.checkpoint()
    seen = await book.runs.get(run.run_id)
    assert (seen.value.status, seen.value.code) == (RunStatus.FAILED, "interrupted")
    assert await book.leases.get("apply") is None


async def test_runs_of_long_ago_are_forgotten(house: Cinema) -> None:
    run = await house.apply("ab")
    house.clock.advance(8 * 24 * 3600)
    await house.services.queue.sweep()
    with pytest.raises(NotFound):
        await house.services.queue.run(run.run_id)
    with pytest.raises(NotFound):
        await house.services.queue.undo(ADMIN, run.run_id)


async def test_a_command_that_never_gets_an_answer_stops_the_run(house: Cinema) -> None:
    await house.apply("pxy")
    gateway = Meddler(house, 99, "")

    async def lost(uid: int) -> None:
        raise OutcomeUnknown("no answer")

    gateway.remove = lost
    house.services.queue.applying.gateway = gateway
    run = await house.apply("a")
    assert (run.status, run.code, house.queue) == (RunStatus.FAILED, "no_answer", "[p]axy")
