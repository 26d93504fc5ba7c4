"""The ports of a real channel, over the robot: queue, private messages, users and plays."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import anyio
from attrs import define, evolve, field

from playlist_adapters.bus import Bus
from playlist_adapters.channel.cytube.answers import Done, Match, PMAnswer, added, delivered, told
from playlist_adapters.channel.cytube.text import check_message
from playlist_adapters.channel.kryten.asking import Asking, Moment
from playlist_adapters.channel.kryten.first_item import FIRST_UID
from playlist_adapters.channel.kryten.following import Following, State
from playlist_adapters.channel.kryten.line import Line
from playlist_adapters.channel.kryten.place import Place, Wish
from playlist_adapters.channel.kryten.plays import heard_plays
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot, Refusal
from playlist_core.errors import ChannelUnavailable, InvalidInput, OutcomeUnknown, PlaylistError, QueueRefused
from playlist_core.ports import ChannelUser, Clock, Play, Spawn

# A manifest may take 10 s, and what changes the list waits behind other people's adds.
_ADD_TAKES: Final = 12.0
_EDIT_TAKES: Final = 12.0
_PM_TAKES: Final = 10.0
_NEXT_ITEM_TAKES: Final = 1.0
_COOLDOWN: Final = 0.15
_LONGEST_PM: Final = 320


@define(eq=False)
class KrytenChannel:
    """`QueueGateway`, `PMSender`, `UserDirectory` and `PlayFeed` of the channel that a robot is in.

    One queue command and one private message are under way at a time; what else a command has to wait for is
    told by `Asking` and `Line`.
    """

    following: Following
    clock: Clock
    _asking: Asking = field(alias="asking")
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
        async with self._turn("playlistadd", "add to the playlist") as moment:
            if position is Position.NEXT:
                self._require("playlistnext", "add an item next")
            known = frozenset(item.uid for item in self.following.view.items)
            return await self._asking.ask(
                "addvideo",
                {"type": "cm", "id": media_url, "pos": position.value, "temp": temp},
                added(media_url, self.following.bot, known),
                moment=evolve(moment, generation=self.following.view.generation),
                within=self._add_takes,
            )

    async def move(self, uid: int, *, after: int | None, generation: int) -> None:
        async with self._turn("playlistmove", "move items") as moment:
            self._require_items(generation, uid, *(() if after is None else (after,)))
            if uid == after:
                raise InvalidInput.of("after", "an item cannot stand behind itself")
            args = {"from": uid, "after": "prepend" if after is None else after}
            await self._edit("mvvideo", args, told("moveVideo", args), moment, generation)

    async def remove(self, uid: int, *, generation: int) -> None:
        async with self._turn("playlistdelete", "remove items") as moment:
            self._require_items(generation, uid)
            args = {"uid": uid}
            await self._edit("rmvideo", args, told("delete", args), moment, generation)

    async def set_temp(self, uid: int, *, temp: bool, generation: int) -> None:
        async with self._turn("settemp", "change whether items stay") as moment:
            self._require_items(generation, uid)
            args = {"uid": uid, "temp": temp}
            await self._edit("settemp", args, told("setTemp", args), moment, generation)

    async def jump(self, uid: int, *, generation: int) -> None:
        async with self._turn("playlistjump", "put items on the air") as moment:
            self._require_items(generation, uid)
            # The robot stumbles over a number (docs/kryten.md 2).
            await self._edit("jump", {"uid": str(uid)}, told("setCurrent", uid), moment, generation)

    async def _edit(
        self, command: str, args: Mapping[str, Any], match: Match[Done], moment: Moment, generation: int
    ) -> None:
        named = evolve(moment, generation=generation)
        await self._asking.ask(command, args, match, moment=named, within=_EDIT_TAKES)

    @asynccontextmanager
    async def _turn(self, node: str, to_do: str) -> AsyncGenerator[Moment, None]:
        """The turn of a queue command that the bot has the right to; yields when it was wanted."""
        await self.following.online()
        moment = self._asking.moment()
        async with self._queue_turn:
            await self.following.online()
            self._require(node, to_do)
            await self._place_first_item()
            yield moment

    async def _place_first_item(self) -> None:
        """Put the item with uid 0 where the view has it, if only by the robot, which sees no move of it."""
        view, first = self.following.view, self.following.ears.first
        if first.placed or not (first.there and view.holds(FIRST_UID) and view.may("playlistmove")):
            return
        front = view.in_front_of(FIRST_UID)
        args = {"from": FIRST_UID, "after": "prepend" if front is None else front}
        await self._edit("mvvideo", args, told("moveVideo", args), self._asking.moment(), view.generation)

    def _require(self, node: str, to_do: str) -> None:
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
        await self.following.online(fresh=True)
        moment = self._asking.moment()
        async with self._pm_turn:
            deadline = self.clock.monotonic() + _PM_TAKES
            # CyTube throws away what comes too soon, and says so: nothing has happened, once more.
            while not await self._whisper(to, text, moment):
                if self.clock.monotonic() >= deadline:
                    raise ChannelUnavailable("The channel takes no more messages right now.")

    async def _whisper(self, to: Username, text: str, moment: Moment) -> bool:
        """Whether it has arrived; otherwise it came too soon after others, and is lost."""
        match = delivered(self.following.bot, to.spelling, text)
        args = {"to": to.spelling, "msg": text}
        answer = await self._asking.ask("pm", args, match, moment=moment, within=_PM_TAKES)
        if answer is PMAnswer.DELIVERED:
            return True
        # Or it was another service's that came too soon: CyTube does not say which.
        echo = await self._asking.overhear(
            lambda frame: None if frame.event == "cooldown" else match(frame), within=_COOLDOWN
        )
        return echo is not None

    async def present(self, name: Username) -> ChannelUser | None:
        await self.following.online(fresh=True)
        return self.following.view.present(name)

    @asynccontextmanager
    async def plays(self) -> AsyncGenerator[AsyncIterator[Play], None]:
        with heard_plays(self.following.ears.hearers) as plays:
            yield plays


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
        yield KrytenChannel(following, clock, Asking(following, Line(following, spawn)), add_takes=add_takes)


@asynccontextmanager
async def _beside(run: Callable[[], Any]) -> AsyncGenerator[Spawn, None]:
    failure: PlaylistError | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        try:
            yield tasks.start_soon
        except PlaylistError as exc:  # carried past the group, which would wrap it
            failure = exc
        finally:
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
