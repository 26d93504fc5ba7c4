"""The really started service and a browser for it: everything goes through processes and sockets."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from attrs import Factory, define, frozen

T = TypeVar("T")

PATIENCE = 20.0
_CODE = re.compile(r"\b[2-9A-Z]{8}\b")


def until(condition: Callable[[], T | None], what: str, *, seconds: float = PATIENCE) -> T:
    """What `condition` finds, asked again until it finds something; fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        # Between two looks the other process shall have the processor.
        select.select([], [], [], 0.02)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "playlist_app", *arguments]


def environment() -> dict[str, str]:
    """Ours, without settings for the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KRYTEN_PLAYLIST_")}


@define(eq=False)
class Child:
    """A service in a process of its own; its standard error is kept in a file."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def terminate(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def raw(self, data: bytes, *, seconds: float = PATIENCE) -> bytes:
        """Send bytes and read until the other side closes or has said a whole answer."""
        with socket.create_connection(self.address, timeout=seconds) as connection:
            heard = b""
            try:
                connection.sendall(data)
                while not _is_whole(heard) and (some := connection.recv(65536)):
                    heard += some
            except ConnectionError:
                pass  # closed on us with something unread; what it said before counts
            return heard

    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8")


def _is_whole(heard: bytes) -> bool:
    head, separator, body = heard.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(separator) and length is not None and len(body) >= int(length[1])


@contextmanager
def started(directory: Path, *arguments: str) -> Iterator[Child]:
    """A demo on that data directory and any free port, once it says that it answers."""
    with serving(directory, "demo", "--port", "0", "--data-dir", str(directory), *arguments) as child:
        yield child


@contextmanager
def serving(directory: Path, *arguments: str) -> Iterator[Child]:
    """A service, once it says that it answers; its log lies beside the directory."""
    log = directory.with_name(f"{directory.name}-{time.monotonic_ns()}.log")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command(*arguments, "--json"),
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment(),
        )
    try:
        ready = json.loads(_first_words(process, log))
        yield Child(process, ready["url"], log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
        assert process.stdout is not None
        process.stdout.close()


def _first_words(process: subprocess.Popen[bytes], log: Path) -> bytes:
    """The JSON object that the process prints when it answers."""
    assert process.stdout is not None
    output = process.stdout.fileno()
    said = b""

    def listen() -> bytes | None:
        nonlocal said
        if select.select([output], [], [], 0.05)[0]:
            some = os.read(output, 65536)
            assert some, f"it ended with {process.wait(PATIENCE)}: {log.read_text()}"
            said += some
        return said if said.rstrip().endswith(b"}") else None

    return until(listen, "the process to be ready")


@frozen
class Answer:
    """What came back: `body` is the JSON, or None."""

    status: int
    body: Any
    headers: Mapping[str, str]


@define(eq=False)
class Browser:
    """Keeps cookies as a browser does; `source` is the loopback address it comes from."""

    url: str
    source: str = "127.0.0.1"
    cookies: dict[str, str] = Factory(dict)

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(
            parts.netloc, timeout=PATIENCE, source_address=(self.source, 0)
        )
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            data = None if body is None else json.dumps(body)
            path = path if path.startswith("/") else f"/api/v1/{path}"
            connection.request(method, path, data, {**sent, **(headers or {})})
            response = connection.getresponse()
            text = response.read()
            for cookie in response.headers.get_all("Set-Cookie") or ():
                name, _, rest = cookie.partition("=")
                self.cookies[name] = rest.partition(";")[0]
            return Answer(response.status, json.loads(text) if text else None, dict(response.headers))
        finally:
            connection.close()

    def code(self, name: str) -> str:
        """Ask for a code and read it in the demo's inbox."""
        sent = self.call("POST", "auth/otp/request", {"username": name})
        assert sent.status == 200, sent.body
        whispered = [pm["text"] for pm in self.call("GET", "/demo/channel").body["pms"] if pm["to"] == name]
        found = _CODE.search(whispered[-1])
        assert found is not None
        return found[0]

    def sign_in(self, name: str) -> str:
        """Sign in with a code; which one it was."""
        code = self.code(name)
        answer = self.call("POST", "auth/otp/verify", {"username": name, "otp": code})
        assert answer.body["status"] == "ok", answer.body
        return code

    def save(self, name: str, *video_ids: str) -> Answer:
        return self.call("POST", "playlists", playlist(name, *video_ids))

    def titles(self, count: int) -> list[str]:
        """The ids of so many titles of the catalogue."""
        found = self.call("GET", f"catalog/search?limit={count}").body["items"]
        assert len(found) == count
        return [item["video_id"] for item in found]

    def queue(self) -> list[str | None]:
        return [item["video_id"] for item in self.call("GET", "queue").body["items"]]


def playlist(name: str, *video_ids: str) -> dict[str, Any]:
    return {"name": name, "items": [{"video_id": each} for each in video_ids]}
