"""Snapshots in the shared store: handed out in parts, so that every replica can build the same."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Final, TypeVar

from anyio.lowlevel import checkpoint
from attrs import define, field

from playlist_core.domain.catalog import CatalogItem, SnapshotInfo
from playlist_core.domain.identity import encode_segment
from playlist_core.domain.sharing import CurrentNote, SnapshotNote, succeeding
from playlist_core.errors import Conflict
from playlist_core.ports import CatalogIndex
from playlist_core.services.documents import Documents, Stored
from playlist_core.services.parts import PART_BYTES, Packing, SnapshotPart, Unpacking, unreadable_part

T = TypeVar("T")

_CURRENT: Final = "current"
_SNAPSHOTS: Final = "snapshots"
_PARTS: Final = "parts"
# So many are packed before others get the event loop: under a millisecond.
_AT_A_TIME: Final = 100


@define(eq=False)
class SharedSnapshots:
    """What the store knows of snapshots: `current`, and for each a note and its items in parts.

    `current` never names a snapshot that cannot be built from its parts, however many publish and sweep at
    once and wherever they stop. A publisher reads `current`, writes all its parts (also those that are there
    already, so that nobody deletes them as what he saw before), and replaces exactly the `current` it has
    read. A sweep lists, then reads `current`, then writes it again as it is, and deletes exactly what it has
    listed. So of a publisher whose parts a sweep has listed, and the sweep, one has to give up.
    """

    currents: Documents[CurrentNote]
    notes: Documents[SnapshotNote]
    parts: Documents[SnapshotPart]
    part_bytes: int = field(default=PART_BYTES, kw_only=True)

    async def current(self) -> CurrentNote | None:
        """The snapshot that all replicas shall have."""
        seen = await self.currents.get(_CURRENT)
        return None if seen is None else seen.value

    async def publish(
        self,
        info: SnapshotInfo,
        index: CatalogIndex,
        *,
        tell: Callable[[int], None] = lambda _: None,
        confirm: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Make the snapshot that `index` holds, and `info` describes, the current one of all replicas.

        `tell` hears how many items are written; `confirm` is asked last, and may raise. Conflict when another
        snapshot became current meanwhile, TooLarge for an item that fits into no part: nothing has changed.
        """
        before = await self.currents.get(_CURRENT)
        if before is not None and before.value.snapshot_id == info.snapshot_id and before.value.rebuildable:
            return  # an earlier try has come through without knowing
        note = await self._write_parts(info, index, tell)
        await _put(self.notes, _SNAPSHOTS, info.snapshot_id, value=note)
        if confirm is not None:
            await confirm()
        if before is None:
            await self.currents.create(_CURRENT, value=succeeding(note, None))
        else:
            await self.currents.update(_CURRENT, value=succeeding(note, before.value), seen=before)

    async def items_of(self, note: SnapshotNote) -> AsyncGenerator[Sequence[CatalogItem], None]:
        """The items of a shared snapshot, in batches.

        Raises Unavailable `store_unreadable`, at the end if need be, unless they are exactly those that
        were published.
        """
        unpacking, count = Unpacking(), 0
        for number in range(1, note.parts + 1):
            seen = await self.parts.get(_SNAPSHOTS, note.snapshot_id, _PARTS, str(number))
            if seen is None:
                raise unreadable_part()
            for items in unpacking.items(seen.value.items):
                count += len(items)
                yield items
                await checkpoint()
        if (count, unpacking.digest) != (note.item_count, note.digest):
            raise unreadable_part()

    async def sweep(self) -> None:
        """Delete what belongs to no snapshot that counts: older ones, and what broken publications left.

        The parts of the current snapshot and of the one before stay, and the notes of those that `current`
        remembers. Conflict when another one became current meanwhile; its publisher will sweep.
        """
        store, prefix = self.parts.store, self.parts.key(_SNAPSHOTS) + "/"
        listed = [(entry.key, entry.revision) for entry in await store.entries(prefix)]
        seen = await self.currents.get(_CURRENT)
        if seen is None:
            return
        old = [(key, revision) for key, revision in listed if not _counts(key.removeprefix(prefix), seen)]
        if not old:
            return
        await self.currents.update(_CURRENT, value=seen.value, seen=seen)
        for key, revision in old:
            with suppress(Conflict):
                await store.delete(key, revision=revision)

    async def _write_parts(
        self, info: SnapshotInfo, index: CatalogIndex, tell: Callable[[int], None]
    ) -> SnapshotNote:
        packing = Packing(self.part_bytes)
        parts = count = 0

        async def write(text: str) -> None:
            nonlocal parts
            parts += 1
            part = SnapshotPart(snapshot_id=info.snapshot_id, number=parts, items=text)
            await _put(self.parts, _SNAPSHOTS, info.snapshot_id, _PARTS, str(parts), value=part)

        async with aclosing(index.items()) as batches:
            async for batch in batches:
                for start in range(0, len(batch), _AT_A_TIME):
                    for text in packing.add(batch[start : start + _AT_A_TIME]):
                        await write(text)
                    await checkpoint()
                count += len(batch)
                tell(count)
        await write(packing.rest())
        return SnapshotNote(
            snapshot_id=info.snapshot_id,
            source=info.source,
            created_at=info.created_at,
            item_count=count,
            category_count=info.category_count,
            parts=parts,
            digest=packing.digest,
        )


async def _put(documents: Documents[T], *segments: str, value: T) -> None:
    seen = await documents.get(*segments)
    if seen is None:
        await documents.create(*segments, value=value)
    else:
        await documents.update(*segments, value=value, seen=seen)


def _counts(rest: str, seen: Stored[CurrentNote]) -> bool:
    """Whether the key, without what all have in front, is of a snapshot that counts."""
    current = seen.value
    snapshot_id, *part = rest.split("/")
    ids = (current.snapshot_id, *(current.former[:1] if part else current.former))
    return snapshot_id in map(encode_segment, ids)
