"""Replicas of the catalogue over one shared store, each with an index and a source of its own."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from random import Random

import anyio
from attrs import define, field

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.compose import Parts, compose_library
from playlist_app.config import Settings
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress
from playlist_core.domain.sharing import CurrentNote, SnapshotNote
from playlist_core.ports import Buckets, KVStore, Spawn
from playlist_core.services.documents import Documents
from playlist_core.services.following import Following
from playlist_core.services.parts import SnapshotPart
from playlist_core.services.refreshing import Refreshing
from playlist_core.services.snapshots import SharedSnapshots
from tests.unit.cinema import catalogue


@define(eq=False)
class WaitingSource:
    """A source that stops in the middle until it is let go."""

    items: Sequence[CatalogItem]
    name: str = "waiting"
    reached: anyio.Event = field(factory=anyio.Event)
    go_on: anyio.Event = field(factory=anyio.Event)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        yield self.items[0]
        self.reached.set()
        await self.go_on.wait()
        for item in self.items[1:]:
            yield item


@define(eq=False)
class Replica:
    """One process; titles are single letters."""

    refreshing: Refreshing
    following: Following
    index: MemoryIndex
    source: FakeSource
    clock: ManualClock

    def site_has(self, titles: str) -> None:
        self.source.items = catalogue(titles)

    async def refresh(self, titles: str = "", **choice: bool) -> str:
        """Refresh, from these titles if any are given; the id of the snapshot."""
        if titles:
            self.site_has(titles)
        return (await self.refreshing.refresh(**choice)).snapshot_id or ""

    async def has(self) -> tuple[str, str]:
        """The id of the snapshot here and its titles."""
        info = await self.index.state()
        assert info is not None
        async with aclosing(self.index.items()) as batches:
            return info.snapshot_id, "".join([item.video_id async for batch in batches for item in batch])


def replica(
    store: KVStore,
    spawn: Spawn,
    *,
    clock: ManualClock,
    titles: str = "abcdefghij",
    index: MemoryIndex | None = None,
    name: str = "a",
) -> Replica:
    """A process that has just started, with an `index` from before if there is one; random by its name."""
    own, source, index = MemoryKV(), FakeSource(catalogue(titles)), index or MemoryIndex()
    library = compose_library(
        Settings(),
        Parts(
            clock=clock,
            randomness=SeededRandomness(Random(name)),
            buckets=Buckets(auth=own, acl=own, playlists=own, history=own, snapshot=store, analytics=own),
            index=index,
            source=source,
            spawn=spawn,
        ),
    )
    return Replica(library.refreshing, library.following, index, source, clock)


def shared_snapshots(store: KVStore) -> SharedSnapshots:
    """What a new replica would read."""
    ports = {"clock": ManualClock(), "randomness": SeededRandomness()}
    return SharedSnapshots(
        Documents(store, ("ns", "default"), kind=CurrentNote, **ports),
        Documents(store, ("ns", "default"), kind=SnapshotNote, **ports),
        Documents(store, ("ns", "default"), kind=SnapshotPart, **ports),
    )


async def rebuilt(store: KVStore) -> tuple[str, str] | None:
    """The snapshot that `current` names, built from its parts; None where there is none.

    Raises what a replica would meet that cannot build it.
    """
    shared = shared_snapshots(store)
    note = await shared.current()
    if note is None:
        return None
    assert note.rebuildable
    found: list[CatalogItem] = []
    async with aclosing(shared.items_of(note)) as batches:
        async for batch in batches:
            found.extend(batch)
    return note.snapshot_id, "".join(item.video_id for item in found)


async def keys(store: KVStore) -> Sequence[str]:
    """What is in the store, without the namespace in front."""
    return [entry.key.removeprefix("ns/default/") for entry in await store.entries()]
