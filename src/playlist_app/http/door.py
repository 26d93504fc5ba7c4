"""The door of the API: an operation says what it needs and takes, the door sees to it and answers."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Generic, TypeVar, cast

import falcon.asgi
import orjson
from attrs import define, field, frozen

from playlist_app.http.guard import has_body
from playlist_app.http.headers import Header
from playlist_app.http.parsing import parse_query, single
from playlist_app.shapes.codec import wire
from playlist_app.shapes.parsing import BODY_LIMIT, check_size, parse_body, parse_json
from playlist_core.domain.access import Action, decide
from playlist_core.domain.identity import Actor, ClientAddress
from playlist_core.domain.login import Session
from playlist_core.errors import NotSignedIn
from playlist_core.services.access import Access
from playlist_core.services.sessions import Sessions

SESSION_COOKIE: Final = "kryten_playlist_session"
CHALLENGE_COOKIE: Final = "kryten_playlist_challenge"

# What is asked for again and again: who asks may be told from what the store held within the last second, as
# long as nothing is changed (CONTRACTS section 1). For all that is not named here the store itself is asked.
_AT_A_GLANCE: Final = frozenset({Action.SEARCH_CATALOG, Action.READ_PLAYLISTS, Action.READ_QUEUE})
_READING: Final = frozenset({"GET", "HEAD"})

B = TypeVar("B")
Q = TypeVar("Q")


@frozen
class Nothing:
    """What operations take that take nothing: a field or parameter is as unknown there as anywhere."""


_NOTHING: Final = Nothing()


@frozen(kw_only=True)
class Operation:
    """One method of one address, as it is carried out and as the OpenAPI document tells it.

    `needs` None means without signing in. A `body` with defaults for everything may be left out.
    `begun` is the answer, with 202, to whoever prefers not to wait for the end. `streams` is for an answer
    that is a stream of events, which the method itself provides. `takes` and `gives` are the headers that
    count in a request and in the answer of a success.
    """

    summary: str
    needs: Action | None
    body: type[Any] = Nothing
    query: type[Any] = Nothing
    answer: Any = None
    status: int = 200
    begun: Any = None
    streams: bool = False
    errors: tuple[str, ...] = ()
    takes: tuple[Header, ...] = ()
    gives: tuple[Header, ...] = ()


@frozen
class Ready:
    """An answer that is JSON already, of the shape the operation promises."""

    body: bytes


@define(eq=False)
class Call(Generic[B, Q]):
    """A request after the door: who asks, from where, with what."""

    req: falcon.asgi.Request
    resp: falcon.asgi.Response
    body: B
    query: Q
    params: dict[str, str]
    session: Session | None = None
    signed_in: Actor | None = None

    @property
    def actor(self) -> Actor:
        """Who is signed in; only operations that need nobody have nobody."""
        if self.signed_in is None:
            raise NotSignedIn("Sign in first.")
        return self.signed_in

    @property
    def address(self) -> ClientAddress:
        return cast(ClientAddress, self.req.context.address)


@define(eq=False)
class Door:
    """What every operation passes: session, role of this moment, body and query."""

    sessions: Sessions
    access: Access
    allow_blessed_hard_replace: bool = field(kw_only=True)
    secure_cookies: bool = field(kw_only=True)

    async def open(
        self,
        operation: Operation,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        params: dict[str, str],
    ) -> Call[Any, Any]:
        """Who may not pass learns that before his body is looked at."""
        session, actor = None, None
        if operation.needs is not None:
            glance = req.method in _READING and operation.needs in _AT_A_GLANCE
            session, actor = await self.admit(req, operation.needs, glance=glance)
        query = parse_query(req.params, operation.query)
        body = await self._body(req, operation.body)
        return Call(req, resp, body, query, params, session, actor)

    async def admit(
        self, req: falcon.asgi.Request, needs: Action, *, glance: bool = False
    ) -> tuple[Session, Actor]:
        """The session and who is behind it, with `glance` of the last second; raises NotSignedIn, Denied."""
        token = session_token(req)
        session = None if token is None else await self.sessions.lookup(token, glance=glance)
        if session is None:
            raise NotSignedIn("Sign in first; a session lasts until you sign out or stay away too long.")
        actor = await self.access.actor(session, glance=glance)
        decide(actor.role, needs, allow_blessed_hard_replace=self.allow_blessed_hard_replace)
        return session, actor

    async def _body(self, req: falcon.asgi.Request, kind: type[Any]) -> Any:
        if kind is Nothing and not has_body(req):
            return _NOTHING
        raw = await req.stream.read(BODY_LIMIT + 1)
        check_size(len(raw))
        return parse_body(parse_json(raw) if raw.strip() else {}, kind)


def session_token(req: falcon.asgi.Request) -> str | None:
    """The session token a browser presents, if any."""
    return single(req.get_cookie_values(SESSION_COOKIE) or [])


def operation(
    summary: str,
    *,
    needs: Action | None,
    body: type[Any] = Nothing,
    query: type[Any] = Nothing,
    answer: Any = None,
    status: int = 200,
    begun: Any = None,
    streams: bool = False,
    errors: tuple[str, ...] = (),
    takes: tuple[Header, ...] = (),
    gives: tuple[Header, ...] = (),
) -> Callable[[Callable[[Any, Call[Any, Any]], Awaitable[Any]]], Any]:
    """Make a Falcon responder of a method that takes a `Call` and returns an `answer`, or it as `Ready`.

    The resource has its `Door` as `door`.
    """
    described = Operation(
        summary=summary,
        needs=needs,
        body=body,
        query=query,
        answer=answer,
        status=status,
        begun=begun,
        streams=streams,
        errors=errors,
        takes=takes,
        gives=gives,
    )

    def wrap(handler: Callable[[Any, Call[Any, Any]], Awaitable[Any]]) -> Any:
        async def responder(
            self: Any, req: falcon.asgi.Request, resp: falcon.asgi.Response, **params: str
        ) -> None:
            call = await self.door.open(described, req, resp, params)
            resp.status = described.status
            resp.set_header("Cache-Control", "no-store")
            result = await handler(self, call)
            if result is not None:
                resp.content_type = falcon.MEDIA_JSON
                resp.data = result.body if type(result) is Ready else orjson.dumps(wire.unstructure(result))

        responder.operation = described  # type: ignore[attr-defined]
        responder.__doc__ = handler.__doc__
        return responder

    return wrap
