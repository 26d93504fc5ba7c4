"""Asks a MediaCMS site over HTTP: politely, a few things at once, and of nobody else.

No exception of aiohttp leaves this module, chained or not: some hold the headers of the request, and with
them the credentials.
"""

import json
import logging
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Final
from urllib.parse import urljoin, urlsplit

import aiohttp
import anyio
from attrs import Factory, define, field, frozen

from playlist_adapters.mediacms.api.address import SiteAddress, place
from playlist_adapters.mediacms.api.credentials import ApiCredentials
from playlist_adapters.mediacms.api.faults import OTHER_WAYS, refused, unreachable, unreadable
from playlist_adapters.mediacms.api.retries import Manners
from playlist_core.errors import PlaylistError
from playlist_core.ports import Clock, Randomness

USER_AGENT: Final = f"kryten-playlist/{version('kryten-playlist')} (+catalogue refresh)"
FORBIDDEN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

_CHUNK: Final = 1 << 16
_SHOWN: Final = 200

log = logging.getLogger("kryten_playlist.mediacms")


@frozen
class Answer:
    """What the site answered below 300 or with a 4xx; `body` is its JSON, None where a 4xx came without."""

    place: str
    status: int
    body: object


@frozen
class _Again:
    """Why it is worth asking again, and how long the site wants to be left alone first."""

    problem: str
    pause: float = 0.0


@define(eq=False)
class Client:
    """GET requests to one site; made by `open_client`.

    Time-outs, dropped connections, 429 and 5xx are tried again after growing, jittered pauses; a
    `Retry-After` holds back every request, not only the one that was told. Redirects are never followed:
    MediaCMS redirects to its login page, and our credentials are nobody else's business.
    """

    session: aiohttp.ClientSession = field(repr=False)
    address: SiteAddress
    manners: Manners = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    has_credentials: bool = field(kw_only=True)
    _slots: anyio.CapacityLimiter = field(
        init=False, default=Factory(lambda self: anyio.CapacityLimiter(self.manners.at_once), takes_self=True)
    )
    _quiet_until: float = field(init=False, default=0.0)

    async def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """The answer to one request.

        Raises Unavailable `source_unreachable` when every try failed, `source_refused` for a redirect or a
        page for browsers, InvalidInput `source_unreadable` for a 200 that is no JSON or too large.
        """
        asked = place(path, parameters)
        outcome = _Again("was not asked")
        async with self._slots:
            for tried in range(1, self.manners.tries + 1):
                await self._keep_quiet()
                outcome = await self._try(path, parameters, asked)
                if isinstance(outcome, Answer):
                    return outcome
                log.info("%s: %s (%d of %d tries)", asked, outcome.problem, tried, self.manners.tries)
                if tried < self.manners.tries:
                    await self._pause(tried, outcome)
        raise unreachable(
            f"The site {outcome.problem} at {self.address.label}{asked}, {self.manners.tries} times;"
            " try again later."
        )

    async def read(self, path: str, parameters: Mapping[str, str]) -> object:
        """The JSON of an answer that must be a 200; raises what `complaint` says of others, and as `get`."""
        answer = await self.get(path, parameters)
        if answer.status != HTTPStatus.OK:
            raise self.complaint(answer)
        return answer.body

    def complaint(self, answer: Answer) -> PlaylistError:
        """What an answer that is no 200 means where only a 200 is of use."""
        where = f"({answer.status} at {answer.place})"
        if answer.status not in FORBIDDEN:
            problem = f"answers {answer.status}, as no MediaCMS does; is the address right?"
            return unreadable(answer.place, problem)
        if self.has_credentials:
            return refused(
                f"The site does not accept the credentials, or never sees them {where}: check the token (or"
                " name and password), that the account is active and approved, and that no proxy drops the"
                " Authorization header."
            )
        return refused(f"The site shows this only to people who are signed in {where}: configure a token.")

    async def _keep_quiet(self) -> None:
        while (left := self._quiet_until - self.clock.monotonic()) > 0:
            await self.clock.sleep(left)

    async def _pause(self, tried: int, outcome: _Again) -> None:
        if outcome.pause:
            self._quiet_until = max(self._quiet_until, self.clock.monotonic() + outcome.pause)
        await self.clock.sleep(self.manners.pause(tried, self.randomness.fraction()))

    async def _try(self, path: str, parameters: Mapping[str, str], asked: str) -> Answer | _Again:
        url = self.address.url(path, parameters)
        try:
            async with self.session.get(url, allow_redirects=False) as response:
                return await self._outcome(response, asked)
        except aiohttp.ClientConnectorCertificateError:
            raise unreachable(
                "The certificate of the site cannot be trusted; is it valid and complete?"
            ) from None
        except TimeoutError:
            return _Again(f"did not answer within {self.manners.timeout_seconds:g} s")
        except aiohttp.ClientConnectorDNSError:
            return _Again("has a name that leads nowhere (is the address right?)")
        except (aiohttp.ClientConnectorError, OSError) as exc:
            return _Again(f"could not be connected to{_reason(exc)}")
        except aiohttp.ClientError:
            return _Again("broke off its answer")

    async def _outcome(self, response: aiohttp.ClientResponse, asked: str) -> Answer | _Again:
        status = response.status
        if 300 <= status < 400:
            raise _redirected(response, asked)
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
            header = response.headers.get("Retry-After")
            return _Again(f"answered {status}", self.manners.asked_pause(header, self.clock.now()))
        raw = await self._body(response, asked)
        is_json = response.content_type == "application/json" or response.content_type.endswith("+json")
        if status >= 400:
            return Answer(asked, status, _json(raw) if is_json else None)
        if response.content_type == "text/html":
            raise refused(
                f"The site answers {asked} with a page for browsers: either it wants everybody to sign in"
                f" (then {OTHER_WAYS}), or there is no MediaCMS at this address."
            )
        body = _json(raw) if is_json else None
        if body is None:
            raise unreadable(asked, "is not JSON, as every answer of MediaCMS is; is the address right?")
        return Answer(asked, status, body)

    async def _body(self, response: aiohttp.ClientResponse, asked: str) -> bytes:
        """The whole body, unpacked; bounded while it is read, whatever the headers claim."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self.manners.largest_answer_bytes:
                limit = f"{self.manners.largest_answer_bytes:,}"
                raise unreadable(asked, f"is longer than {limit} bytes; no answer of MediaCMS is")
        return bytes(body)


@asynccontextmanager
async def open_client(
    address: SiteAddress,
    credentials: ApiCredentials | None,
    *,
    manners: Manners,
    clock: Clock,
    randomness: Randomness,
) -> AsyncGenerator[Client, None]:
    """A client whose connections end with the context; it keeps no cookies and asks no proxy."""
    headers = {"Accept": "application/json", "Accept-Language": "en", "User-Agent": USER_AGENT}
    if credentials is not None:
        headers["Authorization"] = credentials.header
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),  # the client counts: waiting for a slot is not timed
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=manners.timeout_seconds),
        trust_env=False,
    ) as session:
        yield Client(
            session,
            address,
            manners=manners,
            clock=clock,
            randomness=randomness,
            has_credentials=credentials is not None,
        )


def _json(raw: bytes) -> object:
    """None for what is no JSON; `null` is nothing that MediaCMS answers either."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _reason(exc: OSError) -> str:
    """Why, as the system says it; other words of these exceptions may hold more than that."""
    return f" ({os.strerror(exc.errno).lower()})" if exc.errno is not None and exc.errno > 0 else ""


def _redirected(response: aiohttp.ClientResponse, asked: str) -> PlaylistError:
    try:
        target = urlsplit(urljoin(str(response.url), response.headers.get("Location", "")))
    except ValueError:
        target = urlsplit("")  # an address that is none
    if "login" in target.path.lower():
        return refused(
            f"The site sends everybody to its login page (from {asked}). Old versions look at no token then"
            f" (GLOBAL_LOGIN_REQUIRED): {OTHER_WAYS}."
        )
    there = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}"[:_SHOWN]
    is_shown = target.netloc and there.isprintable()
    return refused(
        f"The site redirects {asked} to {there if is_shown else 'another address'}, and redirects"
        " are not followed: configure the address at which it answers itself."
    )
