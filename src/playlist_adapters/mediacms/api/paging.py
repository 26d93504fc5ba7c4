"""Reads a paged list once through, and tells whether it held still meanwhile.

MediaCMS pages by number, 50 rows a page whatever is asked: when rows come or go during the crawl, the rows
behind them move over the seams, come twice or not at all. Only the counts and the ids tell.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from attrs import evolve, frozen

from playlist_adapters.mediacms.api.client import Client
from playlist_adapters.mediacms.api.faults import unreadable
from playlist_adapters.mediacms.api.fields import Fields
from playlist_adapters.mediacms.api.parallel import each
from playlist_adapters.mediacms.api.shapes import Page

CAP: Final = 1_000
"""What `/media` and `/search` cut their lists to from MediaCMS 6.4 on, before they count: a list of just as
many rows is never known to be whole. `/manage_media` and `/users` are not cut.
"""

MOST_PAGES: Final = 100_000
"""At 50 rows a page five million items, which no MediaCMS would list within a day."""

Row = TypeVar("Row")


@frozen
class PagedList(Generic[Row]):
    """A list of the API: its path, its parameters (without `page`), and how its rows are read."""

    path: str
    parameters: Mapping[str, str]
    read: Callable[[Fields], Row]

    def narrowed(self, parameters: Mapping[str, str]) -> "PagedList[Row]":
        """The same list with more parameters."""
        return evolve(self, parameters={**self.parameters, **parameters})


@frozen(kw_only=True)
class Crawl(Generic[Row]):
    """What one pass brought: the rows of each page that was read, in the order of the list.

    `count` is how many rows the first page told of, `later` what the last page told, or the first that
    differed (None where there was no such page any more). `has_held`: every page was there and told the same.
    """

    pages: Sequence[Sequence[Row]]
    count: int
    later: int | None
    has_held: bool

    @property
    def rows(self) -> Iterator[Row]:
        for page in self.pages:
            yield from page


async def head(client: Client, paged: PagedList[Row]) -> Page | None:
    """The first page; None when there is none (404), or when `{}` came, as to a question without words."""
    return await _page(client, paged, 1)


async def crawl(
    client: Client,
    paged: PagedList[Row],
    first: Page,
    *,
    hear: Callable[[Sequence[Row]], object] = lambda _: None,
    is_needed: Callable[[], bool] = lambda: True,
) -> Crawl[Row]:
    """The whole list, whose first page is there already; the others come a few at once, and in any order.

    `hear` gets the rows of each page as it comes. Nothing more is asked for when a page differs from the
    first in what it tells, or when `is_needed` says no: the crawl has not held then.
    """
    rows = {1: [paged.read(fields) for fields in first.rows]}
    hear(rows[1])
    last = page_count(paged, first)
    later: int | None = first.count
    is_good = True

    async def turn(number: int) -> None:
        nonlocal is_good, later
        if not is_good or not is_needed():
            return
        page = await _page(client, paged, number)
        if page is None or page.count != first.count or page.has_next is not (number < last):
            is_good, later = False, None if page is None else page.count
            return
        rows[number] = [paged.read(fields) for fields in page.rows]
        hear(rows[number])

    await each(turn, range(2, last + 1), at_once=client.manners.at_once)
    return Crawl(
        pages=[rows[number] for number in sorted(rows)],
        count=first.count,
        later=later,
        has_held=is_good and len(rows) == last,
    )


def page_count(paged: PagedList[Row], first: Page) -> int:
    """How many pages a list has; the page size is the site's secret, but the first of several is full.

    Raises InvalidInput `source_unreadable` for more than would ever come to an end.
    """
    if not first.has_next or not first.rows:
        return 1
    pages = -(-first.count // len(first.rows))
    if pages > MOST_PAGES:
        raise unreadable(
            paged.path, f"tells of {first.count:,} items, {len(first.rows)} a page; that is no catalogue"
        )
    return pages


async def _page(client: Client, paged: PagedList[Row], number: int) -> Page | None:
    answer = await client.get(paged.path, {**paged.parameters, "page": str(number)})
    if answer.status == HTTPStatus.NOT_FOUND:
        return None
    if answer.status != HTTPStatus.OK:
        raise client.complaint(answer)
    return None if answer.body == {} else Page.read(answer.place, answer.body)
