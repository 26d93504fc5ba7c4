"""The window onto the simulated channel, in the demo only: what is on, who is in, what the bot whispered."""

from datetime import datetime
from typing import Any, Protocol

from attrs import define, frozen

from playlist_app.http.door import Call, Door, operation
from playlist_app.http.queue_shapes import NowPlayingView, QueueItemView


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


@frozen(kw_only=True)
class DemoOrder:
    """`join` and `leave` take `name`; `refuse_next` takes `reason`, `count` and perhaps `video_id`."""

    action: str
    name: str | None = None
    reason: str | None = None
    count: int = 1
    video_id: str | None = None


class DemoChannel(Protocol):
    """What the demo shows and moves; wiring gives the simulated channel this shape."""

    def view(self) -> DemoChannelView: ...

    def act(self, order: DemoOrder) -> None: ...


@define(eq=False)
class DemoWindow:
    """`GET` and `POST /demo/channel`, without signing in: the demo listens on loopback only."""

    door: Door
    channel: DemoChannel

    @operation("The simulated channel", needs=None, answer=DemoChannelView)
    async def on_get(self, call: Call[None, None]) -> DemoChannelView:
        return self.channel.view()

    @operation(
        "Let something happen in the channel: join, leave, skip, refuse_next, disconnect, reconnect",
        needs=None,
        body=DemoOrder,
        answer=DemoChannelView,
        errors=("invalid", "not_in_channel"),
    )
    async def on_post(self, call: Call[DemoOrder, None]) -> DemoChannelView:
        self.channel.act(call.body)
        return self.channel.view()


def demo_routes(door: Door, channel: DemoChannel) -> list[tuple[str, Any]]:
    """The address of the demo's window."""
    return [("/demo/channel", DemoWindow(door, channel))]
