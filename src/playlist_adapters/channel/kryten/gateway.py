"""The ports of a real channel, over the robot: queue, private messages, users and plays."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
from attrs import define, field

from playlist_adapters.bus import Bus
from playlist_adapters.channel.cytube.answers import (
    Expectation,
    Match,
    PMAnswer,
    T,
    added,
    delivered,
    told,
)
from playlist_adapters.channel.cytube.refusals import refused
from playlist_adapters.channel.cytube.text import check_message
from playlist_adapters.channel.kryten.following import Following, State
from playlist_adapters.channel.kryten.line import Line, Order
from playlist_adapters.channel.kryten.place import Place, Wish
from playlist_adapters.channel.kryten.plays import heard_plays
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot, Refusal
from playlist_core.errors import ChannelUnavailable, InvalidInput, OutcomeUnknown, PlaylistError, QueueRefused
from playlist_core.ports import ChannelUser, Clock, Play, Spawn

# A manifest may take 10 s, and what changes the list waits behind other people's adds.
_ADD_TAKES: Final = 12.0
_EDIT_TAKES: Final = 12.0
_AT_ONCE_TAKES: Final = 5.0
_PM_TAKES: Final = 10.0
_NEXT_ITEM_TAKES: Final = 1.0
_COOLDOWN: Final = 0.15
_LONGEST_PM: Final = 320
# The robot may show an item with uid 0 that is long gone, and CyTube says nothing about those.
_GHOST_TAKES: Final = 3.0


@define(eq=False)
class KrytenChannel:
    """`QueueGateway`, `PMSender`, `UserDirectory` and `PlayFeed` of the channel that a robot is in.

    A command counts as done when the channel's own event says so, never by the robot's reply; what the reply
    does prove is that a command was not carried out. One queue command is in flight at a time.
    """

    following: Following
    clock: Clock
    _line: Line = field(alias="line")
    _add_takes: float = field(default=_ADD_TAKES, alias="add_takes", kw_only=True)
    _queue_turn: anyio.Lock = field(factory=anyio.Lock, init=False)
    _pm_turn: anyio.Lock = field(factory=anyio.Lock, init=False)

    @property
    def place(self) -> Place | None:
        """The channel as the robot spells it; None before it was found."""
        return self.following.place

    # -- QueueGateway -----------------------------------------------------------------

    async def snapshot(self) -> QueueSnapshot:
        await self.following.online(fresh=True)
        with anyio.move_on_after(_NEXT_ITEM_TAKES):
            # The list is told before what plays of it: after the first add, and after the playing item's end.
            while self.following.view.items and self.following.view.playing(self.clock.now()) is None:
                await self.following.changed()
                await self.following.online()
        return self.following.view.snapshot(self.clock.now())

    async def add(self, media_url: str, *, position: Position, temp: bool) -> QueueItem:
        async with self._queue_turn:
            await self._require("playlistadd", "add to the playlist")
            if position is Position.NEXT:
                await self._require("playlistnext", "add an item next")
            view = self.following.view
            known = frozenset(item.uid for item in view.items)
            return await self._command(
                "addvideo",
                {"type": "cm", "id": media_url, "pos": position.value, "temp": temp},
                added(media_url, self.following.bot, known),
                generation=view.generation,
                within=self._add_takes,
            )

    async def move(self, uid: int, *, after: int | None, generation: int) -> None:
        async with self._queue_turn:
            await self._require("playlistmove", "move items")
            self._require_items(generation, uid, *(() if after is None else (after,)))
            if uid == after:
                raise InvalidInput.of("after", "an item cannot stand behind itself")
            args = {"from": uid, "after": "prepend" if after is None else after}
            await self._command("mvvideo", args, told("moveVideo", args), generation=generation, uid=uid)

    async def remove(self, uid: int, *, generation: int) -> None:
        async with self._queue_turn:
            await self._require("playlistdelete", "remove items")
            self._require_items(generation, uid)
            args = {"uid": uid}
            await self._command("rmvideo", args, told("delete", args), generation=generation, uid=uid)

    async def set_temp(self, uid: int, *, temp: bool, generation: int) -> None:
        async with self._queue_turn:
            await self._require("settemp", "change whether items stay")
            self._require_items(generation, uid)
            args = {"uid": uid, "temp": temp}
            await self._command(
                "settemp", args, told("setTemp", args), generation=generation, uid=uid, within=_AT_ONCE_TAKES
            )

    async def jump(self, uid: int, *, generation: int) -> None:
        async with self._queue_turn:
            await self._require("playlistjump", "put items on the air")
            self._require_items(generation, uid)
            # The robot stumbles over a number (docs/kryten.md 2).
            await self._command(
                "jump",
                {"uid": str(uid)},
                told("setCurrent", uid),
                generation=generation,
                uid=uid,
                within=_AT_ONCE_TAKES,
            )

    async def _require(self, node: str, to_do: str) -> None:
        await self.following.online()
        if not self.following.view.may(node):
            raise QueueRefused(f"The bot is not allowed to {to_do} here.", reason=Refusal.NO_PERMISSION)

    def _require_items(self, generation: int, *uids: int) -> None:
        view = self.following.view
        if generation != view.generation:
            raise OutcomeUnknown("The list has been numbered anew since; nothing was sent, look again.")
        for uid in uids:
            if not view.holds(uid):
                raise OutcomeUnknown(f"Item {uid} is not on the playlist any more; look again.", uid=uid)

    # -- PMSender, UserDirectory, PlayFeed ----------------------------------------------

    async def send(self, to: Username, text: str) -> None:
        check_message(text, _LONGEST_PM)
        async with self._pm_turn:
            deadline = self.clock.monotonic() + _PM_TAKES
            # CyTube throws away what comes too soon, and says so: nothing has happened, once more.
            while await self._whisper(to, text) is PMAnswer.TOO_FAST:
                if self.clock.monotonic() >= deadline:
                    raise ChannelUnavailable("The channel takes no more messages right now.")
                await self.clock.sleep(_COOLDOWN)

    async def _whisper(self, to: Username, text: str) -> PMAnswer:
        await self.following.online(fresh=True)
        args = {"to": to.spelling, "msg": text}
        match = delivered(self.following.bot, to.spelling, text)
        return await self._command("pm", args, match, within=_PM_TAKES)

    async def present(self, name: Username) -> ChannelUser | None:
        await self.following.online(fresh=True)
        return self.following.view.present(name)

    @asynccontextmanager
    async def plays(self) -> AsyncGenerator[AsyncIterator[Play], None]:
        with heard_plays(self.following.hearers) as plays:
            yield plays

    # -- asking --------------------------------------------------------------------------

    async def _command(
        self,
        command: str,
        args: Mapping[str, Any],
        match: Match[T],
        *,
        generation: int | None = None,
        uid: int | None = None,
        within: float = _EDIT_TAKES,
    ) -> T:
        """Send one command and wait for the event that answers it; OutcomeUnknown when none comes."""
        expectation = Expectation(match)
        self.following.expected.append(expectation)
        try:
            order = await self._line.give(command, args, check=lambda: self._check(generation))
            with anyio.move_on_after(_GHOST_TAKES if uid == 0 else within):
                await self._answered(expectation, order, generation)
        finally:
            self.following.expected.remove(expectation)
        answer = expectation.answer
        if isinstance(answer, PlaylistError):
            raise answer
        if answer is not None:
            return answer
        if uid == 0 and order.reply is not None:
            self.following.view.forget(0)
        raise order.failure or OutcomeUnknown("The channel did not answer; it may have happened. Look again.")

    def _check(self, generation: int | None) -> None:
        """What was true when the order was thought of must be so when its turn has come."""
        if self.following.state is not State.READY:
            raise ChannelUnavailable("The channel went away; nothing was sent.")
        if generation is not None and generation != self.following.view.generation:
            raise OutcomeUnknown("The list has been numbered anew since; nothing was sent, look again.")

    async def _answered(self, expectation: Expectation[Any], order: Order, generation: int | None) -> None:
        """Return when there is an answer, or there will be none."""
        while expectation.answer is None and order.failure is None:
            if order.reply is not None and order.reply.queue_fail is not None:
                expectation.answer = refused(order.reply.queue_fail)
            elif order.reply is not None and order.reply.error is not None:
                order.failure = ChannelUnavailable(f"The robot did not do it: {order.reply.error}")
            elif generation is not None and not self._is_now(generation):
                return
            else:
                await self.following.changed()

    def _is_now(self, generation: int) -> bool:
        return self.following.state is State.READY and self.following.view.generation == generation


@asynccontextmanager
async def open_channel(
    bus: Bus, wish: Wish, *, clock: Clock, patience: float = 5, add_takes: float = _ADD_TAKES
) -> AsyncGenerator[KrytenChannel, None]:
    """The channel of the robot that the bus reaches, followed as long as the context is open.

    Entered when it is known, or after `patience` seconds without: it may come later, and go again. An add
    without an answer counts as unknown after `add_takes` seconds.
    """
    following = Following(bus, wish, clock)
    async with _beside(following.run) as spawn:
        with anyio.move_on_after(patience):
            while following.state is not State.READY:
                await following.changed()
        yield KrytenChannel(following, clock, Line(following, spawn), add_takes=add_takes)


@asynccontextmanager
async def _beside(run: Callable[[], Any]) -> AsyncGenerator[Spawn, None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        try:
            yield tasks.start_soon
        finally:
            tasks.cancel_scope.cancel()
