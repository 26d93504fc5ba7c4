"""Keeps which items' categories are known."""

from collections.abc import Iterable, Set

from attrs import define, field

from playlist_adapters.mediacms.api.shapes import SearchRow
from playlist_adapters.mediacms.api.tally import Tally
from playlist_core.domain.refresh import TellProgress


@define(eq=False)
class Ledger:
    """The categories of the wanted items as far as they are known, and `unknown`, the others of them.

    What a row says of its item is true by itself, however the row was found: no search needs to be complete
    for it. `titles` are all categories that were met, on whatever item.
    """

    wanted: Set[str]
    tell: TellProgress
    known: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]], init=False)
    titles: set[str] = field(factory=set[str], init=False)
    unknown: set[str] = field(init=False)
    _tally: Tally = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.unknown = set(self.wanted)
        self._tally = Tally(self.tell, "categories", len(self.unknown))

    def learn(self, row: SearchRow) -> None:
        """Take over what a row says; several categories of one title are one, and titles ascend."""
        self.titles.update(row.categories)
        if row.video_id in self.unknown:
            self.unknown.discard(row.video_id)
            self.known[row.video_id] = tuple(sorted(set(row.categories)))

    def hear(self, rows: Iterable[SearchRow]) -> None:
        """Learn from a page of a search, and tell how far that brought us."""
        for row in rows:
            self.learn(row)
        self._tally.reach(len(self.known))

    def settle(self) -> None:
        """All that is unknown is in no category."""
        self.hear([SearchRow(video_id, ()) for video_id in self.unknown])
