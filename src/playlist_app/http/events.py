"""`GET /events`: what happens, as it happens, as Server-Sent Events."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import anyio
import falcon.asgi
from attrs import define, field

from playlist_app.events import NEEDED, Event, EventHub, EventReader
from playlist_app.http.door import Call, Door, Nothing, operation, session_token
from playlist_app.http.headers import Header
from playlist_core.domain.access import Action, permissions
from playlist_core.domain.login import fingerprint
from playlist_core.errors import NotSignedIn, PlaylistError, RateLimited
from playlist_core.ports import Clock

MEDIA_EVENTS: Final = "text/event-stream"
HEARTBEAT_SECONDS: Final = 15.0
STREAMS_PER_SESSION: Final = 8
# After how long a browser tries again that has lost the stream.
_RETRY_MILLISECONDS: Final = 2_000

LAST_EVENT_ID: Final = Header(
    name="Last-Event-ID",
    description="The id of the last event read, as browsers send it: what came after it comes, or a `reset`.",
)
_UNBUFFERED: Final = Header(name="X-Accel-Buffering", description="`no`: proxies pass events on at once.")


class Request(falcon.asgi.Request):
    """A request that can wait for the end of its connection: Falcon itself looks only when it sends."""

    __slots__ = ("_receive_more",)

    def __init__(self, scope: dict[str, Any], receive: Any, first_event: Any = None, options: Any = None):
        super().__init__(scope, receive, first_event, options)
        self._receive_more = receive

    async def hung_up(self) -> None:
        """Wait until the client has gone; what it still sends is of no interest."""
        while (await self._receive_more())["type"] != "http.disconnect":
            pass


@define(eq=False)
class Standing:
    """What the person behind a session may do, asked for each event: a glance is cheap, and a second old."""

    door: Door
    token: str = field(repr=False)

    async def actions(self) -> tuple[str, ...]:
        """The names of the actions; raises NotSignedIn when the session has ended, Unavailable.

        To listen is no use of a session: a page left open does not keep anybody signed in.
        """
        session = await self.door.sessions.peek(self.token, glance=True)
        if session is None:
            raise NotSignedIn("The session has ended.")
        actor = await self.door.access.actor(session, glance=True)
        return permissions(actor.role, allow_blessed_hard_replace=self.door.allow_blessed_hard_replace)


@define(eq=False)
class EventStream:
    """The stream of one reader, block by block; Falcon iterates over it, and closes it however that ends."""

    reader: EventReader
    standing: Standing
    clock: Clock = field(kw_only=True)
    hung_up: Callable[[], Awaitable[None]] = field(kw_only=True)
    leave: Callable[[], None] = field(kw_only=True)
    _greeted: bool = field(default=False, init=False)
    _beat_at: float = field(default=0.0, init=False)

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> bytes:
        if not self._greeted:
            return self._greeting()
        while await self._something_happens():
            try:
                actions = await self.standing.actions()
            except PlaylistError:  # signed out, or nobody can tell: the client asks again, and is told
                break
            event = self.reader.read()
            if event is not None and NEEDED[event.kind] in actions:
                return _block(event)
            if self.clock.monotonic() >= self._beat_at:
                return self._heartbeat()
        raise StopAsyncIteration

    async def close(self) -> None:
        """Give the place back."""
        self.leave()

    def _greeting(self) -> bytes:
        """At once, so that everybody on the way knows that this is a stream."""
        self._greeted = True
        return b"retry: %d\n" % _RETRY_MILLISECONDS + self._heartbeat()

    def _heartbeat(self) -> bytes:
        """A comment, and the place for whoever has to come back: events that he may not see have gone by."""
        self._beat_at = self.clock.monotonic() + HEARTBEAT_SECONDS
        place = self.reader.place
        return b":\n\n" if place is None else b":\nid: %b\n\n" % place.encode()

    async def _something_happens(self) -> bool:
        """Wait for an event or the time of the next heartbeat; False when the client or the service goes."""
        over = False
        async with anyio.create_task_group() as tasks:

            async def event() -> None:
                nonlocal over
                over |= not await self.reader.ready()
                tasks.cancel_scope.cancel()

            async def end() -> None:
                nonlocal over
                await self.hung_up()
                over = True
                tasks.cancel_scope.cancel()

            async def heartbeat() -> None:
                await self.clock.sleep(self._beat_at - self.clock.monotonic())
                tasks.cancel_scope.cancel()

            for each in (event, end, heartbeat):
                tasks.start_soon(each)
        return not over


def _block(event: Event) -> bytes:
    """An event as it goes over the line; its data are JSON, which has no line ends."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), event.kind.encode(), event.data)


@define(eq=False)
class Seats:
    """How many streams each session has open."""

    _taken: Counter[str] = field(factory=Counter[str], init=False)

    def take(self, session: str) -> Callable[[], None]:
        """One more for a session; what is returned gives it back. Raises RateLimited for one too many."""
        if self._taken[session] >= STREAMS_PER_SESSION:
            raise RateLimited(
                f"{STREAMS_PER_SESSION} streams of events are open in this session; close one of them.",
                retry_after_seconds=round(HEARTBEAT_SECONDS),
            )
        self._taken[session] += 1

        def leave() -> None:
            self._taken[session] -= 1
            if not self._taken[session]:
                del self._taken[session]

        return leave


@define(eq=False)
class Events:
    """`GET /events`."""

    door: Door
    hub: EventHub
    clock: Clock
    seats: Seats = field(factory=Seats, init=False)

    @operation(
        "What happens, as it happens",
        needs=Action.READ_QUEUE,
        streams=True,
        errors=("rate_limited",),
        takes=(LAST_EVENT_ID,),
        gives=(_UNBUFFERED,),
    )
    async def on_get(self, call: Call[Nothing, Nothing]) -> None:
        token = session_token(call.req) or ""
        reader = self.hub.subscribe(call.req.get_header("Last-Event-ID") or None)
        call.resp.content_type = MEDIA_EVENTS
        call.resp.set_header("X-Accel-Buffering", "no")
        call.resp.stream = EventStream(
            reader,
            Standing(self.door, token),
            clock=self.clock,
            hung_up=cast(Request, call.req).hung_up,
            leave=self.seats.take(fingerprint(token)),
        )


def event_routes(door: Door, hub: EventHub, clock: Clock) -> list[tuple[str, Any]]:
    """The address of the events."""
    return [("/api/v1/events", Events(door, hub, clock))]
