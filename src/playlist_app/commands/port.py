"""What commands need of whatever brings them: subjects served, and where a reply goes."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Request(Protocol):
    """A message as it came; nothing in it has been looked at."""

    @property
    def subject(self) -> str: ...

    @property
    def body(self) -> bytes: ...

    @property
    def reply_limit(self) -> int:
        """The bytes a reply may have."""
        ...

    async def reply(self, payload: bytes) -> None:
        """Send this to whoever asked; nothing happens where nobody waits for it, or can be reached."""
        ...


Answer = Callable[[Request], Coroutine[Any, Any, None]]


class CommandBus(Protocol):
    """Where requests come from."""

    def serve(self, subject: str, answer: Answer, *, queue: str) -> AbstractAsyncContextManager[None]:
        """Call `answer` with each request of the subject, in a task of its own, while the context is open.

        Of all that serve with the same `queue` one hears a request. Leaving ends the hearing and waits for
        the answers under way. What `answer` raises is a bug and comes out of the context. Entering raises
        Unavailable.
        """
        ...
