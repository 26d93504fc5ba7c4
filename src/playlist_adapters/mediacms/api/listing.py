"""Reads which items a site has: the list decides that, nothing else does.

An editor's token opens `/manage_media`, which has every item in any order and is never cut; otherwise it is
`/media`, newest first. A list counts when as many different items came as every page told of. Where the
numbers stay the same and yet items are missing, dates are tied: rows of one date change places between two
requests. Then `/manage_media` is read again in another order, and what `/media` dropped is looked up
(`rescue`).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import define

from playlist_adapters.mediacms.api.client import Client
from playlist_adapters.mediacms.api.faults import unreadable, unstable
from playlist_adapters.mediacms.api.paging import CAP, PagedList, crawl, head
from playlist_adapters.mediacms.api.queries import MANAGED, MEDIA
from playlist_adapters.mediacms.api.rescue import lost_rows
from playlist_adapters.mediacms.api.shapes import ListRow, Page
from playlist_adapters.mediacms.api.standing import Standing
from playlist_adapters.mediacms.api.tally import Tally
from playlist_adapters.mediacms.api.windows import Windows
from playlist_core.domain.refresh import TellProgress

_ORDERS: Final = (("add_date", "asc"), ("title", "asc"), ("add_date", "desc"), ("title", "desc"))


@define(eq=False)
class Listing:
    """The list of one site, for somebody of that standing."""

    client: Client
    standing: Standing
    tell: TellProgress

    async def read(self) -> Sequence[ListRow]:
        """The listable videos, oldest first, those added at the same moment by id.

        Raises Unavailable `source_unstable` when the list did not hold still (reading again may help),
        `source_truncated` when only a part of it can be had, and what the client raises.
        """
        rows = await (self._managed() if self.standing is Standing.EDITOR else self._visible())
        # Whatever was asked for: the stronger the credentials, the more a list shows.
        listed = [row for row in rows.values() if row.is_listable and row.is_video]
        return sorted(listed, key=lambda row: (row.added, row.video_id))

    async def _managed(self) -> Mapping[str, ListRow]:
        """Read in one order, and in the others as well as long as ties make items be missing."""
        count: int | None = None
        seen = dict[str, ListRow]()
        for sort_by, ordering in _ORDERS:
            ordered = MANAGED.narrowed({"sort_by": sort_by, "ordering": ordering})
            first = await self._first(ordered)
            if count not in (None, first.count):
                raise unstable(f"the list told of {count:,} items, and when read again of {first.count:,}")
            count = first.count
            seen |= await self._pass(ordered, first)
            if len(seen) >= count:
                break
        return _whole(count or 0, seen)

    async def _visible(self) -> Mapping[str, ListRow]:
        first = await self._first(MEDIA)
        if first.count == CAP:
            count, seen = await Windows(self.client, self.tell).read(first)
        else:
            count, seen = first.count, await self._pass(MEDIA, first)
        if len(seen) < count:
            seen = {**seen, **await lost_rows(self.client, seen, lost=count - len(seen))}
        return _whole(count, seen)

    async def _first(self, paged: PagedList[ListRow]) -> Page:
        first = await head(self.client, paged)
        if first is None:
            raise unreadable(paged.path, "has no list; is this the address of a MediaCMS site?")
        return first

    async def _pass(self, paged: PagedList[ListRow], first: Page) -> Mapping[str, ListRow]:
        tally = Tally(self.tell, "listing", first.count)
        done = await crawl(self.client, paged, first, hear=tally.add)
        rows = {row.video_id: row for row in done.rows}
        if not done.has_held:
            raise unstable(
                f"the list told of {done.count:,} items at first and of {done.later or 0:,} later, of which"
                f" {len(rows):,} came"
            )
        return rows


def _whole(count: int, seen: Mapping[str, ListRow]) -> Mapping[str, ListRow]:
    if len(seen) != count:
        raise unstable(f"the list told of {count:,} items throughout, but {len(seen):,} different ones came")
    return seen
