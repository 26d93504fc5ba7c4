"""Where documents are kept: buckets of keys with revisions, and what happens to them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from attrs import frozen


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


@frozen(kw_only=True)
class Buckets:
    """The buckets of CONTRACTS section 3 that the main job uses, each a `KVStore`."""

    auth: KVStore
    acl: KVStore
    playlists: KVStore
    history: KVStore
    snapshot: KVStore
    analytics: KVStore
