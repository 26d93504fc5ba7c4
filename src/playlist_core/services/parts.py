"""The items of a snapshot as the store holds them: JSON lines, compressed, in parts of a bounded size."""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

import cattrs
from attrs import define, field, frozen

from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import TooLarge, Unavailable
from playlist_core.services.codec import stored

PART_BYTES: Final = 512 * 1024
"""The most that the document of a part takes in the store (CONTRACTS section 3)."""

# For what stands around the items in the document: ids, schema_version, operation ids.
_ENVELOPE: Final = 2048
# What the compression of one line can add to it in the worst case.
_OVERHEAD: Final = 16
# How much is unfolded at once, about a hundred items: under a millisecond of the event loop.
_SLICE: Final = 16 * 1024


@frozen(kw_only=True)
class SnapshotPart:
    """The document of one part; `items` is base64 of zlib of JSON lines, one an item, in natural order."""

    snapshot_id: str
    number: int
    items: str


@define(eq=False)
class _Part:
    """What has come out of the compression so far, and at worst still will."""

    _zipping: Any = field(factory=zlib.compressobj, init=False)
    _zipped: bytearray = field(factory=bytearray, init=False)
    _inside: int = field(default=0, init=False)

    def has_room(self, line: bytes, most: int) -> bool:
        needed = len(line) + _OVERHEAD
        if len(self._zipped) + self._inside + needed > most:
            self._zipped += self._zipping.flush(zlib.Z_SYNC_FLUSH)
            self._inside = 0
        return len(self._zipped) + needed <= most

    def add(self, line: bytes) -> None:
        self._zipped += self._zipping.compress(line)
        self._inside += len(line) + _OVERHEAD

    def text(self) -> str:
        return b64encode(bytes(self._zipped) + self._zipping.flush()).decode()


@define(eq=False)
class Packing:
    """Items on their way into parts of at most `part_bytes` as stored; adding is quick for 100 at a time."""

    part_bytes: int = PART_BYTES
    _digest: Any = field(factory=sha256, init=False)
    _part: _Part = field(factory=_Part, init=False)

    def add(self, items: Sequence[CatalogItem]) -> Iterator[str]:
        """Take items, hand out each part that is full by then; TooLarge for an item that fits into none."""
        most = (self.part_bytes - _ENVELOPE) // 4 * 3
        for item in items:
            line = _line(item)
            self._digest.update(line)
            if not self._part.has_room(line, most):
                if len(line) + _OVERHEAD > most:
                    raise TooLarge(f"The title {item.video_id} is too large to be shared.", limit=most)
                yield self._part.text()
                self._part = _Part()
            self._part.add(line)

    def rest(self) -> str:
        """The last part."""
        return self._part.text()

    @property
    def digest(self) -> str:
        """The SHA-256 of all lines so far, in hexadecimal digits."""
        return str(self._digest.hexdigest())


@define(eq=False)
class Unpacking:
    """The way back: parts in their order, each in slices of about a hundred items."""

    _digest: Any = field(factory=sha256, init=False)

    def items(self, text: str) -> Generator[list[CatalogItem], None, None]:
        """The items of one part; Unavailable `store_unreadable` for anything else."""
        try:
            for lines in _unzipped(b64decode(text, validate=True)):
                for line in lines:
                    self._digest.update(line + b"\n")
                yield [stored.structure(json.loads(_decoded(line)), CatalogItem) for line in lines]
        except (
            ValueError,
            TypeError,
            KeyError,
            RecursionError,
            zlib.error,
            cattrs.BaseValidationError,
        ) as exc:
            raise unreadable_part() from exc

    @property
    def digest(self) -> str:
        """As in `Packing`, when all parts have gone through."""
        return str(self._digest.hexdigest())


def unreadable_part() -> Unavailable:
    """What a replica meets that cannot build the snapshot of another one."""
    return Unavailable(
        "The shared catalogue is not complete, or not readable; the one here was left as it is.",
        code="store_unreadable",
    )


def _line(item: CatalogItem) -> bytes:
    text = json.dumps(stored.unstructure(item), ensure_ascii=False, separators=(",", ":"))
    # Titles may be no text at all (lone surrogates); they come back as they were.
    return text.encode(errors="surrogatepass") + b"\n"


def _decoded(line: bytes) -> str:
    return line.decode(errors="surrogatepass")


def _unzipped(data: bytes) -> Iterator[list[bytes]]:
    unzipping = zlib.decompressobj()
    rest = b""
    while not unzipping.eof:
        unzipped = unzipping.decompress(data, _SLICE)
        data = unzipping.unconsumed_tail
        if not unzipped and not data and not unzipping.eof:
            raise ValueError("the part ends in the middle")
        whole, newline, rest = (rest + unzipped).rpartition(b"\n")
        if newline:
            yield whole.split(b"\n")
    if rest or unzipping.unused_data:
        raise ValueError("the part has something behind its last line")
