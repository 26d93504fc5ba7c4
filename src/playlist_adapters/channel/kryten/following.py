"""The channel as the robot's events tell it: found, read, kept, and read again after every doubt."""

import logging
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final

import anyio
from attrs import Factory, define, field
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus
from playlist_adapters.channel.cytube.answers import Expectation
from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.view import ChannelView
from playlist_adapters.channel.kryten.hearing import Heard, heard, news_of_robot
from playlist_adapters.channel.kryten.place import Place, Wish
from playlist_adapters.channel.kryten.reading import read_channel
from playlist_adapters.channel.kryten.robot import Robot
from playlist_core.errors import ChannelUnavailable, InvalidInput, Unavailable
from playlist_core.ports import Clock

log = logging.getLogger("kryten_playlist.channel")

_LIFECYCLE: Final = "kryten.lifecycle.robot.*"
_TRY_AGAIN_AFTER: Final = 1.0
# CyTube tells the position every 5 s while something plays; a robot that is silent for longer is asked.
_SILENCE: Final = 7.0
# How old the last sign of life may be for a look to do without asking; the answer takes a millisecond.
_FRESH: Final = 0.3
# The robot says it is in the channel before it hears commands, and CyTube gives it its rank still later.
_SETTLING_TAKES: Final = 15.0
_HEARING_TRIES: Final = (0.5, 1.0, 2.0, 8.0)
_RANK_TAKES: Final = 5.0
# After an outage of NATS the robot answers up to 7 s before it has told what happened meanwhile.
_CATCHING_UP_TAKES: Final = 10.0
_CATCHING_UP_LOOK: Final = 0.2
_LEAST_RANK: Final = 2.0
# A list of another length than CyTube says is read again, but not over and over.
_READ_AGAIN_AFTER: Final = 30.0
# What comes of looking for fields where there are none.
_NONSENSE = (KeyError, TypeError, ValueError, AttributeError, InvalidInput)


class State(Enum):
    """How much of the channel is known."""

    AWAY = auto()
    SETTLING = auto()
    READY = auto()


@define(eq=False)
class Following:
    """The one reader of the robot's events; `run` keeps `view` true, and everybody else only looks at it.

    A `playlist` frame, another session of the robot, or a hole in what was heard begins a new generation.
    """

    bus: Bus
    wish: Wish
    clock: Clock
    robot: Robot = field(init=False, default=Factory(lambda self: Robot(self.bus), takes_self=True))
    view: ChannelView = field(factory=ChannelView, init=False)
    place: Place | None = field(default=None, init=False)
    bot: str = field(default="", init=False)
    state: State = field(default=State.AWAY, init=False)
    expected: list[Expectation[Any]] = field(factory=list[Expectation[Any]], init=False)
    hearers: list[Callable[[Heard], None]] = field(factory=list[Callable[[Heard], None]], init=False)
    _trouble: str = field(default="The robot has not been found yet.", init=False)
    _doubtful: bool = field(default=True, init=False)
    _elsewhere: bool = field(default=False, init=False)
    _session: str | None = field(default=None, init=False)
    _usual_rank: float = field(default=_LEAST_RANK, init=False)
    _heard_at: float = field(default=0.0, init=False)
    _counted_at: float | None = field(default=None, init=False)
    # What came while the robot's state was read: it may be newer than that.
    _meanwhile: list[Frame] | None = field(default=None, init=False)
    _asking: anyio.Lock = field(factory=anyio.Lock, init=False)
    _due: anyio.Event = field(factory=anyio.Event, init=False)
    _news: anyio.Event = field(factory=anyio.Event, init=False)

    # -- looked at by others ---------------------------------------------------

    async def online(self, *, fresh: bool = False) -> None:
        """Return when the view is true; ChannelUnavailable when it cannot be, or is not soon.

        `fresh`: and the robot gave a sign of life in the last seconds.
        """
        with anyio.move_on_after(_SETTLING_TAKES):
            while True:
                self._require_nats()
                if self.state is State.AWAY:
                    break
                if self.state is State.READY:
                    if not fresh or self.clock.monotonic() - self._heard_at < _FRESH:
                        return
                    await self._look()
                    continue
                await self.changed()
        raise ChannelUnavailable(self._trouble)

    async def changed(self) -> None:
        """Return when anything was heard, or the state is another."""
        await self._news.wait()

    def doubt(self) -> None:
        """Something may have been missed: the channel is read again, and counts as another generation."""
        self._doubtful = True
        if self.state is State.READY:
            self.state = State.SETTLING
            self._trouble = "The channel is being read again after an interruption; try again in a moment."
        self.tell()
        self._due.set()

    def _require_nats(self) -> None:
        if not self.bus.connected:
            raise ChannelUnavailable("NATS cannot be reached, and with it the channel; nothing was sent.")

    # -- kept true ----------------------------------------------------------------

    async def run(self) -> None:
        """Follow the channel until cancelled, through robots and servers that come and go."""
        with self.bus.on_reconnect(self.doubt):
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
        async with (
            self.bus.listening(place.events, self._hear),
            self.bus.listening(_LIFECYCLE, self._hear_robot),
        ):
            self.doubt()
            while not self._elsewhere:
                self._due = anyio.Event()
                await self._attend(place)
                pause = _SILENCE if self.state is State.READY else _TRY_AGAIN_AFTER
                with anyio.move_on_after(0 if self._doubtful and self.state is State.SETTLING else pause):
                    await self._due.wait()

    async def _attend(self, place: Place) -> None:
        try:
            if self._doubtful:
                await self._read(place)
            elif self.clock.monotonic() - self._heard_at >= _SILENCE:
                await self._look()
        except ChannelUnavailable as exc:
            self._lose(exc.message)
        except _NONSENSE as exc:
            self._lose(f"The robot's state makes no sense ({type(exc).__name__}); try again.")

    async def _read(self, place: Place) -> None:
        """Everything anew, and then as long as it takes until the robot can be told something."""
        self._doubtful = False
        self._meanwhile = []
        try:
            connection = await self.robot.connection()
            if not connection.connected:
                raise ChannelUnavailable("The robot is not connected to CyTube right now.")
            self.state = State.SETTLING
            self.bot = await self.robot.bot_name(place)
            view = await read_channel(
                self.robot,
                place,
                self.bot,
                before=self.view,
                same_session=connection.since == self._session,
                clock=self.clock,
            )
            for frame in self._meanwhile:
                view.take(frame)
            view.generation = max(view.generation, self.view.generation + 1)
            self.view, self._session = view, connection.since
        finally:
            self._meanwhile = None
        self._sign_of_life()
        await self._settle(place)

    async def _settle(self, place: Place) -> None:
        for patience in _HEARING_TRIES:
            if self._doubtful:
                return
            if await self.robot.hears_commands(place, timeout=patience):
                break
        else:
            raise ChannelUnavailable("The robot is in the channel, but carries out no commands.")
        with anyio.move_on_after(_CATCHING_UP_TAKES):
            while not self._doubtful and not (await self.robot.connection()).caught_up:  # noqa: ASYNC110
                await anyio.sleep(_CATCHING_UP_LOOK)
        with anyio.move_on_after(_RANK_TAKES):
            while self.view.rank < self._usual_rank and not self._doubtful:
                await self.changed()
        if not self._doubtful:
            self._usual_rank = max(self.view.rank, _LEAST_RANK)
            self.state, self._trouble = State.READY, ""
            self.tell()

    async def _look(self) -> None:
        """Ask the robot whether it is in CyTube, once for all who want to know."""
        before = self._heard_at
        async with self._asking:
            if self._heard_at != before:
                return
            try:
                connection = await self.robot.connection()
            except ChannelUnavailable as exc:
                self._lose(exc.message)
                raise
            if not connection.connected:
                self._lose("The robot is not connected to CyTube right now.")
                return
            if connection.since != self._session:
                self.doubt()
            self._sign_of_life()

    def _lose(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("The channel is away: %s", trouble)
        self.state, self._trouble, self._doubtful = State.AWAY, trouble, True
        self.tell()
        self._due.set()

    # -- heard -----------------------------------------------------------------------

    async def _hear(self, message: Msg) -> None:
        item = None if self.place is None else heard(message.data, self.place, now=self.clock.now())
        if item is None:
            return
        self._sign_of_life()
        try:
            self._take(item.frame)
            for expectation in self.expected:
                expectation.offer(item.frame)
            for hearer in self.hearers:
                hearer(item)
        except _NONSENSE as exc:
            log.warning("An event %s of the robot makes no sense (%s).", item.frame.event, type(exc).__name__)
            self.doubt()
        self.tell()

    def _take(self, frame: Frame) -> None:
        self.view.take(frame)
        if self._meanwhile is not None:
            self._meanwhile.append(frame)
        match frame.event:
            case "rank" if frame.payload == -1:
                self.doubt()  # the robot has joined anew
            case "setPlaylistMeta" if self.state is State.READY:
                self._compare(frame.payload["count"])
            case _:
                pass

    def _compare(self, count: int) -> None:
        """CyTube tells the length with every change of it."""
        surplus = len(self.view.items) - count
        if surplus == 1 and self.view.holds(0):
            self.view.forget(0)  # the robot never takes it off its own list
        elif surplus:
            now = self.clock.monotonic()
            if self._counted_at is None or now - self._counted_at >= _READ_AGAIN_AFTER:
                self._counted_at = now
                self.doubt()

    async def _hear_robot(self, message: Msg) -> None:
        what, told = news_of_robot(message.subject, message.data)
        if what == "shutdown" or (what == "disconnected" and told.get("target") == "CyTube"):
            self._lose("The robot has left the channel.")
        elif what in ("startup", "connected"):
            if "channel" in told and self.place is not None:
                found = Place(str(told.get("domain")), str(told["channel"]))
                self._elsewhere = found != self.place and self.wish.admits(found)
            self.doubt()

    def _sign_of_life(self) -> None:
        self._heard_at = self.clock.monotonic()

    def tell(self) -> None:
        """Wake whoever waits for something to have changed."""
        self._news.set()
        self._news = anyio.Event()
