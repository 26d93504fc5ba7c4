"""A plan against "delete all, add all" and against a search for the kept run in quadratic time, in one run.

    python benchmarks/plan.py [ITEMS ...]

For each size and change of the playlist: the commands of both plans, then how long it takes to make them,
the best of several rounds taken in turn so that a busy machine slows all alike. `target` is the list that is
aimed at, `kept run` the part of the planner that a quadratic search could do instead. Read the ratios: the
commands are what people wait for, adds go two a second at CyTube's pace; the last one grows with the size.
"""

import sys
import time
from collections.abc import Callable, Sequence
from random import Random

from attrs import evolve, frozen

from playlist_core.domain.chain import best_chain
from playlist_core.domain.plan import Add, Plan, Remove, Step, plan
from playlist_core.domain.queue import Capabilities, Mode, NowPlaying, Position, QueueItem, QueueSnapshot
from playlist_core.domain.target import Target, Wanted, target

SIZES = (1_000, 4_000)
ROUNDS = 5
CAN = Capabilities(
    rank=3,
    can_add=True,
    can_add_next=True,
    can_move=True,
    can_delete=True,
    can_jump=True,
    can_set_temp=True,
    can_add_permanent=True,
    allow_dupes=False,
    max_items=1_000_000,
)


@frozen
class Change:
    """A queue that plays its item `playing`, and the playlist that is put on the air."""

    name: str
    queue: Sequence[int]
    wish: Sequence[int]
    mode: Mode = Mode.PRESERVE_CURRENT
    playing: int = 0
    repeats: bool = False


def changes(count: int) -> list[Change]:
    """`count` titles each, the playing one not among them unless everything is replaced."""
    random = Random(count)
    titles, others = list(range(1, count + 1)), list(range(count + 1, 2 * count + 1))
    shuffled = random.sample(titles, count)
    one_moved = [*titles[1:], titles[0]]
    ten_new = [title if n % (count // 10) else others[n] for n, title in enumerate(titles)]
    some, fewer = titles[: count // 2], titles[: count // 10]
    half_new = [random.choice(pair) for pair in zip(shuffled, others, strict=True)]
    return [
        Change("first time", [0], titles),
        Change("unchanged", [0, *titles], titles),
        Change("one moved", [0, *titles], one_moved),
        Change("ten replaced", [0, *titles], ten_new),
        Change("reversed", [0, *titles], titles[::-1]),
        Change("shuffled", [0, *titles], shuffled),
        Change("half new", [0, *titles], half_new),
        Change("each twice", [0, *some], random.sample([*some, *some], count), repeats=True),
        Change("each ten times", [0, *random.choices(fewer, k=count)], fewer * 10, repeats=True),
        Change("append 50", [0, *titles], others[:50], Mode.APPEND),
        Change("replace, same", titles, titles, Mode.HARD_REPLACE, playing=count // 2),
        Change("replace, shuffled", titles, shuffled, Mode.HARD_REPLACE, playing=count // 2),
    ]


def seen(change: Change) -> QueueSnapshot:
    items = tuple(
        QueueItem(
            uid, _url(title), media_type="cm", title=str(title), seconds=6_000, temp=False, queueby="bob"
        )
        for uid, title in enumerate(change.queue)
    )
    playing = NowPlaying(uid=change.playing, position_seconds=1.0)
    can = evolve(CAN, allow_dupes=change.repeats)
    return QueueSnapshot(generation=1, items=items, playing=playing, capabilities=can)


def _url(title: int) -> str:
    return f"https://films.example/api/v1/media/{title}.json?format=json"


def delete_all_add_all(before: QueueSnapshot, goal: Target) -> list[Step]:
    """The baseline: nothing is held against anything, all but the playing item goes and the target comes."""
    playing = None if before.playing is None else before.playing.uid
    deletes: list[Step] = [Remove(item.uid) for item in before.items if item.uid != playing]
    slots = enumerate(goal.slots)
    return deletes + [
        Add(index, slot.media_id, Position.END, slot.adds_temp)
        for index, slot in slots
        if slot.uid != playing
    ]


def kept_run(before: QueueSnapshot, goal: Target) -> tuple[list[list[int]], list[int]]:
    """For every item the slots that it can serve, and the slots of new items."""
    slot_of = {slot.media_id: index for index, slot in enumerate(goal.slots)}
    there = {item.media_id for item in before.items}
    serves = [[slot_of[item.media_id]] if item.media_id in slot_of else [] for item in before.items]
    return serves, [index for index, slot in enumerate(goal.slots) if slot.media_id not in there]


def quadratic(serves: Sequence[Sequence[int]], new: Sequence[int]) -> int:
    """What the best chain saves, each item held against all before it."""
    before_slot, count, at = {}, 0, 0
    for slot in sorted(slot for slots in serves for slot in slots):
        while at < len(new) and new[at] < slot:
            at, count = at + 1, count + 1
        before_slot[slot] = count
    ends: list[tuple[int, int]] = []
    for slots in serves:
        for slot in slots:
            worth = max((value for end, value in ends if end < slot), default=0)
            ends.append((slot, max(worth, before_slot[slot]) + 1))
    return max((value - before_slot[slot] for slot, value in ends), default=0)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1_000


def measure(change: Change) -> str:
    """One line of the table."""
    before = seen(change)
    wish = [Wanted(index, _url(title)) for index, title in enumerate(change.wish)]
    goal = target(before, change.mode, wish)
    todo: Plan = plan(before, goal)
    everything = len(delete_all_add_all(before, goal))
    rounds = [
        (
            timed(lambda: target(before, change.mode, wish)),
            timed(lambda: plan(before, goal)),
            timed(lambda: delete_all_add_all(before, goal)),
        )
        for _ in range(ROUNDS)
    ]
    aim, ours, plain = (min(column) for column in zip(*rounds, strict=True))
    fewer = f"{everything / todo.commands:.1f}x" if todo.commands else "all"
    return (
        f"{change.name:<18}{todo.commands:>9,}{everything:>9,}{fewer:>8}{aim:>9.1f}{ours:>8.1f}"
        f"{plain:>10.1f}{ours / plain:>7.1f}x{'' if change.repeats else searches(before, goal)}"
    )


def searches(before: QueueSnapshot, goal: Target) -> str:
    """The columns of the kept run, for titles that occur once."""
    serves, new = kept_run(before, goal)
    if best_chain(serves, new, front_is_free=True).saved != quadratic(serves, new):
        raise SystemExit("the two searches do not agree")
    chain = min(timed(lambda: best_chain(serves, new, front_is_free=True)) for _ in range(ROUNDS))
    slow = timed(lambda: quadratic(serves, new))
    faster = f"{slow / chain:.0f}x" if sum(map(len, serves)) > 1 else "-"
    return f"{chain:>10.2f}{slow:>11.1f}{faster:>9}"


def main(arguments: Sequence[str]) -> None:
    for count in [int(argument) for argument in arguments] or SIZES:
        print(f"{count:,} titles; commands, then times in ms, best of {ROUNDS}")
        print(
            f"{'change':<18}{'plan':>9}{'all':>9}{'fewer':>8}{'target':>9}{'plan':>8}{'all':>10}{'ratio':>8}"
            f"{'kept run':>10}{'quadratic':>11}{'ratio':>9}"
        )
        for change in changes(count):
            print(measure(change))


if __name__ == "__main__":
    main(sys.argv[1:])
