"""Coming and going: sockets, names, ranks, and the channel's being loaded while somebody is in it."""

from datetime import timedelta
from typing import Any

from attrs import Factory, define

from playlist_adapters.channel.simulated.agenda import Agenda
from playlist_adapters.channel.simulated.audience import Audience, describe
from playlist_adapters.channel.simulated.chat import Chat, is_name
from playlist_adapters.channel.simulated.connection import Account, Connection
from playlist_adapters.channel.simulated.orders import Orders
from playlist_adapters.channel.simulated.pace import Debounce
from playlist_adapters.channel.simulated.playlist import Playlist
from playlist_adapters.channel.simulated.settings import Settings
from playlist_core.errors import InvalidInput

_EMPTY_MD5 = "1B2M2Y8AsgTpgAmY7PhCfg=="
# Names that look alike count as one (docs/cytube.md 6): I l 1, o 0, - _.
_LOOKS = str.maketrans("il0-", "11o_")


def looks(name: str) -> str:
    """A name with look-alike letters made equal."""
    return name.lower().translate(_LOOKS)


@define(eq=False)
class Doors:
    """Who is in. The channel is put away when the last one has left, and loaded by the next."""

    audience: Audience
    agenda: Agenda
    chat: Chat
    playlist: Playlist
    orders: Orders
    settings: Settings
    channel: str
    rank_delay: timedelta
    usercount: Debounce = Factory(lambda: Debounce(timedelta(seconds=10)))
    _accounts: dict[str, Account] = Factory(dict)
    _loaded: bool = False

    def register(self, account: Account) -> None:
        """Give a name an account, or an account another rank from its next login on.

        Raises InvalidInput for what is no name and for one that looks like another's.
        """
        if not is_name(account.name):
            raise InvalidInput.of("name", "a CyTube name has 1 to 20 letters, digits, _ or -")
        alike = self._accounts.get(looks(account.name))
        if alike and alike.name.lower() != account.name.lower():
            raise InvalidInput.of("name", f"looks like the registered name {alike.name}")
        self._accounts[looks(account.name)] = account

    def account(self, name: str) -> Account | None:
        """The account of exactly that name, without case."""
        found = self._accounts.get(looks(name))
        return found if found and found.name.lower() == name.lower() else None

    def connect(self) -> Connection:
        connection = Connection()
        self.audience.tell(connection, "rank", -1)
        return connection

    # -- in --------------------------------------------------------------------

    def join(self, connection: Connection, payload: Any) -> None:
        """Enter the channel and be told everything about it; other channels do not exist here."""
        name = payload.get("name") if isinstance(payload, dict) else None
        if connection.joined or not isinstance(name, str) or name.lower() != self.channel.lower():
            return
        self._load()
        connection.joined = True
        if connection.name:
            self._enter_by_name(connection)
        self.audience.members.append(connection)
        self._tell_everything(connection)
        if self.usercount.changed(self.audience.now):
            self._tell_count()

    def _load(self) -> None:
        if not self._loaded:
            self._loaded = True
            self.playlist.load()

    def _tell_everything(self, reader: Connection) -> None:
        tell = self.audience.tell
        self.settings.send(reader)
        tell(reader, "emoteList", [])
        self.chat.send_buffer(reader)
        tell(reader, "drinkCount", 0)
        tell(reader, "channelCSSJS", {"css": "", "cssHash": _EMPTY_MD5, "js": "", "jsHash": _EMPTY_MD5})
        tell(reader, "setMotd", "")
        self.settings.send_options(reader)
        self.playlist.send_list(reader)
        self.playlist.send_current(reader)
        tell(reader, "userlist", self.audience.userlist(reader))

    def login(self, connection: Connection, payload: Any) -> None:
        """Take a name: with a password an account (any password fits), without one as a guest."""
        if not isinstance(payload, dict) or not isinstance(payload.get("name"), str):
            return
        if connection.name:
            return
        name: str = payload["name"]
        if payload.get("pw"):
            account = self.account(name)
            if account is None:
                self._refuse(connection, "Invalid username/password combination")
            else:
                self._named(connection, account.name, rank=1, reply={})
            return
        problem = self._guest_problem(name)
        if problem:
            self._refuse(connection, problem)
        else:
            self._named(connection, name, rank=0, reply={"guest": True})

    def _refuse(self, connection: Connection, error: str) -> None:
        self.audience.tell(connection, "login", {"success": False, "error": error})

    def _guest_problem(self, name: str) -> str | None:
        if not is_name(name):
            return (
                "Invalid username.  Usernames must be 1-20 characters long and "
                "consist only of characters a-z, A-Z, 0-9, -, or _."
            )
        if looks(name) in self._accounts:
            return "That username is registered."
        if self.audience.named(name):
            return "That name is already in use on this channel."
        return None

    def _named(self, connection: Connection, name: str, *, rank: float, reply: dict[str, Any]) -> None:
        connection.name, connection.rank, connection.registered = name, rank, rank > 0
        self.audience.tell(connection, "rank", rank)
        self.audience.tell(connection, "login", {"success": True, "name": name, **reply})
        if connection.joined:
            self._enter_by_name(connection)

    def _enter_by_name(self, connection: Connection) -> None:
        """One name is one connection: an older one is thrown out, then everybody hears of the new one."""
        for member in list(self.audience.members):
            if member is not connection and member.key == connection.key:
                self.kick(member, "Duplicate login")
        for member in self.audience.members:
            self.audience.tell(member, "addUser", describe(connection, member))
        self.chat.announce(connection.name)
        if connection.registered:
            self.agenda.at(self.audience.now + self.rank_delay, lambda: self._rank_found(connection))

    def _rank_found(self, connection: Connection) -> None:
        """The channel rank has come from the database: the second `rank`, and all lists once more."""
        if connection.closed:
            return
        before = connection.rank
        connection.rank = max(before, self._accounts[looks(connection.name)].rank)
        self.audience.tell(connection, "rank", connection.rank)
        if before < 2 <= connection.rank:
            self.audience.tell(connection, "userlist", self.audience.userlist(connection))
        self.playlist.send_list(connection)
        self.audience.tell_all("setUserRank", {"name": connection.name, "rank": connection.rank})

    # -- out -------------------------------------------------------------------

    def kick(self, connection: Connection, reason: str) -> None:
        self.audience.tell(connection, "kick", {"reason": reason})
        self.close(connection)

    def close(self, connection: Connection) -> None:
        """Forget a socket and tell the others; the last one out puts the channel away."""
        connection.closed = True
        if connection not in self.audience.members:
            return
        self.audience.members.remove(connection)
        if connection.name:
            self.audience.tell_all("userLeave", {"name": connection.name})
        if self.usercount.changed(self.audience.now):
            self._tell_count()
        self.put_away_if_empty()

    def drop_everybody(self) -> None:
        """Every socket is gone at once, and nobody is left to be told."""
        members, self.audience.members[:] = list(self.audience.members), []
        for member in members:
            member.closed = True

    def put_away_if_empty(self) -> None:
        if self._loaded and not self.audience.members and not self.orders.pending:
            self._loaded = False
            self.usercount = Debounce(self.usercount.wait)
            self.playlist.unload()

    def count_expired(self) -> None:
        """The wait behind `usercount` is over."""
        if self.usercount.expired(self.audience.now):
            self._tell_count()

    def _tell_count(self) -> None:
        self.audience.tell_all("usercount", len(self.audience.members))
