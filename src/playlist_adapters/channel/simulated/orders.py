"""What clients ask of the list: the checks on arrival, the serial queue, and the fetch of manifests."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import define

from playlist_adapters.channel.cytube.text import escape
from playlist_adapters.channel.simulated import frames
from playlist_adapters.channel.simulated.agenda import Agenda
from playlist_adapters.channel.simulated.audience import Audience
from playlist_adapters.channel.simulated.connection import Connection
from playlist_adapters.channel.simulated.faults import NO_RAW_FILES, TOO_FAST, Fault, Faults
from playlist_adapters.channel.simulated.items import KNOWN_TYPES, Media, is_live, link_to
from playlist_adapters.channel.simulated.manifests import FetchFailure, Manifest, Manifests, url_problem
from playlist_adapters.channel.simulated.pace import ADDING, ADDING_BELOW_RANK_2, ASKING_FOR_THE_LIST
from playlist_adapters.channel.simulated.playlist import Order, Playlist
from playlist_adapters.channel.simulated.serial import SerialQueue


@define(eq=False)
class Orders:
    """The door to the list. Whoever lacks a permission gets no answer at all, except where said.

    Adds, deletes and moves go through the serial queue; everything else acts at once.
    """

    audience: Audience
    playlist: Playlist
    manifests: Manifests
    faults: Faults
    agenda: Agenda
    serial: SerialQueue
    fetching: int = 0

    @property
    def pending(self) -> bool:
        """Whether adds are still under way; until then an empty channel is not put away."""
        return bool(self.fetching or len(self.serial))

    def forget(self) -> None:
        """Everything under way is lost with the server."""
        self.serial.reset()
        self.fetching = 0

    # -- adds --------------------------------------------------------------

    def queue(self, sender: Connection, payload: Any) -> None:
        """An add, in CyTube's order of checks (docs/cytube.md 1)."""
        position, media_type = payload["pos"], payload["type"]
        media_id = str(payload["id"])
        if position not in ("end", "next") or payload["id"] is True:
            return
        if not self.audience.may(sender, "playlistadd"):
            return
        if position == "next" and not self.audience.may(sender, "playlistnext"):
            return
        refusal = self._type_refusal(sender, media_type) or self._pace_refusal(sender)
        unlimited = self.audience.may(sender, "exceedmaxlength")
        order = Order(
            sender=sender,
            media_id=media_id,
            media_type=media_type,
            next_up=position == "next",
            temp=payload.get("temp", False) or not self.audience.may(sender, "addnontemp"),
            queueby=sender.name,
            max_seconds=0 if unlimited else self.audience.options["maxlength"],
        )
        if refusal:
            self._fail(order, refusal)
        else:
            self._accept(order, self.faults.take(media_id, sender.key))

    def _type_refusal(self, sender: Connection, media_type: str) -> str | None:
        if media_type == "yp" and not self.audience.may(sender, "playlistaddlist"):
            return "You don't have permission to add playlists"
        if is_live(media_type) and not self.audience.may(sender, "playlistaddlive"):
            return "You don't have permission to add live media"
        if media_type == "cu" and not self.audience.may(sender, "playlistaddcustom"):
            return "You don't have permission to add custom embeds"
        if media_type in ("fi", "cm") and not self.audience.may(sender, "playlistaddrawfile"):
            return NO_RAW_FILES
        return None

    def _pace_refusal(self, sender: Connection) -> str | None:
        pace = ADDING if sender.rank >= 2 else ADDING_BELOW_RANK_2
        return TOO_FAST if sender.adding.refuses(pace, self.audience.now) else None

    def _accept(self, order: Order, fault: Fault | None) -> None:
        if fault and fault.silent:
            return
        if fault and fault.at_once and fault.text:
            self._fail(order, fault.text)
            return
        self.serial.put(lambda now: self._fetch(order, fault, now), self.audience.now)

    def _fetch(self, order: Order, fault: Fault | None, now: datetime) -> None:
        answer = self._answer(order, fault)
        self.fetching += 1
        self.agenda.at(now + answer.delay, lambda: self._fetched(order, answer))

    def _answer(self, order: Order, fault: Fault | None) -> Manifest | FetchFailure:
        problem = url_problem(order.media_id) if order.media_type == "cm" else None
        if order.media_type not in KNOWN_TYPES:
            problem = f"Unknown media type '{order.media_type}'"
        if problem:
            return FetchFailure(text=problem)
        answer = self.manifests.fetch(order.media_id, order.media_type)
        if fault and fault.text:
            return FetchFailure(text=fault.text, delay=answer.delay)
        if fault and fault.slow is not None and isinstance(answer, Manifest):
            return Manifest(title=answer.title, seconds=answer.seconds, meta=answer.meta, delay=fault.slow)
        return answer

    def _fetched(self, order: Order, answer: Manifest | FetchFailure) -> None:
        self.fetching -= 1
        if isinstance(answer, FetchFailure):
            self._fail(order, escape(answer.text))
        else:
            media = Media(
                media_id=order.media_id,
                media_type=order.media_type,
                title=answer.title,
                seconds=answer.seconds,
                meta=answer.meta,
            )
            refusal = self.playlist.add(order, media)
            if refusal:
                self._fail(order, refusal)
        self.serial.release(self.audience.now)

    def _fail(self, order: Order, message: str) -> None:
        link = link_to(order.media_id, order.media_type)
        self.audience.tell(order.sender, "queueFail", {"msg": message, "link": link, "id": order.media_id})

    # -- edits in turn -------------------------------------------------------

    def delete(self, sender: Connection, payload: Any) -> None:
        """A delete; the uid must be a number, an unknown one is silence."""
        if self.audience.may(sender, "playlistdelete") and frames.json_type(payload) == "number":
            self._in_turn(lambda: self.playlist.delete(frames.loose_uid(payload)))

    def move(self, sender: Connection, payload: Any) -> None:
        """A move; silence when the item is unknown, is its own neighbour, or is lost on the way."""
        uid, after = frames.loose_uid(payload["from"]), payload["after"]
        after_uid = frames.loose_uid(after)
        item = self.playlist.find(uid)
        if not self.audience.may(sender, "playlistmove") or not item or item is self.playlist.find(after_uid):
            return

        def carry_out() -> None:
            if self.playlist.move(uid, after, after_uid):
                self.audience.tell_all("moveVideo", {"from": payload["from"], "after": after})

        self._in_turn(carry_out)

    def _in_turn(self, edit: Callable[[], None]) -> None:
        def job(now: datetime) -> None:
            edit()
            self.serial.release(now)

        self.serial.put(job, self.audience.now)

    # -- at once -------------------------------------------------------------

    def set_temp(self, sender: Connection, payload: Any) -> None:
        item = self.playlist.find(frames.loose_uid(payload["uid"]))
        if self.audience.may(sender, "settemp") and item:
            item.temp = payload["temp"]
            self.audience.tell_all("setTemp", dict(payload))

    def jump(self, sender: Connection, payload: Any) -> None:
        """Put an item on the air; the uid may be a number or a string."""
        if self.audience.may(sender, "playlistjump") and frames.json_type(payload) in ("number", "string"):
            self.playlist.jump(frames.loose_uid(payload))

    def play_next(self, sender: Connection) -> None:
        if self.audience.may(sender, "playlistjump"):
            self.playlist.play_next()

    def clear(self, sender: Connection) -> None:
        """Empty the list; waiting adds vanish in silence, the one being fetched comes after the clear."""
        if self.audience.may(sender, "playlistclear"):
            self.serial.reset()
            self.playlist.clear()

    def shuffle(self, sender: Connection) -> None:
        if self.audience.may(sender, "playlistshuffle"):
            self.serial.reset()
            self.playlist.shuffle()

    def send_list(self, sender: Connection) -> None:
        """The list again, once a minute for each connection."""
        if not sender.listing.refuses(ASKING_FOR_THE_LIST, self.audience.now):
            self.playlist.send_list(sender)
            return
        complaint = "Get Playlist URLs is limited to 1 usage every 60 seconds.  Please try again later."
        self.audience.tell(sender, "errorMsg", {"msg": complaint, "code": "REQ_PLAYLIST_LIMIT_REACHED"})
