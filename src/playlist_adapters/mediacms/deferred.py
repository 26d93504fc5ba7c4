"""A catalogue source that is made when it is first wanted: what only searches need not load what connects."""

from collections.abc import AsyncGenerator, Callable

from attrs import define, field

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress
from playlist_core.ports import CatalogSource


@define(eq=False)
class DeferredSource:
    """`CatalogSource` that passes everything on to the one that `make` returns."""

    make: Callable[[], CatalogSource]
    _made: CatalogSource | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        return self._source().name

    def iter_catalog_items(self, tell: TellProgress = ignore_progress) -> AsyncGenerator[CatalogItem, None]:
        return self._source().iter_catalog_items(tell)

    def _source(self) -> CatalogSource:
        if self._made is None:
            self._made = self.make()
        return self._made
