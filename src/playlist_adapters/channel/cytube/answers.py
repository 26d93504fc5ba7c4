"""Which of the channel's events answers which command."""

import html
from collections.abc import Callable, Collection
from enum import Enum
from typing import Any, Generic, TypeVar

from attrs import define

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.refusals import refused
from playlist_adapters.channel.cytube.text import as_read
from playlist_adapters.channel.cytube.view import read_item
from playlist_core.domain.queue import QueueItem
from playlist_core.errors import PlaylistError, Undeliverable

T = TypeVar("T")
# An answer, a failure, or None for an event that has nothing to do with the command.
Match = Callable[[Frame], T | PlaylistError | None]


class Done(Enum):
    """The answer to a command that has none but its having happened."""

    DONE = "done"


class PMAnswer(Enum):
    """A private message arrived, or came too soon after others and is lost."""

    DELIVERED = "delivered"
    TOO_FAST = "too_fast"


@define(eq=False)
class Expectation(Generic[T]):
    """A command under way; the first event that matches is its answer.

    Of "too fast" CyTube does not say to whom: an answer that comes after it is the better one.
    """

    _match: Match[T]
    answer: T | PlaylistError | None = None

    def offer(self, frame: Frame) -> None:
        """Look at the next event."""
        so_far: object = self.answer
        if so_far is None or so_far is PMAnswer.TOO_FAST:
            self.answer = self._match(frame) or self.answer


def added(media_id: str, bot: str, known: Collection[int]) -> Match[QueueItem]:
    """Our own add: the channel's event carries nothing but id and adder to tell it by."""

    def match(frame: Frame) -> QueueItem | PlaylistError | None:
        payload = frame.payload
        if frame.event == "queueFail" and payload["id"] == media_id:
            return refused(payload["msg"])
        if frame.event == "errorMsg" and payload["msg"].startswith("Unexpected error for message queue"):
            return refused(payload["msg"])
        if frame.event != "queue":
            return None
        item = read_item(payload["item"])
        ours = item.media_id == media_id and item.queueby.lower() == bot.lower()
        return item if ours and item.uid not in known else None

    return match


def told(event: str, payload: Any) -> Match[Done]:
    """An edit, confirmed by an event of exactly this payload, whoever asked for it."""
    return lambda frame: Done.DONE if frame.event == event and frame.payload == payload else None


def delivered(bot: str, to: str, text: str) -> Match[PMAnswer]:
    """A private message: its echo, the cooldown, or the complaint about the receiver.

    Others may send through the same bot: an echo counts with our receiver and our words, whatever CyTube's
    filters made of the signs between them.
    """
    words, complaints = _letters(text), [f"PM failed: {to.lower()} "]
    if to.lower() == bot.lower():
        complaints.append("You can't PM yourself")

    def match(frame: Frame) -> PMAnswer | PlaylistError | None:
        payload = frame.payload
        if frame.event == "pm":
            ours = payload["username"].lower() == bot.lower() and payload["to"].lower() == to.lower()
            return PMAnswer.DELIVERED if ours and _letters(as_read(payload["msg"])) == words else None
        if frame.event == "cooldown":
            return PMAnswer.TOO_FAST
        if frame.event == "errorMsg" and html.unescape(payload["msg"]).startswith(tuple(complaints)):
            return Undeliverable(f"{to} is not in the channel.", name=to, reason=payload["msg"])
        return None

    return match


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
