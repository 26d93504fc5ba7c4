"""Every play counts once: all orders in which replicas reach the store, a crash at every state."""

from collections.abc import Callable, Coroutine, Sequence
from itertools import combinations_with_replacement
from typing import Any

import pytest
from attrs import define, evolve, field

from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.plays import ItemCounts, TitlePlay
from playlist_core.errors import Conflict
from playlist_core.services.documents import Documents
from playlist_core.services.play_ledger import PlayLedger
from tests.unit.interleaving import FixedRandomness, SteppedClock, SteppedKV, World, explore, run


def play(play_id: str) -> TitlePlay:
    return TitlePlay(play_id=play_id, video_id="v1", title="One", seconds=60, at=EPOCH, heard_at=EPOCH)


@define(eq=False)
class Channel(World):
    """`old` is counted and marked, `half` was written down by somebody who died, then others come.

    A `new` title has never been played.
    """

    racing: Sequence[str]
    kind: type[PlayLedger] = PlayLedger
    new: bool = False
    clock: SteppedClock = field(factory=SteppedClock)
    store: SteppedKV = field(factory=lambda: SteppedKV("analytics"))

    def __attrs_post_init__(self) -> None:
        if not self.new:
            setup = self.ledger("setup")
            run(setup.record(play("old")))
            run(setup.plays.create("half", value=play("half")))

    @property
    def buckets(self) -> tuple[SteppedKV, ...]:
        return (self.store,)

    def ledger(self, who: str) -> PlayLedger:
        ports = {"clock": self.clock, "randomness": FixedRandomness(who)}
        return self.kind(
            Documents(self.store, ("plays",), kind=TitlePlay, **ports),
            Documents(self.store, ("items",), kind=ItemCounts, **ports),
            self.clock,
        )

    def operations(self) -> list[Coroutine[Any, Any, Any]]:
        return [OPERATIONS[name](self.ledger(f"{name}{at}")) for at, name in enumerate(self.racing)]

    def counted(self) -> tuple[int, int]:
        """How many plays are counted, and how many are written down."""
        ledger = self.ledger("look")
        counts = run(ledger.items.get("v1"))
        return counts.value.play_count if counts else 0, len(run(ledger.plays.all()))

    def check(self) -> None:
        count, written = self.counted()
        assert count <= written, "a play counts twice"
        # Everybody has died; whoever tidies up next counts what was left.
        healer = self.ledger("healer")
        run(healer.sweep())
        assert self.counted() == (written, written), "a play counts twice, or not at all"
        assert all(seen.value.counted for seen in run(healer.plays.all()))
        run(healer.sweep())
        assert self.counted() == (written, written)


OPERATIONS: dict[str, Callable[[PlayLedger], Coroutine[Any, Any, Any]]] = {
    "play a": lambda ledger: ledger.record(play("a")),
    "play b": lambda ledger: ledger.record(play("b")),
    "count half": lambda ledger: ledger.count(play("half")),
    "sweep": lambda ledger: ledger.sweep(),
}
PAIRS = [*combinations_with_replacement(OPERATIONS, 2)]
# It takes three for a play to be counted, marked and forgotten by its title under somebody's hands.
TRIPLE = ("count half", "count half", "play a")


@pytest.mark.parametrize("racing", [*PAIRS, TRIPLE], ids=" + ".join)
def test_no_order_counts_a_play_twice_or_not_at_all(racing: tuple[str, ...]) -> None:
    assert explore(lambda: Channel(racing)) > 10


@pytest.mark.parametrize("other", ["play a", "play b", "sweep"])
def test_no_order_counts_the_first_play_of_a_title_twice_or_not_at_all(other: str) -> None:
    assert explore(lambda: Channel(("play a", other), new=True)) > 10


class Hasty(PlayLedger):
    """Looks at the play before the title, as one would at first."""

    async def count(self, play: TitlePlay) -> None:
        async for _ in self.items.attempts():
            seen = await self.plays.get(play.play_id)
            if seen is None or seen.value.counted:
                return None
            counts = await self.items.get(play.video_id)
            if counts is None:
                return await super().count(play)
            try:
                if play.play_id not in counts.value.counting:
                    settled = await self._settled(counts.value.counting)
                    more = counts.value.with_play(play, settled=settled)
                    await self.items.update(play.video_id, value=more, seen=counts)
                await self.plays.update(play.play_id, value=evolve(seen.value, counted=True), seen=seen)
                return None
            except Conflict:
                continue
        return None


def test_the_exploration_finds_the_fault_when_the_play_is_read_before_the_title() -> None:
    with pytest.raises(AssertionError, match="counts twice"):
        explore(lambda: Channel(TRIPLE, Hasty))


class Forgetful(PlayLedger):
    """Lets a title forget at once which plays it has counted."""

    async def _settled(self, play_ids: Sequence[str]) -> set[str]:
        return set(play_ids)


def test_the_exploration_finds_the_fault_when_a_title_forgets_too_early() -> None:
    with pytest.raises(AssertionError, match="counts twice"):
        explore(lambda: Channel(("count half", "play a"), Forgetful))
