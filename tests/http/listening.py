"""Listening to the events of a house without a socket: block by block, as slowly as a test reads."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream
from attrs import define, frozen
from falcon.testing import create_scope

from playlist_app.http.door import SESSION_COOKIE
from playlist_app.tasks import background
from tests.http.house import House

_PATIENCE: Final = 20


@frozen
class Block:
    """What stands between two blank lines: the fields with their values, a comment under the empty name."""

    fields: Mapping[str, str]

    @property
    def data(self) -> Any:
        return json.loads(self.fields["data"])


@define(eq=False)
class Listening:
    """A client of `GET /events`; the service sends no more than is read here."""

    status: int
    headers: Mapping[str, str]
    _sent: MemoryObjectReceiveStream[dict[str, Any]]
    _gone: anyio.Event
    _ended: anyio.Event

    async def block(self) -> Block | None:
        """The next block; None at the end of the stream."""
        with anyio.fail_after(_PATIENCE):
            message = await self._sent.receive()
        text = message.get("body", b"").decode()
        if not message.get("more_body", False):
            assert text == ""
            return None
        *lines, blank, end = text.split("\n")
        assert (blank, end) == ("", "")
        fields = [line.partition(":") for line in lines]
        return Block({name: value.removeprefix(" ") for name, _, value in fields})

    async def event(self) -> tuple[str, str] | None:
        """The kind and the data of the next event, whatever stands before it; None at the end."""
        while (block := await self.block()) is not None:
            if "event" in block.fields:
                return block.fields["event"], block.fields["data"]
        return None

    async def hang_up(self) -> None:
        """As if the browser were closed; what is still on the way is lost. Returns when that is noticed."""
        self._gone.set()
        self._sent.close()
        with anyio.fail_after(_PATIENCE):
            await self._ended.wait()


@asynccontextmanager
async def listening(house: House, by: str, *, last_id: str | None = None) -> AsyncGenerator[Listening, None]:
    """Somebody who listens, until the end of the block."""
    to_client, from_service = anyio.create_memory_object_stream[dict[str, Any]](0)
    gone, ended = anyio.Event(), anyio.Event()
    requests = iter([{"type": "http.request"}])
    scope = create_scope(
        path="/api/v1/events",
        host="localhost",
        cookies={SESSION_COOKIE: await house.token(by)},
        headers={} if last_id is None else {"Last-Event-ID": last_id},
    )

    async def receive() -> dict[str, Any]:
        for request in requests:
            return request
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        with suppress(anyio.BrokenResourceError):  # as uvicorn does, once the client has gone
            await to_client.send(message)

    async def serve() -> None:
        await house.client.app(scope, receive, send)
        ended.set()

    async with to_client, from_service, background() as tasks:
        tasks.start_soon(serve)
        start = await from_service.receive()
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        yield Listening(start["status"], headers, from_service, gone, ended)
