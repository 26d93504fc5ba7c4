"""Learns categories from searches, as long as that is cheaper than looking the items up one by one.

A page of a search costs about as much as a detail and says as much of up to 50 items. So a search goes on
while each of its pages may bring one unknown item.
"""

from collections.abc import Mapping, Set
from typing import Final

from playlist_adapters.mediacms.api.client import Client
from playlist_adapters.mediacms.api.ledger import Ledger
from playlist_adapters.mediacms.api.paging import CAP, PagedList, crawl, head, page_count
from playlist_adapters.mediacms.api.parallel import each
from playlist_adapters.mediacms.api.queries import EVERYTHING, of_uploader
from playlist_adapters.mediacms.api.shapes import SearchRow

# By title first: hardly any are tied. From both ends: what a cut hides in one order is on top in another.
_ORDERS: Final = tuple(
    (sort_by, ordering)
    for sort_by in ("title", "add_date", "views", "edit_date")
    for ordering in ("asc", "desc")
)


async def learn_from_everything(client: Client, ledger: Ledger) -> None:
    """The cheapest way: as many pages as the list has, and everything is known."""
    await harvest(client, ledger, EVERYTHING, ledger.wanted)


async def learn_by_uploader(client: Client, ledger: Ledger, uploads: Mapping[str, Set[str]]) -> None:
    """Ask for the uploads of all of whom more than one is unknown still; `uploads` are ids by user name.

    A site of very many uploaders with one item each is cheaper to read by category.
    """

    async def ask(name: str) -> None:
        if len(ledger.unknown & uploads[name]) > 1:
            await harvest(client, ledger, of_uploader(name), uploads[name])

    await each(ask, sorted(uploads), at_once=client.manners.at_once)


async def harvest(client: Client, ledger: Ledger, question: PagedList[SearchRow], sought: Set[str]) -> None:
    """Learn from one search, hoping for what is `sought`.

    One order is enough, unless the site cuts it: then others follow while each page brings an item on
    average.
    """
    for sort_by, ordering in _ORDERS:
        hoped = len(ledger.unknown & sought)
        if not hoped:
            return
        ordered = question.narrowed({"sort_by": sort_by, "ordering": ordering})
        first = await head(client, ordered)
        if first is None:
            return
        pages = page_count(question, first)
        if pages > hoped:
            ledger.hear(map(SearchRow.read, first.rows))
            return
        await crawl(
            client,
            ordered,
            first,
            hear=ledger.hear,
            is_needed=lambda: not ledger.unknown.isdisjoint(sought),
        )
        if first.count != CAP or hoped - len(ledger.unknown & sought) < pages:
            return
