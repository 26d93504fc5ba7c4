"""The other people in the simulated channel, as demo and tests move them."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.text import as_read
from playlist_adapters.channel.simulated.connection import Connection
from playlist_adapters.channel.simulated.room import Room
from playlist_core.domain.queue import Position
from playlist_core.errors import InvalidInput

INBOX_SIZE = 100
FRAMES_KEPT = 1000


@frozen(kw_only=True)
class ReceivedPM:
    """A private message as it came: `text` is what its reader sees, `html` what CyTube sent."""

    at: datetime
    sender: str
    text: str
    html: str


Inbox = deque[ReceivedPM]


def new_inbox() -> Inbox:
    return Inbox(maxlen=INBOX_SIZE)


@define(eq=False)
class Visitor:
    """Somebody in the channel with a browser of their own: sends frames and keeps the last it got."""

    name: str
    connection: Connection
    inbox: Inbox
    frames: deque[Frame] = field(factory=lambda: deque[Frame](maxlen=FRAMES_KEPT), init=False)
    _room: Room
    _catch_up: Callable[[], None]

    def send(self, event: str, *args: Any) -> None:
        """Any frame a client can send, now."""
        self._catch_up()
        self._room.send(self.connection, event, *args)
        self._catch_up()

    def receive(self) -> None:
        """Take what has arrived."""
        for frame in self.connection.collect():
            self.frames.append(frame)
            if frame.event == "pm" and frame.payload["to"].lower() == self.name.lower():
                html = frame.payload["msg"]
                sender = frame.payload["username"]
                self.inbox.append(ReceivedPM(at=frame.at, sender=sender, text=as_read(html), html=html))

    def add(self, media_url: str, *, position: Position = Position.END, temp: bool = False) -> None:
        """Ask for a custom manifest to be added; it comes when it has been fetched."""
        self.send("queue", {"id": media_url, "type": "cm", "pos": position.value, "temp": temp})

    def remove(self, uid: int) -> None:
        self.send("delete", uid)

    def move(self, uid: int, *, after: int | None) -> None:
        """Put an item behind another one; None means to the front."""
        self.send("moveMedia", {"from": uid, "after": "prepend" if after is None else after})

    def shuffle(self) -> None:
        self.send("shufflePlaylist")

    def clear(self) -> None:
        self.send("clearPlaylist")

    def whisper(self, to: str, text: str) -> None:
        self.send("pm", {"to": to, "msg": text, "meta": {}})


def enter(room: Room, name: str, *, password: bool) -> Connection:
    """Join the room under a name, with an account or as a guest; InvalidInput when CyTube refuses it."""
    connection = room.connect()
    room.send(connection, "joinChannel", {"name": room.doors.channel})
    room.send(connection, "login", {"name": name, **({"pw": "of no matter"} if password else {})})
    if not connection.name:
        room.disconnect(connection)
        errors = (f.payload.get("error") for f in connection.collect() if f.event == "login")
        raise InvalidInput.of("name", next(errors, None) or "was refused by the channel")
    return connection
