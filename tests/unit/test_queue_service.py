"""Applying to the simulated channel: exactly the target, or exactly what is missing and why."""

from collections.abc import AsyncGenerator

import anyio
import pytest
from attrs import evolve

from playlist_app.config import Settings
from playlist_core.domain.playlists import PlaylistItem
from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import ItemFailure, Run, RunStatus, item_failure
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


LONG = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    ("away", "status", "code"), [(5.0, DONE, None), (100.0, RunStatus.FAILED, "store_unavailable")]
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


async def test_undo_of_the_first_apply_empties_the_queue_again(house: Cinema) -> None:
    run = await house.apply("abc")
    with pytest.raises(Denied):
        await house.services.queue.undo(BLESSED, run.run_id)
    undone = await house.services.queue.undo(ADMIN, run.run_id)
    assert (await house.services.queue.finished(undone.run_id)).status is DONE
    assert house.queue == ""


async def test_an_undo_by_somebody_blessed_never_takes_another_item_off_the_air(house: Cinema) -> None:
    await house.apply("pxyz")
    run = await house.apply("abcdef")

    class Jumper(Meddler):
        def _meddle(self) -> None:
            (f,) = [i.uid for i in self.house.channel.queue if i.media_id == self.house.url("f")]
            self.house.channel.as_user("alice").send("jumpTo", f)

    house.services.queue.applying.gateway = Jumper(house, 1, "")
    undone = await house.services.queue.undo(BLESSED, run.run_id)
    ended = await house.services.queue.finished(undone.run_id)
    assert (ended.status, ended.code) == (RunStatus.FAILED, "forbidden")
    assert "[f]" in house.queue


async def test_undo_does_not_insist_on_flags_the_bot_may_not_set(house: Cinema) -> None:
    await house.apply("pxy")
    run = await house.apply("ab")
    levels = {"settemp": 5, "addnontemp": 5}
    house.channel.as_user("alice").send("setPermissions", levels)
    undone = await house.services.queue.undo(ADMIN, run.run_id)
    assert (await house.services.queue.finished(undone.run_id)).status is DONE
    assert house.queue == "[p]xy"


async def test_a_full_list_makes_room_as_far_as_needed() -> None:
    async with cinema(most=6) as house:
        await house.apply("pabcde")
        assert told(await house.apply("vwxyz")) == (DONE, 0, 0, 5, [])
        assert house.queue == "[p]vwxyz"


async def test_what_does_not_fit_is_named_with_the_reason() -> None:
    async with cinema(most=4) as house:
        await house.apply("pa")
        run = await house.apply("wxyz", Mode.APPEND)
        assert told(run) == (RunStatus.FAILED, 0, 0, 2, [("y", "list_full"), ("z", "list_full")])
        assert (house.queue, run.done, run.total) == ("[p]awx", 4, 4)


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


async def test_an_item_that_comes_on_the_air_by_itself_is_counted(house: Cinema) -> None:
    await house.apply("xb")
    queue = house.services.queue
    playlist = await house.playlist("abc", name="Mine")
    run = await queue.apply(ADMIN, playlist.playlist_id, Mode.PRESERVE_CURRENT)
    house.channel.skip()
    ended = await queue.finished(run.run_id)
    assert (ended.enqueued_count, len(ended.failed), ended.status) == (3, 0, DONE)


async def test_the_plan_changes_nothing_when_nothing_can_be_queued(house: Cinema) -> None:
    await house.apply("pxy")
    playlist = await house.playlist("-+", name="Gone")
    preview = await house.services.queue.preview(playlist.playlist_id, Mode.PRESERVE_CURRENT)
    assert (preview.plan.steps, len(preview.failed), len(preview.limits)) == ((), 2, 1)
    empty = await house.playlist("", name="Empty")
    with pytest.raises(InvalidInput):
        await house.services.queue.preview(empty.playlist_id, Mode.PRESERVE_CURRENT)


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


async def test_a_channel_that_goes_away_does_not_claim_that_nothing_was_sent(house: Cinema) -> None:
    await house.apply("p")
    house.services.queue.applying.gateway = Meddler(house, 1, "away")
    run = await house.apply("abc")
    assert (run.added, run.code) == (1, "channel_unavailable")
    assert run.message == "The channel went away; what was done so far stays. Apply again when it is back."
