"""Servers and a client for measuring what a request costs end to end: two processes on loopback."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, frozen


@frozen
class Served:
    """A server under measurement: where it is, and the headers its requests carry."""

    port: int
    headers: Mapping[str, str]


@contextmanager
def service(catalog: Path) -> Iterator[Served]:
    """The demo with this catalogue, a person signed in: what answers is what people run."""
    with tempfile.TemporaryDirectory() as data:
        command = ["-m", "playlist_app", "demo", "--port", "0", "--data-dir", data, "--catalog", str(catalog)]
        with _process(command) as port:
            yield Served(port, {"Cookie": _signed_in(port)})


@contextmanager
def bare_falcon(answers: Mapping[str, bytes]) -> Iterator[Served]:
    """A Falcon app under the same server that answers each path with its bytes and does nothing else."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "answers.json"
        file.write_text(json.dumps({path: body.decode() for path, body in answers.items()}))
        with _process([str(Path(__file__).with_name("_bare.py")), str(file)]) as port:
            yield Served(port, {})


@define
class Client:
    """One kept-alive connection that costs as little as a client in Python can."""

    _socket: socket.socket
    _headers: bytes

    @classmethod
    def to(cls, served: Served) -> "Client":
        connected = socket.create_connection(("127.0.0.1", served.port))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = {"Host": f"127.0.0.1:{served.port}", "Accept-Encoding": "gzip", **served.headers}
        return cls(connected, "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode())

    def get(self, path: str) -> bytes:
        self._socket.sendall(b"GET %b HTTP/1.1\r\n%b\r\n" % (path.encode(), self._headers))
        received = self._socket.recv(1 << 20)
        while b"\r\n\r\n" not in received:
            received += self._socket.recv(1 << 20)
        head, _, body = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(received.decode(errors="replace"))
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self._socket.recv(1 << 20))
            missing -= len(parts[-1])
        return b"".join(parts)


@contextmanager
def _process(command: list[str]) -> Iterator[int]:
    """A server that prints its address; ended with the block."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    running = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield _port(running)
    finally:
        running.terminate()
        running.wait()


def _port(running: "subprocess.Popen[str]") -> int:
    assert running.stdout is not None
    for line in running.stdout:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found:
            port = int(found[1])
            _await_answer(port)
            return port
    raise RuntimeError("the server ended without saying where it is")


def _await_answer(port: int) -> None:
    for _ in range(200):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not answer")


def _signed_in(port: int) -> str:
    """The session cookie of alice, who reads her code in the demo's panel."""
    challenge, _ = _post(port, "/api/v1/auth/otp/request", {"username": "alice"})
    _, channel = _call(port, "GET", "/demo/channel")
    code = re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", channel["pms"][-1]["text"])
    assert code is not None
    cookie, _ = _post(port, "/api/v1/auth/otp/verify", {"username": "alice", "otp": code[0]}, challenge)
    return cookie


def _post(port: int, path: str, body: Any, cookie: str = "") -> tuple[str, Any]:
    return _call(port, "POST", path, json.dumps(body), cookie)


def _call(port: int, method: str, path: str, body: str | None = None, cookie: str = "") -> tuple[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body, {**headers, **({"Cookie": cookie} if cookie else {})})
    answer = connection.getresponse()
    cookies = [value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie") or []]
    return "; ".join(cookies), json.loads(answer.read() or "null")
