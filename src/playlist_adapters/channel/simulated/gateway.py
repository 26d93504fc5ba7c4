"""The bot in the simulated channel: queue, private messages and users, confirmed by the channel's events."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import anyio
from attrs import Factory, define, field, frozen

from playlist_adapters.channel.cytube.answers import (
    Expectation,
    Match,
    PMAnswer,
    T,
    added,
    delivered,
    told,
)
from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.text import check_message
from playlist_adapters.channel.cytube.view import ChannelView
from playlist_adapters.channel.simulated.connection import Connection
from playlist_adapters.channel.simulated.room import Room
from playlist_adapters.channel.simulated.visitors import enter
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot, Refusal
from playlist_core.errors import (
    ChannelUnavailable,
    InvalidInput,
    OutcomeUnknown,
    PlaylistError,
    QueueRefused,
)
from playlist_core.ports import ChannelUser, Clock

COMMANDS_KEPT = 10_000
PATIENCE = timedelta(seconds=8)


@frozen(kw_only=True)
class SentCommand:
    """A command as it went to the channel; `details` in the order of its fields, never a PM's text."""

    at: datetime
    command: str
    details: tuple[tuple[str, str | int | bool | None], ...]


@define(eq=False)
class Bot:
    """`QueueGateway`, `PMSender` and `UserDirectory` of one client of a `Room`.

    It knows only what its own frames told it. One queue command is in flight at a time, and one private
    message: nothing else tells whose answer a `cooldown` or an `errorMsg` is. A command without an
    answer within `patience` raises OutcomeUnknown.

    What CyTube would drop in silence is not sent where the bot can know it: without a permission (its
    rank and `setPermissions` tell) that is a refusal; for a uid that is not on the list any more the
    OutcomeUnknown comes at once, for whoever asked to look again. A move behind a vanished item would
    even cost the item (docs/cytube.md).
    """

    room: Room
    clock: Clock
    name: str = "KrytenBot"
    patience: timedelta = PATIENCE
    hearers: list[Callable[[Frame], None]] = field(factory=list[Callable[[Frame], None]], init=False)
    _view: ChannelView = field(
        init=False,
        default=Factory(lambda self: ChannelView(max_items=self.room.playlist.max_items), takes_self=True),
    )
    _connection: Connection | None = field(default=None, init=False)
    _expected: list[Expectation[Any]] = field(factory=list, init=False)
    _sent: deque[SentCommand] = field(factory=lambda: deque[SentCommand](maxlen=COMMANDS_KEPT), init=False)
    _queue_turn: anyio.Lock = field(factory=anyio.Lock, init=False)
    _pm_turn: anyio.Lock = field(factory=anyio.Lock, init=False)

    # -- connection ----------------------------------------------------------

    def connect(self) -> None:
        """Join the channel, again if need be; what was known before counts as another generation."""
        self.disconnect()
        self._view = ChannelView(generation=self._view.generation + 1, max_items=self._view.max_items)
        self._connection = enter(self.room, self.name, password=True)
        self.catch_up()

    def disconnect(self) -> None:
        """Drop the connection; the channel goes on without the bot."""
        self.catch_up()
        if self._connection is not None:
            self.room.disconnect(self._connection)
            self._connection = None

    def catch_up(self) -> None:
        """Let the room come to the present, and hear what happened."""
        self.room.advance(self.clock.now())
        if self._connection is None:
            return
        for frame in self._connection.collect():
            self._view.take(frame)
            for hear in self.hearers:
                hear(frame)
            for expectation in self._expected:
                expectation.offer(frame)

    @property
    def connected(self) -> bool:
        return self._connection is not None and not self._connection.closed

    def commands(self) -> tuple[SentCommand, ...]:
        """The last commands sent, oldest first."""
        return tuple(self._sent)

    def _online(self) -> Connection:
        self.catch_up()
        if self._connection is None or self._connection.closed:
            raise ChannelUnavailable("The channel cannot be reached right now; nothing was sent.")
        return self._connection

    # -- QueueGateway ----------------------------------------------------------

    async def snapshot(self) -> QueueSnapshot:
        self._online()
        return self._view.snapshot(self.clock.now())

    async def add(self, media_url: str, *, position: Position, temp: bool) -> QueueItem:
        async with self._queue_turn:
            self._require("playlistadd", "add to the playlist")
            if position is Position.NEXT:
                self._require("playlistnext", "add an item next")
            known = frozenset(item.uid for item in self._view.items)
            payload = {"id": media_url, "type": "cm", "pos": position.value, "temp": temp}
            return await self._ask("queue", payload, added(media_url, self.name, known))

    async def move(self, uid: int, *, after: int | None, generation: int) -> None:
        async with self._queue_turn:
            self._require("playlistmove", "move items")
            self._require_items(generation, uid, *(() if after is None else (after,)))
            if uid == after:
                raise InvalidInput.of("after", "an item cannot stand behind itself")
            payload = {"from": uid, "after": "prepend" if after is None else after}
            await self._ask("moveMedia", payload, told("moveVideo", payload))

    async def remove(self, uid: int, *, generation: int) -> None:
        async with self._queue_turn:
            self._require("playlistdelete", "remove items")
            self._require_items(generation, uid)
            await self._ask("delete", uid, told("delete", {"uid": uid}))

    async def set_temp(self, uid: int, *, temp: bool, generation: int) -> None:
        async with self._queue_turn:
            self._require("settemp", "change whether items stay")
            self._require_items(generation, uid)
            payload = {"uid": uid, "temp": temp}
            await self._ask("setTemp", payload, told("setTemp", payload))

    async def jump(self, uid: int, *, generation: int) -> None:
        async with self._queue_turn:
            self._require("playlistjump", "put items on the air")
            self._require_items(generation, uid)
            await self._ask("jumpTo", uid, told("setCurrent", uid))

    def _require(self, node: str, to_do: str) -> None:
        self._online()
        if not self._view.may(node):
            raise QueueRefused(f"The bot is not allowed to {to_do} here.", reason=Refusal.NO_PERMISSION)

    def _require_items(self, generation: int, *uids: int) -> None:
        if generation != self._view.generation:
            raise OutcomeUnknown("The list has been numbered anew since; nothing was sent, look again.")
        for uid in uids:
            if not self._view.holds(uid):
                raise OutcomeUnknown(f"Item {uid} is not on the playlist any more; look again.", uid=uid)

    # -- PMSender, UserDirectory -------------------------------------------------

    async def send(self, to: Username, text: str) -> None:
        check_message(text, self.room.chat.max_length)
        async with self._pm_turn:
            deadline = self.clock.now() + self.patience
            payload = {"to": to.spelling, "msg": text, "meta": {}}
            # CyTube throws away what comes too soon, and says so: nothing has happened, once more.
            while (
                await self._ask("pm", payload, delivered(self.name, to.spelling, text)) is PMAnswer.TOO_FAST
            ):
                if self.clock.now() >= deadline:
                    raise ChannelUnavailable("The channel takes no more messages right now.")
                await self.clock.sleep(0.1)

    async def present(self, name: Username) -> ChannelUser | None:
        self._online()
        return self._view.present(name)

    # -- asking ------------------------------------------------------------------

    async def _ask(self, event: str, payload: object, match: Match[T]) -> T:
        """Send one frame and wait for the event that answers it."""
        connection = self._online()
        expectation = Expectation(match)
        deadline = self.clock.now() + self.patience
        self._expected.append(expectation)
        try:
            self._sent.append(SentCommand(at=self.room.now, command=event, details=_details(payload)))
            self.room.send(connection, event, payload)
            answer = await self._answer(expectation, connection, deadline)
        finally:
            self._expected.remove(expectation)
        if isinstance(answer, PlaylistError):
            raise answer
        return answer

    async def _answer(
        self, expectation: Expectation[T], connection: Connection, deadline: datetime
    ) -> T | PlaylistError:
        while True:
            self.catch_up()
            if expectation.answer is not None:
                return expectation.answer
            now = self.clock.now()
            if connection.closed:
                raise OutcomeUnknown("The connection to the channel was lost before it answered.")
            if now >= deadline:
                raise OutcomeUnknown("The channel did not answer; it may have happened.")
            wake = min(self.room.next_due() or deadline, deadline)
            await self.clock.sleep(max(0.0, (wake - now).total_seconds()))


def _details(payload: object) -> tuple[tuple[str, str | int | bool | None], ...]:
    if not isinstance(payload, dict):
        return (("uid", payload),) if isinstance(payload, int) else ()
    return tuple((str(key), value) for key, value in payload.items() if key not in ("msg", "meta"))
