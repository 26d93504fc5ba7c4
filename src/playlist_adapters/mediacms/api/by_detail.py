"""Learns categories item by item: the last resort, 80 kB each."""

from playlist_adapters.mediacms.api.client import Client
from playlist_adapters.mediacms.api.faults import unstable
from playlist_adapters.mediacms.api.ledger import Ledger
from playlist_adapters.mediacms.api.parallel import each
from playlist_adapters.mediacms.api.queries import read_detail
from playlist_adapters.mediacms.api.shapes import SearchRow, categories_of
from playlist_adapters.mediacms.api.tally import Tally


async def learn_by_detail(client: Client, ledger: Ledger) -> None:
    """Look up all that is unknown; raises Unavailable `source_unstable` when an item of the list is gone."""
    if not ledger.unknown:
        return
    tally = Tally(ledger.tell, "details", len(ledger.unknown))

    async def look_up(video_id: str) -> None:
        fields = await read_detail(client, video_id)
        if fields is None:
            raise unstable(
                f"the item {video_id} stood in the list, and a moment later the site had it no more"
            )
        ledger.learn(SearchRow(video_id, categories_of(fields)))
        tally.add([video_id])

    await each(look_up, sorted(ledger.unknown), at_once=client.manners.at_once)
