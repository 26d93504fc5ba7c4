"""Pages of a search as ready JSON: the answer people wait for while they type."""

from collections.abc import Callable
from functools import lru_cache

import orjson
from attrs import Factory, define, field

from playlist_app.shapes.catalog import correction, item_view
from playlist_app.shapes.codec import wire
from playlist_core.domain.catalog import CatalogItem, SearchPage
from playlist_core.domain.manifest import ManifestTemplate

# More titles than most catalogues have; about a kilobyte each.
_KEPT = 16_384


@define(eq=False)
class Rows:
    """Makes the JSON of a title once and keeps it while it is asked for (DESIGN decision 8)."""

    manifests: ManifestTemplate
    _row: Callable[[CatalogItem], orjson.Fragment] = field(
        default=Factory(lambda self: lru_cache(_KEPT)(self._made), takes_self=True), init=False
    )

    def answer(self, page: SearchPage, text: str) -> bytes:
        """A `SearchAnswer` as JSON; `text` is what was asked for."""
        return orjson.dumps(
            {
                "snapshot_id": page.snapshot_id,
                "items": list(map(self._row, page.items)),
                "total": page.total,
                "corrected": correction(page, text),
            }
        )

    def _made(self, item: CatalogItem) -> orjson.Fragment:
        return orjson.Fragment(orjson.dumps(wire.unstructure(item_view(item, self.manifests))))
