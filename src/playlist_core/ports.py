"""The roles the core needs played: each Protocol states its duties and its failures.

IO is async; the current time and randomness are sync. Any port method that reaches outside may raise
`Unavailable` (nothing happened) and any that changes something `OutcomeUnknown` (it may have).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from attrs import frozen

from playlist_core.domain.catalog import CatalogItem, SearchPage, SearchQuery, SnapshotInfo
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot
from playlist_core.domain.refresh import TellProgress, ignore_progress

# Starts work beside the asking task; what escapes from it is a bug and ends the process.
Spawn = Callable[[Callable[[], Coroutine[Any, Any, None]]], object]


class Clock(Protocol):
    """Time: of day, elapsed, and waiting for it to pass."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, for leases and back-off."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed on this clock."""
        ...


class Randomness(Protocol):
    """Every random choice, so that tests can make them."""

    def code(self) -> str:
        """A one-time code: 8 characters of `login.CODE_ALPHABET`, unguessable."""
        ...

    def token(self) -> str:
        """An unguessable token of 256 bits, URL-safe."""
        ...

    def seed(self) -> str:
        """A short seed for a shuffle, pleasant to read and to type again."""
        ...

    def identifier(self) -> str:
        """A new id that no replica will ever make again: `[a-z0-9]`, sortable by nothing."""
        ...

    def fraction(self) -> float:
        """A number in [0, 1) for jitter."""
        ...


@frozen
class Entry:
    """A value as stored, with the revision a conditional write must name."""

    key: str
    value: bytes
    revision: int


@frozen
class Changed:
    """A key has this value now, or none: None says it was deleted, and that revision names no entry."""

    key: str
    value: bytes | None
    revision: int


@frozen
class Whole:
    """Everything that was in the bucket has been told; from here on it is news."""


@frozen
class Reset:
    """The connection was lost, or the bucket made anew: what was told is void, all follows again."""


Change = Changed | Whole | Reset


class Watch(Protocol):
    """The changes of a bucket, for one reader; how they come is told by `KVStore.watch`."""

    def __aiter__(self) -> AsyncIterator[Change]: ...

    async def __anext__(self) -> Change: ...

    async def caught_up(self) -> None:
        """Return when what the bucket held at this call has been told and the reader has asked for more.

        For another task than the reader's. Raises Unavailable when the store cannot be reached.
        """
        ...


class KVStore(Protocol):
    """One bucket. Revisions are positive and strictly increasing in the bucket: across keys, deletions
    and restarts. There is no put: a lost update cannot be written.

    Keys are 1 to 2,048 characters of `A-Za-z0-9-_/=.`, neither beginning nor ending with a dot, no two
    dots together; anything else, a prefix that no key begins with included, raises InvalidInput before it
    reaches the store. Values over 1 MiB raise TooLarge.
    """

    async def get(self, key: str) -> Entry | None: ...

    async def glance(self, key: str) -> Entry | None:
        """What `get` would have answered at some moment of the last second; cheap, for what decides nothing.

        For reads that are made again and again (sessions, roles). What changes something asks `get`.
        """
        ...

    async def create(self, key: str, value: bytes) -> int:
        """Store under a key that does not exist and return the revision; Conflict if it exists."""
        ...

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        """Replace the value of that revision; Conflict if stale or absent, InvalidInput below 1."""
        ...

    async def delete(self, key: str, *, revision: int) -> None:
        """Remove the value of that revision; Conflict if absent or stale, InvalidInput below 1."""
        ...

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        """All entries whose key starts with `prefix`, by key.

        At least as new as the call, but no cut across keys.
        """
        ...

    def watch(self) -> AbstractAsyncContextManager[Watch]:
        """The bucket's life: first all that is there, in no order, then `Whole`, then changes as they come.

        A value may come twice and one that was soon replaced not at all, but a key never goes back to an
        older revision, and the latest always comes. After an outage: `Reset`, all again, `Whole`. Whoever is
        slow holds nobody up. Entering raises Unavailable when the store cannot be reached; an open watch
        sits an outage out, and raises Unavailable only when the store is closed.
        """
        ...

    async def incarnation(self) -> str:
        """The store's life: revisions of different incarnations are never compared."""
        ...


class IndexWriter(Protocol):
    """A snapshot being built; nobody sees it before the context it came from exits cleanly."""

    async def add(self, items: Sequence[CatalogItem]) -> None:
        """Append items; of two with one `video_id` the later wins."""
        ...

    def count(self) -> int:
        """How many distinct items were added so far."""
        ...


class CatalogIndex(Protocol):
    """One searchable snapshot of the catalogue, replaced as a whole.

    `SearchQuery` is the only definition of what matches and in which order; every adapter agrees with it.
    Before the first snapshot every read raises Unavailable with code `no_snapshot`.
    """

    async def search(
        self, query: SearchQuery, *, limit: int, offset: int, snapshot_id: str | None = None
    ) -> SearchPage:
        """A page of matches in rank order with the exact total.

        A `snapshot_id` that is no longer kept is answered from the current one; the page names the one used.
        """
        ...

    async def get_many(self, video_ids: Collection[str]) -> Mapping[str, CatalogItem]:
        """Those of the ids that the current snapshot holds."""
        ...

    async def categories(self) -> Mapping[str, int]:
        """Category names as stored, in natural order, with their numbers of items."""
        ...

    async def state(self) -> SnapshotInfo | None:
        """The current snapshot, or None before the first."""
        ...

    def items(self) -> AsyncGenerator[Sequence[CatalogItem], None]:
        """Every item in natural order, in batches of 1 to 500; a generator, to be closed with `aclosing`.

        It is the snapshot that is current when the first batch is asked for, also when a rebuild swaps
        meanwhile: all of it, or Unavailable `snapshot_gone` when it is kept no longer.
        """
        ...

    def rebuild(
        self, snapshot_id: str, *, source: str, created_at: datetime
    ) -> AbstractAsyncContextManager[IndexWriter]:
        """Build a new snapshot beside the current one; swapped atomically on clean exit only."""
        ...


class CatalogSource(Protocol):
    """A way to read the whole catalogue of a MediaCMS site (spec: catalog-refresh 4.1)."""

    @property
    def name(self) -> str:
        """What an administrator recognises, without credentials."""
        ...

    def iter_catalog_items(self, tell: TellProgress = ignore_progress) -> AsyncGenerator[CatalogItem, None]:
        """Every item once; an async generator, to be closed with `aclosing`.

        `tell` hears how far a source is that works long before its first item comes, or knows how many will.
        Raises InvalidInput (with the place) for a source that cannot be understood, Unavailable for one that
        cannot be reached or does not hold still: never half a catalogue.
        """
        ...


class QueueGateway(Protocol):
    """The channel's queue. Each command returns when the channel's own events have confirmed it.

    A refusal raises QueueRefused with its reason; a uid that is not there any more, or a channel that stays
    silent, raises OutcomeUnknown: look again;
    a channel that is away raises ChannelUnavailable and nothing was sent.

    `generation` is that of the snapshot which showed the uids: after a shuffle or a reload the same number
    is another item, so a command of an older generation is never sent and raises OutcomeUnknown.
    """

    async def snapshot(self) -> QueueSnapshot: ...

    async def add(self, media_url: str, *, position: Position, temp: bool) -> QueueItem:
        """Queue a custom manifest and return the item as the channel took it."""
        ...

    async def move(self, uid: int, *, after: int | None, generation: int) -> None:
        """Put an item behind another one; None means to the front of the list."""
        ...

    async def remove(self, uid: int, *, generation: int) -> None: ...

    async def set_temp(self, uid: int, *, temp: bool, generation: int) -> None: ...

    async def jump(self, uid: int, *, generation: int) -> None:
        """Put an item on the air now; a temp item that was playing disappears."""
        ...


class PMSender(Protocol):
    """Private messages of the channel's bot."""

    async def send(self, to: Username, text: str) -> None:
        """Return when delivery is confirmed; Undeliverable when the user is not in the channel.

        One line of 1 to 320 characters, else InvalidInput; it arrives HTML-escaped, as CyTube sends it.
        """
        ...


@frozen
class ChannelUser:
    """Somebody in the channel: the name as CyTube spells it and the CyTube rank."""

    name: Username
    rank: float


class UserDirectory(Protocol):
    """Who is in the channel right now."""

    async def present(self, name: Username) -> ChannelUser | None: ...


@frozen(kw_only=True)
class Play:
    """An item that has really started: not what a join shows, nor what is sent again.

    `play_id` is the same on every replica that heard of it. `at` is the channel's time, aware, in UTC.
    """

    play_id: str
    at: datetime
    media_id: str
    media_type: str
    title: str
    seconds: int


class PlayFeed(Protocol):
    """What starts in the channel."""

    def plays(self) -> AbstractAsyncContextManager[AsyncIterator[Play]]:
        """Every play from now on, in order; those that start while the channel is away are not told."""
        ...


@frozen(kw_only=True)
class Buckets:
    """The buckets of CONTRACTS section 3 that the main job uses, each a `KVStore`."""

    auth: KVStore
    acl: KVStore
    playlists: KVStore
    history: KVStore
    snapshot: KVStore
    analytics: KVStore
