"""Chat lines and private messages: who gets them, what becomes of the text, and what is refused."""

import re
from collections import deque
from typing import Any

from attrs import define, field

from playlist_adapters.channel.cytube.text import as_message, cut
from playlist_adapters.channel.simulated import frames
from playlist_adapters.channel.simulated.audience import Audience
from playlist_adapters.channel.simulated.connection import Connection
from playlist_adapters.channel.simulated.pace import TALKING

_NAME = re.compile(r"[\w-]{1,20}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f]+")
BUFFERED = 15


def is_name(text: str) -> bool:
    """Whether CyTube takes `text` for a user's name."""
    return _NAME.fullmatch(text) is not None


@define(eq=False)
class Chat:
    """The channel's talk; of the commands (`/me` and the like) none is simulated."""

    audience: Audience
    max_length: int = 320
    buffer: deque[dict[str, Any]] = field(factory=lambda: deque[dict[str, Any]](maxlen=BUFFERED))

    def send_buffer(self, reader: Connection) -> None:
        """The last lines, for somebody who joins."""
        for line in self.buffer:
            self.audience.tell(reader, "chatMsg", line)

    def announce(self, name: str) -> None:
        """Tell those of rank 2 and more who came."""
        line = {
            "username": "[server]",
            "msg": f"{name} joined (aliases: {name})",
            "meta": {"addClass": "server-whisper", "addClassToNameAndTimestamp": True},
            "time": frames.epoch_ms(self.audience.now),
        }
        for member in self.audience.members:
            if member.rank >= 2:
                self.audience.tell(member, "chatMsg", line)

    def say(self, sender: Connection, payload: Any) -> None:
        """A line for everybody; dropped in silence when blank or without the permission."""
        text: str = cut(payload["msg"], self.max_length)
        if not self.audience.options["allow_ascii_control"]:
            text = _CONTROL.sub(" ", text)
        if not self.audience.may(sender, "chat") or not text.strip() or not sender.name:
            return
        if self._too_fast(sender):
            return
        line = self._message(sender, text, payload)
        self.buffer.append(line)
        self.audience.tell_all("chatMsg", line)

    def whisper(self, sender: Connection, payload: Any) -> None:
        """A private message: to the receiver, and back to the sender as the proof (docs/cytube.md 6)."""
        to: str = payload["to"].lower()
        if not sender.name:
            self._complain(sender, "You must be signed in to send PMs")
        elif to == sender.key:
            self._complain(sender, "You can't PM yourself!")
        elif not is_name(to):
            self._complain(sender, f"PM failed: {to} isn't a valid username.")
        elif not self._too_fast(sender):
            self._deliver(sender, to, payload)

    def _deliver(self, sender: Connection, to: str, payload: Any) -> None:
        receiver = self.audience.named(to)
        if receiver is None:
            self._complain(sender, f"PM failed: {to} isn't connected to this channel.")
            return
        message = self._message(sender, cut(payload["msg"], self.max_length), payload)
        message["to"] = receiver.name
        self.audience.tell(receiver, "pm", message)
        self.audience.tell(sender, "pm", message)

    def _message(self, sender: Connection, text: str, payload: Any) -> dict[str, Any]:
        meta: dict[str, Any] = {}
        asked = payload.get("meta") or {}
        if sender.rank >= 2 and asked.get("modflair") == sender.rank:
            meta["modflair"] = sender.rank
        if text.startswith(">"):
            meta["addClass"] = "greentext"
        return {
            "username": sender.name,
            "msg": as_message(text, links=self.audience.options["enable_link_regex"]),
            "meta": meta,
            "time": frames.epoch_ms(self.audience.now),
        }

    def _too_fast(self, sender: Connection) -> bool:
        """Chat and private messages share one limit; what is over it is lost."""
        if not sender.talking.refuses(TALKING, self.audience.now):
            return False
        self.audience.tell(sender, "cooldown", TALKING.spacing.microseconds // 1000)
        return True

    def _complain(self, sender: Connection, message: str) -> None:
        self.audience.tell(sender, "errorMsg", {"msg": message})
