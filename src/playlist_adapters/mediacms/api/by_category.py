"""Learns categories by reading each category: the only search that also tells which items are in none."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from playlist_adapters.mediacms.api.client import Client
from playlist_adapters.mediacms.api.harvest import harvest
from playlist_adapters.mediacms.api.ledger import Ledger
from playlist_adapters.mediacms.api.paging import CAP, Crawl, crawl, head
from playlist_adapters.mediacms.api.queries import CATEGORIES, of_category
from playlist_adapters.mediacms.api.shapes import Category, SearchRow

PAGE: Final = 50
"""The page size that MediaCMS ships; only for an estimate."""

_TRIES: Final = (("add_date", "asc"), ("title", "asc"), ("add_date", "desc"))


async def learn_by_category(client: Client, ledger: Ledger) -> None:
    """Read every category, where that is cheaper than a detail for each unknown item.

    What is unknown afterwards is in no category, but only when each of them was read whole, none was met that
    is not in their list (a site may hide some), and the list is still the same.
    """
    if not ledger.unknown:
        return
    categories = await _read_categories(client)
    if sum(max(1, -(-category.media_count // PAGE)) for category in categories) >= len(ledger.unknown):
        return
    titles = {category.title for category in categories}
    is_whole = True
    for title in sorted(titles):
        if not ledger.unknown:
            return
        is_whole = await _learn_whole(client, ledger, title) and is_whole
    if (
        is_whole
        and ledger.titles <= titles
        and {each.title for each in await _read_categories(client)} == titles
    ):
        ledger.settle()


async def _read_categories(client: Client) -> Sequence[Category]:
    return Category.read_all(CATEGORIES, await client.read(CATEGORIES, {}))


async def _learn_whole(client: Client, ledger: Ledger, title: str) -> bool:
    """Whether all items of a category came."""
    question = of_category(title)
    for sort_by, ordering in _TRIES:
        ordered = question.narrowed({"sort_by": sort_by, "ordering": ordering})
        first = await head(client, ordered)
        if first is None:
            return False
        if first.count == CAP:
            await harvest(client, ledger, question, ledger.wanted)
            return False
        if _is_whole(await crawl(client, ordered, first, hear=ledger.hear), title):
            return True
    return False


def _is_whole(done: Crawl[SearchRow], title: str) -> bool:
    """Whether no row was lost at a seam.

    Up to 6.3 a row comes once for each of its categories whose title contains this one, from 6.4 on once.
    Which of the two it is shows where a row comes twice in the same page.
    """
    came = Counter(row.video_id for row in done.rows)
    repeats = any(len({row.video_id for row in page}) < len(page) for page in done.pages)
    due = {row.video_id: _matches(row, title) if repeats else 1 for row in done.rows}
    return done.has_held and came.total() == done.count and came == due


def _matches(row: SearchRow, title: str) -> int:
    return sum(title.strip() in other for other in row.categories)
