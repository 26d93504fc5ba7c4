"""Category names as people type them: one that does not exist is told, with the nearest that does."""

from collections.abc import Iterable
from difflib import get_close_matches

from playlist_core.errors import InvalidInput
from playlist_core.services.catalog import Catalog


async def check_categories(catalog: Catalog, names: Iterable[str]) -> None:
    """Raises InvalidInput for the first name that is no category of the catalogue."""
    wanted = list(names)
    if not wanted:
        return
    _, counts = await catalog.categories()
    for name in wanted:
        if name not in counts:
            near = get_close_matches(name, counts, n=1, cutoff=0.0)
            help_ = f"; the nearest is “{near[0]}”" if near else "; this catalogue has none"
            raise InvalidInput.of("category", f"there is no “{name}”{help_}")
