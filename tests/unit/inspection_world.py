"""Whom `config check` asks, scripted: in order unless a test says otherwise."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from anyio.lowlevel import checkpoint
from attrs import Factory, define, field, frozen

from playlist_adapters.looks import BucketFacts, JetStreamFacts, RobotFacts
from playlist_adapters.nats_connecting import ServerFacts
from playlist_app.config import Settings
from playlist_app.inspection import Finding, Peers, checks_of, findings_of
from playlist_app.inspection.web import Bind
from playlist_core.domain.catalog import CatalogItem, SnapshotInfo
from playlist_core.domain.refresh import ReadProgress, TellProgress, ignore_progress
from playlist_core.errors import Unavailable
from playlist_core.ports import CatalogSource

SERVER = ServerFacts(address="127.0.0.1:4222", name="n1", version="2.15.1", cluster=None, tls=False)
BUCKET = BucketFacts(values=1234, replicas=1, ttl_seconds=0, max_value_bytes=1 << 20)
BUCKETS = ("kryten_playlist_auth", "kryten_playlist_acl")
ACCOUNT = JetStreamFacts(streams=7, max_streams=None)
ROBOT = RobotFacts(
    version="1.12.6",
    domain="cytu.be",
    channel="Movies",
    takes_commands=True,
    connected=True,
    since="2026-11-20T09:45:44+00:00",
    bot="KrytenBot",
    rank=3,
)
SNAPSHOT = SnapshotInfo(
    snapshot_id="s",
    source="export films.csv",
    created_at=datetime(2026, 11, 20, 9, 45, tzinfo=UTC),
    item_count=4000,
    category_count=12,
)
WITH_NATS = Settings(nats_url="nats://127.0.0.1:4222")


def told(found: Sequence[Finding], name: str) -> tuple[str, str]:
    """The one line about a thing: its verdict and its sentence."""
    [line] = [(each.verdict.value, each.sentence) for each in found if each.name == name]
    return line


@define(eq=False)
class Nats:
    """A server that answers what it was given; an exception among the answers is raised."""

    server: ServerFacts = SERVER
    max_payload: int = 1 << 20
    account: JetStreamFacts | Unavailable = ACCOUNT
    buckets: Mapping[str, BucketFacts | Unavailable] = Factory(dict)
    robots: RobotFacts | Unavailable = ROBOT
    away: Exception | None = None

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator["Nats", None]:
        if self.away is not None:
            raise self.away
        yield self

    async def jetstream(self) -> JetStreamFacts:
        return answered(self.account)

    async def bucket(self, name: str) -> BucketFacts | None:
        return answered(self.buckets[name]) if name in self.buckets else None

    async def robot(self) -> RobotFacts:
        return answered(self.robots)


def answered(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


@define(eq=False)
class Source:
    """A source that takes these steps: progress is told, items come, an exception is raised."""

    steps: Sequence[ReadProgress | CatalogItem | Exception] = ()
    name: str = "MediaCMS videos.example"
    reached: int = field(default=0, init=False)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        for step in self.steps:
            await checkpoint()
            self.reached += 1
            if isinstance(step, ReadProgress):
                tell(step)
            elif isinstance(step, Exception):
                raise step
            else:
                yield step


@frozen(kw_only=True)
class World:
    """Peers of a service that is not running, everything in order, unless a test says otherwise."""

    settings: Settings = WITH_NATS
    nats: Nats = Factory(Nats)
    index: SnapshotInfo | Unavailable = SNAPSHOT
    source: CatalogSource | None = None
    holder: Callable[[], int | None] = lambda: None
    bind: Bind = lambda host, port: nullcontext()

    async def look(self) -> list[Finding]:
        async def index() -> SnapshotInfo:
            return answered(self.index)

        peers = Peers(
            holder=self.holder,
            index=index,
            source=self.source,
            nats=None if self.settings.nats is None else self.nats.connect,
            buckets=BUCKETS,
        )
        return await findings_of(checks_of(self.settings, peers, bind=self.bind))
