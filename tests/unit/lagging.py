"""A bucket at whose copy one can glance: as old as the contract lets it be, a second."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from attrs import define, field

from playlist_adapters.testing.time import ManualClock
from playlist_core.ports import Entry, KVStore, Watch
from playlist_core.services.documents import Documents


@define(eq=False)
class LaggingKV:
    """A `KVStore` over another one whose `glance` answers from a copy, taken anew once it is a second old."""

    store: KVStore
    clock: ManualClock
    _copy: dict[str, Entry] = field(factory=dict, init=False)
    _taken_at: float | None = field(default=None, init=False)

    async def catch_up(self) -> None:
        """Take the copy now: what happens from here on is not seen at a glance for a second."""
        self._copy = {entry.key: entry for entry in await self.store.entries()}
        self._taken_at = self.clock.monotonic()

    async def glance(self, key: str) -> Entry | None:
        if self._taken_at is None or self.clock.monotonic() - self._taken_at >= 1:
            await self.catch_up()
        return self._copy.get(key)

    async def get(self, key: str) -> Entry | None:
        return await self.store.get(key)

    async def create(self, key: str, value: bytes) -> int:
        return await self.store.create(key, value)

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        return await self.store.update(key, value, revision=revision)

    async def delete(self, key: str, *, revision: int) -> None:
        await self.store.delete(key, revision=revision)

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        return await self.store.entries(prefix)

    def watch(self) -> AbstractAsyncContextManager[Watch]:
        return self.store.watch()

    async def incarnation(self) -> str:
        return await self.store.incarnation()


def make_lag(documents: Documents, clock: ManualClock) -> LaggingKV:
    """Let a service's documents be in such a bucket from now on."""
    lagging = LaggingKV(documents.store, clock)
    documents.store = lagging
    return lagging
