"""How the service is: each dependency by name, as it answers right now."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import define, frozen

from playlist_core.domain.catalog import no_snapshot
from playlist_core.errors import PlaylistError
from playlist_core.ports import CatalogIndex, KVStore, QueueGateway

_ASKED_FOR: Final = "ns/health"  # nobody writes it: what counts is that the bucket answers


@frozen
class Dependency:
    """Whether a dependency answers, and what it said when it did not."""

    ok: bool
    message: str | None = None


@frozen(kw_only=True)
class Condition:
    """All dependencies; without the store nobody can sign in, without the others some things still work."""

    store: Dependency
    catalog: Dependency
    channel: Dependency

    @property
    def ready(self) -> bool:
        """Whether it makes sense to send people here."""
        return self.store.ok

    @property
    def degraded(self) -> bool:
        """Whether something does not work."""
        return not (self.store.ok and self.catalog.ok and self.channel.ok)


@define(eq=False)
class Health:
    """Asks each dependency something cheap; `stores` are all buckets in use, which count as one."""

    stores: Sequence[KVStore]
    index: CatalogIndex
    gateway: QueueGateway

    async def condition(self) -> Condition:
        """Never raises for a dependency that is away."""
        return Condition(
            store=await _asked(self._read_stores),
            catalog=await _asked(self._see_catalog),
            channel=await _asked(self.gateway.snapshot),
        )

    async def _read_stores(self) -> None:
        for store in self.stores:
            await store.get(_ASKED_FOR)

    async def _see_catalog(self) -> None:
        if await self.index.state() is None:
            raise no_snapshot()


async def _asked(question: Callable[[], Awaitable[object]]) -> Dependency:
    try:
        await question()
    except PlaylistError as exc:
        return Dependency(ok=False, message=exc.message)
    return Dependency(ok=True)
