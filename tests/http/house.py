"""The whole service in memory, spoken to over HTTP without a socket: who asks is a name, time is ours."""

import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from attrs import Factory, define
from falcon.testing import ASGIConductor, Result

from playlist_adapters.channel.simulated import SimulatedChannel
from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.config import Settings
from playlist_app.demo.stage import Stage
from playlist_app.http.app import create_app
from playlist_app.http.door import CHALLENGE_COOKIE, SESSION_COOKIE
from playlist_app.services import Services
from playlist_app.wiring import System, wire_memory
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.identity import Actor, ClientAddress, Role, Username
from playlist_core.ports import Entry

ADMIN, BLESSED, VIEWER = "alice", "bob", "carol"
NOW = "2026-11-20T23:00:00.000000Z"
WRONG = "22222222"
SITE = "https://www.420grindhouse.com/api/v1/media/cytube"

NIGHT = CatalogItem(
    video_id="night1968",
    title="Night.of.the.Living.Dead.[1968].mp4",
    categories=("2.Horror", "Movies"),
    duration_seconds=5760,
    thumbnail_url="https://media.example/night.jpg",
)
SOULS = CatalogItem(
    video_id="souls1962",
    title="Carnival.of.Souls.[1962].mp4",
    categories=("2.Horror", "Movies"),
    duration_seconds=4680,
)
GENERAL = CatalogItem(
    video_id="genrl1926", title="The.General.[1926].mp4", categories=("Movies",), duration_seconds=4500
)
GROMIT = CatalogItem(video_id="gromit_01", title="Wallace & Gromit - A Grand Day Out.avi")
OUTPOST = tuple(
    CatalogItem(
        video_id=f"outpost0{number}",
        title=f"Cygnus.Outpost.S01E0{number}.mkv",
        categories=("Cygnus Outpost",),
        duration_seconds=1500 + number,
    )
    for number in (1, 2, 3)
)
TITLES = (NIGHT, SOULS, GENERAL, GROMIT, *OUTPOST)


@define(eq=False)
class House:
    """The service and a client of it. Paths without a leading slash are addresses under `/api/v1/`."""

    services: Services
    client: ASGIConductor
    clock: ManualClock
    source: FakeSource | None
    heard: list[tuple[str, str, Result]] = Factory(list)
    _tokens: dict[str, str] = Factory(dict)

    @property
    def channel(self) -> SimulatedChannel:
        assert isinstance(self.services.demo, Stage)
        assert isinstance(self.services.demo.channel, SimulatedChannel)
        return self.services.demo.channel

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        host: str = "localhost",
        peer: str = "127.0.0.1",
        query: str = "",
        http_version: str = "1.1",
    ) -> Result:
        """One request; a `body` of bytes goes out as it is, anything else as JSON.

        HTTP 1.0 goes without a Host header. What was answered is kept in `heard`.
        """
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        carried = dict(cookies or {})
        if by is not None:
            carried[SESSION_COOKIE] = await self.token(by)
        address = path if path.startswith("/") else f"/api/v1/{path}"
        answer = await self.client.simulate_request(
            method,
            address,
            body=body,
            headers=sent,
            cookies=carried,
            host=host,
            remote_addr=peer,
            query_string=query,
            http_version=http_version,
        )
        self.heard.append((method, address, answer))
        return answer

    async def token(self, name: str) -> str:
        """The token of a session of that name, made without the ceremony of a code."""
        if name not in self._tokens:
            address = ClientAddress.parse("127.0.0.1")
            _, self._tokens[name] = await self.services.login.sessions.mint(Username(name), address)
        return self._tokens[name]

    async def fresh_token(self, name: str) -> str:
        """The same, of a new session, for one that has ended."""
        self._tokens.pop(name, None)
        return await self.token(name)

    def code(self, name: str) -> str:
        """The code that was whispered to somebody last."""
        found = re.search(r"\b[2-9A-Z]{8}\b", self.channel.inbox(name)[-1].text)
        assert found is not None
        return found[0]

    async def ask(self, name: str, *, peer: str = "127.0.0.1") -> dict[str, str]:
        """Ask for a code; the cookies the browser has then."""
        answer = await self.call("POST", "auth/otp/request", {"username": name}, peer=peer)
        assert answer.status_code == 200, answer.text
        return {CHALLENGE_COOKIE: answer.cookies[CHALLENGE_COOKIE].value}

    async def enter(
        self, name: str, code: str, cookies: Mapping[str, str] | None = None, *, peer: str = "127.0.0.1"
    ) -> Result:
        """Type a code."""
        entry = {"username": name, "otp": code}
        return await self.call("POST", "auth/otp/verify", entry, cookies=cookies, peer=peer)

    async def save(self, name: str, *items: CatalogItem, by: str = ADMIN) -> str:
        """Save a playlist; its id."""
        body = {"name": name, "items": [{"video_id": item.video_id} for item in items]}
        answer = await self.call("POST", "playlists", body, by=by)
        assert answer.status_code == 201, answer.text
        return answer.json["playlist_id"]

    async def apply(self, playlist_id: str, mode: str = "preserve_current", *, by: str = ADMIN) -> Result:
        return await self.call("POST", "queue/apply", {"playlist_id": playlist_id, "mode": mode}, by=by)

    async def stored(self) -> list[Entry]:
        """Everything that is kept, but for what signing in counts and remembers."""
        services = self.services
        stores = (
            services.library.playlists.records.store,
            services.library.playlists.history.states.store,
            services.library.refreshing.shared.notes.store,
            services.access.lists.store,
        )
        return [entry for store in stores for entry in await store.entries()]

    def queued(self) -> list[str]:
        """The titles of the channel's playlist, in order."""
        return [item.title for item in self.channel.queue]


@asynccontextmanager
async def open_house(
    settings: Settings | None = None,
    *,
    source: FakeSource | None = None,
    with_catalog: bool = True,
    services: Any = lambda services: services,
) -> AsyncGenerator[House, None]:
    """A house where alice is admin, bob blessed and carol nothing, and the catalogue is `TITLES`.

    `services` may give the wired services another part, broken on purpose.
    """
    settings = settings or Settings(admins=(Username(ADMIN),))
    source = FakeSource(TITLES) if source is None and with_catalog else source
    clock = ManualClock()
    async with wire_memory(
        settings, source, system=System(clock=clock, randomness=SeededRandomness())
    ) as wired:
        if with_catalog:
            await wired.library.refreshing.refresh()
        admin = Actor(Username(ADMIN), Role.ADMIN)
        await wired.access.grant(admin, Username(BLESSED), Role.BLESSED)
        async with ASGIConductor(create_app(services(wired))) as client:
            yield House(wired, client, clock, source)


def refusal(answer: Result) -> tuple[int, str, dict[str, Any]]:
    """Status, code and details of an error, once it has the one shape of all errors."""
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json.keys() == {"error"}
    error = answer.json["error"]
    assert error.keys() == {"code", "message", "details"}
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error["code"])
    assert len(error["message"]) > 10
    assert isinstance(error["details"], dict)
    return answer.status_code, error["code"], error["details"]
