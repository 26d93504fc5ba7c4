"""Every play counted once: two documents that no transaction holds together, and what holds them instead."""

import logging
from collections.abc import Sequence
from typing import Any, Final, cast

import attrs
from attrs import define, evolve

from playlist_core.domain.plays import PLAYS_KEPT, ItemCounts, TitlePlay
from playlist_core.errors import Conflict, Unavailable
from playlist_core.ports import Clock
from playlist_core.services.codec import stored
from playlist_core.services.documents import LEFT_TO_THE_SWEEP, Documents
from playlist_core.services.namespace import Namespace

log = logging.getLogger("kryten_playlist.plays")


@define(eq=False)
class PlayLedger:
    """The plays of our titles, and what they come to for each.

    A play is written down first, uncounted, under a key that only one replica can create. It is counted by a
    conditional write of its title's `ItemCounts`, which then name it, and at last marked as counted.

    Whoever counts reads the title before the play. If somebody else counts and marks it after that, and the
    title even forgets its name again, then the title has changed and the write is refused. So it does not
    matter who dies where, how late a write arrives or who else is at it: a play that was written down counts
    once, by the next `sweep` at the latest (`tests/unit/test_plays_races.py` explores it).
    """

    plays: Documents[TitlePlay]
    items: Documents[ItemCounts]
    clock: Clock

    @classmethod
    def over(cls, analytics: Namespace) -> "PlayLedger":
        return cls(
            analytics.documents(TitlePlay, "plays"),
            analytics.documents(ItemCounts, "items"),
            analytics.clock,
        )

    async def record(self, play: TitlePlay) -> None:
        """Write a play down and count it; nothing to do for one that any replica has written down.

        Raises Unavailable or OutcomeUnknown when it is not known to be written down: record it again.
        """
        try:
            await self.plays.create(play.play_id, value=play)
        except Conflict:
            return
        with LEFT_TO_THE_SWEEP:
            await self.count(play)

    async def count(self, play: TitlePlay) -> None:
        """Count a play that was written down, if it is not; raises Unavailable, OutcomeUnknown."""
        async for _ in self.items.attempts():
            counts = await self.items.get(play.video_id)
            seen = await self.plays.get(play.play_id)
            if seen is None or seen.value.counted:
                return
            try:
                if counts is None:
                    first = ItemCounts(video_id=play.video_id).with_play(play)
                    await self.items.create(play.video_id, value=first)
                elif play.play_id not in counts.value.counting:
                    more = counts.value.with_play(play, settled=await self._settled(counts.value.counting))
                    await self.items.update(play.video_id, value=more, seen=counts)
                await self.plays.update(play.play_id, value=evolve(seen.value, counted=True), seen=seen)
                return
            except Conflict:
                continue
        raise Unavailable("the store is too busy to count this play; it is counted later")

    async def sweep(self) -> None:
        """Count what was left uncounted, and forget what was counted more than 35 days ago.

        A title whose counts cannot be read is logged and left as it is. Raises Unavailable, OutcomeUnknown.
        """
        oldest = self.clock.now() - PLAYS_KEPT
        for seen in await self.plays.all():
            if not seen.value.counted:
                await self._count_if_readable(seen.value)
            elif seen.value.heard_at < oldest:
                with LEFT_TO_THE_SWEEP:
                    await self.plays.delete(seen.value.play_id, seen=seen)

    async def _count_if_readable(self, play: TitlePlay) -> None:
        try:
            await self.count(play)
        except Unavailable as exc:
            if exc.code != "store_unreadable":
                raise
            log.error("%s", exc.message)

    async def _settled(self, play_ids: Sequence[str]) -> set[str]:
        """Those that nobody will ever count again: they say that they are counted, or are long gone."""
        found = {play_id: await self.plays.get(play_id) for play_id in play_ids}
        return {play_id for play_id, seen in found.items() if seen is None or seen.value.counted}


_KNOWN: Final = {each.name for each in attrs.fields(ItemCounts)} | {"schema_version", "ops"}
_counts_of = stored.get_structure_hook(ItemCounts)
_plain_of = stored.get_unstructure_hook(ItemCounts)


def _counts(plain: Any, kind: Any) -> ItemCounts:
    found: ItemCounts = _counts_of(plain, kind)
    others = {name: value for name, value in cast("dict[str, Any]", plain).items() if name not in _KNOWN}
    return evolve(found, others=others)


def _plain(counts: ItemCounts) -> dict[str, Any]:
    plain: dict[str, Any] = _plain_of(counts)
    return {**plain.pop("others"), **plain}


stored.register_structure_hook(ItemCounts, _counts)
stored.register_unstructure_hook(ItemCounts, _plain)
