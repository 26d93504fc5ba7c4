"""What the demo's simulated channel looks like from outside."""

from datetime import datetime
from typing import Literal

from attrs import frozen

from playlist_app.shapes.queue import NowPlayingView, QueueItemView


@frozen
class DemoUser:
    """Somebody in the channel, with the CyTube rank."""

    name: str
    rank: float


@frozen
class DemoPM:
    """A private message of the bot."""

    to: str
    text: str
    at: datetime


@frozen
class DemoCommand:
    """A command the channel got from us, as a line to read."""

    at: datetime
    command: str
    detail: str


@frozen(kw_only=True)
class DemoChannelView:
    """Everything about the channel; `commands` are the latest, oldest first."""

    connected: bool
    now_playing: NowPlayingView | None
    queue: tuple[QueueItemView, ...]
    users: tuple[DemoUser, ...]
    pms: tuple[DemoPM, ...]
    commands: tuple[DemoCommand, ...]


@frozen
class DemoParameters:
    """Whoever looks often may leave the long list of commands out."""

    commands: bool = True


@frozen(kw_only=True)
class DemoOrder:
    """`join` and `leave` take `name`; `refuse_next` takes `reason`, `count` and perhaps `video_id`."""

    action: Literal["join", "leave", "skip", "refuse_next", "disconnect", "reconnect"]
    name: str | None = None
    reason: str | None = None
    count: int = 1
    video_id: str | None = None
