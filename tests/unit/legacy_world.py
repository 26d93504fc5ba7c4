"""Buckets as the earlier service has left them, and processes that migrate them."""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from attrs import astuple, define, field

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import EPOCH, ManualClock, SeededRandomness
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.playlists import Playlist
from playlist_core.ports import Buckets
from playlist_core.services.migrating import Migrating, Migration

DATA = Path(__file__).parent.parent / "data" / "legacy"
WRITTEN: Mapping[str, Any] = json.loads((DATA / "written-by-0.3.2.json").read_text())
"""What version 0.3.2 itself wrote into a real nats-server, by bucket and key."""
OVER_OURS: Mapping[str, Any] = json.loads((DATA / "0.3.2-over-ours.json").read_text())
"""What it made of two playlists of ours: one renamed, one with other items."""

PLAYLISTS = "ns/default/playlists/"
INDEX = PLAYLISTS + "index"


class Killed(Exception):
    """The process is gone in the middle of what it did."""


def old_playlist(playlist_id: str, name: str = "Night", **more: Any) -> dict[str, Any]:
    """A document as 0.3.2 writes it: of Bob, shared, with two items."""
    return {
        "playlist_id": playlist_id,
        "name": name,
        "visibility": "shared",
        "owner": "Bob",
        "items": [{"video_id": "a"}, {"video_id": "b"}],
        "forked_from": None,
        "created_by": "Bob",
        "created_at": "2025-12-18T12:34:56.000001+00:00",
        "updated_at": "2025-12-19T12:34:56.000001+00:00",
        "schema_version": 2,
        **more,
    }


def new_playlist(playlist_id: str, name: str = "Night") -> Playlist:
    """An empty one of ours, by Erin."""
    return Playlist(
        playlist_id=playlist_id,
        name=name,
        version=1,
        items=(),
        created_by="Erin",
        created_at=EPOCH,
        updated_by="Erin",
        updated_at=EPOCH,
    )


def index_of(*documents: Mapping[str, Any]) -> dict[str, Any]:
    """The index that lists them."""
    shown = ("name", "visibility", "owner", "created_by", "created_at", "updated_at")
    entries = {
        each["playlist_id"]: {key: each[key] for key in shown} | {"item_count": len(each["items"])}
        for each in documents
    }
    return {"playlists": entries, "schema_version": 2}


@define(eq=False)
class OldHouse:
    """The buckets; `steps` counts the operations on them."""

    buckets: Buckets = field(
        factory=lambda: Buckets(
            **{name: MemoryKV() for name in ("auth", "acl", "playlists", "history", "snapshot", "analytics")}
        )
    )
    index: MemoryIndex = field(factory=MemoryIndex)
    clock: ManualClock = field(factory=ManualClock)
    steps: int = 0
    processes: int = 0

    @property
    def playlists(self) -> MemoryKV:
        return self.buckets.playlists

    @property
    def stores(self) -> tuple[MemoryKV, ...]:
        return astuple(self.buckets, recurse=False)

    async def put(self, store: MemoryKV, key: str, plain: Any) -> None:
        """Write as the earlier service does: over whatever stands there."""
        value = plain if isinstance(plain, bytes) else json.dumps(plain).encode()
        seen = await store.get(key)
        if seen is None:
            await store.create(key, value)
        else:
            await store.update(key, value, revision=seen.revision)

    async def fill(self, written: Mapping[str, Any]) -> "OldHouse":
        """Everything of a recording, as far as we have such buckets."""
        for bucket, documents in written.items():
            store = getattr(self.buckets, bucket.removeprefix("kryten_playlist_"), None)
            for key, plain in documents.items():
                if store is not None:
                    await self.put(store, key, plain)
        return self

    async def hold(self, *documents: Mapping[str, Any], listed: bool = True) -> "OldHouse":
        """Old playlists, with an index that lists them unless told."""
        for each in documents:
            await self.put(self.playlists, PLAYLISTS + each["playlist_id"], each)
        if listed:
            await self.put(self.playlists, INDEX, index_of(*documents))
        return self

    async def know(self, *video_ids: str) -> None:
        """A catalogue with these titles, each ten minutes long."""
        async with self.index.rebuild("s", source="test", created_at=self.clock.now()) as writer:
            await writer.add(
                [
                    CatalogItem(video_id=each, title=f"Film {each}.mp4", duration_seconds=600)
                    for each in video_ids
                ]
            )

    def process(self) -> Migrating:
        """A process that has just started; no two make the same ids."""
        self.processes += 1
        return Migrating.over(
            self.buckets,
            self.index,
            namespace="default",
            clock=self.clock,
            randomness=SeededRandomness(Random(self.processes)),
        )

    async def migrate(self, *, apply: bool = True, include_private: bool = False) -> Migration:
        return await self.process().run(apply=apply, include_private=include_private)

    async def living(self) -> dict[str, Playlist]:
        """Our playlists by id, as any service reads them."""
        seen = [each.value for each in await self.process().playlists.records.all()]
        return {each.playlist_id: each for each in seen if isinstance(each, Playlist)}

    async def revisions(self) -> list[tuple[str, bytes, int]]:
        """Everything there is, with its revision."""
        return [
            (entry.key, entry.value, entry.revision)
            for store in self.stores
            for entry in await store.entries()
        ]

    async def contents(self) -> dict[str, Any]:
        """What every document says, without what depends on the way there."""
        found: dict[str, Any] = {}
        for store in self.stores:
            for entry in await store.entries():
                plain = json.loads(entry.value)
                if isinstance(plain, dict):
                    plain = {key: plain[key] for key in plain if key not in ("ops", "claimed_at")}
                found[entry.key] = plain
        return found


def told(migration: Migration) -> list[tuple[str, str, str]]:
    """Of each finding its fate, its name, and the new name or else the reasons."""
    return [(each.fate, each.name, each.new_name or "; ".join(each.why)) for each in migration.findings]
