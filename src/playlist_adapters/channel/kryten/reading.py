"""The channel read from the robot's state: for a start, and after a hole in what was heard."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import anyio
from attrs import define, field

from playlist_adapters.channel.cytube.answers import Done, Expectation
from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.view import ChannelView
from playlist_adapters.channel.kryten.ears import Ears
from playlist_adapters.channel.kryten.first_item import FIRST_UID
from playlist_adapters.channel.kryten.place import Place
from playlist_adapters.channel.kryten.robot import Connection, OnAir, Robot
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown

NOT_IN_CYTUBE: Final = "The robot is not connected to CyTube right now."
# After an outage of NATS the robot answers up to 7 s before it has told what happened meanwhile.
_CATCHING_UP_TAKES: Final = 10.0
_CATCHING_UP_LOOK: Final = 0.2
# A reading takes some milliseconds; in a busy channel something happens a few times a second.
_READINGS: Final = 50
# The robot says it is in the channel before it hears commands, and CyTube gives it its rank still later.
_HEARING_TRIES: Final = (0.5, 1.0, 2.0, 8.0)
_RANK_TAKES: Final = 5.0
_LEAST_RANK: Final = 2.0
_SETTING_TAKES: Final = 2.0
# CyTube moves from the lead-in to the item itself by an event of its own, which we may have missed.
_LEAD_IN: Final = timedelta(seconds=3)
_RANK_UNKNOWN: Final = 0.0


@define(eq=False)
class Reader:
    """Makes the view of `ears` true, and waits until the robot can be told something.

    All of it raises ChannelUnavailable. It gives up early once `again` says that it will all be done again.
    """

    robot: Robot
    ears: Ears
    again: Callable[[], bool]
    bot: str = field(default="", init=False)
    session: Connection | None = field(default=None, init=False)
    _ranked_in: Connection | None = field(default=None, init=False)
    _joins: int = field(default=0, init=False)
    _usual_rank: float = field(default=_LEAST_RANK, init=False)

    async def read(self, place: Place) -> None:
        """Replace the view by what the robot holds, as another generation.

        That is newer than the events which are still to come, and those told twice would put items into wrong
        places. So it is read when they have come, and again until none comes while it is read: the robot
        says that it has told everything also in the middle of telling much at once.
        """
        deadline = anyio.current_time() + _CATCHING_UP_TAKES
        connection = await self._caught_up(deadline)
        self.bot = await self.robot.bot_name(place)
        if not connection.is_session_of(self.session) and self.ears.joins == self._joins:
            self.ears.first.forget()  # the robot has joined anew, and we did not hear it
        for _ in range(_READINGS):
            events = self.ears.events
            view = await self._view(place, same_session=connection.is_session_of(self.session))
            connection = await self._caught_up(deadline)
            if self.again() or events == self.ears.events:
                break
        else:
            raise ChannelUnavailable("The channel changes faster than it can be read; try again.")
        self.ears.view, self.session, self._joins = view, connection, self.ears.joins

    async def hear_commands(self, place: Place) -> None:
        """Return when the robot is through with all commands, and would carry out the next one."""
        for patience in _HEARING_TRIES:
            if self.again() or await self.robot.hears_commands(place, timeout=patience):
                return
        raise ChannelUnavailable("The robot is in the channel, but carries out no commands.")

    async def get_rank(self) -> None:
        """Return when the bot has its rank in this session, or seems not to get it.

        When it does, everybody is told; just before, the bot gets the list once more, as another generation.
        """
        if self.session is None or self.session.is_session_of(self._ranked_in):
            return
        if self.ears.view.rank < self._usual_rank:
            told = Expectation(self._is_told_rank)
            self.ears.expected.append(told)
            with anyio.move_on_after(_RANK_TAKES):
                while not (told.answer and self.ears.view.rank >= self._usual_rank) and not self.again():
                    await self.ears.changed()
            self.ears.expected.remove(told)
        if not self.again():
            self._usual_rank = max(self.ears.view.rank, _LEAST_RANK)
            self._ranked_in = self.session

    def _is_told_rank(self, frame: Frame) -> Done | None:
        ours = frame.event == "setUserRank" and str(frame.payload["name"]).lower() == self.bot.lower()
        return Done.DONE if ours else None

    async def find_first_item(self, place: Place) -> None:
        """Where only the robot says that there is an item with uid 0, put it to the test.

        Setting its flag to what it is changes nothing, and is confirmed at once. What is not there must not
        be shown: it would count as already added, and CyTube loses an item that is moved behind it.
        """
        view, first = self.ears.view, self.ears.first
        (item,) = [item for item in view.items if item.uid == FIRST_UID] or (None,)
        if first.there is not None or item is None or not view.may("settemp"):
            return
        setting = {"uid": FIRST_UID, "temp": item.temp}
        try:
            reply = await self.robot.order(place, "settemp", setting, timeout=_SETTING_TAKES)
        except (ChannelUnavailable, OutcomeUnknown):
            return
        with anyio.move_on_after(_SETTING_TAKES):
            while first.there is None and not self.again():
                await self.ears.changed()
        if first.there is None and reply.error is None and not self.again():
            first.there = False
            view.forget(FIRST_UID)

    async def _caught_up(self, deadline: float) -> Connection:
        """Return when all that the robot has heard was told, or `deadline` has passed."""
        while True:
            connection = await self.robot.connection()
            if not connection.connected:
                raise ChannelUnavailable(NOT_IN_CYTUBE)
            if connection.caught_up or self.again() or anyio.current_time() >= deadline:
                return connection
            await anyio.sleep(_CATCHING_UP_LOOK)

    async def _view(self, place: Place, *, same_session: bool) -> ChannelView:
        """As the robot holds it. Rights and options are told at a join only, so they are kept; before any was
        heard, CyTube's defaults count, which are the strict ones."""
        before = self.ears.view
        items, users = await self.robot.playlist(), await self.robot.users()
        on_air = await self.robot.on_air(place)
        view = ChannelView(
            generation=self.ears.view.generation,
            max_items=before.max_items,
            permissions=before.permissions,
            allow_dupes=before.allow_dupes,
        )
        first = self.ears.first
        items = first.listed(items, before if same_session or first.placed else None)
        if same_session:
            items = _with_temp(items, before)
        now = self.ears.clock.now()
        view.take(Frame(now, "playlist", (items,)))
        view.take(Frame(now, "userlist", (users,)))
        view.take(Frame(now, "rank", (_rank(users, self.bot),)))
        for frame in () if on_air is None else _playing(on_air, items):
            view.take(frame)
        return view


def _with_temp(items: list[Any], before: ChannelView) -> list[Any]:
    """The list with the flags that events told: the robot does not hear of their changes."""
    temp = {item.uid: item.temp for item in before.items}
    return [{**item, "temp": temp.get(item["uid"], item.get("temp"))} for item in items]


def _rank(users: list[Any], bot: str) -> float:
    """The bot's rank, which only the list of users tells truly; of two spellings the later one."""
    ranks = [user["rank"] for user in users if str(user["name"]).lower() == bot.lower()]
    return ranks[-1] if ranks else _RANK_UNKNOWN


def _playing(on_air: OnAir, items: list[Any]) -> list[Frame]:
    """What plays, as the frames that would have told it; nothing for a record that is of an earlier list."""
    media = {item["uid"]: item["media"]["id"] for item in items}
    uid = on_air.uid if on_air.uid in media else _uid_of(on_air.media_id, media)
    if uid is None:
        return []
    at, position = on_air.at, on_air.position_seconds
    paused = on_air.paused
    if position < 0:
        at, position, paused = at + _LEAD_IN, 0.0, False
    update = {"currentTime": position, "paused": paused}
    return [Frame(at, "setCurrent", (uid,)), Frame(at, "mediaUpdate", (update,))]


def _uid_of(media_id: str, media: Mapping[int, str]) -> int | None:
    return next((uid for uid, each in media.items() if each == media_id), None)
