"""Reads a list that MediaCMS cuts at 1,000 rows window by window, where the windows provably make the whole.

A list is divided by a filter whose parts hold every item exactly once: the kind of media (we want videos
only), the length (four ranges without a gap, from 7.2 on), the uploader (as `/users` lists them all). What
MediaCMS does not know it ignores, so a filter counts only when every row is in the part that it was asked
for. Each window must stay below the cut, and none may have changed when all have been read.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from attrs import define, field, frozen

from playlist_adapters.mediacms.api.address import place
from playlist_adapters.mediacms.api.client import FORBIDDEN, Client
from playlist_adapters.mediacms.api.faults import truncated, unstable
from playlist_adapters.mediacms.api.paging import CAP, PagedList, crawl, head
from playlist_adapters.mediacms.api.parallel import each
from playlist_adapters.mediacms.api.queries import MEDIA, USERS
from playlist_adapters.mediacms.api.shapes import ListRow, Page
from playlist_adapters.mediacms.api.tally import Tally
from playlist_core.domain.refresh import TellProgress

MOST_USERS: Final = 500
"""Each costs two requests, whether they ever uploaded anything or not."""

_RANGES: Final = (
    ("0-20", 0, 1_200),
    ("20-40", 1_200, 2_400),
    ("40-60", 2_400, 3_600),
    ("60-120", 3_600, 1 << 31),
)
_TWO_HOURS: Final = 7_200


@frozen
class Part:
    """One part of a filter: what to ask for, and which rows belong to it."""

    parameters: Mapping[str, str]
    holds: Callable[[ListRow], bool]


@frozen
class Cut:
    """A filter: its parts (none where they cannot be had), and whether first pages prove it exact."""

    parts: Callable[[Client], Awaitable[Sequence[Part]]]
    is_proven: Callable[[Sequence[ListRow]], bool] = lambda _: True


@frozen
class Window:
    """A part of the list with its first page."""

    paged: PagedList[ListRow]
    first: Page

    @property
    def first_rows(self) -> Sequence[ListRow]:
        return [ListRow.read(fields) for fields in self.first.rows]


@define(eq=False)
class Windows:
    """The windows of `/media` on a site that cuts it."""

    client: Client
    tell: TellProgress
    _parts: dict[Cut, Sequence[Part]] = field(factory=dict[Cut, Sequence[Part]], init=False)

    async def read(self, first: Page) -> tuple[int, Mapping[str, ListRow]]:
        """How many rows all windows together tell of, and those that came; `first` is the first page of all.

        Raises Unavailable `source_truncated` when the windows stay too large, `source_unstable` when an item
        moved.
        """
        whole = Window(MEDIA, first)
        windows = await self._divided(whole, _CUTS)
        tally = Tally(self.tell, "listing", sum(window.first.count for window in windows))
        seen = dict[str, ListRow]()
        for window in windows:
            done = await crawl(self.client, window.paged, window.first, hear=tally.add)
            seen |= {row.video_id: row for row in done.rows}
        await self._check(windows)
        missing = [row for row in whole.first_rows if row.is_video and row.video_id not in seen]
        if missing:
            raise unstable(f"{len(missing)} of the newest items stand in the list, but not in any part of it")
        return tally.expected, seen

    async def _open(self, paged: PagedList[ListRow]) -> Window:
        first = await head(self.client, paged)
        if first is None:
            raise unstable(
                f"a part of the list is not there any more ({place(paged.path, paged.parameters)})"
            )
        return Window(paged, first)

    async def _divided(self, window: Window, cuts: Sequence[Cut]) -> Sequence[Window]:
        """Windows below the cut that make up this one."""
        if window.first.count != CAP:
            return [window]
        for index, cut in enumerate(cuts):
            if cut not in self._parts:
                self._parts[cut] = await cut.parts(self.client)
            parts = self._parts[cut]
            paged = [window.paged.narrowed(part.parameters) for part in parts]
            narrower = await each(self._open, paged, at_once=self.client.manners.at_once)
            if parts and _is_exact(cut, parts, narrower):
                return await self._all_divided(narrower, cuts[index + 1 :])
        raise truncated("it cannot be read in parts that are small enough")

    async def _all_divided(self, windows: Sequence[Window], cuts: Sequence[Cut]) -> Sequence[Window]:
        leaves: list[Window] = []
        for window in windows:
            leaves += await self._divided(window, cuts)
        return leaves

    async def _check(self, windows: Sequence[Window]) -> None:
        again = await each(
            self._open, [window.paged for window in windows], at_once=self.client.manners.at_once
        )
        before, after = (sum(window.first.count for window in some) for some in (windows, again))
        if any(old.first.count != new.first.count for old, new in zip(windows, again, strict=True)):
            raise unstable(
                f"the parts of the list told of {before:,} items at first, of {after:,} in the end"
            )


def _is_exact(cut: Cut, parts: Sequence[Part], windows: Sequence[Window]) -> bool:
    firsts = [window.first_rows for window in windows]
    is_heeded = all(part.holds(row) for part, rows in zip(parts, firsts, strict=True) for row in rows)
    return is_heeded and cut.is_proven([row for rows in firsts for row in rows])


async def _videos(_: Client) -> Sequence[Part]:
    return [Part({"media_type": "video"}, lambda row: row.is_video)]


async def _lengths(_: Client) -> Sequence[Part]:
    return [Part({"duration": name}, _lasts(low, high)) for name, low, high in _RANGES]


def _lasts(low: int, high: int) -> Callable[[ListRow], bool]:
    return lambda row: low <= (row.duration_seconds or 0) < high


def _is_open_ended(rows: Sequence[ListRow]) -> bool:
    """The last range is called 60-120: that it has no end must be seen."""
    return any((row.duration_seconds or 0) >= _TWO_HOURS for row in rows)


async def _uploaders(client: Client) -> Sequence[Part]:
    """None where the site shows its users only to some, or has more of them than one would ask about."""
    answer = await client.get(USERS.path, {"page": "1"})
    if answer.status in FORBIDDEN:
        return []
    if answer.status != HTTPStatus.OK:
        raise client.complaint(answer)
    first = Page.read(answer.place, answer.body)
    if first.count > MOST_USERS:
        return []
    done = await crawl(client, USERS, first)
    names = sorted(set(done.rows))
    if not done.has_held or len(names) != done.count:
        raise unstable(
            f"the list of users told of {done.count:,} and then of {done.later or 0:,}; {len(names):,} came"
        )
    return [Part({"author": name}, _is_by(name)) for name in names]


def _is_by(name: str) -> Callable[[ListRow], bool]:
    return lambda row: row.user == name


_CUTS: Final = (Cut(_videos), Cut(_lengths, _is_open_ended), Cut(_uploaders))
