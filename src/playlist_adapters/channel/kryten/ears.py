"""The one hearer of the robot's events, and what follows from each of them."""

import logging
from collections.abc import Callable
from typing import Any

import anyio
from attrs import define, field
from nats.aio.msg import Msg

from playlist_adapters.channel.cytube.answers import Expectation
from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.view import ChannelView
from playlist_adapters.channel.kryten.first_item import FirstItem
from playlist_adapters.channel.kryten.hearing import Heard, heard
from playlist_adapters.channel.kryten.place import Place
from playlist_core.errors import InvalidInput
from playlist_core.ports import Clock

log = logging.getLogger("kryten_playlist.channel")

# What comes of looking for fields where there are none.
NONSENSE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, InvalidInput)


@define(eq=False)
class Ears:
    """Every event changes the `view`, is offered to whoever expects one, and told to the `hearers`.

    `confused` is called after one that makes no sense: the view may be wrong then.
    """

    clock: Clock
    confused: Callable[[], None]
    view: ChannelView = field(factory=ChannelView, init=False)
    first: FirstItem = field(factory=FirstItem, init=False)
    expected: list[Expectation[Any]] = field(factory=list[Expectation[Any]], init=False)
    hearers: list[Callable[[Heard], None]] = field(factory=list[Callable[[Heard], None]], init=False)
    heard_at: float = field(default=0.0, init=False)
    joins: int = field(default=0, init=False)
    events: int = field(default=0, init=False)
    _news: anyio.Event = field(factory=anyio.Event, init=False)

    def hear(self, message: Msg, place: Place) -> None:
        """Take in a message; what is of another place has no effect."""
        item = heard(message.data, place, now=self.clock.now())
        if item is None:
            return
        self.sign_of_life()
        self.events += 1
        try:
            self._take(item.frame)
            for expectation in self.expected:
                expectation.offer(item.frame)
            for hearer in self.hearers:
                hearer(item)
        except NONSENSE as exc:
            log.warning("An event %s of the robot makes no sense (%s).", item.frame.event, type(exc).__name__)
            self.confused()
        self.tell()

    def _take(self, frame: Frame) -> None:
        self.view.take(frame)
        self.first.take(frame)
        if frame.event == "rank" and frame.payload == -1:
            self.joins += 1

    def sign_of_life(self) -> None:
        self.heard_at = self.clock.monotonic()

    async def changed(self) -> None:
        """Return when anything was heard, or something else is to be looked at."""
        await self._news.wait()

    def tell(self) -> None:
        """Wake whoever waits for something to have changed."""
        self._news.set()
        self._news = anyio.Event()
