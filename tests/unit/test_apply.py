"""Applying to the simulated channel: exactly the target, or exactly what is missing and why."""

from collections.abc import AsyncGenerator

import pytest
from attrs import evolve

from playlist_app.config import Settings
from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import ItemFailure, RunStatus
from playlist_core.errors import (
    ChannelUnavailable,
    Denied,
    InvalidInput,
    NotFound,
)
from tests.unit.applies import DONE, told
from tests.unit.cinema import ADMIN, BLESSED, LENGTH, VIEWER, Cinema, cinema

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


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


async def test_the_plan_changes_nothing_when_nothing_can_be_queued(house: Cinema) -> None:
    await house.apply("pxy")
    playlist = await house.playlist("-+", name="Gone")
    preview = await house.services.queue.preview(playlist.playlist_id, Mode.PRESERVE_CURRENT)
    assert (preview.plan.steps, len(preview.failed), len(preview.limits)) == ((), 2, 1)
    empty = await house.playlist("", name="Empty")
    with pytest.raises(InvalidInput):
        await house.services.queue.preview(empty.playlist_id, Mode.PRESERVE_CURRENT)


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


async def test_what_goes_in_front_of_others_is_in_place_before_an_item_that_is_about_to_end_does(
    house: Cinema,
) -> None:
    await house.apply("pxyz")
    house.clock.advance(LENGTH - 4)
    run = await house.apply("abxyz")
    assert (run.status, run.enqueued_count, house.queue) == (RunStatus.DONE, 5, "[p]abxyz")
    house.clock.advance(15)
    assert house.queue == "p[a]bxyz"


async def test_what_would_come_too_late_in_front_of_others_waits_for_the_next_item(house: Cinema) -> None:
    await house.apply("pab")
    house.clock.advance(LENGTH)
    run = await house.apply("acxb")
    assert (run.status, run.enqueued_count, house.queue) == (RunStatus.DONE, 4, "p[a]cxb")
