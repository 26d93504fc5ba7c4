"""Events through a real socket: a refresh as it goes on, and every way in which a stream ends."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest
from attrs import define

from tests.process.child import PATIENCE, Browser, Child, started, until

PHASES = ["reading", "building", "sharing", "idle"]
TITLES = 20_000


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that takes a second or two to read."""
    path = tmp_path_factory.mktemp("export") / "titles.csv"
    rows = "".join(f"title{number},Film {number}.mkv,,60\n" for number in range(TITLES))
    path.write_text(f"video_id,title,categories,duration_seconds\n{rows}", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory, catalogue: Path) -> Iterator[Child]:
    with started(tmp_path_factory.mktemp("demo") / "data", "--catalog", str(catalogue)) as running:
        yield running


@define(eq=False)
class Stream:
    """A client of `GET /events`; the service sends every block as a chunk of its own."""

    answer: BinaryIO

    def event(self) -> dict[str, str] | None:
        """The next block with an event in it; None at the end of the stream."""
        while (fields := self.block()) is not None:
            if "event" in fields:
                return fields
        return None

    def block(self) -> dict[str, str] | None:
        """The fields of the next block; None at the end, which must be one and no break."""
        size = self.answer.readline()
        assert size, "cut off"
        chunk = self.answer.read(int(size, 16) + 2).removesuffix(b"\r\n").decode()
        if not chunk:
            return None
        assert chunk.endswith("\n\n")
        fields = (line.partition(":") for line in chunk.rstrip("\n").split("\n"))
        return {name: value.removeprefix(" ") for name, _, value in fields}


@contextmanager
def listening(browser: Browser, last_id: str | None = None) -> Iterator[Stream]:
    """A stream of somebody who is signed in, once its greeting is here."""
    address = urlsplit(browser.url)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = f"GET /api/v1/events HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie}\r\n"
    head += "\r\n" if last_id is None else f"Last-Event-ID: {last_id}\r\n\r\n"
    with socket.create_connection((address.hostname or "", address.port or 0), PATIENCE) as connection:
        connection.sendall(head.encode())
        with connection.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            while answer.readline() != b"\r\n":
                pass
            stream = Stream(answer)
            assert stream.block() is not None
            yield stream


def signed_in(child: Child, name: str) -> Browser:
    browser = Browser(child.url)
    browser.sign_in(name)
    return browser


def test_a_refresh_is_told_phase_by_phase_until_its_report(child: Child) -> None:
    alice = signed_in(child, "alice")
    with listening(alice) as stream:
        began = time.monotonic()
        run_id = alice.call("POST", "catalog/refresh").body["run_id"]
        told = []
        while not told or told[-1]["state"] != "idle":
            event = stream.event()
            assert event is not None
            assert event["event"] == "refresh_progress"
            told.append(json.loads(event["data"]))
        took = time.monotonic() - began
    assert told[-1] == alice.call("GET", "catalog/refresh").body
    assert (told[-1]["last_report"]["run_id"], told[-1]["last_report"]["item_count"]) == (run_id, TITLES)
    assert {each["run_id"] for each in told[:-1]} == {run_id}
    progress = [(PHASES.index(each["phase"]), each["done"]) for each in told[:-1]]
    assert progress == sorted(progress)
    assert progress[0][0] == PHASES.index("reading")
    assert len(told) <= 2 + 4 * took


def test_who_may_not_refresh_hears_nothing_of_it(child: Child) -> None:
    alice, bob = signed_in(child, "alice"), signed_in(child, "bob")
    with listening(bob) as quiet, listening(alice) as stream:
        alice.call("POST", "catalog/refresh")
        event = stream.event()
        while event is not None and json.loads(event["data"])["state"] != "idle":
            event = stream.event()
        bob.call("POST", "auth/logout")
        alice.call("POST", "catalog/refresh")
        assert quiet.event() is None


def test_signing_out_ends_the_streams_of_that_session_only(child: Child) -> None:
    first, second = signed_in(child, "alice"), signed_in(child, "alice")
    with listening(first) as left, listening(second) as stays:
        first.call("POST", "auth/logout")
        until(lambda: second.call("POST", "catalog/refresh").status == 202, "the refresh before to end")
        assert left.event() is None
        event = stays.event()
        assert event is not None
        assert event["event"] == "refresh_progress"


def test_browsers_that_come_and_go_leave_no_streams_behind(child: Child) -> None:
    carol = signed_in(child, "carol")
    for _ in range(40):
        with listening(carol):
            pass


def test_told_to_stop_it_ends_every_stream_properly_and_the_next_life_says_reset(
    tmp_path: Path, catalogue: Path
) -> None:
    directory = tmp_path / "data"
    with started(directory, "--catalog", str(catalogue)) as child:
        alice = signed_in(child, "alice")
        with listening(alice) as stream, listening(signed_in(child, "carol")) as other:
            alice.call("POST", "catalog/refresh")
            event = stream.event()
            assert event is not None
            began = time.monotonic()
            assert child.terminate() == 0
            assert time.monotonic() - began < 3
            while (after := stream.event()) is not None:
                event = after
            assert other.event() is None
        assert child.log_text() == ""
    with started(directory) as child:
        alice.url = child.url
        with listening(alice, event["id"]) as stream:
            reset = stream.event()
            assert reset is not None
            assert (reset["event"], reset["data"]) == ("reset", "{}")
