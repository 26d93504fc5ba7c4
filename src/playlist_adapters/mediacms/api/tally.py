"""Adds up how far a step of reading is, and tells it."""

from collections.abc import Sized

from attrs import define, field

from playlist_core.domain.refresh import ReadProgress, TellProgress


@define(eq=False)
class Tally:
    """`done` of `expected`; rows that come twice must not make it more than there is."""

    tell: TellProgress
    step: str
    expected: int
    done: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.reach(0)

    def add(self, rows: Sized) -> None:
        self.reach(self.done + len(rows))

    def reach(self, done: int) -> None:
        self.done = min(done, self.expected)
        self.tell(ReadProgress(step=self.step, done=self.done, expected=self.expected))
