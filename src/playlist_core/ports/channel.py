"""The CyTube channel: its queue, private messages, users, and what plays."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from attrs import frozen

from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot


class QueueGateway(Protocol):
    """The channel's queue. Each command returns when the channel's own events have confirmed it.

    A refusal raises QueueRefused with its reason; a uid that is not there any more, or a channel that stays
    silent, raises OutcomeUnknown: look again;
    a channel that is away raises ChannelUnavailable and nothing was sent.

    `generation` is that of the snapshot which showed the uids: after a shuffle or a reload the same number
    is another item, so a command of an older generation is never sent and raises OutcomeUnknown.
    """

    async def snapshot(self) -> QueueSnapshot: ...

    async def add(self, media_url: str, *, position: Position, temp: bool) -> QueueItem:
        """Queue a custom manifest and return the item as the channel took it."""
        ...

    async def move(self, uid: int, *, after: int | None, generation: int) -> None:
        """Put an item behind another one; None means to the front of the list."""
        ...

    async def remove(self, uid: int, *, generation: int) -> None: ...

    async def set_temp(self, uid: int, *, temp: bool, generation: int) -> None: ...

    async def jump(self, uid: int, *, generation: int) -> None:
        """Put an item on the air now; a temp item that was playing disappears."""
        ...


class PMSender(Protocol):
    """Private messages of the channel's bot."""

    async def send(self, to: Username, text: str) -> None:
        """Return when delivery is confirmed; Undeliverable when the user is not in the channel.

        One line of 1 to 320 characters, else InvalidInput; it arrives HTML-escaped, as CyTube sends it.
        """
        ...


@frozen
class ChannelUser:
    """Somebody in the channel: the name as CyTube spells it and the CyTube rank."""

    name: Username
    rank: float


class UserDirectory(Protocol):
    """Who is in the channel right now."""

    async def present(self, name: Username) -> ChannelUser | None: ...


@frozen(kw_only=True)
class Play:
    """An item that has really started: not what a join shows, nor what is sent again.

    `play_id` is the same on every replica that heard of it. `at` is the channel's time, aware, in UTC.
    """

    play_id: str
    at: datetime
    media_id: str
    media_type: str
    title: str
    seconds: int


class PlayFeed(Protocol):
    """What starts in the channel."""

    def plays(self) -> AbstractAsyncContextManager[AsyncIterator[Play]]:
        """Every play from now on, in order; those that start while the channel is away are not told."""
        ...
