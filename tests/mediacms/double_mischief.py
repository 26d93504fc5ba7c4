"""What the double does wrong on command."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from aiohttp import web
from attrs import define, field

Act = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
Edit = Callable[[Any], Any]


@define(eq=False)
class Rule:
    """Something that happens when a path is asked, for a page or any, as often as said or always.

    `act` comes before the answer and may give another one; `edit` changes the JSON of the answer.
    """

    path: str
    act: Act | None = None
    edit: Edit | None = field(default=None, kw_only=True)
    page: int | None = field(default=None, kw_only=True)
    times: int | None = field(default=1, kw_only=True)

    def applies(self, path: str, page: str) -> bool:
        """Whether it does, which counts."""
        if (
            path != self.path
            or self.times == 0
            or self.page not in (None, int(page) if page.isdigit() else 1)
        ):
            return False
        if self.times is not None:
            self.times -= 1
        return True


def fail(status: int = 500, **headers: str) -> Act:
    """An error of the server; `Retry_After` becomes the header."""

    async def act(_: web.Request) -> web.StreamResponse:
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(
            status=status, text="<h1>Server Error</h1>", content_type="text/html", headers=shown
        )

    return act


async def hang(_: web.Request) -> web.StreamResponse:
    """Never answer; ends when the client goes away."""
    await anyio.sleep_forever()
    raise AssertionError("forever has ended")


async def drop(request: web.Request) -> web.StreamResponse:
    """Begin an answer and cut the connection in the middle of it."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"count": 5')
    if request.transport is not None:
        request.transport.abort()
    return response


def answer(text: str, content_type: str = "application/json", status: int = 200) -> Act:
    """Any body."""

    async def act(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=content_type)

    return act


def redirect(location: str, status: int = 302) -> Act:
    async def act(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    return act


def happen(change: Callable[[], object]) -> Act:
    """Something changes at the site, just before it answers."""

    async def act(_: web.Request) -> None:
        change()

    return act


def set_in_row(name: str, value: object, row: int = 0) -> Edit:
    """A row of the page has another value."""

    def edit(body: Any) -> Any:
        body["results"][row][name] = value
        return body

    return edit
