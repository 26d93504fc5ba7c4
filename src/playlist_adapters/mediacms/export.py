"""A catalogue from an export file: CSV, JSON lines, or the JSON of Django's dumpdata."""

import os
import re
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

import anyio.to_thread
from attrs import define, field

from playlist_adapters.mediacms.csv_export import read_csv
from playlist_adapters.mediacms.dumpdata import read_dumpdata
from playlist_adapters.mediacms.formats import Format, format_of
from playlist_adapters.mediacms.intake import ByteStream, Spot
from playlist_adapters.mediacms.jsonl_export import read_jsonl
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress, TellProgress, ignore_progress
from playlist_core.errors import InvalidInput

BATCH: Final = 500
BATCH_BYTES: Final = 1 << 20
"""What a trip to the thread brings back at most: some milliseconds of parsing."""

_SUFFIXES: Final = (".csv", ".json", ".jsonl", ".ndjson")
_SITE: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(\.[A-Za-z0-9-]+|:[0-9]+)")
"""A path that could have been meant as the name of a host, perhaps with a port."""
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

Batch = tuple[list[CatalogItem], ReadProgress]


@define(eq=False)
class ExportSource:
    """`CatalogSource` over a file in one of the formats that `format_of` tells apart.

    Items come in the order of the file while it is read; it may turn out broken at its very last line, so
    nothing counts before the iteration has ended by itself. Progress is told in bytes; dumpdata, which is
    read twice, is done with half of them when the first reading ends. A file that is missing, no file, or not
    as its reader wants it raises InvalidInput, which keeps nothing of what was read. `media_base_url` (the
    site, such as `https://videos.example`) turns thumbnail paths of a dump into URLs.
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
        with closing(self._batches()) as batches:
            while (batch := await anyio.to_thread.run_sync(next, batches, None)) is not None:
                items, progress = batch
                tell(progress)
                for item in items:
                    yield item

    def _batches(self) -> Generator[Batch, None, None]:
        spot = Spot(file=self._file)
        try:
            if not self.path.is_file():
                raise spot.fault(self._no_file())
            with self.path.open("rb") as file:
                yield from self._read(file, os.fstat(file.fileno()).st_size)
        # The frames below hold what was read, and an export may hold passwords: no error keeps them.
        except OSError as exc:
            raise spot.fault(f"cannot be read: {exc.strerror or exc}") from exc.with_traceback(None)
        except InvalidInput as exc:
            raise exc.with_traceback(None) from None

    def _no_file(self) -> str:
        """What is the matter with a path that is no file's."""
        if self.path.is_dir():
            return "is a directory, not a file"
        if self.path.exists():
            return "is not a regular file; write it to a file first"
        is_site = _SITE.fullmatch(str(self.path)) and self.path.suffix.lower() not in _SUFFIXES
        return "there is no such file" + ("; if it is a site, write https:// before it" if is_site else "")

    def _read(self, file: BinaryIO, size: int) -> Iterator[Batch]:
        kind = format_of(file, self._file)
        passes = 2 if kind is Format.DUMPDATA else 1
        counted = CountedFile(file)
        elements = self._elements(kind, counted)
        while batch := _batch(elements, counted):
            # A file that is still being written may turn out larger than it was.
            done = min(counted.count // passes, size)
            progress = ReadProgress(step="bytes", done=done, expected=size)
            yield [item for item in batch if item is not None], progress

    def _elements(self, kind: Format, file: ByteStream) -> Iterator[CatalogItem | None]:
        match kind:
            case Format.CSV:
                return read_csv(file, name=self._file)
            case Format.JSON_LINES:
                return read_jsonl(file, name=self._file)
            case Format.DUMPDATA:
                return read_dumpdata(file, name=self._file, media_base_url=self.media_base_url)


@define(eq=False)
class CountedFile:
    """A file that counts the bytes that were read from it, in whatever order and however often."""

    file: BinaryIO
    count: int = field(default=0, init=False)

    def read(self, size: int, /) -> bytes:
        return self._counted(self.file.read(size))

    def readline(self, size: int, /) -> bytes:
        return self._counted(self.file.readline(size))

    def seek(self, offset: int, /) -> int:
        return self.file.seek(offset)

    def _counted(self, data: bytes) -> bytes:
        self.count += len(data)
        return data


def _batch(elements: Iterator[CatalogItem | None], file: CountedFile) -> list[CatalogItem | None]:
    batch: list[CatalogItem | None] = []
    start = file.count
    for element in elements:
        batch.append(element)
        if len(batch) == BATCH or file.count - start >= BATCH_BYTES:
            break
    return batch
