"""The channel's queue over HTTP: what is on, what an apply would do, applying, runs, undo."""

from typing import Any

import anyio.lowlevel
import pytest

from playlist_adapters.channel.simulated.items import Media
from playlist_app.config import Settings
from playlist_core.domain.identity import Username
from tests.http.house import (
    ADMIN,
    BLESSED,
    GENERAL,
    GROMIT,
    NIGHT,
    NOW,
    OUTPOST,
    SITE,
    SOULS,
    VIEWER,
    House,
    open_house,
    refusal,
)

pytestmark = pytest.mark.anyio

ASYNC = {"Prefer": "respond-async"}
REPEATED = "The channel refuses duplicates, and this title is there already."
NOT_THERE = (404, "run_not_found", {})


def entry(
    uid: int, video_id: str | None, title: str, shown: str, seconds: int, **other: Any
) -> dict[str, Any]:
    return {
        "uid": uid,
        "video_id": video_id,
        "title": title,
        "display_title": shown,
        "duration_seconds": seconds,
        "temp": False,
        "queueby": "KrytenBot",
        **other,
    }


def failure(
    index: int, video_id: str, title: str | None, shown: str, reason: str, message: str
) -> dict[str, Any]:
    return {
        "index": index,
        "video_id": video_id,
        "title": title,
        "display_title": shown,
        "reason": reason,
        "message": message,
    }


NIGHT_SHOWN, SOULS_SHOWN = "Night of the Living Dead (1968)", "Carnival of Souls (1962)"
GONE = failure(1, "gone", None, "gone", "unavailable", "This title is not in the catalogue any more.")


async def status_of(house: House, run_id: str) -> str:
    return (await house.call("GET", f"queue/runs/{run_id}", by=VIEWER)).json["status"]


async def begun(house: House, playlist_id: str, *, by: str = BLESSED, mode: str = "append") -> str:
    """Begin a run that does not end before the clock moves."""
    await house.token(ADMIN)
    await house.token(BLESSED)
    await house.token(VIEWER)
    house.clock.frozen_sleep = True
    order = {"playlist_id": playlist_id, "mode": mode}
    answer = await house.call("POST", "queue/apply", order, by=by, headers=ASYNC)
    assert (answer.status_code, answer.json.keys()) == (202, {"run_id"}), answer.text
    return answer.json["run_id"]


async def ended(house: House, run_id: str) -> dict[str, Any]:
    """Let time go on until the run is over."""
    while await status_of(house, run_id) == "running":
        house.clock.advance(0.05)
        await anyio.lowlevel.checkpoint()
    house.clock.frozen_sleep = False
    return (await house.call("GET", f"queue/runs/{run_id}", by=VIEWER)).json


async def test_an_empty_queue_is_told_as_such(house: House) -> None:
    answer = await house.call("GET", "queue", by=VIEWER)
    assert answer.json == {"connected": True, "now_playing": None, "items": [], "total_duration_seconds": 0}


async def test_the_queue_is_told_item_by_item_the_playing_one_included(house: House) -> None:
    await house.apply(await house.save("Night", NIGHT, GROMIT))
    house.clock.advance(63)
    answer = await house.call("GET", "queue", by=VIEWER)
    assert answer.json == {
        "connected": True,
        "now_playing": {
            "uid": 0,
            "video_id": "night1968",
            "title": "Night.of.the.Living.Dead.[1968].mp4",
            "display_title": NIGHT_SHOWN,
            "duration_seconds": 5760,
            "position_seconds": 60.0,
        },
        "items": [
            entry(0, "night1968", NIGHT.title, NIGHT_SHOWN, 5760),
            entry(1, "gromit_01", GROMIT.title, "Wallace & Gromit - A Grand Day Out", 0),
        ],
        "total_duration_seconds": 5760,
    }


async def test_while_the_channel_is_away_the_queue_says_so_and_orders_are_refused(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    house.channel.disconnect()
    answer = await house.call("GET", "queue", by=VIEWER)
    assert answer.json == {"connected": False, "now_playing": None, "items": [], "total_duration_seconds": 0}
    for path in ("queue/plan", "queue/apply"):
        refused = await house.call("POST", path, {"playlist_id": playlist_id}, by=BLESSED)
        assert refusal(refused) == (503, "channel_unavailable", {})
    house.channel.reconnect()
    assert (await house.apply(playlist_id)).json["status"] == "queued"


async def test_apply_keeps_what_plays_and_puts_the_playlist_behind_it(house: House) -> None:
    await house.apply(await house.save("Before", NIGHT, SOULS))
    playlist_id = await house.save("After", GENERAL, *OUTPOST)
    plan = await house.call("POST", "queue/plan", {"playlist_id": playlist_id}, by=BLESSED)
    assert plan.status_code == 200
    assert {key: plan.json[key] for key in ("keep", "move", "add", "delete", "commands")} == {
        "keep": 0,
        "move": 0,
        "add": 4,
        "delete": 1,
        "commands": 5,
    }
    answer = await house.call("POST", "queue/apply", {"playlist_id": playlist_id}, by=BLESSED)
    assert (answer.status_code, answer.json) == (
        200,
        {
            "status": "queued",
            "run_id": answer.json["run_id"],
            "enqueued_count": 4,
            "kept": 0,
            "moved": 0,
            "added": 4,
            "failed": [],
            "message": None,
            "code": None,
        },
    )
    assert house.queued() == [item.title for item in (NIGHT, GENERAL, *OUTPOST)]
    playing = house.channel.now_playing
    assert playing is not None
    assert playing.uid == house.channel.queue[0].uid


async def test_append_keeps_everything_and_hard_replace_nothing(house: House) -> None:
    await house.apply(await house.save("Before", NIGHT, SOULS))
    playlist_id = await house.save("After", GENERAL, GROMIT)
    assert (await house.apply(playlist_id, "append", by=BLESSED)).json["added"] == 2
    assert house.queued() == [item.title for item in (NIGHT, SOULS, GENERAL, GROMIT)]
    replaced = await house.save("Only", *OUTPOST)
    assert (await house.apply(replaced, "hard_replace")).json["enqueued_count"] == 3
    assert house.queued() == [item.title for item in OUTPOST]
    playing = house.channel.now_playing
    assert playing is not None
    assert playing.uid == house.channel.queue[0].uid


async def test_items_that_cannot_come_into_the_queue_are_named_with_the_reason(house: House) -> None:
    body = {"name": "Mix", "items": [{"video_id": each} for each in ("night1968", "gone", "souls1962")]}
    playlist_id = (await house.call("POST", "playlists", body, by=BLESSED)).json["playlist_id"]
    house.channel.refuse_next("bad_manifest", media_id=f"{SITE}/souls1962.json?format=json")
    plan = await house.call("POST", "queue/plan", {"playlist_id": playlist_id}, by=BLESSED)
    assert plan.json["unavailable"] == [GONE]
    answer = await house.apply(playlist_id, by=BLESSED)
    assert (answer.json["status"], answer.json["enqueued_count"]) == ("queued", 1)
    refused = "Expected HTTP 200 OK, not 404 Not Found"
    assert answer.json["failed"] == [
        GONE,
        failure(2, "souls1962", SOULS.title, SOULS_SHOWN, "bad_manifest", refused),
    ]
    assert house.queued() == [NIGHT.title]


async def test_where_duplicates_are_refused_the_plan_says_so_beforehand(house: House) -> None:
    await house.apply(await house.save("Night", NIGHT))
    body = {
        "name": "Twice",
        "items": [{"video_id": each} for each in ("night1968", "souls1962", "souls1962")],
    }
    playlist_id = (await house.call("POST", "playlists", body, by=BLESSED)).json["playlist_id"]
    failed = [
        failure(0, "night1968", NIGHT.title, NIGHT_SHOWN, "playing_now", "This title is playing right now."),
        failure(2, "souls1962", SOULS.title, SOULS_SHOWN, "already_on_playlist", REPEATED),
    ]
    plan = await house.call("POST", "queue/plan", {"playlist_id": playlist_id}, by=BLESSED)
    assert plan.json["unavailable"] == failed
    answer = await house.apply(playlist_id, by=BLESSED)
    assert (answer.json["failed"], answer.json["enqueued_count"]) == (failed, 1)
    assert house.queued() == [NIGHT.title, SOULS.title]


async def test_a_plan_changes_nothing(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT, SOULS)
    before = await house.stored()
    answer = await house.call(
        "POST", "queue/plan", {"playlist_id": playlist_id, "mode": "append"}, by=BLESSED
    )
    assert answer.json == {
        "keep": 0,
        "move": 0,
        "add": 2,
        "delete": 0,
        "commands": 2,
        "seconds": answer.json["seconds"],
        "unavailable": [],
        "limits": [],
        "warnings": [],
        "ends_at": "2026-11-21T01:54:00.000000Z",
        "ends_in_seconds": 10440,
    }
    assert await house.stored() == before
    assert house.queued() == []


async def test_an_empty_playlist_is_not_put_on_the_air(house: House) -> None:
    await house.apply(await house.save("Night", NIGHT))
    empty = await house.save("Empty")
    for mode in ("preserve_current", "append", "hard_replace"):
        answer = await house.apply(empty, mode)
        assert refusal(answer)[:2] == (422, "invalid")
        assert refusal(answer)[2]["field"] == "playlist_id"
    assert house.queued() == [NIGHT.title]


async def test_a_playlist_that_is_not_there_cannot_be_applied(house: House) -> None:
    for path in ("queue/plan", "queue/apply"):
        answer = await house.call("POST", path, {"playlist_id": "none"}, by=BLESSED)
        assert refusal(answer) == (404, "playlist_not_found", {})


async def test_without_a_catalogue_nothing_is_applied() -> None:
    async with open_house(with_catalog=False) as house:
        playlist_id = await house.save("Night", NIGHT)
        for path in ("queue/plan", "queue/apply"):
            answer = await house.call("POST", path, {"playlist_id": playlist_id}, by=BLESSED)
            assert refusal(answer) == (503, "no_snapshot", {})


@pytest.mark.parametrize("prefer", ["respond-async", "wait=10, respond-async", "Respond-Async"])
async def test_whoever_prefers_not_to_wait_gets_the_run_at_once(house: House, prefer: str) -> None:
    playlist_id = await house.save("Night", NIGHT, SOULS)
    order = {"playlist_id": playlist_id}
    answer = await house.call("POST", "queue/apply", order, by=BLESSED, headers={"Prefer": prefer})
    assert (answer.status_code, answer.json.keys()) == (202, {"run_id"})
    run = await ended(house, answer.json["run_id"])
    assert run == {
        "run_id": answer.json["run_id"],
        "status": "done",
        "mode": "preserve_current",
        "playlist_id": playlist_id,
        "undo_of": None,
        "by": "bob",
        "started_at": NOW,
        "done": 2,
        "total": 2,
        "kept": 0,
        "moved": 0,
        "added": 2,
        "failed": [],
        "eta_seconds": None,
        "message": None,
        "code": None,
    }


async def test_one_run_at_a_time_and_the_second_is_told_of_the_first(house: House) -> None:
    playlist_id = await house.save("Outpost", *OUTPOST)
    run_id = await begun(house, playlist_id)
    second = await house.apply(playlist_id, "append")
    status, code, details = refusal(second)
    assert (status, code) == (409, "apply_in_progress")
    assert (details["run_id"], details["by"], details["total"]) == (run_id, "bob", 3)
    undo = await house.call("POST", f"queue/runs/{run_id}/undo", by=BLESSED)
    assert refusal(undo)[:2] == (409, "apply_in_progress")
    assert (await ended(house, run_id))["status"] == "done"
    assert house.queued() == [item.title for item in OUTPOST]


async def test_a_run_is_cancelled_by_its_starter_or_an_admin_and_by_nobody_else(house: House) -> None:
    await house.call("PUT", "access/blessed/carol", by=ADMIN)
    playlist_id = await house.save("Outpost", *OUTPOST)
    run_id = await begun(house, playlist_id)
    refused = await house.call("DELETE", f"queue/runs/{run_id}", by=VIEWER)
    assert refusal(refused) == (403, "forbidden", {"needs": "admin"})
    asked = await house.call("DELETE", f"queue/runs/{run_id}", by=BLESSED)
    assert (asked.status_code, asked.json["run_id"]) == (200, run_id)
    run = await ended(house, run_id)
    assert (run["status"], run["message"]) == ("cancelled", "Cancelled; what was done so far stays.")
    assert len(house.queued()) < 3
    again = await house.call("DELETE", f"queue/runs/{run_id}", by=BLESSED)
    assert (again.status_code, again.json["status"]) == (200, "cancelled")
    second = await begun(house, playlist_id)
    assert (await house.call("DELETE", f"queue/runs/{second}", by=ADMIN)).status_code == 200
    assert (await ended(house, second))["status"] == "cancelled"


async def test_undo_puts_the_queue_back(house: House) -> None:
    await house.apply(await house.save("Before", NIGHT, SOULS))
    run_id = (await house.apply(await house.save("After", *OUTPOST), by=BLESSED)).json["run_id"]
    assert house.queued() == [item.title for item in (NIGHT, *OUTPOST)]
    answer = await house.call("POST", f"queue/runs/{run_id}/undo", by=BLESSED)
    assert (answer.status_code, answer.json["status"]) == (200, "queued")
    assert house.queued() == [NIGHT.title, SOULS.title]
    undone = await house.call("GET", f"queue/runs/{answer.json['run_id']}", by=VIEWER)
    assert (undone.json["undo_of"], undone.json["by"]) == (run_id, "bob")


async def test_an_undo_that_takes_the_playing_item_off_the_air_needs_an_admin(house: House) -> None:
    await house.apply(await house.save("Before", NIGHT))
    run_id = (await house.apply(await house.save("After", SOULS), "hard_replace")).json["run_id"]
    refused = await house.call("POST", f"queue/runs/{run_id}/undo", by=BLESSED)
    assert refusal(refused) == (403, "forbidden", {"needs": "admin"})
    assert house.queued() == [SOULS.title]
    answer = await house.call("POST", f"queue/runs/{run_id}/undo", by=ADMIN, headers=ASYNC)
    assert (answer.status_code, answer.json.keys()) == (202, {"run_id"})
    assert (await ended(house, answer.json["run_id"]))["status"] == "done"
    assert house.queued() == [NIGHT.title]


async def test_a_run_that_never_was_is_not_found(house: House) -> None:
    for run_id in ("none", "", "%00", ".."):
        assert refusal(await house.call("GET", f"queue/runs/{run_id}", by=VIEWER)) == NOT_THERE
        assert refusal(await house.call("DELETE", f"queue/runs/{run_id}", by=ADMIN)) == NOT_THERE
        assert refusal(await house.call("POST", f"queue/runs/{run_id}/undo", by=ADMIN)) == NOT_THERE


async def test_a_channel_lost_before_the_first_command_is_an_error_of_the_apply(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    run_id = await begun(house, playlist_id)
    house.channel.disconnect()
    run = await ended(house, run_id)
    assert (run["status"], run["code"]) == ("failed", "channel_unavailable")


async def test_a_run_in_which_nothing_could_be_queued_failed_and_left_the_queue(house: House) -> None:
    await house.apply(await house.save("Before", NIGHT, SOULS))
    playlist_id = await house.save("After", *OUTPOST)
    house.channel.refuse_next("bad_manifest", count=3)
    answer = await house.apply(playlist_id, by=BLESSED)
    assert (answer.json["status"], answer.json["code"], answer.json["enqueued_count"]) == (
        "failed",
        "nothing_queued",
        0,
    )
    assert [each["reason"] for each in answer.json["failed"]] == ["bad_manifest"] * 3
    assert house.queued() == [NIGHT.title, SOULS.title]


async def test_items_are_temporary_where_the_settings_say_so() -> None:
    async with open_house(Settings(admins=(Username(ADMIN),), queue_temp=True)) as house:
        await house.apply(await house.save("Night", NIGHT, SOULS))
        items = (await house.call("GET", "queue", by=VIEWER)).json["items"]
        assert [item["temp"] for item in items] == [True, True]


async def test_what_others_queued_is_told_without_an_id_of_ours(house: House) -> None:
    song = Media(media_id="dQw4w9WgXcQ", media_type="yt", title="<b>A & B</b>", seconds=212, meta={})
    house.channel.room.restore([(song, True, "carol")])
    house.channel.reconnect()
    answer = await house.call("GET", "queue", by=VIEWER)
    assert answer.json["items"] == [
        entry(0, None, "<b>A & B</b>", "<b>A & B</b>", 212, temp=True, queueby="carol")
    ]
    assert answer.json["now_playing"]["video_id"] is None
