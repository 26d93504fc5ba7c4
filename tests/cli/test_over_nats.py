"""The command line before the real service: `serve`, a nats-server, the robot and the double of CyTube."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from tests.cli.terminal import CTRL_C, terminal
from tests.peers.service import MANIFESTS, Member, service, signed_in
from tests.peers.stack import Stack, running
from tests.process.child import command, environment

LONGEST = 90.0
CLEAN = "\r\x1b[K"


@define(eq=False)
class Desk:
    """Where somebody sits with a shell and the settings of the service; alice has a browser as well."""

    stack: Stack
    directory: Path
    alice: Member
    ids: list[str]

    def words(self, *words: str) -> tuple[str, ...]:
        verb = 2 if words[0] in ("run", "blessed", "playlists") else 1
        return (*words[:verb], "--config", str(self.directory / "config.json"), *words[verb:])

    def type_(self, *words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            command(*self.words(*words)),
            cwd=self.directory,
            capture_output=True,
            env=environment(),
            timeout=LONGEST,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def json(self, *words: str) -> Any:
        code, out, err = self.type_(*words, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    def save(self, name: str, *ids: str) -> str:
        return self.alice.save(name, *ids).body["playlist_id"]

    @property
    def queue(self) -> list[str]:
        before, after = MANIFESTS.split("{video_id}")
        return [item.media_id.removeprefix(before).removesuffix(after) for item in self.stack.cytube.queue]

    def apply(self, *words: str) -> Any:
        return terminal(self.directory, *self.words("apply", *words))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A service whose catalogue was read because the command line asked for it."""
    directory = tmp_path_factory.mktemp("service")
    with running() as stack:
        asyncio.run(stack.robot.ready())
        with service(stack, directory) as child:
            desk = Desk(stack, directory, signed_in(stack, child, "alice"), [])
            code, out, _ = desk.type_("refresh")
            assert code == 0
            said = (
                r"4,000 titles from export titles-4000\.csv in \S+ s \(\S+\), read by the running service\."
            )
            assert re.fullmatch(said, out.splitlines()[0])
            desk.ids = desk.alice.titles(60)
            yield desk


def test_the_service_says_how_it_is(desk: Desk) -> None:
    code, out, err = desk.type_("status")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("playlist ")
    assert f"Channel    {desk.stack.cytube.channel}, connected" in out.splitlines()
    assert "Catalogue  4,000 titles, " in out
    assert desk.json("status")["counts"]["titles"] == 4_000


def test_playlists_are_listed_and_shown(desk: Desk) -> None:
    playlist_id = desk.save("Two \x9bfilms".replace("\x9b", "“of”"), *desk.ids[:2])
    row = next(
        row for row in desk.json("playlists", "list")["playlists"] if row["playlist_id"] == playlist_id
    )
    assert (row["name"], row["item_count"]) == ("Two “of”films", 2)
    shown = desk.json("playlists", "show", "two", "“OF”films")["playlist"]
    assert [item["video_id"] for item in shown["items"]] == desk.ids[:2]
    assert desk.json("playlists", "show", playlist_id)["playlist"] == shown
    code, out, err = desk.type_("playlists", "show", "Two films")
    assert (code, out) == (1, "")
    assert (
        "There is no playlist called “Two films”; the nearest is “Two “of”films”. (correlation id cli-" in err
    )


def test_a_blessing_counts_at_once_and_no_longer_than_it_lasts(desk: Desk) -> None:
    desk.save("Bobs", *desk.ids[:1])
    as_bob = ("apply", "Bobs", "--as", "bob", "--mode", "append")
    for verb, said, code in (("add", "bob is blessed.", 0), ("remove", "bob is not blessed any more.", 1)):
        assert desk.type_("blessed", verb, "bob") == (0, f"{said}\n", "")
        assert desk.type_(*as_bob)[0] == code
        listed = [entry["username"] for entry in desk.json("blessed", "list")["blessed"]]
        assert listed == (["bob"] if code == 0 else [])
    code, out, err = desk.type_(*as_bob)
    assert (code, out) == (1, "")
    assert re.fullmatch(
        r"kryten-playlist: Only blessed users and admins may do this; .* \(correlation id cli-\w{16}\)\n", err
    )


def test_a_playlist_comes_on_the_air_before_ones_eyes(desk: Desk) -> None:
    wanted = desk.ids[10:25]
    desk.save("Friday night", *wanted)
    with desk.apply("Friday", "night", "--mode", "hard_replace") as screen:
        screen.until(r"Putting on the air \[#")
        assert screen.ended(seconds=LONGEST) == 0
    assert screen.shown.endswith(f"{CLEAN}15 items stand in the queue: 0 kept, 0 moved, 15 added.\r\n")
    assert re.search(r" \d+ %  +\d+/15  \d:\d\d left", screen.shown)
    assert desk.queue == wanted


def test_what_the_channel_refuses_is_named(desk: Desk) -> None:
    a, b = desk.ids[30:32]
    desk.save("Twice", a, b, a)
    code, out, err = desk.type_("apply", "Twice", "--mode", "hard_replace")
    assert (code, out.splitlines()[0]) == (1, "2 of 3 items stand in the queue: 0 kept, 0 moved, 2 added.")
    assert re.fullmatch(r"  3\. .+: The channel refuses duplicates, .+", out.splitlines()[1])
    last = err.splitlines()[-1]
    assert last.startswith("kryten-playlist: 1 item is not in the queue. (correlation id cli-")
    assert desk.queue == [a, b]


def test_ctrl_c_ends_the_run_and_what_was_done_stays(desk: Desk) -> None:
    wanted = desk.ids[20:60]
    desk.save("Forty", *wanted)
    with desk.apply("Forty", "--mode", "hard_replace") as screen:
        screen.until(r" ([4-9]|1\d)/40")
        screen.press(CTRL_C)
        assert screen.ended(seconds=LONGEST) == 1
    assert "The run is to end after the command under way" in screen.shown
    assert "kryten-playlist: Cancelled; what was done so far stays. (correlation id cli-" in screen.shown
    assert 3 < len(desk.queue) < 40
    assert desk.json("status")["run"] is None


def test_a_run_that_was_left_can_be_looked_at_and_ended_from_elsewhere(desk: Desk) -> None:
    code, out, err = desk.type_("apply", "Forty", "--detach", "--mode", "hard_replace")
    assert (code, err) == (0, "")
    run_id = out.split()[1]
    code, out, err = desk.type_("apply", "Forty")
    assert (code, out) == (1, "")
    assert f"Look at it with: kryten-playlist run show {run_id} (correlation id cli-" in err
    code, out, err = desk.type_("run", "show", run_id)
    assert (code, out.splitlines()[0].split(",")[0], err) == (0, f"Run {run_id}: running", "")
    code, out, err = desk.type_("run", "cancel", run_id)
    assert (code, out.splitlines()[0], err) == (0, f"Run {run_id}: cancelled.", "")
    assert desk.json("run", "show", run_id)["run"]["status"] == "cancelled"


def test_an_outage_of_nats_in_the_middle_is_sat_out(desk: Desk) -> None:
    wanted = desk.ids[:25]
    desk.save("Through thick and thin", *wanted)
    with desk.apply("Through thick and thin", "--mode", "hard_replace") as screen:
        screen.until(r" ([6-9]|1\d)/25")
        desk.stack.nats.kill()
        screen.until("Asking again for 60 s.")
        desk.stack.nats.start()
        screen.until("The service answers again.", seconds=LONGEST)
        assert screen.ended(seconds=LONGEST) == 0
    assert "Traceback" not in screen.shown
    assert "25 items stand in the queue" in screen.shown
    assert desk.queue == wanted


def test_a_service_of_another_name_is_not_there(desk: Desk) -> None:
    config = desk.directory / "other.json"
    config.write_text(json.dumps({"nats_url": desk.stack.nats.url, "service_name": "other"}))
    done = subprocess.run(
        command("status", "--config", str(config)),
        capture_output=True,
        env=environment(),
        timeout=LONGEST,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(
        b"kryten-playlist: No service hears kryten.other.cmd: is kryten-playlist serve"
    )
