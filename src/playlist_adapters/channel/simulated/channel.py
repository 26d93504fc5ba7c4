"""The simulated channel of demo and tests: the bot's three ports, and a hand on everything around it."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from random import Random

from attrs import Factory, define, field

from playlist_adapters.channel.cytube.view import read_item
from playlist_adapters.channel.simulated.connection import Account
from playlist_adapters.channel.simulated.faults import Fault
from playlist_adapters.channel.simulated.gateway import Bot, SentCommand
from playlist_adapters.channel.simulated.items import Media
from playlist_adapters.channel.simulated.manifests import CatalogueManifests, Manifest, Manifests
from playlist_adapters.channel.simulated.plays import SimulatedPlays
from playlist_adapters.channel.simulated.room import Room
from playlist_adapters.channel.simulated.visitors import Inbox, ReceivedPM, Visitor, enter, new_inbox
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import NowPlaying, Position, QueueItem, QueueSnapshot
from playlist_core.errors import InvalidInput, NotFound
from playlist_core.ports import ChannelUser, Clock

BOT = "KrytenBot"
# The least rank with which a bot can do everything the service needs is 2; service bots mostly have 3.
BOT_RANK = 3
DEMO_USERS = (("alice", 3), ("bob", 2), ("carol", 1))


@define(eq=False)
class SimulatedChannel:
    """The channel's ports, with other users, failures and outages on demand.

    The room moves only when the channel is asked something, and then up to `clock.now()`; what was to
    happen meanwhile happens at its own time. Private messages and commands are kept in memory only.
    """

    room: Room
    clock: Clock
    _bot: Bot = field(
        init=False, default=Factory(lambda self: Bot(self.room, self.clock, BOT), takes_self=True)
    )
    _visitors: dict[str, Visitor] = field(factory=dict, init=False)
    _inboxes: dict[str, Inbox] = field(factory=dict, init=False)

    # -- the ports ---------------------------------------------------------------

    async def snapshot(self) -> QueueSnapshot:
        return await self._bot.snapshot()

    async def add(self, media_url: str, *, position: Position, temp: bool) -> QueueItem:
        return await self._bot.add(media_url, position=position, temp=temp)

    async def move(self, uid: int, *, after: int | None, generation: int) -> None:
        await self._bot.move(uid, after=after, generation=generation)

    async def remove(self, uid: int, *, generation: int) -> None:
        await self._bot.remove(uid, generation=generation)

    async def set_temp(self, uid: int, *, temp: bool, generation: int) -> None:
        await self._bot.set_temp(uid, temp=temp, generation=generation)

    async def jump(self, uid: int, *, generation: int) -> None:
        await self._bot.jump(uid, generation=generation)

    async def send(self, to: Username, text: str) -> None:
        await self._bot.send(to, text)

    async def present(self, name: Username) -> ChannelUser | None:
        return await self._bot.present(name)

    @asynccontextmanager
    async def plays(self) -> AsyncGenerator[SimulatedPlays, None]:
        plays = SimulatedPlays(self.room, self.clock, self._catch_up)
        self._bot.hearers.append(plays.hear)
        try:
            yield plays
        finally:
            self._bot.hearers.remove(plays.hear)

    # -- what is there, whether or not the bot is ----------------------------------

    @property
    def now_playing(self) -> NowPlaying | None:
        """What is on the air; the position in whole seconds, as the channel itself counts."""
        self._catch_up()
        playlist = self.room.playlist
        if playlist.current is None:
            return None
        return NowPlaying(
            uid=playlist.current.uid, position_seconds=float(playlist.playback.at(self.room.now))
        )

    @property
    def queue(self) -> tuple[QueueItem, ...]:
        """The whole list, the playing item included."""
        self._catch_up()
        return tuple(read_item(item.pack()) for item in self.room.playlist.items)

    @property
    def users(self) -> tuple[ChannelUser, ...]:
        """Everybody with a name, in order of joining."""
        self._catch_up()
        members = self.room.audience.members
        return tuple(ChannelUser(Username(user.name), user.rank) for user in members if user.name)

    @property
    def connected(self) -> bool:
        """Whether the bot is in the channel."""
        self._catch_up()
        return self._bot.connected

    def commands(self) -> tuple[SentCommand, ...]:
        """The last 10,000 commands the bot sent, oldest first; never the text of a private message."""
        return self._bot.commands()

    def inbox(self, name: str) -> tuple[ReceivedPM, ...]:
        """The last 100 private messages to a user, oldest first; kept when the user leaves."""
        self._catch_up()
        return tuple(self._inboxes.get(name.lower(), ()))

    # -- a hand on it ----------------------------------------------------------------

    def join(self, name: str, rank: float | None = None) -> Visitor:
        """Let somebody in, with an account of that rank or, below 1, as a guest.

        Without a rank an account keeps its own, and a new name gets one of rank 1. Whoever is in already
        under that name is thrown out first, as CyTube does. Raises InvalidInput for a name CyTube refuses,
        and for the bot's.
        """
        self._catch_up()
        spelled = Username.parse(name)
        if spelled.key == BOT.lower():
            raise InvalidInput.of("name", "is the bot's own")
        registered = rank is None or rank >= 1
        if registered:
            account = self.room.doors.account(name)
            kept = account.rank if account else 1
            self.room.register(Account(name, kept if rank is None else rank))
        connection = enter(self.room, name, password=registered)
        inbox = self._inboxes.setdefault(spelled.key, new_inbox())
        visitor = Visitor(connection.name, connection, inbox, self.room, self._catch_up)
        self._visitors[spelled.key] = visitor
        self._catch_up()
        return visitor

    def leave(self, name: str) -> None:
        """Let somebody go; NotFound when nobody of that name is in."""
        visitor = self.as_user(name)
        self.room.disconnect(visitor.connection)
        del self._visitors[name.lower()]
        self._catch_up()

    def as_user(self, name: str) -> Visitor:
        """The hands of somebody who is in, to do something in the middle of the bot's work."""
        self._catch_up()
        visitor = self._visitors.get(name.lower())
        if visitor is None or visitor.connection.closed:
            raise NotFound(f"{name} is not in the channel.", code="not_in_channel", name=name)
        return visitor

    def skip(self) -> None:
        """End the playing item as its own end would; nothing happens when nothing plays."""
        self._catch_up()
        self.room.skip()
        self._catch_up()

    def disconnect(self) -> None:
        """Take the bot's connection away; the channel goes on."""
        self._catch_up()
        self._bot.disconnect()

    def reconnect(self) -> None:
        """Let the bot join, again if it is there already."""
        self._catch_up()
        self._bot.connect()

    def refuse_next(self, reason: str, count: int = 1, media_id: str | None = None) -> None:
        """Let the bot's next adds fail, all or those of one id; see `Fault.parse` for the reasons."""
        self.room.faults.plan(Fault.parse(reason), count=count, media_id=media_id, by=BOT)

    def _catch_up(self) -> None:
        self._bot.catch_up()
        for visitor in self._visitors.values():
            visitor.receive()


def demo_channel(
    clock: Clock,
    look_up: Callable[[str], tuple[str, int] | None],
    *,
    queue: Iterable[str] = (),
    random: Random | None = None,
) -> SimulatedChannel:
    """The channel of the embedded mode: the bot of rank 3, alice (3), bob (2) and carol (1).

    `look_up` answers for the site's manifests: media id -> (title, seconds), None is a 404. `queue` are
    media ids that stand in the list from the beginning, permanent and added by the bot; the first one
    plays at once. Raises InvalidInput for one that `look_up` does not know.
    """
    channel = simulated_channel(clock, CatalogueManifests(look_up), random=random)
    channel.room.restore((_known(channel.room, media_id), False, BOT) for media_id in queue)
    channel.reconnect()
    for name, rank in DEMO_USERS:
        channel.join(name, rank)
    return channel


def simulated_channel(
    clock: Clock, manifests: Manifests, *, max_items: int = 4000, random: Random | None = None
) -> SimulatedChannel:
    """A channel that nobody is in yet, the bot included: `reconnect` lets it join."""
    room = Room.create(
        manifests,
        now=clock.now(),
        accounts=[Account(BOT, BOT_RANK)],
        max_items=max_items,
        random=random,
    )
    return SimulatedChannel(room, clock)


def _known(room: Room, media_id: str) -> Media:
    answer = room.orders.manifests.fetch(media_id, "cm")
    if not isinstance(answer, Manifest):
        raise InvalidInput.of("queue", f"has an item that the catalogue does not know: {media_id}")
    return Media(
        media_id=media_id, media_type="cm", title=answer.title, seconds=answer.seconds, meta=answer.meta
    )
