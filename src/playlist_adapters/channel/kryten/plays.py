"""The plays of the channel, for whoever counts them."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from playlist_adapters.channel.cytube.starts import Starts, play_of
from playlist_adapters.channel.kryten.hearing import Heard
from playlist_core.ports import Play

log = logging.getLogger("kryten_playlist.channel")

# Whoever counts them may wait for its store; there is one every few minutes.
_KEPT: Final = 1_000


@contextmanager
def heard_plays(hearers: list[Callable[[Heard], None]]) -> Iterator[AsyncIterator[Play]]:
    """Every start that is heard from now on, in order."""
    send, receive = anyio.create_memory_object_stream[Play](_KEPT)
    starts = Starts()

    def hear(item: Heard) -> None:
        if starts.take(item.frame):
            _pass_on(send, play_of(item.frame, item.event_id, item.sent_at))

    hearers.append(hear)
    with send, receive:
        try:
            yield receive
        finally:
            hearers.remove(hear)


def _pass_on(send: MemoryObjectSendStream[Play], play: Play) -> None:
    try:
        send.send_nowait(play)
    except anyio.WouldBlock:
        log.error("A play of %s is not counted: nobody has taken the %d before it.", play.title, _KEPT)
