"""The older dialect that CyTube's server still lets in, at a server of python-socketio, which does not."""

from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from attrs import Factory, define, frozen

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Event, Receive, Send], Awaitable[None]]

PING, PONG, UPGRADED, NOTHING, CONNECT = "2", "3", "5", "6", "40"


@frozen
class EngineIO3:
    """An ASGI application that lets clients of version 3 talk to `app`, which knows version 4 only.

    What differs is who begins: in 3 the client sends the pings, and it is in the main namespace without
    asking; in 4 the server sends them, and the client has to ask. The server's own pings go through, since
    the robot answers those too.
    """

    app: App

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        asked = {**scope, "query_string": scope["query_string"].replace(b"EIO=3", b"EIO=4")}
        if scope["type"] == "websocket":
            talk = _Talk(receive, send)
            receive, send = talk.receive, talk.send
        await self.app(asked, receive, send)


@define(eq=False)
class _Talk:
    """One websocket; its texts are packets of Engine.IO, and their first letter says which."""

    _receive: Receive
    _send: Send
    _put_in: deque[Event] = Factory(deque)

    async def receive(self) -> Event:
        if self._put_in:
            return self._put_in.popleft()
        while (event := await self._receive()).get("text") == PING:
            await self._send({"type": "websocket.send", "text": PONG})
        if event.get("text") == UPGRADED:
            self._put_in.append({"type": "websocket.receive", "text": CONNECT})
        return event

    async def send(self, event: Event) -> None:
        text = event.get("text") or ""
        if text.startswith(CONNECT):
            event = {"type": "websocket.send", "text": CONNECT}
        if text != NOTHING:
            await self._send(event)
