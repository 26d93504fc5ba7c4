"""`apply` and `run`: a playlist put on the air by the service, seen through from the terminal."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.service_world import (
    AWAY,
    NOBODY,
    SILENT,
    Answer,
    CommandLine,
    Fields,
    ScriptedService,
    refused,
)

ID = "cli-f2a74de452e6b438"
UNKNOWN = refused("playlist_not_found", "There is no playlist called “x”.")
BEGUN = {"run_id": "r1"}


def running(done: int = 1, eta_seconds: float | None = 71.2, **changes: Any) -> Fields:
    """The answer of `run_status` while it goes on."""
    run = {
        "run_id": "r1",
        "status": "running",
        "mode": "append",
        "playlist_id": "p1",
        "undo_of": None,
        "by": "alice",
        "started_at": "2026-11-20T23:00:00.000000Z",
        "done": done,
        "total": 4,
        "kept": 0,
        "moved": 0,
        "added": done,
        "failed": [],
        "eta_seconds": eta_seconds,
        "message": None,
        "code": None,
    }
    return {"run": {**run, **changes}}


def failure(index: int, title: str, message: str, reason: str = "refused") -> Fields:
    shown = {"title": f"{title}.mkv", "display_title": title, "reason": reason, "message": message}
    return {"index": index, "video_id": f"v{index}", **shown}


def ended(**changes: Any) -> Fields:
    """The same at the end, when all went well."""
    whole = {"status": "done", "kept": 1, "moved": 1, "added": 2, "eta_seconds": None}
    return running(4, **{**whole, **changes})


def service(*course: Answer, begin: Answer = BEGUN, cancel: Answer | None = None) -> ScriptedService:
    """One whose run takes that course."""
    return ScriptedService(
        {
            "queue_apply": [begin],
            "run_status": list(course) or [ended()],
            "run_cancel": [cancel if cancel is not None else running()],
            "playlists_list": [refused("store_unavailable", "The store is away.")],
        }
    )


def cancelled(**changes: Any) -> Fields:
    words = "Cancelled; what was done so far stays."
    missed = [failure(index, "Film", words, "cancelled") for index in (2, 3)]
    end = {"status": "cancelled", "message": words, "code": "cancelled", "failed": missed, "added": 0}
    return ended(**{**end, **changes})


# Beginning


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (("Night",), {"playlist_name": "Night", "mode": "preserve_current"}),
        (("Night of  films",), {"playlist_name": "Night of  films", "mode": "preserve_current"}),
        (("Night", "of", "films", "--mode", "append"), {"playlist_name": "Night of films", "mode": "append"}),
        (("--mode=hard_replace", "--", "--help"), {"playlist_name": "--help", "mode": "hard_replace"}),
        (("“Été” 🎬",), {"playlist_name": "“Été” 🎬", "mode": "preserve_current"}),
        (("",), {"playlist_name": "", "mode": "preserve_current"}),
    ],
)
def test_a_playlist_is_named_as_people_type_it(
    type_: CommandLine, words: tuple[str, ...], order: Fields
) -> None:
    world = service()
    assert type_(world.reach, "apply", *words)[0] == 0
    assert world.told("queue_apply") == [{"playlist_id": None, **order, "async": True}]


@pytest.mark.parametrize(
    "words", [("apply",), ("apply", "Night", "--mode", "sideways"), ("run",), ("run", "show")]
)
def test_what_is_not_understood_asks_nobody(type_: CommandLine, words: tuple[str, ...]) -> None:
    world = service()
    code, out, err = type_(world.reach, *words)
    assert (code, out, world.asked) == (2, "", [])
    assert err.startswith("usage: kryten-playlist")


def test_an_id_does_where_nothing_has_that_name(type_: CommandLine) -> None:
    world = service()
    world.script["queue_apply"] = [UNKNOWN, BEGUN]
    assert type_(world.reach, "apply", "p1")[0] == 0
    named = {"mode": "preserve_current", "async": True}
    assert world.told("queue_apply") == [
        {**named, "playlist_name": "p1", "playlist_id": None},
        {**named, "playlist_name": None, "playlist_id": "p1"},
    ]


@pytest.mark.parametrize(
    ("typed", "names", "sentence"),
    [
        ("Nigth", ["Night", "Day"], "There is no playlist called “Nigth”; the nearest is “Night”."),
        (
            "night",
            ["Night 2", "Night 1", "Late night", "A day and a night", "Day"],
            "There is no playlist called “night”; the nearest are “Night 1”, “Night 2” and “Late night”.",
        ),
        ("xyz", ["Night"], "There is no playlist called “xyz”."),
        ("", ["Night"], "There is no playlist called “”."),
    ],
)
def test_a_name_that_there_is_not_comes_with_the_nearest_ones(
    type_: CommandLine, typed: str, names: list[str], sentence: str
) -> None:
    world = service(begin=UNKNOWN)
    world.script["playlists_list"] = [{"playlists": [summary(name) for name in names], "total": len(names)}]
    code, out, err = type_(world.reach, "apply", typed)
    assert (code, out, err) == (1, "", f"kryten-playlist: {sentence} (correlation id {ID})\n")
    code, told, _ = type_.json(world.reach, "apply", typed)
    near = told["error"]["details"]["nearest"]
    assert (code, told["error"]["code"], near) == (
        1,
        "playlist_not_found",
        re.findall("“(.*?)”", sentence)[1:],
    )


def summary(name: str) -> Fields:
    return {
        "playlist_id": name,
        "name": name,
        "item_count": 2,
        "duration_seconds": 60,
        "unknown_durations": 0,
        "updated_at": "2026-11-20T23:00:00Z",
        "updated_by": "bob",
        "version": 1,
    }


def test_a_name_that_there_is_not_is_told_also_when_the_nearest_cannot_be(type_: CommandLine) -> None:
    code, _, err = type_(service(begin=UNKNOWN).reach, "apply", "Nigth")
    expected = f"kryten-playlist: There is no playlist called “Nigth”. (correlation id {ID})\n"
    assert (code, err) == (1, expected)


def test_whoever_is_at_it_already_can_be_looked_at(type_: CommandLine) -> None:
    busy = refused("apply_in_progress", "bob is putting a playlist on the air.", run_id="r0", by="bob")
    code, _, err = type_(service(begin=busy).reach, "apply", "Night")
    assert (code, err.count("\n")) == (1, 1)
    assert "Look at it with: kryten-playlist run show r0 (correlation id" in err


def test_a_beginning_that_nobody_answers_is_not_known_to_have_failed(type_: CommandLine) -> None:
    code, out, err = type_(service(begin=SILENT).reach, "apply", "Night")
    assert (code, out) == (1, "")
    assert "The run may have begun; kryten-playlist status tells whether it has." in err


def test_a_detached_run_is_begun_and_left(type_: CommandLine) -> None:
    world = service()
    said = "Run r1 goes on by itself. Look at it with: kryten-playlist run show r1\n"
    assert type_(world.reach, "apply", "Night", "--detach") == (0, said, "")
    assert world.commands == ["queue_apply"]
    told = type_.json(world.reach, "apply", "Night", "--detach")
    assert told == (0, {"correlation_id": ID, "run_id": "r1"}, "")


# Following


def test_a_run_is_followed_to_its_end_in_lines_where_there_is_no_terminal(type_: CommandLine) -> None:
    course = [running(0, None), running(1), running(1), running(3, 9.1), ended()]
    world = service(*course)
    code, out, err = type_(world.reach, "apply", "Night")
    assert (code, out) == (0, "4 items stand in the queue: 1 kept, 1 moved, 2 added.\n")
    assert err.splitlines() == [
        "kryten-playlist: Putting on the air: 1/4, 1:12 left.",
        "kryten-playlist: Putting on the air: 3/4, 0:10 left.",
        "kryten-playlist: Putting on the air: 4/4.",
    ]
    assert world.told("run_status") == [{"run_id": "r1"}] * 5
    assert {fields["correlation_id"] for _, fields in world.asked} == {ID}


def test_with_json_there_is_one_document_at_the_end_and_nothing_else(type_: CommandLine) -> None:
    code, told, err = type_.json(service(running(), ended()).reach, "apply", "Night")
    assert (code, told, err) == (0, {"correlation_id": ID, **ended()}, "")


def test_each_item_that_is_not_there_is_named_with_its_words(type_: CommandLine) -> None:
    missing = [
        failure(0, "Dune (1984)", "It is playing right now."),
        failure(3, "\x1b[2JDune", "No."),
    ]
    end = ended(kept=0, moved=0, added=2, failed=missing)
    code, out, err = type_(service(end).reach, "apply", "Night")
    assert (code, out.splitlines()) == (
        1,
        [
            "2 of 4 items stand in the queue: 0 kept, 0 moved, 2 added.",
            "  1. Dune (1984): It is playing right now.",
            "  4. \ufffd[2JDune: No.",
        ],
    )
    assert err.splitlines()[-1] == f"kryten-playlist: 2 items are not in the queue. (correlation id {ID})"
    code, told, err = type_.json(service(end).reach, "apply", "Night")
    assert (code, told, err) == (1, {"correlation_id": ID, **end}, "")


def test_of_very_many_the_service_names_the_first_and_the_others_are_counted(type_: CommandLine) -> None:
    end = ended(kept=0, moved=0, added=0, total=1_600, failed=[failure(0, "Dune", "No.")])
    code, out, err = type_(service(end).reach, "apply", "Night")
    assert (code, out.splitlines()[1:]) == (1, ["     1. Dune: No.", "  And 1,599 more."])
    assert "kryten-playlist: 1,600 items are not in the queue. (correlation id" in err


def test_a_run_that_stops_names_its_reason_once(type_: CommandLine) -> None:
    words = "The channel went away; what was done so far stays. Apply again when it is back."
    missing = [failure(0, "Dune", "No."), *(failure(index, "Film", words) for index in (2, 3))]
    end = ended(
        status="failed", code="channel_unavailable", message=words, failed=missing, kept=1, moved=0, added=0
    )
    code, out, err = type_(service(end).reach, "apply", "Night")
    assert (code, out.splitlines()) == (
        1,
        [
            "1 of 4 items stand in the queue: 1 kept, 0 moved, 0 added.",
            "  1. Dune: No.",
            "  2 items were not come to.",
        ],
    )
    assert err.splitlines()[-1] == f"kryten-playlist: {words} (correlation id {ID})"
    assert type_.json(service(end).reach, "apply", "Night")[:2] == (1, {"correlation_id": ID, **end})


@pytest.mark.parametrize(
    "silence", [AWAY, NOBODY, SILENT, refused("store_unavailable", "The store is away.")]
)
def test_an_outage_in_the_middle_is_told_and_sat_out(type_: CommandLine, silence: Answer) -> None:
    world = service(running(), *[silence] * 90, ended())
    code, out, err = type_(world.reach, "apply", "Night")
    assert (code, out.splitlines()[0]) == (0, "4 items stand in the queue: 1 kept, 1 moved, 2 added.")
    told = [line for line in err.splitlines() if "Putting" not in line]
    assert len(told) == 2
    assert told[0].endswith("Asking again for 60 s.")
    assert told[1] == "kryten-playlist: The service answers again."


def test_an_outage_that_lasts_leaves_the_run_unknown_not_failed(type_: CommandLine) -> None:
    world = service(running(), AWAY)
    began = type_.clock.monotonic()
    code, out, err = type_(world.reach, "apply", "Night")
    assert (code, out) == (1, "")
    last = err.splitlines()[-1]
    assert last == (
        "kryten-playlist: The service has not answered for 60 s. The run may have gone on. Look at it with:"
        f" kryten-playlist run show r1 (correlation id {ID})"
    )
    assert "failed" not in err
    assert 60 <= type_.clock.monotonic() - began < 70
    code, told, _ = type_.json(service(running(), AWAY).reach, "apply", "Night")
    assert (code, told["error"]["code"]) == (1, "outcome_unknown")


def test_two_outages_have_their_time_each(type_: CommandLine) -> None:
    world = service(running(), *[AWAY] * 90, running(2), *[AWAY] * 90, ended())
    assert type_(world.reach, "apply", "Night")[0] == 0


def test_what_the_service_refuses_to_tell_ends_it(type_: CommandLine) -> None:
    code, out, err = type_(
        service(refused("run_not_found", "There is no run with this id.")).reach, "apply", "x"
    )
    expected = f"kryten-playlist: There is no run with this id. (correlation id {ID})\n"
    assert (code, out, err) == (1, "", expected)


# Ctrl-C


def pressing(type_: CommandLine, answer: Fields, times: int = 1) -> Callable[[], Fields]:
    """An answer that is given while somebody presses Ctrl-C."""

    def press() -> Fields:
        for _ in range(times):
            type_.keyboard.press()
        return answer

    return press


def test_ctrl_c_asks_for_the_end_and_waits_for_it(type_: CommandLine) -> None:
    world = service(pressing(type_, running()), running(), running(), cancelled())
    code, out, err = type_(world.reach, "apply", "Night")
    assert (code, out.splitlines()) == (
        1,
        ["2 of 4 items stand in the queue: 1 kept, 1 moved, 0 added.", "  2 items were not come to."],
    )
    assert "kryten-playlist: The run is to end after the command under way; Ctrl-C again stops" in err
    assert err.splitlines()[-1].startswith("kryten-playlist: Cancelled; what was done so far stays. (corr")
    assert world.told("run_cancel")[0] == {"run_id": "r1"}


def test_the_end_is_asked_for_until_somebody_has_heard_it(type_: CommandLine) -> None:
    world = service(pressing(type_, running()), *[running()] * 10, cancelled())
    world.script["run_cancel"] = [AWAY, SILENT, running()]
    assert type_(world.reach, "apply", "Night")[0] == 1
    assert len(world.told("run_cancel")) == 3


def test_a_second_ctrl_c_leaves_it_to_itself(type_: CommandLine) -> None:
    course = [pressing(type_, running()), running(), running(), pressing(type_, running()), running()]
    code, out, _ = type_(service(*course).reach, "apply", "Night")
    asked = "Run r1 was asked to end after the command under way."
    assert (code, out) == (130, f"{asked} Look at it with: kryten-playlist run show r1\n")
    code, told, _ = type_.json(service(pressing(type_, running(), 2), running()).reach, "apply", "Night")
    assert (code, told) == (130, {"correlation_id": ID, "run_id": "r1"})


def test_ctrl_c_while_nobody_answers_counts_when_somebody_does(type_: CommandLine) -> None:
    def press() -> Fields:
        type_.keyboard.press()
        raise AWAY

    world = service(running(), press, AWAY, AWAY, running(), running(), cancelled())
    assert type_(world.reach, "apply", "Night")[0] == 1
    assert world.told("run_cancel")


def test_an_end_that_nobody_hears_is_not_known_to_have_come(type_: CommandLine) -> None:
    world = service(pressing(type_, running()), running(), AWAY)
    world.script["run_cancel"] = [AWAY]
    code, out, err = type_(world.reach, "apply", "Night")
    assert (code, out) == (1, "")
    assert "The service has not answered for 60 s. The run may have gone on." in err.splitlines()[-1]


def test_ctrl_c_before_the_run_has_begun_ends_it_when_it_has(type_: CommandLine) -> None:
    world = service(running(), running(), cancelled(), begin=pressing(type_, BEGUN))
    assert type_(world.reach, "apply", "Night")[0] == 1
    assert world.told("run_cancel")


def test_an_end_that_is_refused_is_told_and_the_run_seen_through(type_: CommandLine) -> None:
    no = refused("forbidden", "Only who has begun it may end it.")
    world = service(pressing(type_, running()), running(), running(), ended(), cancel=no)
    code, out, err = type_(world.reach, "apply", "Night")
    assert (code, out.splitlines()[0]) == (0, "4 items stand in the queue: 1 kept, 1 moved, 2 added.")
    assert "kryten-playlist: It cannot be cancelled: Only who has begun it may end it.\n" in err
    assert len(world.told("run_cancel")) == 1


# `run`


def test_a_run_that_goes_on_is_shown(type_: CommandLine) -> None:
    world = service(running(2))
    assert type_(world.reach, "run", "show", "r1") == (
        0,
        "Run r1: running, append, by alice, 2026-11-20 23:00 UTC.\n"
        "2 of 4 done, 1:12 left.\n"
        "2 of 4 items stand in the queue: 0 kept, 0 moved, 2 added.\n",
        "",
    )
    assert world.told("run_status") == [{"run_id": "r1"}]
    assert type_.json(world.reach, "run", "show", "r1") == (0, {"correlation_id": ID, **running(2)}, "")


def test_a_run_that_has_stopped_is_shown_with_its_reason(type_: CommandLine) -> None:
    code, out, err = type_(service(cancelled()).reach, "run", "show", "r1")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Run r1: cancelled, append, by alice, 2026-11-20 23:00 UTC.",
        "2 of 4 items stand in the queue: 1 kept, 1 moved, 0 added.",
        "  2 items were not come to.",
        "Cancelled; what was done so far stays.",
    ]


def test_a_run_is_cancelled_and_its_end_awaited(type_: CommandLine) -> None:
    world = service(running(), running(), cancelled())
    code, out, err = type_(world.reach, "run", "cancel", "r1")
    assert (code, out.splitlines()[0], err) == (0, "Run r1: cancelled.", "")
    assert world.commands == ["run_cancel", *["run_status"] * 3]
    told = type_.json(service(cancelled()).reach, "run", "cancel", "r1")
    assert told == (0, {"correlation_id": ID, **cancelled()}, "")


def test_a_run_that_had_ended_is_told_as_it_did(type_: CommandLine) -> None:
    code, out, _ = type_(service(ended()).reach, "run", "cancel", "r1")
    assert (code, out.splitlines()[0]) == (0, "Run r1: done.")


def test_a_run_that_does_not_end_is_no_success(type_: CommandLine) -> None:
    code, out, err = type_(service(running()).reach, "run", "cancel", "r1")
    assert (code, out) == (1, "")
    assert err.startswith(
        "kryten-playlist: It is to end, but has not yet. Look at it with: kryten-playlist run"
    )


def test_a_run_that_may_not_be_cancelled_is_left_alone(type_: CommandLine) -> None:
    world = service(cancel=refused("forbidden", "Only admins may do this."))
    code, _, err = type_(world.reach, "run", "cancel", "r1")
    assert (code, world.commands) == (1, ["run_cancel"])
    assert err == f"kryten-playlist: Only admins may do this. (correlation id {ID})\n"
