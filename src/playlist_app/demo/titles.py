"""What the demo's media site answers for a manifest: the titles of the current snapshot."""

from typing import Final

from attrs import define, field

from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.errors import Unavailable
from playlist_core.services.catalog import Catalog

_PAGE: Final = 200


@define(eq=False)
class DemoTitles:
    """Title and length of every manifest the simulated site has; an unknown length counts as 0."""

    manifests: ManifestTemplate
    _known: dict[str, tuple[str, int]] = field(factory=dict[str, tuple[str, int]], init=False)

    def look_up(self, media_id: str) -> tuple[str, int] | None:
        """(title, seconds), or None for a manifest that is not there."""
        return self._known.get(media_id)

    async def follow(self, catalog: Catalog) -> None:
        """Learn the titles of the catalogue, now if it has any, and after each refresh."""
        catalog.refreshed = lambda: self._load(catalog)
        try:
            await self._load(catalog)
        except Unavailable:
            return  # the first refresh will tell

    async def _load(self, catalog: Catalog) -> None:
        known: dict[str, tuple[str, int]] = {}
        snapshot_id: str | None = None
        while True:
            page = await catalog.search("", limit=_PAGE, offset=len(known), snapshot_id=snapshot_id)
            snapshot_id = page.snapshot_id
            for item in page.items:
                known[self.manifests.url(item.video_id)] = (item.title, item.duration_seconds or 0)
            if not page.items or len(known) >= page.total:
                self._known = known
                return
