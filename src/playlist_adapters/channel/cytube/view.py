"""What one client knows of the channel: its frames, folded into the values of the core."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import Factory, define, evolve

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.permissions import DEFAULT_LEVELS, Permissions
from playlist_adapters.channel.cytube.values import number, seconds, text, text_or_nothing, whole
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Capabilities, NowPlaying, QueueItem, QueueSnapshot
from playlist_core.ports import ChannelUser

DEFAULT_MAX_ITEMS = 4000


@define(eq=False)
class ChannelView:
    """Fed with every frame in order, it holds the list as every client of the channel shows it.

    A `playlist` frame replaces everything and begins a new generation: after a shuffle or a reload the
    same uid is another item, and CyTube does not say which of the reasons it was. `max_items` is the
    server's own setting, which no frame tells. A frame that makes no sense raises ValueError, InvalidInput
    or whatever looking for fields where there are none raises; what is kept can be reckoned with.
    """

    generation: int = 1
    max_items: int = DEFAULT_MAX_ITEMS
    items: list[QueueItem] = Factory(list)
    rank: float = -1
    permissions: Permissions = Factory(Permissions)
    allow_dupes: bool = False
    _users: dict[str, ChannelUser] = Factory(dict)
    _current: int | None = None
    _position: float = 0
    _paused: bool = False
    _heard: datetime | None = None

    def take(self, frame: Frame) -> None:
        """Fold in the next frame; events that tell nothing we keep are passed over."""
        payload = frame.payload
        match frame.event:
            case "queue":
                self._insert(read_item(payload["item"]), payload["after"])
            case "delete":
                self._remove(payload["uid"])
            case "moveVideo":
                self._move(payload["from"], payload["after"])
            case "setTemp":
                self._set_temp(payload["uid"], temp=payload["temp"] is True)
            case "playlist":
                self.items = [read_item(item) for item in payload]
                self._current = None
                self.generation += 1
            case "setCurrent":
                self._current = whole(payload)
            case "changeMedia" | "mediaUpdate":
                self._position, self._paused = number(payload["currentTime"]), payload["paused"] is True
                self._heard = frame.at
            case _:
                self._take_people(frame.event, payload)

    def _take_people(self, event: str, payload: Any) -> None:
        match event:
            case "rank":
                self.rank = number(payload)
            case "setPermissions":
                told = {node: number(level) for node, level in payload.items()}
                self.permissions.levels = DEFAULT_LEVELS | told
            case "setPlaylistLocked":
                self.permissions.unlocked = not payload
            case "channelOpts":
                self.allow_dupes = payload["allow_dupes"] is True
            case "userlist":
                self._users = {}
                for user in payload:
                    self._seen(user["name"], user["rank"])
            case "addUser":
                self._seen(payload["name"], payload["rank"])
            case "setUserRank":
                self._ranked(payload["name"], payload["rank"])
            case "userLeave":
                self._users.pop(payload["name"].lower(), None)
            case _:
                pass

    # -- what is known -----------------------------------------------------

    def present(self, name: Username) -> ChannelUser | None:
        return self._users.get(name.key)

    def users(self) -> tuple[ChannelUser, ...]:
        """Everybody with a name, in the order they were first seen."""
        return tuple(self._users.values())

    def forget(self, uid: int) -> None:
        """Leave out an item that turned out not to be there."""
        self._remove(uid)

    def holds(self, uid: int) -> bool:
        return self._index(uid) is not None

    def in_front_of(self, uid: int) -> int | None:
        """The uid of the item in front of one that is there; None for the first of the list."""
        at = self._index(uid)
        return self.items[at - 1].uid if at else None

    def playing(self, now: datetime) -> NowPlaying | None:
        """What is on the air; None with an empty list, which is all that CyTube says about silence."""
        if self._current is None or self._heard is None or not self.holds(self._current):
            return None
        elapsed = (now - self._heard).total_seconds()
        # CyTube calls the lead-in paused, and yet its clock runs: up to zero, where the item begins.
        if self._position < 0:
            return NowPlaying(uid=self._current, position_seconds=min(self._position + elapsed, 0.0))
        running = 0.0 if self._paused else elapsed
        return NowPlaying(uid=self._current, position_seconds=self._position + running, paused=self._paused)

    def capabilities(self) -> Capabilities:
        """What our own rank may do; adding means adding custom manifests, which takes a right of its own."""
        return Capabilities(
            rank=self.rank,
            can_add=self.may("playlistadd") and self.may("playlistaddrawfile"),
            can_add_next=self.may("playlistnext"),
            can_move=self.may("playlistmove"),
            can_delete=self.may("playlistdelete"),
            can_jump=self.may("playlistjump"),
            can_set_temp=self.may("settemp"),
            can_add_permanent=self.may("addnontemp"),
            allow_dupes=self.allow_dupes,
            max_items=self.max_items,
        )

    def may(self, node: str) -> bool:
        return self.permissions.allow(self.rank, node)

    def snapshot(self, now: datetime) -> QueueSnapshot:
        return QueueSnapshot(
            generation=self.generation,
            items=tuple(self.items),
            playing=self.playing(now),
            capabilities=self.capabilities(),
        )

    # -- folding -----------------------------------------------------------

    def _index(self, uid: int) -> int | None:
        return next((at for at, item in enumerate(self.items) if item.uid == uid), None)

    def _insert(self, item: QueueItem, after: int | str) -> None:
        self._remove(item.uid)
        at = self._index(after) if isinstance(after, int) else None
        if at is not None:
            self.items.insert(at + 1, item)
        elif after == "prepend":
            self.items.insert(0, item)
        else:
            self.items.append(item)

    def _remove(self, uid: int) -> None:
        at = self._index(uid)
        if at is not None:
            del self.items[at]

    def _move(self, uid: int, after: int | str) -> None:
        at = self._index(uid)
        if at is not None:
            self._insert(self.items[at], after)

    def _set_temp(self, uid: int, *, temp: bool) -> None:
        at = self._index(uid)
        if at is not None:
            self.items[at] = evolve(self.items[at], temp=temp)

    def _seen(self, name: str, rank: float) -> None:
        self._users[name.lower()] = ChannelUser(Username.parse(name), number(rank))

    def _ranked(self, name: str, rank: float) -> None:
        """It is told of the absent as well, and with the name as whoever gave the rank has typed it."""
        known = self._users.get(name.lower())
        if known is not None:
            self._users[name.lower()] = evolve(known, rank=number(rank))


def read_item(packed: Mapping[str, Any]) -> QueueItem:
    """An entry of the core from one as CyTube packs it."""
    media = packed["media"]
    return QueueItem(
        whole(packed["uid"]),
        text(media["id"]),
        media_type=text(media["type"]),
        title=text_or_nothing(media.get("title")),
        seconds=seconds(media.get("seconds")),
        temp=packed.get("temp") is True,
        queueby=text_or_nothing(packed.get("queueby")),
    )
