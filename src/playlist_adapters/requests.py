"""Subjects served over the bus: each request in a task of its own, the reply to whoever waits for one."""

import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import anyio
from attrs import frozen
from nats.aio.msg import Msg

from playlist_adapters.bus import Bus
from playlist_core.errors import Unavailable

log = logging.getLogger("kryten_playlist.requests")


@frozen
class BusRequest:
    """A message that somebody may wait for the answer to."""

    bus: Bus
    message: Msg

    @property
    def subject(self) -> str:
        return self.message.subject

    @property
    def body(self) -> bytes:
        return self.message.data

    @property
    def reply_limit(self) -> int:
        """The bytes a reply may have; the server in use decides."""
        return self.bus.max_payload

    async def reply(self, payload: bytes) -> None:
        """Send the reply, also when all this is being cancelled; without NATS it is lost, and logged."""
        if not self.message.reply:
            return
        try:
            with anyio.CancelScope(shield=True):
                await self.bus.publish(self.message.reply, payload)
        except Unavailable as exc:
            log.warning("a reply on %r was lost: %s", self.subject, exc.message)


@frozen
class BusRequests:
    """Requests as they come over the bus, also after reconnections."""

    bus: Bus

    @asynccontextmanager
    async def serve(
        self, subject: str, answer: Callable[[BusRequest], Coroutine[Any, Any, None]], *, queue: str
    ) -> AsyncGenerator[None, None]:
        """Call `answer` with each request while the context is open; one of those with the same `queue` does.

        Leaving ends the hearing and waits for the answers under way; what `answer` raises comes out of the
        context. Entering raises Unavailable.
        """
        async with anyio.create_task_group() as tasks:

            async def hear(message: Msg) -> None:
                tasks.start_soon(answer, BusRequest(self.bus, message))

            async with self.bus.listening(subject, hear, queue=queue):
                yield
