"""`status`: what the service says of itself, for people and for programs."""

from typing import Any

from tests.cli.service_world import CommandLine, Fields, ScriptedService
from tests.cli.test_apply import running

ID = "cli-f2a74de452e6b438"


def status(**changes: Any) -> Fields:
    """Everything there is to say."""
    whole = {
        "service": "playlist",
        "version": "1.2.3",
        "namespace": "default",
        "uptime_seconds": 7_325,
        "channel": "420grindhouse",
        "connected": True,
        "now_playing": {
            "uid": 0,
            "video_id": "v1",
            "title": "Dune.mkv",
            "display_title": "Dune\x07",
            "duration_seconds": 7_320,
            "position_seconds": 61.5,
        },
        "catalog": {
            "snapshot_id": "s1",
            "source": "MediaCMS videos.example",
            "created_at": "2026-11-20T23:00:00.000000Z",
            "item_count": 4_000,
            "category_count": 12,
        },
        "counts": {"titles": 4_000, "playlists": 7, "queue_items": 63},
        "run": running(2)["run"],
        "problems": [],
    }
    return {**whole, **changes}


def test_the_service_is_told_line_by_line(type_: CommandLine) -> None:
    world = ScriptedService({"status": [status()]})
    code, out, err = type_(world.reach, "status")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "playlist 1.2.3, namespace default, up for 2:02:05.",
        "Channel    420grindhouse, connected",
        "On the air Dune\ufffd, 1:01 of 2:02:00",
        "Run        r1, 2 of 4 done, 1:12 left, by alice",
        "Catalogue  4,000 titles, 2026-11-20 23:00 UTC from MediaCMS videos.example",
        "Counts     7 playlists, 63 items in the queue, 4,000 titles",
    ]
    assert type_.json(world.reach, "status") == (0, {"correlation_id": ID, **status()}, "")


def test_what_is_not_known_is_said_and_no_failure(type_: CommandLine) -> None:
    nothing = {
        "channel": None,
        "connected": False,
        "now_playing": None,
        "catalog": None,
        "counts": {"titles": None, "playlists": None, "queue_items": None},
        "run": None,
        "problems": ["There is no catalogue yet: run a refresh first.", "The robot is away."],
    }
    code, out, err = type_(ScriptedService({"status": [status(**nothing)]}).reach, "status")
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        "Channel    not known yet, away",
        "Counts     ? playlists, ? items in the queue, ? titles",
        "Problem    There is no catalogue yet: run a refresh first.",
        "Problem    The robot is away.",
    ]


def test_the_lead_in_of_an_item_is_its_beginning(type_: CommandLine) -> None:
    now = {**status()["now_playing"], "position_seconds": -2.4}
    world = ScriptedService({"status": [status(now_playing=now)]})
    assert "Dune\ufffd, 0:00 of 2:02:00" in type_(world.reach, "status")[1]
