"""A catalogue over the API of a MediaCMS site, of any version, whole or not at all.

1. `standing`: what are our credentials worth? Some that do not count are an error, not the anonymous view.
2. `listing`: which items are there? An editor reads `/manage_media`, others `/media`; where that is cut at
   1,000 rows (from 6.4 on), in `windows` that provably make the whole. Only listable videos, by their own
   fields. The list counts when as many different items came as every page told of; what tied dates drop is
   read in another order, or looked up (`rescue`).
3. Their categories, which no list has, each way only for what is unknown by then and as long as it is cheaper
   than the last: `harvest` (one search for everything, then one for each uploader), `by_category` (what no
   category holds has none), `by_detail`. What counts is what a row says of itself, never in which search it
   was found.

Whatever moves meanwhile makes us begin again from 2., three times in all. For 5,000 items that is about 220
requests on an old site or with a list below the cut, about 700 for an editor on a new one.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence, Set
from typing import Final

from attrs import define, field

from playlist_adapters.mediacms.api.address import SiteAddress
from playlist_adapters.mediacms.api.by_category import learn_by_category
from playlist_adapters.mediacms.api.by_detail import learn_by_detail
from playlist_adapters.mediacms.api.client import Client, open_client
from playlist_adapters.mediacms.api.credentials import ApiCredentials
from playlist_adapters.mediacms.api.faults import UNSTABLE, moved
from playlist_adapters.mediacms.api.harvest import learn_by_uploader, learn_from_everything
from playlist_adapters.mediacms.api.ledger import Ledger
from playlist_adapters.mediacms.api.listing import Listing
from playlist_adapters.mediacms.api.retries import Manners
from playlist_adapters.mediacms.api.shapes import ListRow
from playlist_adapters.mediacms.api.standing import Standing, find_standing
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress
from playlist_core.errors import Unavailable
from playlist_core.ports import Clock, Randomness

TRIES: Final = 3


@define(eq=False)
class ApiSource:
    """`CatalogSource` over the API of a site; `base_url` is `https://videos.example`, or with a path.

    Items come oldest first, those added at the same moment by id; their categories by title, each once;
    durations of 0 are None; thumbnails are absolute addresses. Nothing comes before everything has been read.

    Raises Unavailable `source_unreachable`, `source_refused` (credentials missing, wrong or without effect; a
    login page), `source_truncated` (only a part of the list can be had), `source_unstable` (the list changed
    while it was read, three times), and InvalidInput `source_unreadable` (not what MediaCMS answers). Making
    one raises InvalidInput for an address that is none.
    """

    address: SiteAddress = field(alias="base_url", converter=SiteAddress.parse)
    credentials: ApiCredentials | None = field(kw_only=True, repr=False)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    manners: Manners = field(factory=Manners, kw_only=True)

    @property
    def name(self) -> str:
        return f"MediaCMS {self.address.label}"

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        for item in await self._read(tell):
            yield item

    async def _read(self, tell: TellProgress) -> Sequence[CatalogItem]:
        async with open_client(
            self.address,
            self.credentials,
            manners=self.manners,
            clock=self.clock,
            randomness=self.randomness,
        ) as client:
            standing = await find_standing(client)
            tried = 1
            while True:
                try:
                    return await _catalogue(client, standing, tell)
                except Unavailable as exc:
                    if exc.code != UNSTABLE:
                        raise
                    if tried == TRIES:
                        raise moved(tried, exc.message) from exc
                await self.clock.sleep(self.manners.pause(tried, self.randomness.fraction()))
                tried += 1


async def _catalogue(client: Client, standing: Standing, tell: TellProgress) -> Sequence[CatalogItem]:
    """One try."""
    rows = await Listing(client, standing, tell).read()
    ledger = Ledger({row.video_id for row in rows}, tell)
    await learn_from_everything(client, ledger)
    await learn_by_uploader(client, ledger, _uploads(rows))
    await learn_by_category(client, ledger)
    await learn_by_detail(client, ledger)
    return [_item(client.address, row, ledger.known[row.video_id]) for row in rows]


def _uploads(rows: Sequence[ListRow]) -> Mapping[str, Set[str]]:
    """The ids of what each uploader has in the list."""
    uploads: dict[str, set[str]] = {}
    for row in rows:
        uploads.setdefault(row.user, set()).add(row.video_id)
    return uploads


def _item(address: SiteAddress, row: ListRow, categories: tuple[str, ...]) -> CatalogItem:
    return CatalogItem(
        video_id=row.video_id,
        title=row.title,
        categories=categories,
        duration_seconds=row.duration_seconds,
        thumbnail_url=None if row.thumbnail is None else address.absolute(row.thumbnail),
    )
