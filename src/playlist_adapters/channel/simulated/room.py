"""A CyTube 3.86 channel as a deterministic state machine that speaks CyTube's own frames."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from attrs import Factory, define, field

from playlist_adapters.channel.simulated import frames
from playlist_adapters.channel.simulated.agenda import Agenda
from playlist_adapters.channel.simulated.audience import Audience, default_options
from playlist_adapters.channel.simulated.chat import Chat
from playlist_adapters.channel.simulated.connection import Account, Connection
from playlist_adapters.channel.simulated.doors import Doors
from playlist_adapters.channel.simulated.faults import Faults
from playlist_adapters.channel.simulated.items import Media
from playlist_adapters.channel.simulated.manifests import Manifests
from playlist_adapters.channel.simulated.orders import Orders
from playlist_adapters.channel.simulated.playlist import Playlist
from playlist_adapters.channel.simulated.serial import SerialQueue
from playlist_adapters.channel.simulated.settings import Settings

Handler = Callable[[Connection, Any], None]


@define(eq=False)
class Room:
    """One channel with its clients. Time comes in by `advance` and goes nowhere else.

    What is sent happens at the time of the last `advance`; what happens by itself (a manifest arrives,
    an item ends) happens at its own time, within the `advance` that passes it. Two rooms that are told
    the same have the same frames, given equally seeded `random`.

    Not simulated: chat commands, votes, polls, leaders, bans, AFK, the channel library, other media
    types' own sites, and the limits on connections and guest logins of one address.
    """

    audience: Audience
    agenda: Agenda
    faults: Faults
    chat: Chat
    playlist: Playlist
    orders: Orders
    settings: Settings
    doors: Doors
    _handlers: Mapping[str, Handler] = field(
        init=False, default=Factory(lambda self: self._table(), takes_self=True)
    )

    @classmethod
    def create(
        cls,
        manifests: Manifests,
        *,
        now: datetime,
        accounts: Iterable[Account] = (),
        name: str = "testroom",
        max_items: int = 4000,
        random: Random | None = None,
        rank_delay: timedelta = timedelta(),
    ) -> "Room":
        """An empty channel that nobody is in.

        `accounts` are the registered names with their channel ranks; `rank_delay` is how long the
        look-up of a channel rank takes after a login, in which the user still is of rank 1.
        """
        audience = Audience(now, default_options(name))
        agenda, faults, chat = Agenda(), Faults(), Chat(audience)
        playlist = Playlist(audience, random or Random(0), max_items)
        orders = Orders(audience, playlist, manifests, faults, agenda, SerialQueue())
        settings = Settings(audience, playlist)
        doors = Doors(audience, agenda, chat, playlist, orders, settings, name, rank_delay)
        room = cls(audience, agenda, faults, chat, playlist, orders, settings, doors)
        for account in accounts:
            doors.register(account)
        return room

    @property
    def now(self) -> datetime:
        """The time up to which everything has happened."""
        return self.audience.now

    # -- clients -------------------------------------------------------------

    def connect(self) -> Connection:
        """A new socket; its client still has to send `joinChannel` and `login`."""
        return self.doors.connect()

    def disconnect(self, connection: Connection) -> None:
        """The socket is gone; adds that were accepted are still carried out."""
        self.doors.close(connection)

    def send(self, connection: Connection, event: str, *args: Any) -> None:
        """A frame from a client; what CyTube does not know, or not before joining, has no effect."""
        if connection.closed:
            return
        payload = args[0] if args else None
        if event == "joinChannel":
            self.doors.join(connection, payload)
        elif event == "login":
            self.doors.login(connection, payload)
        elif connection.joined and event in self._handlers:
            self._handlers[event](connection, payload)
        self.advance(self.now)

    def _table(self) -> Mapping[str, Handler]:
        return {
            "queue": self._checked("queue", frames.QUEUE, self.orders.queue),
            "moveMedia": self._checked("moveMedia", frames.MOVE_MEDIA, self.orders.move),
            "setTemp": self._checked("setTemp", frames.SET_TEMP, self.orders.set_temp),
            "pm": self._checked("pm", frames.PM, self.chat.whisper),
            "chatMsg": self._checked("chatMsg", frames.CHAT, self.chat.say),
            "assignLeader": self._checked("assignLeader", frames.ASSIGN_LEADER, self._assign_leader),
            "delete": self.orders.delete,
            "jumpTo": self.orders.jump,
            "playNext": lambda sender, _: self.orders.play_next(sender),
            "clearPlaylist": lambda sender, _: self.orders.clear(sender),
            "shufflePlaylist": lambda sender, _: self.orders.shuffle(sender),
            "requestPlaylist": lambda sender, _: self.orders.send_list(sender),
            "playerReady": lambda sender, _: self.playlist.send_current(sender),
            "togglePlaylistLock": lambda sender, _: self.settings.toggle_lock(sender),
            "setPermissions": self._or_kick(self.settings.set_permissions),
            "setOptions": self._or_kick(self.settings.set_options),
        }

    def _checked(self, event: str, template: Mapping[str, str], handler: Handler) -> Handler:
        def handle(sender: Connection, payload: Any) -> None:
            problem = frames.payload_problem(payload, template)
            if problem is None:
                handler(sender, payload)
            else:
                complaint = {"msg": f"Unexpected error for message {event}: {problem}"}
                self.audience.tell(sender, "errorMsg", complaint)

        return handle

    def _or_kick(self, change: Callable[[Connection, Any], str | None]) -> Handler:
        def handle(sender: Connection, payload: Any) -> None:
            reason = change(sender, payload)
            if reason is not None:
                self.doors.kick(sender, reason)

        return handle

    def _assign_leader(self, sender: Connection, _: Any) -> None:
        if not self.audience.may(sender, "leaderctl"):
            self.doors.kick(sender, "Attempted assignLeader without sufficient permission")

    # -- time ----------------------------------------------------------------

    def next_due(self) -> datetime | None:
        """The next moment at which something happens by itself; None while nothing will."""
        dues = (self.agenda.due, self.doors.usercount.due, self.playlist.playback.due)
        return min((due for due in dues if due is not None), default=None)

    def advance(self, now: datetime) -> None:
        """Let everything happen up to and including `now`; a time that has passed changes nothing."""
        while (due := self.next_due()) is not None and due <= now:
            self.audience.now = max(due, self.now)
            if due == self.agenda.due:
                self.agenda.run_next()
                self.doors.put_away_if_empty()
            elif due == self.doors.usercount.due:
                self.doors.count_expired()
            else:
                self.playlist.tick()
        self.audience.now = max(now, self.now)

    # -- from outside the protocol -------------------------------------------

    def register(self, account: Account) -> None:
        """Give a name an account or an account another rank; InvalidInput when CyTube would refuse it."""
        self.doors.register(account)

    def skip(self) -> None:
        """End the item on the air, as its own end would."""
        self.playlist.play_next()

    def restore(self, saved: Iterable[tuple[Media, bool, str]]) -> None:
        """Load a saved list (media, temp, queued by) into a room that nobody has joined yet."""
        self.playlist.restore(saved)

    def reload(self) -> None:
        """The server restarts: every socket drops, fetches are lost, uids begin at 0 again."""
        self.doors.drop_everybody()
        self.agenda.clear()
        self.orders.forget()
        self.doors.put_away_if_empty()
