"""A catalogue source that does what a test has written down."""

from collections.abc import AsyncGenerator, Sequence

import anyio.lowlevel
from attrs import define, field

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress, TellProgress, ignore_progress
from playlist_core.errors import InvalidInput, PlaylistError


@define(eq=False)
class FakeSource:
    """A `CatalogSource` that yields the items and, with `fail_after`, raises `failure` behind that many."""

    items: Sequence[CatalogItem] = ()
    name: str = field(default="fake", kw_only=True)
    fail_after: int | None = field(default=None, kw_only=True)
    failure: PlaylistError = field(
        factory=lambda: InvalidInput.of("source", "broken on purpose"), kw_only=True
    )

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        """Every item with a chance for other tasks before it, as a source that does IO would give."""
        tell(ReadProgress(step="titles", done=0, expected=len(self.items)))
        for index, item in enumerate(self.items):
            if index == self.fail_after:
                raise self.failure
            await anyio.lowlevel.checkpoint()
            yield item
        if self.fail_after is not None and self.fail_after >= len(self.items):
            raise self.failure
