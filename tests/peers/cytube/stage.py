"""The simulated room on real sockets: everything here lives on one event loop."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import socketio
from attrs import Factory, define, field, frozen

from playlist_adapters.channel.simulated import (
    BOT,
    BOT_RANK,
    Account,
    Connection,
    Frame,
    Room,
    SimulatedChannel,
)
from tests.peers.cytube.clock import RoomClock
from tests.peers.cytube.website import Website

T = TypeVar("T")

HEARD_KEPT = 10_000


@frozen
class Heard:
    """A frame that a client sent, and when."""

    at: datetime
    by: str
    event: str
    payload: Any


@define(eq=False)
class Socket:
    """A client's socket and its place in the room; `told` counts the frames it was given."""

    sid: str
    connection: Connection
    told: int = 0
    outbox: asyncio.Queue[Frame | None] = Factory(asyncio.Queue)

    async def deliver(self, server: socketio.AsyncServer) -> None:
        """Send what is put into the outbox, in that order, until None, which hangs up."""
        while (frame := await self.outbox.get()) is not None:
            await server.emit(frame.event, frame.payload, to=self.sid)
        await server.disconnect(self.sid)


@define(eq=False)
class Stage:
    """The channel, its clients' sockets and its clock."""

    name: str
    clock: RoomClock = Factory(RoomClock)
    website: Website = Factory(Website)
    heard: deque[Heard] = field(factory=lambda: deque[Heard](maxlen=HEARD_KEPT))
    channel: SimulatedChannel = field(
        init=False, default=Factory(lambda self: self._new_channel(), takes_self=True)
    )
    server: socketio.AsyncServer = field(
        init=False, default=Factory(lambda self: self._new_server(), takes_self=True)
    )
    _sockets: dict[str, Socket] = field(factory=dict[str, Socket], init=False)
    _deliveries: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]], init=False)
    _changed: asyncio.Event = field(factory=asyncio.Event, init=False)

    def _new_channel(self) -> SimulatedChannel:
        accounts = [Account(BOT, BOT_RANK)]
        room = Room.create(self.website, now=self.clock.now(), accounts=accounts, name=self.name)
        return SimulatedChannel(room, self.clock)

    def _new_server(self) -> socketio.AsyncServer:
        # Handlers run one after the other, in the order of the frames.
        server = socketio.AsyncServer(async_mode="asgi", async_handlers=False, always_connect=True)
        server.on("connect", self._connected)
        server.on("disconnect", self._disconnected)
        server.on("*", self._received)
        return server

    # -- clients -----------------------------------------------------------------

    def _connected(self, sid: str, *_: object) -> None:
        socket = self._sockets[sid] = Socket(sid, self.channel.room.connect())
        delivery = asyncio.ensure_future(socket.deliver(self.server))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)
        self.settle()

    def _disconnected(self, sid: str, *_: object) -> None:
        socket = self._sockets.pop(sid, None)
        if socket is not None:
            self.channel.room.disconnect(socket.connection)
            socket.outbox.put_nowait(None)
        self.settle()

    def _received(self, event: str, sid: str, *args: Any) -> None:
        socket = self._sockets.get(sid)
        if socket is not None:
            self.settle()
            payload = args[0] if args else None
            self.heard.append(Heard(self.clock.now(), socket.connection.name, event, payload))
            self.channel.room.send(socket.connection, event, *args)
        self.settle()

    @property
    def bot(self) -> Socket | None:
        """The socket on which the bot is logged in and has its rank."""
        account = self.channel.room.doors.account(BOT)
        return next(
            (
                socket
                for socket in self._sockets.values()
                if account and (socket.connection.name, socket.connection.rank) == (BOT, account.rank)
            ),
            None,
        )

    # -- time -----------------------------------------------------------------

    def settle(self) -> None:
        """Bring the room to the present and everybody's frames on their way."""
        self.channel.room.advance(self.clock.now())
        for socket in list(self._sockets.values()):
            for frame in socket.connection.collect():
                socket.told += 1
                socket.outbox.put_nowait(frame)
            if socket.connection.closed:
                del self._sockets[socket.sid]
                socket.outbox.put_nowait(None)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def keep_time(self) -> None:
        """Let happen what happens by itself, when its time has come."""
        while True:
            wait = self.clock.real_seconds_until(self.channel.room.next_due())
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                self.settle()

    async def until(self, condition: Callable[["Stage"], T | None]) -> T:
        """What `condition` finds, asked again after everything that happens until it finds something."""
        while not (found := condition(self)):
            await self._changed.wait()
        return found

    # -- beginning anew ----------------------------------------------------------

    def reset(self) -> None:
        """An empty default channel at the real time and pace; whoever was in over a socket is in again.

        They hear all that a joining client hears, and nothing of what became of the old channel.
        """
        self.clock = RoomClock()
        self.website.answers.clear()
        self.heard.clear()
        self.channel = self._new_channel()
        for socket in self._sockets.values():
            old, room = socket.connection, self.channel.room
            socket.connection = room.connect()
            if old.joined:
                room.send(socket.connection, "joinChannel", {"name": self.name})
            if old.name:
                room.send(socket.connection, "login", {"name": old.name, "pw": "of no matter"})
        self.settle()
