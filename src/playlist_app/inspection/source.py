"""A look at where the catalogue comes from: one cheap question."""

from contextlib import aclosing
from typing import Final

import anyio

from playlist_app.config import Settings
from playlist_app.inspection.findings import Finding, fine, warning
from playlist_core.domain.refresh import ReadProgress
from playlist_core.ports import CatalogSource

SOURCE: Final = "catalogue source"


async def source_findings(settings: Settings, source: CatalogSource | None) -> list[Finding]:
    """Whether the source answers: reading begins, and stops as soon as anything came.

    Raises what the source raises.
    """
    if source is None:
        if settings.catalog.refresh_every is not None:
            return [warning(SOURCE, "catalog.refresh_every is set, but there is no catalog.source to read.")]
        return [fine(SOURCE, "None is set; refresh --source names one.")]
    if not await _answers(source):
        return [warning(SOURCE, f"{source.name} answers, but has no titles.")]
    return [fine(SOURCE, f"{source.name} answers.")]


async def _answers(source: CatalogSource) -> bool:
    came = False
    with anyio.CancelScope() as reading:

        def tell(progress: ReadProgress) -> None:
            nonlocal came
            if progress.done or progress.expected:
                came = True
                reading.cancel()

        async with aclosing(source.iter_catalog_items(tell)) as items:
            async for _ in items:
                came = True
                break
    return came
