"""The started process: the main job through sockets, power cuts, signals, races, and rubbish on the line."""

import json
import re
import select
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from attrs import Factory, define

from playlist_adapters.kv.datadir import lock_data_dir
from tests.process.child import PATIENCE, Browser, Child, command, environment, playlist, started, until

ASYNC = {"Prefer": "respond-async"}
LIMIT = 1024 * 1024


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    with started(tmp_path_factory.mktemp("demo") / "data", "--verbose") as running:
        yield running


@pytest.fixture(scope="module")
def bob(child: Child) -> Browser:
    browser = Browser(child.url)
    browser.sign_in("bob")
    return browser


def at_once(work: list[tuple[Browser, str, Any]]) -> list[tuple[int, Any]]:
    """POST everything at the same moment, each over a connection of its own."""
    together = Barrier(len(work))

    def post(browser: Browser, path: str, body: Any) -> tuple[int, Any]:
        together.wait(PATIENCE)
        answer = browser.call("POST", path, body)
        return answer.status, answer.body

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(lambda each: post(*each), work))


def test_the_main_job_from_a_code_to_the_channels_queue(child: Child) -> None:
    browser = Browser(child.url)
    browser.sign_in("alice")
    found = browser.call("GET", "catalog/search?q=cygnus+outpost+s01&limit=3").body
    assert found["total"] >= 3
    episodes = [item["video_id"] for item in found["items"]]
    films = [item["video_id"] for item in browser.call("GET", "catalog/search?q=general").body["items"]][:1]
    first = browser.save("Warm up", *films)
    assert first.status == 201
    shown = browser.call("POST", "queue/apply", {"playlist_id": first.body["playlist_id"]}).body
    assert (shown["status"], shown["enqueued_count"]) == ("queued", 1)
    saved = browser.save("Evening", *reversed(episodes))
    assert saved.headers["location"] == f"/api/v1/playlists/{saved.body['playlist_id']}"
    source = {"type": "playlist", "playlist_id": saved.body["playlist_id"]}
    preview = browser.call("POST", "marathons/preview", {"sources": [source]}).body
    assert [item["episode"] for item in preview["items"]] == [1, 2, 3]
    marathon = browser.save("Marathon", *(item["video_id"] for item in preview["items"]))
    order = {"playlist_id": marathon.body["playlist_id"], "mode": "preserve_current"}
    applied = browser.call("POST", "queue/apply", order)
    assert (applied.status, applied.body["status"], applied.body["failed"]) == (200, "queued", [])
    channel = browser.call("GET", "/demo/channel").body
    in_order = [item["video_id"] for item in preview["items"]]
    assert [item["video_id"] for item in channel["queue"]] == [*films, *in_order]
    assert channel["now_playing"]["video_id"] == films[0]
    assert browser.queue() == [*films, *in_order]


def test_an_apply_goes_on_when_its_client_hangs_up(child: Child, bob: Browser) -> None:
    wanted = bob.titles(12)
    playlist_id = bob.save("Hung up", *wanted).body["playlist_id"]
    body = json.dumps({"playlist_id": playlist_id, "mode": "append"})
    cookies = "; ".join(f"{name}={value}" for name, value in bob.cookies.items())
    request = (
        f"POST /api/v1/queue/apply HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    with socket.create_connection(child.address, timeout=PATIENCE) as connection:
        connection.sendall(request.encode())
        until(lambda: wanted[0] in bob.queue(), "the run to have begun")
    assert wanted[-1] not in bob.queue()
    until(lambda: bob.queue()[-len(wanted) :] == wanted, "the run to end")


def test_32_creations_at_once_keep_32_and_8_of_one_name_keep_one(bob: Browser) -> None:
    items = bob.titles(3)
    made = at_once([(bob, "playlists", playlist(f"List {number}", *items)) for number in range(32)])
    assert [status for status, _ in made] == [201] * 32
    same = at_once([(bob, "playlists", playlist("Same" if number % 2 else "SAME")) for number in range(8)])
    assert Counter(status for status, _ in same) == {201: 1, 409: 7}
    kept = {each["playlist_id"]: each["name"] for each in bob.call("GET", "playlists").body["playlists"]}
    ids = {body["playlist_id"] for status, body in [*made, *same] if status == 201}
    assert ids <= kept.keys()
    assert sorted(name for name in kept.values() if name.startswith("List ")) == sorted(
        f"List {number}" for number in range(32)
    )
    assert len([name for name in kept.values() if name.casefold() == "same"]) == 1


def test_of_200_wrong_guesses_at_once_at_most_three_are_evaluated(child: Child) -> None:
    guesser = Browser(child.url, "127.0.0.31")
    guesser.code("carol")
    answers = at_once(
        [(guesser, "auth/otp/verify", {"username": "carol", "otp": f"WRNG{n:04}"}) for n in range(200)]
    )
    said = Counter(body["status"] for status, body in answers if status == 200)
    assert 1 <= said["invalid"] <= 3
    assert said.keys() <= {"invalid", "locked"}
    assert {body["error"]["code"] for status, body in answers if status != 200} <= {"rate_limited"}
    assert Browser(child.url, "127.0.0.32").sign_in("carol")


def test_of_50_right_answers_at_once_one_signs_in(child: Child) -> None:
    browsers = [Browser(child.url, "127.0.0.41") for _ in range(50)]
    code = browsers[0].code("bob")
    for browser in browsers:
        browser.cookies = dict(browsers[0].cookies)
    entry = {"username": "bob", "otp": code}
    answers = at_once([(browser, "auth/otp/verify", entry) for browser in browsers])
    said = Counter(body["status"] for status, body in answers if status == 200)
    assert said["ok"] == 1
    assert said.keys() <= {"ok", "locked"}
    signed_in = [each for each in browsers if each.call("GET", "auth/session").status == 200]
    assert len(signed_in) == 1


HEAD = b" HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"


def chunked(size: int, *, pieces: int = 65536) -> bytes:
    """A JSON body of that many bytes in chunks, with the end marked."""
    body = b'{"username": "nobody"}'.ljust(size)
    parts = [body[at : at + pieces] for at in range(0, size, pieces)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


RUBBISH = {
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200 + b"\r\n\r\n", 400),
    "only line ends": (b"\r\n" * 1000 + b"GET /health/live" + HEAD + b"\r\n", 200),
    "no such method": (b"BREW /health/live" + HEAD + b"\r\n", 400),
    "connect": (b"CONNECT localhost:80" + HEAD + b"\r\n", 400),
    "raw bytes in the path": (b"GET /\xff\xfe" + HEAD + b"\r\n", 400),
    "raw bytes in the query": (b"GET /api/v1/catalog/search?q=\xff" + HEAD + b"\r\n", 400),
    "NUL in the path": (b"GET /\x00" + HEAD + b"\r\n", 400),
    "star": (b"OPTIONS *" + HEAD + b"\r\n", 404),
    "a proxy's address": (b"GET http://evil.example/health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
    "no host": (b"GET /health/live HTTP/1.1\r\n\r\n", 403),
    "no host, HTTP 1.0": (b"GET /health/live HTTP/1.0\r\n\r\n", 403),
    "a foreign host": (b"GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
    "a host of two kinds": (b"GET / HTTP/1.1\r\nHost: evil.example[::1]\r\n\r\n", 403),
    "the foreign host last": (b"GET /" + HEAD + b"Host: evil.example\r\n\r\n", 403),
    "a header without a name": (b"GET /health/live" + HEAD + b": x\r\n\r\n", 400),
    "an unreadable origin": (b"POST /api/v1/auth/logout" + HEAD + b"Origin: http://[\r\n\r\n", 403),
    "a negative length": (b"POST /api/v1/auth/logout" + HEAD + b"Content-Length: -1\r\n\r\n", 400),
    "two lengths": (
        b"POST /api/v1/auth/logout" + HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        400,
    ),
    "a length and chunks": (
        b"POST /api/v1/auth/logout"
        + HEAD
        + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a bad chunk": (
        b"POST /api/v1/auth/otp/request" + HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        400,
    ),
    "chunks without a content type": (
        b"POST /api/v1/auth/otp/request" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(30),
        415,
    ),
    "chunks of a mebibyte": (
        b"POST /api/v1/auth/otp/request"
        + HEAD
        + JSON
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + chunked(LIMIT),
        404,
    ),
    "chunks of a byte more": (
        b"POST /api/v1/auth/otp/request"
        + HEAD
        + JSON
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + chunked(LIMIT + 1),
        413,
    ),
    "chunks of sixteen mebibytes": (
        b"POST /api/v1/auth/otp/request"
        + HEAD
        + JSON
        + b"Transfer-Encoding: chunked\r\n\r\n"
        + chunked(16 * LIMIT),
        413,
    ),
    "too long by its own word": (
        b"POST /api/v1/auth/otp/request" + HEAD + JSON + b"Content-Length: 1048577\r\n\r\n{",
        413,
    ),
    "a websocket": (
        b"GET /health/live"
        + HEAD
        + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
        200,
    ),
    "a huge header": (b"GET /health/live" + HEAD + b"X-Rubbish: " + b"x" * (2 * LIMIT) + b"\r\n\r\n", None),
    "20,000 headers": (b"GET /health/live" + HEAD + b"X-Rubbish: x\r\n" * 20_000 + b"\r\n", None),
    "a huge address": (b"GET /" + b"x" * (2 * LIMIT) + HEAD + b"\r\n", None),
}


@pytest.mark.parametrize(("data", "status"), RUBBISH.values(), ids=RUBBISH)
def test_rubbish_on_the_line_is_refused_and_the_service_goes_on(
    child: Child, data: bytes, status: int | None
) -> None:
    heard = child.raw(data)
    assert heard.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")) or heard == b""
    if status is not None:
        assert heard.split()[1] == b"%d" % status
    assert not heard.split()[1:2] or not heard.split()[1].startswith(b"5")
    assert b"Traceback" not in heard
    assert Browser(child.url).call("GET", "/health/live").body == {"status": "live"}


def test_a_header_without_an_end_is_cut_off_before_it_fills_the_memory(child: Child) -> None:
    sent = 0
    with socket.create_connection(child.address, timeout=PATIENCE) as connection:
        connection.sendall(b"GET /health/live" + HEAD + b"X-Endless: ")
        try:
            while sent < 16 * LIMIT and not select.select([connection], [], [], 0)[0]:
                sent += connection.send(b"x" * 65536)
        except ConnectionError:
            pass  # cut off
    assert sent < 16 * LIMIT


def test_half_finished_requests_keep_nobody_else_from_being_answered(child: Child, bob: Browser) -> None:
    with ExitStack() as stack:
        for data in (
            b"",
            b"GET /health",
            b"POST /api/v1/auth/logout" + HEAD + JSON + b"Content-Length: 9\r\n\r\n{",
        ):
            for _ in range(50):
                connection = stack.enter_context(socket.create_connection(child.address, timeout=PATIENCE))
                connection.sendall(data)
        assert bob.call("GET", "auth/session").status == 200
    assert bob.call("GET", "auth/session").status == 200


def test_an_answer_to_head_ends_with_its_head(child: Child) -> None:
    head = b"".join(
        b"HEAD %b" % path + HEAD + b"\r\n"
        for path in (b"/", b"/health", b"/web/style.css", b"/nowhere", b"/api/v1/playlists")
    )
    last = b"GET /health/live" + HEAD + b"Connection: close\r\n\r\n"
    with socket.create_connection(child.address, timeout=PATIENCE) as connection:
        connection.sendall(head + last)
        heard = b""
        while some := connection.recv(65536):
            heard += some
    *heads, body = heard.split(b"\r\n\r\n")
    assert [each.split()[1] for each in heads] == [b"200", b"200", b"200", b"404", b"405", b"200"]
    assert json.loads(body) == {"status": "live"}


def test_several_requests_in_one_breath_are_answered_in_order(child: Child) -> None:
    one = b"GET /health/live" + HEAD + b"\r\n"
    other = b"GET /nowhere" + HEAD + b"\r\n"
    last = b"GET /health/live" + HEAD + b"Connection: close\r\n\r\n"
    with socket.create_connection(child.address, timeout=PATIENCE) as connection:
        connection.sendall(one + other + last)
        heard = b""
        while some := connection.recv(65536):
            heard += some
    assert re.findall(rb"HTTP/1\.1 (\d+)", heard) == [b"200", b"404", b"200"]


def test_nothing_secret_is_logged_however_talkative(child: Child) -> None:
    browser = Browser(child.url, "127.0.0.51")
    browser.code("alice")
    browser.call("POST", "auth/otp/verify", {"username": "alice", "otp": "WRONG-GUESS"})
    code = browser.sign_in("alice")
    browser.call("GET", f"playlists/{browser.cookies['kryten_playlist_session']}")
    browser.call("GET", f"catalog/search?q={code}")
    until(lambda: "catalog/search" in child.log_text(), "the log")
    log = child.log_text()
    assert "POST /api/v1/auth/otp/verify 200" in log
    for secret in (code, code.replace("-", ""), "WRONG-GUESS", *browser.cookies.values()):
        assert secret not in log
    assert "Traceback" not in log


def test_a_second_process_on_the_directory_ends_with_a_clear_sentence(child: Child, bob: Browser) -> None:
    directory = child.log.with_name("data")
    second = subprocess.run(
        command("demo", "--port", "0", "--data-dir", str(directory)),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr == (
        f"kryten-playlist: The data directory {directory} is in use by process {child.process.pid}: "
        "stop that one, or choose another directory.\n"
    )
    assert second.stdout == ""
    assert bob.call("GET", "auth/session").status == 200


def test_a_busy_port_ends_with_a_clear_sentence(child: Child, tmp_path: Path) -> None:
    host, port = child.address
    second = subprocess.run(
        command("demo", "--port", str(port), "--data-dir", str(tmp_path / "other")),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.startswith(f"kryten-playlist: Port {port} on {host} is taken")
    assert second.stderr.endswith(" (http_port in the settings, --port for the demo).\n")
    assert second.stderr.count("\n") == 1
    assert second.stdout == ""


@define(eq=False)
class Saver:
    """Saves a playlist again and again, and remembers what was acknowledged and what was being tried."""

    browser: Browser
    names: list[str]
    acknowledged: dict[str, tuple[str, int, list[str]]] = Factory(dict)
    trying: dict[str, list[str]] = Factory(dict)

    def run(self, titles: list[str]) -> None:
        """Until the service is gone: create each, then save over it four times."""
        for name in self.names:
            for turn in range(5):
                try:
                    self.save(name, titles[turn : turn + 5])
                except OSError:
                    return

    def save(self, name: str, items: list[str]) -> None:
        self.trying[name] = items
        known = self.acknowledged.get(name)
        if known is None:
            answer = self.browser.save(name, *items)
            assert answer.status == 201, answer.body
        else:
            answer = self.browser.call("PUT", f"playlists/{known[0]}", playlist(name, *items))
            assert answer.status == 200, answer.body
        self.acknowledged[name] = (answer.body["playlist_id"], answer.body["version"], items)
        del self.trying[name]


def acknowledged(savers: list[Saver]) -> int:
    return sum(version for saver in savers for _, version, _ in list(saver.acknowledged.values()))


def test_what_was_acknowledged_survives_a_power_cut_in_the_middle_of_200_saves(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with started(directory) as child:
        browser = Browser(child.url)
        browser.sign_in("bob")
        titles = browser.titles(10)
        savers = [
            Saver(Browser(child.url, cookies=dict(browser.cookies)), [f"Save {n} {k}" for k in range(5)])
            for n in range(8)
        ]
        with ThreadPoolExecutor(len(savers)) as pool:
            runs = [pool.submit(saver.run, titles) for saver in savers]
            until(lambda: acknowledged(savers) >= 70, "70 of 200 saves")
            child.kill()
        for run in runs:
            run.result()
        assert 70 <= acknowledged(savers) < 200
    with started(directory) as child:
        check_after_the_cut(Browser(child.url), savers)
        assert child.terminate() == 0
    with lock_data_dir(directory):
        pass  # free for the next one


def check_after_the_cut(browser: Browser, savers: list[Saver]) -> None:
    browser.sign_in("bob")
    for saver in savers:
        for name, (playlist_id, version, items) in saver.acknowledged.items():
            answer = browser.call("GET", f"playlists/{playlist_id}")
            assert answer.status == 200, f"{name} was acknowledged and is gone"
            kept = (
                answer.body["name"],
                answer.body["version"],
                [i["video_id"] for i in answer.body["items"]],
            )
            unanswered = (name, version + 1, saver.trying.get(name))
            assert kept in ((name, version, items), unanswered)
            saved = browser.call("PUT", f"playlists/{playlist_id}", playlist(name, *items))
            assert (saved.status, saved.body["version"]) == (200, kept[1] + 1)
    living = {each["name"] for each in browser.call("GET", "playlists").body["playlists"]}
    half_made = [name for saver in savers for name in saver.trying if name not in saver.acknowledged]
    for name in half_made:
        # Its name was perhaps claimed and never used: that is given up after ten seconds.
        if name not in living:
            until(lambda name=name: browser.save(name).status == 201, f"the name {name} to be free")


def test_told_to_stop_it_ends_at_once_with_0_and_the_run_under_way_is_told_as_broken_off(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "data"
    with started(directory) as child, socket.create_connection(child.address) as idle:
        idle.sendall(b"GET /health")
        bob = Browser(child.url)
        bob.sign_in("bob")
        playlist_id = bob.save("Long", *bob.titles(60)).body["playlist_id"]
        order = {"playlist_id": playlist_id, "mode": "append"}
        run_id = bob.call("POST", "queue/apply", order, headers=ASYNC).body["run_id"]
        until(lambda: len(bob.queue()) > 2, "the run to have begun")
        assert child.terminate() == 0
        assert "Traceback" not in child.log_text()
    with started(directory) as child:
        bob = Browser(child.url, cookies=bob.cookies)
        run = bob.call("GET", f"queue/runs/{run_id}").body
        assert (run["status"], run["code"]) == ("failed", "interrupted")
        short = bob.save("Short", *bob.titles(2)).body["playlist_id"]
        again = bob.call("POST", "queue/apply", {"playlist_id": short})
        assert (again.status, again.body["status"]) == (200, "queued")


def test_told_to_stop_it_answers_whoever_waits_for_a_run_and_ends_soon(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    catalog = tmp_path / "titles.csv"
    lines = (f'title{n:03},Title {n:03}.mkv,"[""Movies""]",{600 + n}' for n in range(80))
    catalog.write_text("\n".join(("video_id,title,categories,duration_seconds", *lines)))
    with started(directory, "--catalog", str(catalog)) as child, ThreadPoolExecutor(1) as pool:
        bob = Browser(child.url)
        bob.sign_in("bob")
        playlist_id = bob.save("Long", *bob.titles(80)).body["playlist_id"]
        order = {"playlist_id": playlist_id, "mode": "append"}
        waiting = pool.submit(bob.call, "POST", "queue/apply", order)
        looking = Browser(child.url, cookies=dict(bob.cookies))
        until(lambda: len(looking.queue()) > 5, "the run to be in its middle")
        told = time.monotonic()
        assert child.terminate() == 0
        assert time.monotonic() - told < 5
        answer = waiting.result()
        assert (answer.status, answer.body["status"], answer.body["code"]) == (200, "failed", "interrupted")
        assert 5 < answer.body["enqueued_count"] < 80
        assert "Traceback" not in child.log_text()
        assert "ERROR" not in child.log_text()
    with started(directory, "--catalog", str(catalog)) as child:
        bob = Browser(child.url, cookies=bob.cookies)
        run = bob.call("GET", f"queue/runs/{answer.body['run_id']}").body
        assert (run["status"], run["code"], run["added"]) == (
            "failed",
            "interrupted",
            answer.body["enqueued_count"],
        )


def test_after_a_power_cut_nobody_waits_for_the_run_that_died_with_it(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with started(directory) as child:
        bob = Browser(child.url)
        bob.sign_in("bob")
        playlist_id = bob.save("Long", *bob.titles(60)).body["playlist_id"]
        order = {"playlist_id": playlist_id, "mode": "append"}
        run_id = bob.call("POST", "queue/apply", order, headers=ASYNC).body["run_id"]
        until(lambda: len(bob.queue()) > 2, "the run to have begun")
        child.kill()
    with started(directory) as child:
        bob = Browser(child.url, cookies=bob.cookies)
        assert bob.call("GET", "auth/session").body["username"] == "bob"
        dead = bob.call("GET", f"queue/runs/{run_id}").body
        assert (dead["status"], dead["code"]) == ("failed", "interrupted")
        assert bob.call("POST", "queue/apply", order, headers=ASYNC).status == 202


@pytest.mark.parametrize("damage", [b"rubbish" * 1000, None], ids=["damaged", "deleted"])
def test_a_lost_search_index_is_made_anew_from_the_store(tmp_path: Path, damage: bytes | None) -> None:
    directory = tmp_path / "data"
    with started(directory) as child:
        bob = Browser(child.url)
        bob.sign_in("bob")
        bob.save("Mine", *bob.titles(2))
        snapshot_id = bob.call("GET", "catalog/search?q=general").body["snapshot_id"]
        child.kill()
    index = directory / "catalog.sqlite3"
    index.unlink() if damage is None else index.write_bytes(damage)
    with started(directory) as child:
        bob = Browser(child.url, cookies=bob.cookies)
        page = bob.call("GET", "catalog/search?q=general").body
        assert (page["snapshot_id"], page["total"]) == (snapshot_id, 1)
        names = [each["name"] for each in bob.call("GET", "playlists").body["playlists"]]
        assert names == ["Cygnus Outpost, Season 1", "Mine", "Silent Comedy Night"]
