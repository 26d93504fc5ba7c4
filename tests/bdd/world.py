"""What a scenario plays in: the wired services, a media site, the channel, and people with their browsers."""

import csv
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import Factory, define, evolve, field, frozen

from playlist_adapters.channel.simulated import SimulatedChannel
from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import ManualClock
from playlist_app.config import CatalogSettings, Settings
from playlist_app.services import Services
from playlist_app.wiring import System, wire_embedded, wire_memory
from playlist_core.domain.access import Action, decide
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.identity import Actor, ClientAddress, Role, Username
from playlist_core.domain.login import SignedIn, Verified
from playlist_core.domain.runs import Run
from playlist_core.errors import NotSignedIn, PlaylistError

ADMIN: Final = Username("alice")
# Long enough that nothing ends by itself while a scenario is at it.
LENGTH: Final = 90 * 60
_CODE: Final = re.compile(r"\b[2-9A-Z]{8}\b")


@define(eq=False)
class Config:
    """What the config says beyond its defaults; only until the service starts."""

    changes: dict[str, Any] = Factory(dict)
    read: bool = False

    def says(self, **changes: Any) -> None:
        assert not self.read, "the service runs already; say this before anything else"
        self.changes |= changes

    def settings(self) -> Settings:
        self.read = True
        return Settings(admins=(ADMIN,), **self.changes)


class Site(Protocol):
    """The media site whose catalogue is read."""

    def publish(self, items: Sequence[CatalogItem]) -> None:
        """From now on the site has these titles and no others."""
        ...

    def break_off(self) -> None:
        """From now on nobody can read the site to its end."""
        ...


@define(eq=False)
class ListedSite:
    """A site in memory."""

    source: FakeSource

    def publish(self, items: Sequence[CatalogItem]) -> None:
        self.source.items = tuple(items)

    def break_off(self) -> None:
        self.source.fail_after = 1


@define(eq=False)
class ExportedSite:
    """A site as its CSV export."""

    path: Path

    def publish(self, items: Sequence[CatalogItem]) -> None:
        with self.path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("video_id", "title", "categories", "duration_seconds"))
            for item in items:
                length = "" if item.duration_seconds is None else item.duration_seconds
                rows.writerow((item.video_id, item.title, json.dumps(item.categories), length))

    def break_off(self) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write('half,"a row\n')


@frozen
class Opened:
    """Wired services and the site they read."""

    services: Services
    site: Site


Adapters = Callable[[Settings, Path, System], AbstractAsyncContextManager[Opened]]


@asynccontextmanager
async def in_memory(settings: Settings, directory: Path, system: System) -> AsyncGenerator[Opened, None]:
    """Every port on its adapter in memory."""
    source = FakeSource(name="the media site")
    async with wire_memory(settings, source, system=system) as services:
        yield Opened(services, ListedSite(source))


@asynccontextmanager
async def on_sqlite(settings: Settings, directory: Path, system: System) -> AsyncGenerator[Opened, None]:
    """The embedded default: store and index in SQLite files, the catalogue from an export."""
    export = directory / "export.csv"
    settings = evolve(settings.kept_in(directory / "data"), catalog=CatalogSettings(source=export))
    async with wire_embedded(settings, system=system) as services:
        yield Opened(services, ExportedSite(export))


@define(eq=False)
class Browser:
    """What somebody's browser keeps: the cookies of request and session; and the code its user was sent."""

    address: ClientAddress
    challenge: str | None = None
    session: str | None = None
    code: str | None = None


@define(eq=False)
class World:
    """One scenario's.

    `needed` are the actions behind wishes; `answer` is what the last attempt gave, `told` the refusal that
    was looked at; `ids` and `items` are by title, the items those that the site has now. `regulars` sign in
    when they first do something. `run` is the last one; `sent_before` counts the commands of the bot before
    the latest deed, and `untouched` says whether an attempt left everything as it was.
    """

    services: Services
    site: Site
    clock: ManualClock
    channel: SimulatedChannel
    needed: Mapping[str, Action]
    browsers: dict[str, Browser] = Factory(dict)
    regulars: set[str] = Factory(set)
    ids: dict[str, str] = Factory(dict)
    items: dict[str, CatalogItem] = Factory(dict)
    answer: Any = None
    run: Run | None = None
    told: PlaylistError | None = None
    sent_before: int = 0
    untouched: bool = False
    _refusal: PlaylistError | None = field(default=None, init=False)

    # -- attempts ------------------------------------------------------------------

    async def attempt(self, doing: Awaitable[Any]) -> None:
        """Do something that may be refused; a refusal that no step looks at fails the scenario."""
        before, self._refusal = self._refusal, None
        try:
            self.answer = await doing
        except PlaylistError as exc:
            self.answer, self._refusal = None, exc
        if before is not None:
            raise AssertionError(f"a refusal was overlooked: {before.code}") from before

    def refusal(self) -> PlaylistError:
        """The refusal of the last attempt, looked at herewith."""
        self.told, self._refusal = self._refusal, None
        assert self.told is not None, f"it was not refused, but answered with {self.answer!r}"
        return self.told

    def overlook_nothing(self) -> None:
        """Raise the refusal nobody has looked at, if any."""
        if self._refusal is not None:
            raise self._refusal

    # -- people --------------------------------------------------------------------

    def browser(self, who: str) -> Browser:
        """Somebody's browser, at an address of its own."""
        known = len(self.browsers) + 1
        return self.browsers.setdefault(who, Browser(ClientAddress.parse(f"192.0.2.{known}")))

    async def ask_for_code(self, who: str, *, name: str | None = None) -> None:
        """From somebody's browser, in their own name or another; the code is there when this returns."""
        browser, name = self.browser(who), name or who
        before = len(self.channel.inbox(name))
        sent = await self.services.login.request(name, browser.address, challenge_token=browser.challenge)
        browser.challenge = sent.challenge_token
        received = self.channel.inbox(name)[before:]
        assert len(received) == 1, f"{name} got {len(received)} messages"
        browser.code = _CODE.findall(received[0].text)[0]

    async def enter_code(self, who: str, typed: str, *, name: str | None = None) -> Verified:
        """Type a code in somebody's browser; a new session is that browser's."""
        browser = self.browser(who)
        verified = await self.services.login.verify(
            name or who,
            typed,
            browser.address,
            challenge_token=browser.challenge,
            session_token=browser.session,
        )
        if isinstance(verified, SignedIn):
            browser.session = verified.token
        return verified

    async def sign_in(self, who: str) -> None:
        """The whole way, through the channel."""
        await self.ask_for_code(who)
        verified = await self.enter_code(who, self.browser(who).code or "")
        assert isinstance(verified, SignedIn)

    async def actor(self, who: str, wish: str) -> Actor:
        """What the door of a wish does first: the session, the role of this moment, the decision."""
        if who in self.regulars and self.browser(who).session is None:
            await self.sign_in(who)
        token = self.browser(who).session
        session = await self.services.login.sessions.lookup(token) if token else None
        if session is None:
            raise NotSignedIn("Sign in first.")
        actor = await self.services.access.actor(session)
        allow = self.services.settings.allow_blessed_hard_replace
        decide(actor.role, self.needed[wish], allow_blessed_hard_replace=allow)
        return actor

    @property
    def admin(self) -> Actor:
        """The admin of the config, for what was there before the scenario begins."""
        return Actor(ADMIN, Role.ADMIN)

    # -- titles --------------------------------------------------------------------

    async def catalogue(self, items: Sequence[CatalogItem]) -> None:
        """The site has these titles, and the catalogue knows it."""
        self.publish(items)
        await self.services.library.refreshing.refresh(allow_shrink=True)

    def publish(self, items: Sequence[CatalogItem]) -> None:
        """The site has these titles; the catalogue does not know yet."""
        self.items = {item.title: item for item in items}
        self.ids |= {item.title: item.video_id for item in items}
        self.site.publish(items)

    def urls(self, titles: Sequence[str]) -> tuple[str, ...]:
        """The manifests of titles."""
        template = self.services.settings.manifest_url_template
        return tuple(template.url(self.ids[title]) for title in titles)


def title(text: str, *, seconds: int | None = LENGTH, categories: Sequence[str] = ()) -> CatalogItem:
    """A title of the site whose id nobody needs to see."""
    return CatalogItem(
        video_id=re.sub(r"[^A-Za-z0-9]", "", text),
        title=text,
        categories=tuple(categories),
        duration_seconds=seconds,
    )
