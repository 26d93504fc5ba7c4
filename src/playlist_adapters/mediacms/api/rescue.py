"""Finds items of `/media` that no page had because dates are tied, through search and details."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Final

from playlist_adapters.mediacms.api.client import Client
from playlist_adapters.mediacms.api.paging import PagedList, crawl, head
from playlist_adapters.mediacms.api.parallel import each
from playlist_adapters.mediacms.api.queries import EVERYTHING, of_uploader, read_detail
from playlist_adapters.mediacms.api.shapes import ListRow, SearchRow

# Hardly any title occurs twice, and of those that do, hardly any have been seen equally often.
_ORDERS: Final = ("title", "views")


async def lost_rows(client: Client, seen: Mapping[str, ListRow], *, lost: int) -> Mapping[str, ListRow]:
    """Listable items that are not among those seen, until `lost` or more are found.

    Search finds items that the list hides, so each is confirmed by its detail. Items of uploaders of whom
    nothing was seen are not found where searching for everything does not work.
    """
    found = dict[str, ListRow]()
    looked_up = set(seen)
    for question in _questions({row.user for row in seen.values()}):
        if len(found) >= lost:
            break
        ids = [one for one in await _ids(client, question) if one not in looked_up]
        looked_up.update(ids)
        found |= {row.video_id: row for row in await _confirmed(client, ids)}
    return found


def _questions(uploaders: Set[str]) -> Iterator[PagedList[SearchRow]]:
    """What is asked, the cheapest first; for all kinds of media, as the list counts them all."""
    for question in (EVERYTHING, *map(of_uploader, sorted(uploaders))):
        for sort_by in _ORDERS:
            yield question.narrowed({"sort_by": sort_by, "ordering": "asc", "media_type": ""})


async def _ids(client: Client, question: PagedList[SearchRow]) -> Sequence[str]:
    first = await head(client, question)
    if first is None:
        return []
    done = await crawl(client, question, first)
    return list(dict.fromkeys(row.video_id for row in done.rows))


async def _confirmed(client: Client, ids: Sequence[str]) -> Sequence[ListRow]:
    async def look_up(video_id: str) -> ListRow | None:
        fields = await read_detail(client, video_id)
        return None if fields is None else ListRow.of_detail(fields, video_id)

    rows = await each(look_up, ids, at_once=client.manners.at_once)
    return [row for row in rows if row is not None and row.is_listable]
