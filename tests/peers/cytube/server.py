"""A CyTube of the tests' own, over https on a free port of loopback."""

import asyncio
import json
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import socketio
import trustme
import uvicorn
from attrs import define, field

from playlist_adapters.channel.simulated import BOT, Connection, SimulatedChannel
from playlist_core.domain.queue import QueueItem
from tests.peers.cytube.dialect import EngineIO3, Event, Receive, Send
from tests.peers.cytube.stage import Heard, Stage
from tests.peers.cytube.website import Website

T = TypeVar("T")

CHANNEL = "Movies"
PATIENCE = 20


@define(eq=False)
class CyTube:
    """A server with one channel, in a thread with an event loop of its own.

    It goes on whatever the tests' loop is doing, and all hands on it may be used from any thread. What is
    done by a hand has happened, and its frames are on their way, when the hand returns.
    """

    domain: str
    ca_file: Path
    _stage: Stage
    _loop: asyncio.AbstractEventLoop

    # -- looking -------------------------------------------------------------------

    @property
    def channel(self) -> str:
        return self._stage.name

    @property
    def queue(self) -> tuple[QueueItem, ...]:
        """The whole list, the playing item included."""
        return self.do(lambda channel: channel.queue)

    @property
    def told(self) -> int:
        """How many frames the bot's present socket was given, from its connecting on."""
        return self._at_stage(lambda stage: stage.bot.told if stage.bot else 0)

    @property
    def heard(self) -> tuple[Heard, ...]:
        """What clients on sockets sent, oldest first; the last 10,000."""
        return self._at_stage(lambda stage: tuple(stage.heard))

    @property
    def website(self) -> Website:
        return self._stage.website

    async def until(self, condition: Callable[[Stage], T | None]) -> T:
        """Wait for something in the channel, which `condition` is asked for after each change.

        It runs in the double's thread and must only look. TimeoutError when it takes too long.
        """
        async with asyncio.timeout(PATIENCE):
            waiting = asyncio.run_coroutine_threadsafe(self._stage.until(condition), self._loop)
            return await asyncio.wrap_future(waiting)

    # -- hands -----------------------------------------------------------------------

    def do(self, act: Callable[[SimulatedChannel], T]) -> T:
        """Do anything to the channel, of which the double's thread is the only owner.

        do(lambda channel: channel.join("bob", 2))
        do(lambda channel: channel.as_user("bob").add("https://media.example/m/1.json"))
        do(lambda channel: channel.refuse_next("bad_manifest"))
        do(lambda channel: channel.room.register(Account(BOT, 1)))
        """
        return self._at_stage(lambda stage: act(stage.channel))

    def kick_bot(self, reason: str = "Somebody had enough") -> None:
        self.do(lambda channel: channel.room.doors.kick(_bot_of(channel), reason))

    def drop_bot(self) -> None:
        """The server hangs up on the bot, without a `kick`."""
        self.do(lambda channel: channel.room.disconnect(_bot_of(channel)))

    def restart(self) -> None:
        """The server restarts: every socket drops, uids begin at 0 again."""
        self.do(lambda channel: channel.room.reload())

    def set_speed(self, speed: float) -> None:
        """Let so many seconds of the channel pass in a real one; 0 stops its time."""

        def change(stage: Stage) -> None:
            stage.clock.speed = speed

        self._at_stage(change)

    def elapse(self, seconds: float) -> None:
        """Let seconds of the channel pass at once; what was due in them happens at its own time."""
        self._at_stage(lambda stage: stage.clock.leap(seconds))

    def reset(self) -> None:
        """Begin anew with an empty default channel; see `Stage.reset`."""
        self._at_stage(lambda stage: stage.reset())

    def _at_stage(self, act: Callable[[Stage], T]) -> T:
        async def acting() -> T:
            self._stage.settle()
            result = act(self._stage)
            self._stage.settle()
            return result

        return asyncio.run_coroutine_threadsafe(acting(), self._loop).result(PATIENCE)


def _bot_of(channel: SimulatedChannel) -> Connection:
    bot = channel.room.audience.named(BOT)
    assert bot is not None, "the bot is not in the channel"
    return bot


# -- the thread behind it --------------------------------------------------------------


@define(eq=False)
class _Thread:
    """Serves until told to stop; `ready` holds the double, and is cancelled when there will be none."""

    channel: str
    listener: socket.socket
    certificate: Path
    ca_file: Path
    ready: Future[CyTube] = field(factory=Future["CyTube"])
    _server: uvicorn.Server | None = None

    @property
    def domain(self) -> str:
        return f"localhost:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self.ready.cancel()

    async def _serve(self) -> None:
        stage = Stage(self.channel)
        keeping_time = asyncio.ensure_future(stage.keep_time())
        app = EngineIO3(socketio.ASGIApp(stage.server, self._tell_where))
        config = uvicorn.Config(
            app, lifespan="off", ws="wsproto", log_config=None, ssl_certfile=self.certificate
        )
        self._server = uvicorn.Server(config)
        self.ready.set_result(CyTube(self.domain, self.ca_file, stage, asyncio.get_running_loop()))
        try:
            await self._server.serve([self.listener])
        finally:
            keeping_time.cancel()
            await stage.server.shutdown()

    async def _tell_where(self, scope: Event, receive: Receive, send: Send) -> None:
        """`/socketconfig/<channel>.json`, which names this same server."""
        told = {"servers": [{"url": f"https://{self.domain}", "secure": True}]}
        found = scope["path"].lower() == f"/socketconfig/{self.channel}.json".lower()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200 if found else 404, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(told if found else {}).encode()})

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = self._server.force_exit = True


def _listener() -> socket.socket:
    # Only of a socket that names its protocol does asyncio know that it may send at once (TCP_NODELAY).
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


@contextmanager
def running(channel: str = CHANNEL) -> Iterator[CyTube]:
    """A server with an empty channel; its certificate is signed by `ca_file`."""
    with tempfile.TemporaryDirectory(prefix="cytube-") as directory, _listener() as listener:
        ca_file, certificate = Path(directory) / "ca.pem", Path(directory) / "server.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(ca_file)
        authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            certificate
        )
        server = _Thread(channel, listener, certificate, ca_file)
        thread = threading.Thread(target=server.run, name="cytube", daemon=True)
        thread.start()
        try:
            yield server.ready.result(PATIENCE)
        finally:
            server.stop()
            thread.join(PATIENCE)
