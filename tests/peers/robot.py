"""The real kryten-robot in its own environment, between a double of CyTube and a nats-server of the tests."""

import asyncio
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nats
from attrs import define
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NoAnswer

from playlist_adapters.channel.simulated import BOT
from tests.absent import absent
from tests.peers.cytube import CyTube
from tests.peers.nats_server import NatsServer

PATIENCE = 20
NOTHING: Mapping[str, Any] = {}
# It ends with us, however we end: when nobody holds the other end of its standard input. The shell ends
# with the robot.
WATCHED = 'exec 3<&0; "$@" 3<&- & robot=$!; { read -r _ <&3; kill -KILL $robot; } & wait $robot'
PYTHON = Path(__file__).parents[2] / ".venv-robot" / "bin" / "python"


@define(eq=False)
class Robot:
    """A robot that can be killed and started again, as its supervisor would."""

    directory: Path
    cytube: CyTube
    nats: NatsServer
    _process: subprocess.Popen[bytes] | None = None

    # -- its life ------------------------------------------------------------------

    def start(self) -> None:
        """Start it, after its end if it has not ended; it is there when `ready` says so."""
        self.kill()
        config = self.directory / "config.json"
        config.write_text(json.dumps(self._config()))
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ("sh", "-c", WATCHED, "sh", PYTHON, "-m", "kryten", "--config", config),
                cwd=self.directory,
                env={"PATH": os.defpath, "SSL_CERT_FILE": str(self.cytube.ca_file)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether the process is there; kicked or without its socket it ends by itself."""
        return self._process is not None and self._process.poll() is None

    async def gone(self) -> None:
        """Return when it has ended by itself."""
        if self._process is not None:
            await asyncio.to_thread(self._process.wait, PATIENCE)

    def kill(self) -> None:
        """As kill -9 does it; nothing happens when it has ended."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None

    async def ready(self) -> None:
        """Return when it is in the channel with its rank, hears commands, and what it was told is out."""
        try:
            await self.cytube.until(lambda stage: stage.bot)
            async with asyncio.timeout(PATIENCE), await nats.connect(self.nats.url) as client:
                while not await self._is_ready(client):  # noqa: ASYNC110 - it does not say so by itself
                    await asyncio.sleep(0.02)
        except TimeoutError as exc:
            raise AssertionError(f"the robot did not get ready; its log:\n{self.log}") from exc

    async def busy(self) -> bool:
        """Whether it is not there for commands within half a second, as with an add under way."""
        async with await nats.connect(self.nats.url) as client:
            with suppress(NoRespondersError, NoAnswer):
                return not await self._hears_commands(client, 0.5)
        return True

    async def _is_ready(self, client: Client) -> bool:
        with suppress(NoRespondersError, NoAnswer):
            stats = (await self.inquire(client, "system.stats"))["data"]
            return (
                stats["connections"]["cytube"]["connected"]
                and stats["events"]["total_published"] >= self.cytube.told
                and await self._hears_commands(client)
            )
        return False

    def _config(self) -> dict[str, Any]:
        return {
            "cytube": {
                "domain": self.cytube.domain,
                "channel": self.cytube.channel,
                "user": BOT,
                "password": "of no matter",
            },
            "nats": {"servers": [self.nats.url], "reconnect_time_wait": 1},
            "commands": {"enabled": True},
            "health": {"enabled": False},
            "logging": {"base_path": str(self.directory)},
        }

    # -- asking it -----------------------------------------------------------------

    async def ask(
        self, client: Client, command: str, args: Mapping[str, Any] = NOTHING, timeout: float = PATIENCE
    ) -> dict[str, Any]:
        """The reply to a command, as it came; builtin errors are nats-py's own."""
        meta = {"domain": self.cytube.domain, "channel": self.cytube.channel}
        request = {"service": "robot", "command": command, "args": dict(args), "meta": meta}
        return await _request(client, request, timeout)

    async def inquire(self, client: Client, about: str) -> dict[str, Any]:
        """The reply to a question about the robot itself or its view of the channel (`system.`, `state.`).

        Of the two handlers that hear it only one answers: the one that knows about connections does not look
        at whom a question is for, and the one for commands takes none for another channel.
        """
        request = {"command": about, "meta": {"domain": "-", "channel": "-"}}
        return await _request(client, request, 1)

    async def _hears_commands(self, client: Client, timeout: float = 1) -> bool:
        """Whether the handler of commands answers, which alone answers for "system"."""
        return bool(await _request(client, {"service": "system", "command": "system.ping"}, timeout))

    @property
    def log(self) -> str:
        return (self.directory / "log").read_text()


async def _request(client: Client, request: Mapping[str, Any], timeout: float) -> dict[str, Any]:
    reply = await client.request("kryten.robot.command", json.dumps(request).encode(), timeout)
    return json.loads(reply.data)


@contextmanager
def running(cytube: CyTube, nats_server: NatsServer) -> Iterator[Robot]:
    """A robot that has been started; its environment comes from `make .venv-robot/stamp`."""
    if not PYTHON.exists():
        absent("the environment of the robot (make .venv-robot/stamp)")
    with tempfile.TemporaryDirectory(prefix="robot-") as directory:
        robot = Robot(Path(directory), cytube, nats_server)
        try:
            robot.start()
            yield robot
        finally:
            robot.kill()
