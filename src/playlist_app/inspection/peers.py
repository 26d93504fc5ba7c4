"""What the checks ask, and of whom: wiring hands them over, a test brings its own."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from attrs import frozen

from playlist_core.domain.catalog import SnapshotInfo
from playlist_core.ports import CatalogSource


class Server(Protocol):
    """A NATS server; `name` may be empty, `cluster` is None for one that stands alone."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def cluster(self) -> str | None: ...
    @property
    def tls(self) -> bool: ...


class JetStream(Protocol):
    """What our account at NATS keeps; `max_streams` is None without limit."""

    @property
    def streams(self) -> int: ...
    @property
    def max_streams(self) -> int | None: ...


class Bucket(Protocol):
    """A bucket that is there; `ttl_seconds` is 0 if nothing expires, `max_value_bytes` None without limit."""

    @property
    def values(self) -> int: ...
    @property
    def replicas(self) -> int: ...
    @property
    def ttl_seconds(self) -> float: ...
    @property
    def max_value_bytes(self) -> int | None: ...


class Robot(Protocol):
    """What the robot says of itself; `since` is ISO 8601, `rank` None while the bot is no user there."""

    @property
    def version(self) -> str: ...
    @property
    def domain(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def takes_commands(self) -> bool: ...
    @property
    def connected(self) -> bool: ...
    @property
    def since(self) -> str | None: ...
    @property
    def bot(self) -> str: ...
    @property
    def rank(self) -> float | None: ...


class NatsLook(Protocol):
    """A connection to NATS and what can be asked through it; every question may raise Unavailable."""

    @property
    def server(self) -> Server: ...
    @property
    def max_payload(self) -> int:
        """The bytes a message may have."""
        ...

    async def jetstream(self) -> JetStream: ...

    async def bucket(self, name: str) -> Bucket | None:
        """None where there is no such bucket."""
        ...

    async def robot(self) -> Robot: ...


@frozen(kw_only=True)
class Peers:
    """Whom the settings name.

    `holder` tells the process that has the data directory, if any; `index` what is in the index file, or
    raises Unavailable; `nats` connects, or raises Unavailable or InvalidInput, None without an address;
    `buckets` are the names of ours.
    """

    holder: Callable[[], int | None]
    index: Callable[[], Awaitable[SnapshotInfo]]
    source: CatalogSource | None
    nats: Callable[[], AbstractAsyncContextManager[NatsLook]] | None
    buckets: Sequence[str]
