"""The channel followed through robots and servers that come and go, and whether it is there right now."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

import anyio
from attrs import Factory, define, field
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus
from playlist_adapters.channel.cytube.values import whole
from playlist_adapters.channel.cytube.view import ChannelView
from playlist_adapters.channel.kryten.ears import NONSENSE, Ears
from playlist_adapters.channel.kryten.first_item import FIRST_UID
from playlist_adapters.channel.kryten.hearing import Heard, news_of_robot
from playlist_adapters.channel.kryten.place import Place, Wish
from playlist_adapters.channel.kryten.reading import NOT_IN_CYTUBE, Reader
from playlist_adapters.channel.kryten.robot import Robot
from playlist_core.errors import ChannelUnavailable, Unavailable
from playlist_core.ports import Clock

log = logging.getLogger("kryten_playlist.channel")

_LIFECYCLE: Final = "kryten.lifecycle.robot.*"
_TRY_AGAIN_AFTER: Final = 1.0
# CyTube tells the position every 5 s while something plays; a robot is asked about as often anyway.
_LOOK_AFTER: Final = 7.0
# How old the last sign of life may be for a look to do without asking; the answer takes a millisecond.
_FRESH: Final = 0.3
_SETTLING_TAKES: Final = 15.0
# A list of another length than CyTube says is read again, but not over and over.
_READ_AGAIN_AFTER: Final = 30.0
_READING: Final = "The channel is being read again after an interruption; try again in a moment."


class State(Enum):
    """How much of the channel is known."""

    AWAY = auto()
    SETTLING = auto()
    READY = auto()


@define(eq=False)
class Following:
    """`run` finds the channel and keeps the view of it true; everybody else only looks.

    A `playlist` frame, another session of the robot, or a hole in what was heard begins a new generation.
    """

    bus: Bus
    wish: Wish
    clock: Clock
    robot: Robot = field(init=False, default=Factory(lambda self: Robot(self.bus), takes_self=True))
    ears: Ears = field(
        init=False, default=Factory(lambda self: Ears(self.clock, self.doubt), takes_self=True)
    )
    reader: Reader = field(
        init=False,
        default=Factory(lambda self: Reader(self.robot, self.ears, lambda: self._doubtful), takes_self=True),
    )
    place: Place | None = field(default=None, init=False)
    state: State = field(default=State.AWAY, init=False)
    # Another number than before: the channel was away in between, and what was sent may have got lost.
    interruptions: int = field(default=0, init=False)
    _trouble: str = field(default="The robot has not been found yet.", init=False)
    _told_away: bool = field(default=False, init=False)
    _doubtful: bool = field(default=True, init=False)
    _elsewhere: bool = field(default=False, init=False)
    _counted_at: float | None = field(default=None, init=False)
    _asking: anyio.Lock = field(factory=anyio.Lock, init=False)
    _due: anyio.Event = field(factory=anyio.Event, init=False)
    _when_through: list[Callable[[], None]] = field(factory=list[Callable[[], None]], init=False)

    # -- looked at by others ---------------------------------------------------

    @property
    def view(self) -> ChannelView:
        return self.ears.view

    @property
    def bot(self) -> str:
        """The bot's name; empty before the channel was read."""
        return self.reader.bot

    async def online(self, *, fresh: bool = False) -> None:
        """Return when the view is true; ChannelUnavailable when it cannot be, or is not soon.

        `fresh`: and the robot gave a sign of life in this moment.
        """
        with anyio.move_on_after(_SETTLING_TAKES):
            while True:
                self._require_nats()
                if self.state is State.AWAY:
                    break
                if self.state is State.SETTLING:
                    await self.changed()
                elif fresh and not self._is_fresh():
                    await self._look()
                else:
                    return
        raise ChannelUnavailable(self._trouble)

    async def still_online(self) -> None:
        """Return when the view is true at this moment; ChannelUnavailable otherwise.

        A process that was stopped for a while has to ask first: what it knows is of another time.
        """
        self._require_nats()
        if self.state is State.READY and not self._is_fresh():
            await self._look()
        if self.state is not State.READY:
            raise ChannelUnavailable("The channel went away; nothing was sent.")

    async def changed(self) -> None:
        """Return when anything was heard, or the state is another."""
        await self.ears.changed()

    def doubt(self) -> None:
        """Something may have been missed: the channel is read again, and counts as another generation."""
        self._doubtful = True
        if self.state is State.READY:
            self.state, self._trouble = State.SETTLING, _READING
        self.ears.tell()
        self._due.set()

    @contextmanager
    def when_through(self, hook: Callable[[], None]) -> Iterator[None]:
        """Call the hook when the robot is through with all commands that it will ever carry out."""
        self._when_through.append(hook)
        try:
            yield
        finally:
            self._when_through.remove(hook)

    def _require_nats(self) -> None:
        if not self.bus.connected:
            raise ChannelUnavailable("NATS cannot be reached, and with it the channel; nothing was sent.")

    def _is_fresh(self) -> bool:
        return self.clock.monotonic() - self.ears.heard_at < _FRESH

    # -- kept true ----------------------------------------------------------------

    async def run(self) -> None:
        """Follow the channel until cancelled."""
        self.ears.hearers.append(self._consider)
        with self.bus.on_reconnect(self._reconnected):
            while True:
                try:
                    await self._follow(await self._find())
                except Unavailable as exc:
                    self._lose(exc.message)
                    await anyio.sleep(_TRY_AGAIN_AFTER)

    async def _find(self) -> Place:
        places = await self.robot.places()
        for place in places:
            if self.wish.admits(place):
                return place
        there = ", ".join(f"{each.channel} on {each.domain}" for each in places) or "no channel"
        raise ChannelUnavailable(f"The robot is in {there}; the settings ask for {self.wish}.")

    async def _follow(self, place: Place) -> None:
        self.place, self._elsewhere = place, False

        async def hear(message: Msg) -> None:
            self.ears.hear(message, place)

        async with self.bus.listening(place.events, hear), self.bus.listening(_LIFECYCLE, self._hear_robot):
            self._interrupted()
            while not self._elsewhere:
                await self._attend(place)
                # What came up meanwhile is remembered by the state; a robot that is away is not pressed.
                self._due = anyio.Event()
                with anyio.move_on_after(self._pause()):
                    await self._due.wait()

    def _pause(self) -> float:
        match self.state:
            case State.READY:
                return _LOOK_AFTER
            case State.SETTLING if self._doubtful:
                return 0
            case _:
                return _TRY_AGAIN_AFTER

    async def _attend(self, place: Place) -> None:
        try:
            if self._doubtful:
                await self._read(place)
            else:
                await self._look()
        except ChannelUnavailable as exc:
            self._lose(exc.message)
        except NONSENSE as exc:
            self._lose(f"The robot's state makes no sense ({type(exc).__name__}); try again.")

    async def _read(self, place: Place) -> None:
        """Everything anew, and then as long as it takes until the robot can be told something."""
        if place not in await self.robot.places():
            self._elsewhere = True
            return
        self._doubtful = False
        if self.state is State.AWAY:
            self.state = State.SETTLING
        await self.reader.read(place)
        await self.reader.hear_commands(place)
        if not self._doubtful:
            for hook in list(self._when_through):
                hook()
        await self.reader.get_rank()
        await self.reader.find_first_item(place)
        if not self._doubtful:
            self.ears.sign_of_life()
            self.state, self._trouble = State.READY, ""
            if self._told_away:
                log.warning("The channel is there again: %s on %s.", place.channel, place.domain)
            self._told_away = False
            self.ears.tell()

    async def _look(self) -> None:
        """Ask the robot whether it is in CyTube, once for all who want to know."""
        before = self.ears.heard_at
        async with self._asking:
            if self.ears.heard_at != before:
                return
            try:
                connection = await self.robot.connection()
            except ChannelUnavailable as exc:
                self._lose(exc.message)
                raise
            known = self.reader.session
            if not connection.connected:
                self._lose(NOT_IN_CYTUBE)
            elif not connection.is_session_of(known):
                self._interrupted()
            elif known is not None and connection.lost != known.lost:
                self._missed_something()
            self.ears.sign_of_life()

    def _lose(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("The channel is away: %s", trouble)
            self._told_away = True
        self.state, self._trouble = State.AWAY, trouble
        self._interrupted()

    def _interrupted(self) -> None:
        self.interruptions += 1
        self.doubt()

    def _reconnected(self) -> None:
        self._missed_something()
        self._interrupted()

    def _missed_something(self) -> None:
        self.ears.first.missed_something()
        self.doubt()

    # -- heard -----------------------------------------------------------------------

    def _consider(self, item: Heard) -> None:
        """What an event, which the view has taken in, says about the view."""
        match item.frame.event:
            case "rank" if item.frame.payload == -1:
                self._interrupted()  # the robot has joined anew
            case "setPlaylistMeta" if self.state is State.READY:
                self._compare(whole(item.frame.payload["count"]))
            case _ if self.ears.first.there and not self.view.holds(FIRST_UID):
                self.doubt()  # it was only slow when it was put to the test
            case _:
                pass

    def _compare(self, count: int) -> None:
        """CyTube tells the length with every change of it."""
        surplus = len(self.view.items) - count
        if surplus == 1 and self.ears.first.there is None and self.view.holds(FIRST_UID):
            self.ears.first.there = False
            self.view.forget(FIRST_UID)
        elif surplus:
            now = self.clock.monotonic()
            if self._counted_at is None or now - self._counted_at >= _READ_AGAIN_AFTER:
                self._counted_at = now
                self._missed_something()

    async def _hear_robot(self, message: Msg) -> None:
        what, told = news_of_robot(message.subject, message.data)
        if what == "shutdown" or (what == "disconnected" and told.get("target") == "CyTube"):
            self._lose("The robot has left the channel.")
        elif what in ("startup", "connected"):
            self._interrupted()
