"""`refresh` where a service runs: it reads, and what it does can be seen here."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.cli.service_world import AWAY, CommandLine, Fields, ScriptedService, refused

ID = "cli-f2a74de452e6b438"
REPORT = {
    "run_id": "r1",
    "source": "MediaCMS videos.example",
    "started_at": "2026-11-20T23:00:00.000000Z",
    "finished_at": "2026-11-20T23:01:30.000000Z",
    "snapshot_id": "s1",
    "item_count": 4_000,
    "new": 3,
    "changed": 2,
    "gone": 1,
    "duplicates": 0,
    "without_duration": 0,
    "shared": True,
}
SAID = (
    "4,000 titles from MediaCMS videos.example in 90.0 s (s1), read by the running service.\n"
    "New: 3, changed: 2, gone: 1.\n"
)


def state(phase: str = "idle", **changes: Any) -> Fields:
    """An answer of `refresh_status`."""
    whole = {
        "state": "idle" if phase == "idle" else "running",
        "phase": phase,
        "step": None if phase == "idle" else "titles",
        "run_id": None if phase == "idle" else "r1",
        "done": 0,
        "expected": None,
        "estimate_seconds": None,
        "elsewhere": None,
        "last_report": None,
        "last_error": None,
    }
    return {"refresh": {**whole, **changes}}


ELSEWHERE = state(elsewhere={"run_id": "r1", "holder": "other"})
BEFORE = state(last_report={**REPORT, "run_id": "r0"})
AFTER = state(last_report=REPORT)


class NeverAnswering(ScriptedService):
    """Its refresh is asked for, and no answer to that ever comes."""

    async def ask(self, command: str, fields: Any, *, timeout: float) -> Fields:
        if command == "catalog_refresh":
            self.asked.append((command, dict(fields)))
            assert timeout > 3_600
            await anyio.sleep_forever()
        return await super().ask(command, fields, timeout=timeout)


class Answering(ScriptedService):
    """Its refresh ends when it has been looked at so often that nothing else is written down."""

    async def ask(self, command: str, fields: Any, *, timeout: float) -> Fields:
        if command == "catalog_refresh":
            while len(self.script["refresh_status"]) > 1:
                await anyio.lowlevel.checkpoint()
        return await super().ask(command, fields, timeout=timeout)


def test_the_service_reads_and_its_report_is_told(type_: CommandLine) -> None:
    world = ScriptedService({"catalog_refresh": [REPORT], "refresh_status": [state("reading")]})
    assert type_(world.reach, "refresh") == (0, SAID, "")
    assert world.told("catalog_refresh") == [{"allow_shrink": False}]
    told = type_.json(world.reach, "refresh", "--allow-shrink")
    assert told == (0, {"correlation_id": ID, "by": "service", **REPORT}, "")
    assert world.told("catalog_refresh")[-1] == {"allow_shrink": True}


def test_how_far_it_is_can_be_seen(type_: CommandLine) -> None:
    course = [
        state("reading", done=0, expected=4_000),
        state("reading", done=1_000, expected=4_000, estimate_seconds=30),
        AWAY,
        state("reading", done=4_000, expected=4_000, estimate_seconds=0),
        ELSEWHERE,
        state("building", step="index"),
    ]
    world = Answering({"catalog_refresh": [REPORT], "refresh_status": course})
    code, out, err = type_(world.reach, "refresh")
    assert (code, out) == (0, SAID)
    assert err.splitlines() == [
        "kryten-playlist: Reading titles: 1,000/4,000, 0:30 left.",
        "kryten-playlist: NATS cannot be reached. Asking again for 60 s.",
        "kryten-playlist: The service answers again.",
        "kryten-playlist: Reading titles: 4,000/4,000, 0:00 left.",
    ]


def test_what_made_it_fail_is_told(type_: CommandLine) -> None:
    why = refused("would_shrink", "The catalogue would lose 3 of its 4 titles.", gone=3)
    world = ScriptedService({"catalog_refresh": [why], "refresh_status": [BEFORE]})
    code, out, err = type_(world.reach, "refresh")
    expected = f"kryten-playlist: The catalogue would lose 3 of its 4 titles. (correlation id {ID})\n"
    assert (code, out, err) == (1, "", expected)


def test_an_answer_that_was_lost_is_made_up_for_by_looking(type_: CommandLine) -> None:
    world = NeverAnswering({"refresh_status": [BEFORE, state("reading"), ELSEWHERE, AWAY, AFTER]})
    code, out, _ = type_(world.reach, "refresh")
    assert (code, out) == (0, SAID)
    assert type_.clock.monotonic() < 60


@pytest.mark.parametrize(
    "course", [[state("reading"), BEFORE], [BEFORE], [AFTER], [ELSEWHERE, state()]], ids=range(4)
)
def test_a_refresh_that_is_seen_no_more_is_unknown_not_failed(
    type_: CommandLine, course: list[Fields]
) -> None:
    code, out, err = type_(NeverAnswering({"refresh_status": list(course)}).reach, "refresh")
    assert (code, out) == (1, "")
    assert "Whether the catalogue was refreshed is not known: kryten-playlist status tells its age." in err
    assert err.endswith(f"(correlation id {ID})\n")


def test_a_service_that_is_gone_for_good_leaves_it_unknown(type_: CommandLine) -> None:
    code, _, err = type_(NeverAnswering({"refresh_status": [state("reading"), AWAY]}).reach, "refresh")
    assert code == 1
    assert err.splitlines()[-1].startswith("kryten-playlist: The service has not answered for 60 s. Whether")


def test_ctrl_c_leaves_it_to_the_service(type_: CommandLine) -> None:
    def press() -> Fields:
        type_.keyboard.press()
        return state("reading")

    course = [state("reading"), press, state("reading")]
    code, out, err = type_(NeverAnswering({"refresh_status": [*course]}).reach, "refresh")
    assert (code, out, err) == (130, "", "kryten-playlist: The service goes on reading by itself.\n")
    code, told, _ = type_.json(NeverAnswering({"refresh_status": [*course]}).reach, "refresh")
    assert (code, told) == (130, {"correlation_id": ID, "by": "service", "run_id": "r1"})
    never_seen = NeverAnswering({"refresh_status": [lambda: press() and BEFORE, BEFORE]})
    _, _, err = type_(never_seen.reach, "refresh")
    assert err == "kryten-playlist: The service was asked, and may be reading.\n"


@pytest.mark.parametrize("nats", [True, False])
def test_a_named_source_is_read_here_and_without_nats_the_configured_one(
    type_: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nats: bool
) -> None:
    (tmp_path / "films.csv").write_text("video_id,title,categories,duration_seconds\na,Dune.mkv,,60\n")
    world = ScriptedService({})
    words: tuple[str, ...] = ("--source", "films.csv")
    if not nats:
        words = ()
        monkeypatch.delenv("KRYTEN_PLAYLIST_NATS_URL")
        monkeypatch.setenv("KRYTEN_PLAYLIST_CATALOG_SOURCE", "films.csv")
    code, out, err = type_(world.reach, "refresh", *words)
    assert (code, err, world.asked) == (0, "", [])
    assert out.splitlines()[0].startswith("1 title from export films.csv in ")
    assert out.splitlines()[-1] == "Kept in data; no running service was asked."
    code, told, _ = type_.json(world.reach, "refresh", *words)
    assert (code, told["by"], told["item_count"]) == (0, "this command", 1)


def test_a_clock_that_flies_does_not_end_a_refresh_that_goes_on(type_: CommandLine) -> None:
    course: list[Fields | Callable[[], Fields]] = [state("reading")] * 500
    world = Answering({"catalog_refresh": [REPORT], "refresh_status": [*course]})
    assert type_(world.reach, "refresh")[:2] == (0, SAID)
    assert type_.clock.monotonic() > 400
