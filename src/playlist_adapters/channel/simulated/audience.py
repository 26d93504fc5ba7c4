"""Everybody in the room, what they may see, and how a frame reaches them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import Factory, define

from playlist_adapters.channel.cytube.permissions import Permissions
from playlist_adapters.channel.simulated.connection import Connection


def default_options(channel: str) -> dict[str, Any]:
    """The options of a new channel (recorded: `channelOpts`)."""
    return {
        "allow_voteskip": True,
        "voteskip_ratio": 0.5,
        "afk_timeout": 600,
        "pagetitle": channel,
        "maxlength": 0,
        "externalcss": "",
        "externaljs": "",
        "chat_antiflood": False,
        "chat_antiflood_params": {"burst": 4, "sustained": 1, "cooldown": 4},
        "show_public": False,
        "enable_link_regex": True,
        "password": False,
        "allow_dupes": False,
        "torbanned": False,
        "block_anonymous_users": False,
        "allow_ascii_control": False,
        "playlist_max_per_user": 0,
        "new_user_chat_delay": 0,
        "new_user_chat_link_delay": 0,
        "playlist_max_duration_per_user": 0,
    }


@define(eq=False)
class Audience:
    """The joined connections in order of joining, the room's time, permissions and options."""

    now: datetime
    options: dict[str, Any]
    permissions: Permissions = Factory(Permissions)
    members: list[Connection] = Factory(list)

    def may(self, connection: Connection, node: str) -> bool:
        return self.permissions.allow(connection.rank, node)

    def tell(self, connection: Connection, event: str, *args: object) -> None:
        connection.deliver(self.now, event, *args)

    def tell_all(self, event: str, *args: object) -> None:
        for member in self.members:
            member.deliver(self.now, event, *args)

    def tell_those_with(self, node: str, event: str, *args: object) -> None:
        for member in self.members:
            if self.may(member, node):
                member.deliver(self.now, event, *args)

    def named(self, name: str) -> Connection | None:
        """The member of that name, without case."""
        return next((member for member in self.members if member.name and member.key == name.lower()), None)

    def userlist(self, reader: Connection) -> list[Mapping[str, Any]]:
        """Who is here, as `reader` is shown it; the nameless are not listed."""
        return [describe(member, reader) for member in self.members if member.name]


def describe(user: Connection, reader: Connection) -> Mapping[str, Any]:
    """A user as CyTube packs one: from rank 2 on a reader also sees aliases and the address."""
    meta: dict[str, Any] = {"afk": False, "muted": False}
    if reader.rank >= 2:
        meta |= {"smuted": False, "aliases": [user.name], "ip": "x.x.x.x"}
    return {
        "name": user.name,
        "rank": user.rank,
        "profile": {"image": "", "text": ""},
        "meta": meta,
    }
