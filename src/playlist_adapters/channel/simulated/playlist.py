"""The channel's list and what is on the air: the state, and the frames that tell its changes."""

from collections.abc import Callable, Iterable
from random import Random

from attrs import Factory, define, frozen

from playlist_adapters.channel.simulated.audience import Audience
from playlist_adapters.channel.simulated.connection import Connection
from playlist_adapters.channel.simulated.faults import DUPLICATE
from playlist_adapters.channel.simulated.frames import format_time
from playlist_adapters.channel.simulated.items import Item, Media
from playlist_adapters.channel.simulated.playback import Playback, Tick


@frozen(kw_only=True)
class Order:
    """An add that was accepted on arrival; `max_seconds` 0 is no limit."""

    sender: Connection
    media_id: str
    media_type: str
    next_up: bool
    temp: bool
    queueby: str
    max_seconds: int = 0


@define(eq=False)
class Playlist:
    """The list in order, the current item and the clock behind it; nobody's permissions are asked here.

    `count` and `raw_time` are kept beside the list, as CyTube does, and are what `setPlaylistMeta` tells.
    """

    audience: Audience
    random: Random
    max_items: int
    items: list[Item] = Factory(list)
    current: Item | None = None
    playback: Playback = Factory(Playback)
    count: int = 0
    raw_time: int = 0
    _next_uid: int = 0

    # -- telling -----------------------------------------------------------

    def meta(self) -> dict[str, object]:
        return {"count": self.count, "rawTime": self.raw_time, "time": format_time(self.raw_time)}

    def packed(self) -> list[dict[str, object]]:
        return [item.pack() for item in self.items]

    def send_list(self, reader: Connection) -> None:
        """The whole list to one reader, as at joining and for `requestPlaylist`."""
        self.audience.tell(reader, "setPlaylistMeta", self.meta())
        if self.audience.may(reader, "seeplaylist"):
            self.audience.tell(reader, "playlist", self.packed())
            if self.current:
                self.audience.tell(reader, "setCurrent", self.current.uid)

    def send_current(self, reader: Connection) -> None:
        """What is on the air, to one reader."""
        self._tell_current(lambda event, payload: self.audience.tell(reader, event, payload))

    def _tell_current(self, tell: Callable[[str, object], None]) -> None:
        if self.current:
            position = {"currentTime": self.playback.at(self.audience.now), "paused": self.playback.paused}
            tell("setCurrent", self.current.uid)
            tell("changeMedia", self.current.media.pack() | position)

    def _tell_edit(self, event: str, payload: object) -> None:
        """One change of the list and the new totals, to each reader together."""
        for member in self.audience.members:
            if self.audience.may(member, "seeplaylist"):
                self.audience.tell(member, event, payload)
            self.audience.tell(member, "setPlaylistMeta", self.meta())

    # -- the list ----------------------------------------------------------

    def find(self, uid: int | None) -> Item | None:
        return next((item for item in self.items if item.uid == uid), None)

    def add(self, order: Order, media: Media) -> str | None:
        """Insert, or the sentence of the `queueFail` (docs/cytube.md 3, in CyTube's order of checks)."""
        existing = next((item for item in self.items if item.media.media_id == media.media_id), None)
        if self.audience.options["allow_dupes"]:
            existing = None
        refusal = self._refusal(order, media, existing)
        if refusal:
            return refusal
        item = Item(self._take_uid(), media, order.temp, order.queueby)
        if not order.next_up or self.current is None:
            self.items.append(item)
        elif self.current not in self.items:
            return "Playlist failure"
        else:
            self.items.insert(self.items.index(self.current) + 1, item)
            if existing:
                item.temp = existing.temp
                self.delete(existing.uid)
        self._tell_added(item)
        return None

    def _refusal(self, order: Order, media: Media, existing: Item | None) -> str | None:
        if media.seconds == 0 and not self.audience.may(order.sender, "playlistaddlive"):
            return "You don't have permission to add livestreams"
        if 0 < order.max_seconds < media.seconds:
            return f"Video exceeds the maximum length set by the channel admin: {order.max_seconds} seconds"
        if len(self.items) >= self.max_items:
            return f"Playlist limit reached ({self.max_items})"
        if existing and (not order.next_up or existing is self.current):
            return DUPLICATE
        return self._personal_refusal(order, media)

    def _personal_refusal(self, order: Order, media: Media) -> str | None:
        options, sender = self.audience.options, order.sender
        own = [item for item in self.items if item.queueby.lower() == sender.key]
        most: int = options["playlist_max_per_user"]
        if 0 < most <= len(own) and not self.audience.may(sender, "exceedmaxitems"):
            return "Channel limit exceeded: maximum number of videos per user"
        longest: int = options["playlist_max_duration_per_user"]
        total = sum(item.media.seconds for item in own) + media.seconds
        if 0 < longest <= total and not self.audience.may(sender, "exceedmaxdurationperuser"):
            return "Channel limit exceeded: maximum total playlist time per user"
        return None

    def _tell_added(self, item: Item) -> None:
        at = self.items.index(item)
        self.count += 1
        self.raw_time += item.media.seconds
        after = self.items[at - 1].uid if at else "prepend"
        self._tell_edit("queue", {"item": item.pack(), "after": after})
        if len(self.items) == 1:
            self.current = item
            self.start()

    def delete(self, uid: int | None) -> None:
        """Take an item away; if it was on the air, the next one starts (unknown: nothing at all)."""
        item = self.find(uid)
        if item is None:
            return
        successor = self._after(item)
        self.items.remove(item)
        self.count -= 1
        self.raw_time -= item.media.seconds
        self._tell_edit("delete", {"uid": item.uid})
        if self.current is item:
            self.current = None if successor is item else successor
            self.start()

    def move(self, uid: int | None, after: object, after_uid: int | None) -> bool:
        """Put an item elsewhere; whether it stands there now.

        CyTube takes the item out before it looks for the new place, and when that is gone the item
        stays out, with no event: every client goes on showing it.
        """
        item = self.find(uid)
        if item is None:
            return False
        self.items.remove(item)
        if after in ("prepend", "append"):
            self.items.insert(0 if after == "prepend" else len(self.items), item)
            return True
        neighbour = self.find(after_uid)
        if neighbour is None:
            return False
        self.items.insert(self.items.index(neighbour) + 1, item)
        return True

    def clear(self) -> None:
        """Empty the list; no `delete`, and nothing that says that nothing plays any more."""
        self.items.clear()
        self.current = None
        self.count = self.raw_time = 0
        self.playback.stop(self.audience.now)
        self.audience.tell_all("playlist", [])
        self.audience.tell_all("setPlaylistMeta", self.meta())

    def shuffle(self) -> None:
        """A new order and a new uid for every item; the current one comes first and plays on."""
        position = self.playback.at(self.audience.now)
        left, shuffled = list(self.items), list[Item]()
        while left:
            old = left.pop(self.random.randrange(len(left)))
            item = Item(self._take_uid(), old.media, old.temp, old.queueby)
            shuffled.insert(0 if old is self.current else len(shuffled), item)
        self.items = shuffled
        self.current = shuffled[0] if shuffled else None
        self.audience.tell_those_with("seeplaylist", "playlist", self.packed())
        self.start(position)

    # -- on the air --------------------------------------------------------

    def start(self, position: float = 0) -> None:
        """Put `current` on the air and tell everybody; without one nothing is told."""
        if self.current is None:
            self.playback.stop(self.audience.now)
            return
        self.playback.start(self.audience.now, self.current.media.seconds, position)
        self._tell_current(self.audience.tell_all)
        self.audience.tell_all("drinkCount", 0)
        self.audience.tell_those_with("viewvoteskip", "voteskip", {"count": 0, "need": 0})

    def jump(self, uid: int | None) -> None:
        """Put an item on the air; an old one that was temp is deleted, which is told first."""
        item, old = self.find(uid), self.current
        if item is None:
            return
        self.current = item
        if old and old.temp and old is not item:
            self.delete(old.uid)
        self.start()

    def play_next(self) -> None:
        """What happens at the end of an item: a temp one is deleted, the list begins again at its end."""
        if self.current is None:
            return
        if self.current.temp:
            self.delete(self.current.uid)
        else:
            self.current = self._after(self.current)
            self.start()

    def tick(self) -> None:
        """The moment `playback.due` has come."""
        if self.playback.tick() is Tick.END:
            self.play_next()
            return
        position = {"currentTime": self.playback.position, "paused": self.playback.paused}
        self.audience.tell_all("mediaUpdate", position)

    # -- the channel's life --------------------------------------------------

    def unload(self) -> None:
        """The channel is put away: nothing plays, and every item will come back under a new uid."""
        self.playback.stop(self.audience.now)
        self._next_uid = 0
        for item in self.items:
            item.uid = self._take_uid()
        if self.current not in self.items:
            self.current = self.items[0] if self.items else None
        self.count, self.raw_time = len(self.items), sum(item.media.seconds for item in self.items)

    def load(self) -> None:
        """The channel is back: what played goes on from where it was."""
        position, self.playback = self.playback.position, Playback()
        self.start(position)

    def restore(self, saved: Iterable[tuple[Media, bool, str]]) -> None:
        """Take a saved list (media, temp, queueby) for one's own; it plays from the first `load` on."""
        self.items = [Item(self._take_uid(), media, temp, queueby) for media, temp, queueby in saved]
        self.current = None
        self.unload()

    def _take_uid(self) -> int:
        uid, self._next_uid = self._next_uid, self._next_uid + 1
        return uid

    def _after(self, item: Item) -> Item:
        """The one behind `item`; the first behind the last, and behind one that is not on the list."""
        at = self.items.index(item) + 1 if item in self.items else 0
        return self.items[at % len(self.items)] if self.items else item
