"""The window onto the simulated channel, in the demo only: what is on, who is in, what the bot whispered."""

from typing import Any

from attrs import define

from playlist_app.http.door import Call, Door, Nothing, operation
from playlist_app.services import DemoChannel
from playlist_app.shapes.demo import DemoChannelView, DemoOrder, DemoParameters


@define(eq=False)
class DemoWindow:
    """`GET` and `POST /demo/channel`, without signing in: the demo listens on loopback only."""

    door: Door
    channel: DemoChannel

    @operation("The simulated channel", needs=None, query=DemoParameters, answer=DemoChannelView)
    async def on_get(self, call: Call[Nothing, DemoParameters]) -> DemoChannelView:
        return self.channel.view(commands=call.query.commands)

    @operation(
        "Let something happen in the channel: join, leave, skip, refuse_next, disconnect, reconnect",
        needs=None,
        body=DemoOrder,
        answer=DemoChannelView,
        errors=("invalid", "not_in_channel"),
    )
    async def on_post(self, call: Call[DemoOrder, Nothing]) -> DemoChannelView:
        self.channel.act(call.body)
        return self.channel.view(commands=False)


def demo_routes(door: Door, channel: DemoChannel) -> list[tuple[str, Any]]:
    """The address of the demo's window."""
    return [("/demo/channel", DemoWindow(door, channel))]
