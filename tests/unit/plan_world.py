"""What the tests of the planner share: queues written as letters, and the list under a plan's commands."""

from collections.abc import Iterable

from playlist_core.domain.plan import Add, Jump, Move, New, Plan, Ref, Remove, SetTemp, Step, Wait, plan
from playlist_core.domain.queue import Capabilities, NowPlaying, Position, QueueItem, QueueSnapshot
from playlist_core.domain.target import Target, Wanted

ALL = Capabilities(
    rank=3,
    can_add=True,
    can_add_next=True,
    can_move=True,
    can_delete=True,
    can_jump=True,
    can_set_temp=True,
    can_add_permanent=True,
    allow_dupes=False,
    max_items=4000,
)
HOURS = 100_000


def snapshot(
    letters: str, playing: int | None = 0, *, can: Capabilities = ALL, seconds: int = HOURS
) -> QueueSnapshot:
    """A queue of one-letter media, uids from 0 in order; a capital letter is a temp item."""
    items = tuple(
        QueueItem(
            uid,
            letter.lower(),
            media_type="cm",
            title=letter,
            seconds=seconds,
            temp=letter.isupper(),
            queueby="someone",
        )
        for uid, letter in enumerate(letters)
    )
    now = None if playing is None or not items else NowPlaying(uid=playing, position_seconds=3.0)
    return QueueSnapshot(generation=1, items=items, playing=now, capabilities=can)


def wanted(letters: Iterable[str]) -> list[Wanted]:
    """A playlist of these media; a capital letter is to be temp."""
    return [Wanted(index, letter.lower(), letter.isupper()) for index, letter in enumerate(letters)]


class Channel:
    """The list under the commands of a plan: those that a plan may have, and CyTube's own rules."""

    def __init__(self, before: QueueSnapshot, *, may_switch: bool) -> None:
        self.rows: list[tuple[Ref, str, bool]] = [(i.uid, i.media_id, i.temp) for i in before.items]
        self.current: Ref | None = None if before.playing is None else before.playing.uid
        self.can = before.capabilities
        self.may_switch = may_switch

    def at(self, ref: Ref | None) -> int:
        return next(place for place, row in enumerate(self.rows) if row[0] == ref)

    def behind(self, ref: Ref | None) -> Ref:
        return self.rows[(self.at(ref) + 1) % len(self.rows)][0]

    def do(self, step: Step) -> None:
        match step:
            case Add():
                self.add(step)
            case Move(item, after):
                assert item != self.current, "the playing item is never moved"
                row = self.rows.pop(self.at(item))
                self.rows.insert(0 if after is None else self.at(after) + 1, row)
            case Remove(item):
                assert item != self.current or self.may_switch, "the playing item is never deleted"
                self.current = self.behind(item) if item == self.current else self.current
                del self.rows[self.at(item)]
            case SetTemp(item, temp):
                ref, media_id, _ = self.rows[self.at(item)]
                self.rows[self.at(item)] = (ref, media_id, temp)
            case Jump(item):
                assert self.may_switch, "nothing is put on the air"
                self.start(item)
            case Wait():
                self.start(self.behind(self.current))

    def add(self, step: Add) -> None:
        assert self.can.allow_dupes or step.media_id not in [row[1] for row in self.rows], "it is refused"
        assert len(self.rows) < self.can.max_items, "the list is full"
        behind = len(self.rows)
        if step.position is Position.NEXT:
            assert self.can.can_add_next, "next is not allowed"
            behind = self.at(self.current) + 1
        self.rows.insert(behind, (New(step.slot), step.media_id, step.temp))
        if len(self.rows) == 1:
            self.current = New(step.slot)

    def start(self, item: Ref) -> None:
        """What was playing disappears if it was temp."""
        if self.current is not None and self.rows[self.at(self.current)][2]:
            del self.rows[self.at(self.current)]
        self.current = item

    @property
    def letters(self) -> str:
        """The list, the playing item in brackets."""
        names = [(ref, media_id.upper() if temp else media_id) for ref, media_id, temp in self.rows]
        return "".join(f"[{name}]" if ref == self.current else name for ref, name in names)


def carried_out(before: QueueSnapshot, goal: Target) -> tuple[str, Plan]:
    """The list after the plan, and the plan."""
    channel = Channel(before, may_switch=goal.on_air is not None)
    todo = plan(before, goal)
    for step in todo.steps:
        channel.do(step)
    return channel.letters, todo
