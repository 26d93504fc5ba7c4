"""The planner: whatever the queue and the target, the steps lead from one to the other."""

from collections.abc import Sequence

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_core.domain.plan import Add, Jump, Move, New, Plan, Ref, Remove, SetTemp, Step, plan
from playlist_core.domain.queue import Capabilities, Mode, NowPlaying, Position, QueueItem, QueueSnapshot
from playlist_core.domain.target import Former, Left, SoFar, Target, Wanted, restoring, target

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


def snapshot(
    letters: str, playing: int | None = 0, *, temp: str = "", can: Capabilities = ALL
) -> QueueSnapshot:
    """A queue of one-letter media, uids from 0 in order; `temp` names the temp ones."""
    items = tuple(
        QueueItem(
            uid, letter, media_type="cm", title=letter, seconds=60, temp=letter in temp, queueby="someone"
        )
        for uid, letter in enumerate(letters)
    )
    now = None if playing is None or not items else NowPlaying(uid=playing, position_seconds=3.0)
    return QueueSnapshot(generation=1, items=items, playing=now, capabilities=can)


def wanted(letters: str, *, temp: bool = False) -> list[Wanted]:
    return [Wanted(index, letter, temp) for index, letter in enumerate(letters)]


class Channel:
    """CyTube's list as the planner may think of it: seven commands, nothing else."""

    def __init__(self, before: QueueSnapshot) -> None:
        self.rows: list[tuple[Ref, str, bool]] = [
            (item.uid, item.media_id, item.temp) for item in before.items
        ]
        self.current: Ref | None = None if before.playing is None else before.playing.uid
        self.dupes = before.capabilities.allow_dupes

    def at(self, ref: Ref) -> int:
        return [row[0] for row in self.rows].index(ref)

    def do(self, step: Step) -> None:
        match step:
            case Add(slot, media_id, position, temp):
                assert self.dupes or media_id not in [row[1] for row in self.rows], "the channel refuses it"
                behind = len(self.rows)
                if position is Position.NEXT and self.current is not None:
                    behind = self.at(self.current) + 1
                self.rows.insert(behind, (New(slot), media_id, temp))
                self.current = New(slot) if self.current is None else self.current
            case Move(item, after):
                assert item != self.current, "the playing item is never moved"
                row = self.rows.pop(self.at(item))
                self.rows.insert(0 if after is None else self.at(after) + 1, row)
            case Remove(item):
                assert item != self.current, "the playing item is never deleted"
                del self.rows[self.at(item)]
            case SetTemp(item, temp):
                ref, media_id, _ = self.rows[self.at(item)]
                self.rows[self.at(item)] = (ref, media_id, temp)
            case Jump(item):
                if self.current is not None and self.rows[self.at(self.current)][2]:
                    del self.rows[self.at(self.current)]
                self.current = item

    @property
    def letters(self) -> str:
        return "".join(f"[{media_id}]" if ref == self.current else media_id for ref, media_id, _ in self.rows)


def carried_out(before: QueueSnapshot, goal: Target) -> tuple[str, Plan]:
    channel = Channel(before)
    todo = plan(before, goal)
    for step in todo.steps:
        channel.do(step)
    return channel.letters, todo


def result(letters: str, playing: int, mode: Mode, wish: str) -> str:
    before = snapshot(letters, playing)
    return carried_out(before, target(before, mode, wanted(wish)))[0]


@pytest.mark.parametrize(
    ("queue", "playing", "mode", "wish", "expected"),
    [
        ("", 0, Mode.PRESERVE_CURRENT, "abc", "[a]bc"),
        ("p", 0, Mode.PRESERVE_CURRENT, "abc", "[p]abc"),
        ("pxyz", 0, Mode.PRESERVE_CURRENT, "abc", "[p]abc"),
        ("opxyz", 1, Mode.PRESERVE_CURRENT, "abc", "o[p]abc"),
        ("pabc", 0, Mode.PRESERVE_CURRENT, "abc", "[p]abc"),
        ("pcba", 0, Mode.PRESERVE_CURRENT, "abc", "[p]abc"),
        ("pxb", 0, Mode.PRESERVE_CURRENT, "abc", "[p]abc"),
        ("apx", 1, Mode.PRESERVE_CURRENT, "ab", "[p]ab"),
        ("pxp", 0, Mode.APPEND, "ab", "[p]xpab"),
        ("pax", 0, Mode.APPEND, "ab", "[p]xab"),
        ("pxy", 0, Mode.HARD_REPLACE, "ab", "[a]b"),
        ("pay", 0, Mode.HARD_REPLACE, "ab", "[a]b"),
        ("ab", 0, Mode.HARD_REPLACE, "ab", "[a]b"),
        ("ab", 0, Mode.HARD_REPLACE, "ba", "[b]a"),
        ("", 0, Mode.HARD_REPLACE, "ab", "[a]b"),
    ],
)
def test_each_mode_ends_as_it_says(queue: str, playing: int, mode: Mode, wish: str, expected: str) -> None:
    assert result(queue, playing, mode, wish) == expected


def test_a_second_occurrence_and_the_playing_item_are_left_out_with_the_reason() -> None:
    before = snapshot("pa")
    goal = target(before, Mode.PRESERVE_CURRENT, wanted("abpa"))
    assert [(item.index, why) for item, why in goal.left_out] == [
        (2, Left.PLAYING_NOW),
        (3, Left.ALREADY_ON_PLAYLIST),
    ]
    assert carried_out(before, goal)[0] == "[p]ab"


def test_where_duplicates_are_allowed_every_occurrence_comes() -> None:
    before = snapshot("pa", can=evolve(ALL, allow_dupes=True))
    goal = target(before, Mode.PRESERVE_CURRENT, wanted("apa"))
    assert (goal.left_out, carried_out(before, goal)[0]) == ((), "[p]apa")


def test_append_warns_of_what_moves_to_the_end() -> None:
    before = snapshot("pax")
    goal = target(before, Mode.APPEND, wanted("ab"))
    assert goal.warnings == ("1 of these are in the queue already and move to its end.",)


def test_what_is_there_already_costs_nothing() -> None:
    before = snapshot("pabc")
    todo = plan(before, target(before, Mode.PRESERVE_CURRENT, wanted("abc")))
    assert (todo.steps, todo.kept, todo.added, todo.deleted) == ((), (1, 2, 3), (), 0)


def test_everything_wanted_stands_before_the_first_delete() -> None:
    before = snapshot("pxyz")
    todo = plan(before, target(before, Mode.PRESERVE_CURRENT, wanted("abc")))
    assert [type(step).__name__ for step in todo.steps] == ["Add"] * 3 + ["Remove"] * 3
    assert todo.steps[0] == Add(1, "a", Position.NEXT, False)


def test_a_new_group_in_front_of_what_stays_is_added_backwards() -> None:
    before = snapshot("pc")
    todo = plan(before, target(before, Mode.PRESERVE_CURRENT, wanted("abc")))
    assert todo.steps == (Add(2, "b", Position.NEXT, False), Add(1, "a", Position.NEXT, False))


def test_without_the_permission_for_next_items_are_added_at_the_end_and_moved() -> None:
    before = snapshot("pxc", can=evolve(ALL, can_add_next=False))
    letters, todo = carried_out(before, target(before, Mode.PRESERVE_CURRENT, wanted("abc")))
    assert letters == "[p]abc"
    assert not [step for step in todo.steps if isinstance(step, Add) and step.position is Position.NEXT]


def test_the_estimate_knows_the_burst_and_the_pace_behind_it() -> None:
    before = snapshot("p")
    burst = plan(before, target(before, Mode.APPEND, wanted("abcdefghij"))).seconds
    longer = plan(before, target(before, Mode.APPEND, wanted("abcdefghijklmnoqrstu"))).seconds
    assert (burst, longer) == (0.5, pytest.approx(6.05, abs=0.06))


def test_wrong_temp_flags_are_put_right_unless_the_bot_may_not() -> None:
    before = snapshot("pa", temp="a")
    goal = target(before, Mode.PRESERVE_CURRENT, wanted("a"))
    assert plan(before, goal).steps == (SetTemp(1, False),)
    bound = snapshot("pa", temp="a", can=evolve(ALL, can_set_temp=False))
    assert plan(bound, target(bound, Mode.PRESERVE_CURRENT, wanted("a"))).steps == ()


def test_a_queue_can_be_put_back_as_it_was() -> None:
    former = [Former(letter, "cm", letter, False) for letter in "opxy"]
    now = snapshot("ab")
    assert carried_out(now, restoring(now, former, 1))[0] == "o[p]xy"
    goes_on = snapshot("abx", 2)
    assert carried_out(goes_on, restoring(goes_on, former, 1))[0] == "op[x]y"
    assert carried_out(now, restoring(now, former, 1, without={1}))[0] == "[o]xy"


LETTERS = st.text("abcdefgh", max_size=8)


@st.composite
def queues(draw: st.DrawFn) -> QueueSnapshot:
    dupes = draw(st.booleans())
    letters = draw(LETTERS)
    if not dupes:
        letters = "".join(dict.fromkeys(letters))
    playing = draw(st.integers(0, len(letters) - 1)) if letters else None
    can = evolve(ALL, allow_dupes=dupes, can_add_next=draw(st.booleans()))
    return snapshot(letters, playing, temp=draw(LETTERS), can=can)


def expected_letters(before: QueueSnapshot, goal: Target) -> str:
    on_air = before.playing.uid if before.playing is not None else None
    letters = ""
    for index, slot in enumerate(goal.slots):
        plays = index == goal.on_air or (goal.on_air is None and slot.uid is not None and slot.uid == on_air)
        plays = plays or (before.playing is None and goal.on_air is None and index == 0)
        letters += f"[{slot.media_id}]" if plays else slot.media_id
    return letters


@settings(max_examples=400, deadline=None)
@given(queues(), st.sampled_from(Mode), LETTERS, st.booleans())
def test_any_plan_ends_in_exactly_its_target(
    before: QueueSnapshot, mode: Mode, wish: str, temp: bool
) -> None:
    goal = target(before, mode, wanted(wish, temp=temp))
    if mode is Mode.HARD_REPLACE and not goal.slots:
        return
    letters, todo = carried_out(before, goal)
    assert letters == expected_letters(before, goal)
    places = {slot.wanted.index for slot in goal.slots if slot.wanted is not None}
    assert len(places) == len(todo.kept) + len(todo.moved) + len(todo.added)


@settings(max_examples=300, deadline=None)
@given(queues(), LETTERS, st.integers(0, 7))
def test_any_queue_can_be_put_back(now: QueueSnapshot, was: str, playing: int) -> None:
    if not now.capabilities.allow_dupes:
        was = "".join(dict.fromkeys(was))
    if not was:
        return
    former = [Former(letter, "cm", letter, False) for letter in was]
    goal = restoring(now, former, playing % len(was))
    letters = carried_out(now, goal)[0]
    assert letters.replace("[", "").replace("]", "") == was
    if goal.on_air is not None:
        assert letters.index("[") == playing % len(was)


def steps_until_done(before: QueueSnapshot, mode: Mode, wish: Sequence[Wanted]) -> int:
    """Plan, do the first step, plan again: as the executor does it."""
    count = 0
    now = before
    stood = {item.uid for item in before.items}
    while True:
        so_far = SoFar(stood=stood)
        goal = target(now, mode, wish, so_far=so_far)
        if mode is Mode.HARD_REPLACE and _on_air(now, wish):
            goal = target(now, mode, wish[1:], so_far=evolve(so_far, started={now.playing.uid}, on_air=True))
        todo = plan(now, goal)
        if not todo.steps:
            return count
        channel = Channel(now)
        channel.do(todo.steps[0])
        now = _looked_at(channel, now)
        count += 1
        assert count < 200, "it never ends"


def _on_air(now: QueueSnapshot, wish: Sequence[Wanted]) -> bool:
    index = now.current_index
    return index is not None and now.items[index].media_id == wish[0].media_id


def _looked_at(channel: Channel, before: QueueSnapshot) -> QueueSnapshot:
    fresh = 1 + max([item.uid for item in before.items], default=-1)
    uids = {ref: ref if isinstance(ref, int) else fresh for ref, _, _ in channel.rows}
    items = tuple(
        QueueItem(uids[ref], media, media_type="cm", title=media, seconds=60, temp=temp, queueby="x")
        for ref, media, temp in channel.rows
    )
    playing = None if channel.current is None else NowPlaying(uid=uids[channel.current], position_seconds=1.0)
    return evolve(before, items=items, playing=playing)


@settings(max_examples=300, deadline=None)
@given(queues(), st.sampled_from(Mode), st.text("abcdefgh", min_size=1, max_size=8))
def test_planning_again_after_each_step_comes_to_an_end(before: QueueSnapshot, mode: Mode, wish: str) -> None:
    if not before.capabilities.allow_dupes or mode is Mode.HARD_REPLACE:
        wish = "".join(dict.fromkeys(wish))
    count = steps_until_done(before, mode, wanted(wish))
    assert count <= 2 * len(wish) + 2 * len(before.items) + 2
