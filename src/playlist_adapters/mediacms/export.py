"""A catalogue from an export file: CSV, or the JSON of Django's dumpdata."""

import re
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread
from attrs import define, field

from playlist_adapters.mediacms.csv_export import read_csv
from playlist_adapters.mediacms.dumpdata import read_dumpdata
from playlist_adapters.mediacms.intake import Spot
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress

BATCH = 500
"""Items a trip to the thread brings back: a few milliseconds of parsing."""

_SNIFFED = 4096
_BOM = b"\xef\xbb\xbf"
_SURROGATES = re.compile("[\ud800-\udfff]")


@define(eq=False)
class ExportSource:
    """`CatalogSource` over a file: with `[` or `{` as its first character JSON, otherwise CSV.

    Items come in the order of the file while it is read; it may turn out broken at its very last line, so
    nothing counts before the iteration has ended by itself. A file that is missing, no file, or not as
    `read_csv` or `read_dumpdata` want it raises InvalidInput.
    `media_base_url` (the site, such as `https://videos.example`) turns thumbnail paths of a dump into URLs.
    """

    path: Path
    media_base_url: str | None = field(default=None, kw_only=True)

    @property
    def name(self) -> str:
        return f"export {self._file}"

    @property
    def _file(self) -> str:
        """The name of the file as text: bytes that are not UTF-8 could be neither stored nor sent."""
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", self.path.name)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        with closing(self._items()) as items:
            while batch := await anyio.to_thread.run_sync(_batch, items):
                for item in batch:
                    yield item

    def _items(self) -> Generator[CatalogItem, None, None]:
        spot = Spot(file=self._file)
        try:
            if not self.path.is_file():
                raise spot.fault(
                    "is a directory, not a file" if self.path.is_dir() else "there is no such file"
                )
            with self.path.open("rb") as file:
                yield from self._parsed(file)
        except OSError as exc:
            raise spot.fault(f"cannot be read: {exc.strerror or exc}") from exc

    def _parsed(self, file: BinaryIO) -> Iterator[CatalogItem]:
        start = file.read(_SNIFFED).removeprefix(_BOM).lstrip()
        file.seek(0)
        if start[:1] in (b"[", b"{"):
            return read_dumpdata(file, name=self._file, media_base_url=self.media_base_url)
        return read_csv(file, name=self._file)


def _batch(items: Iterator[CatalogItem]) -> list[CatalogItem]:
    return list(islice(items, BATCH))
