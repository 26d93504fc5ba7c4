"""The planner: whatever the queue and the target, the steps lead from one to the other in a safe order."""

from random import Random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_core.domain.plan import Add, Jump, Move, New, Plan, Remove, SetTemp, Wait, plan
from playlist_core.domain.queue import Mode, NowPlaying, Position, QueueSnapshot
from playlist_core.domain.target import Former, Left, Slot, SoFar, Target, Wanted, restoring, target
from tests.unit.plan_world import ALL, HOURS, Channel, carried_out, snapshot, wanted

NEXT, END = Position.NEXT, Position.END


def result(letters: str, playing: int, mode: Mode, wish: str) -> str:
    before = snapshot(letters, playing)
    return carried_out(before, target(before, mode, wanted(wish)))[0]


def planned(before: QueueSnapshot, wish: str, mode: Mode = Mode.PRESERVE_CURRENT) -> Plan:
    """The plan, having seen that it reaches its target."""
    goal = target(before, mode, wanted(wish))
    letters, todo = carried_out(before, goal)
    assert letters == expected_letters(before, goal)
    return todo


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
    todo = planned(snapshot("pabc"), "abc")
    assert (todo.steps, todo.kept, todo.added, todo.deleted) == ((), (1, 2, 3), (), 0)


def test_a_plan_counts_what_stays_moves_comes_and_goes() -> None:
    todo = planned(snapshot("pxcab"), "abcz")
    assert (todo.kept, todo.moved, todo.added, todo.deleted) == ((1, 2), (3,), (4,), 1)
    assert (todo.commands, todo.placed, todo.longest) == (3, (0, 3, 4, 2, New(4)), 6)


# -- the order of the steps ------------------------------------------------------


def test_everything_wanted_stands_before_the_first_delete() -> None:
    assert planned(snapshot("pxyz"), "abc").steps == (
        Add(1, "a", NEXT, False),
        Add(2, "b", END, False),
        Add(3, "c", END, False),
        Remove(1),
        Remove(2),
        Remove(3),
    )


def test_a_new_group_in_front_of_what_stays_is_added_backwards() -> None:
    assert planned(snapshot("pc"), "abc").steps == (Add(2, "b", NEXT, False), Add(1, "a", NEXT, False))


def test_the_group_in_front_comes_first_then_the_rest_forwards_then_the_deletes() -> None:
    """`c`, `e` and `g` stay, `a` and `d` are there."""
    assert planned(snapshot("pxcegda"), "abcdegf").steps == (
        Add(2, "b", NEXT, False),
        Move(6, 0),
        Move(5, 2),
        Add(7, "f", END, False),
        Remove(1),
    )


def test_a_new_item_between_two_that_stay_takes_two_commands() -> None:
    assert planned(snapshot("pac"), "abc").steps == (Add(2, "b", END, False), Move(New(2), 1))


def test_an_item_gives_up_its_place_rather_than_cost_more() -> None:
    """Keeping `d` would make each of `abc` cost two."""
    todo = planned(snapshot("pdef", can=evolve(ALL, can_add_next=False)), "abcd")
    assert (todo.commands, todo.moved) == (6, (4,))


def test_without_the_permission_for_next_items_are_added_at_the_end_and_moved() -> None:
    todo = planned(snapshot("pxcde", can=evolve(ALL, can_add_next=False)), "acde")
    assert todo.steps == (Add(1, "a", END, False), Move(New(1), 0), Remove(1))


def test_deletes_come_in_the_order_in_which_the_items_would_play() -> None:
    todo = planned(snapshot("xyapzw", 3), "a", Mode.HARD_REPLACE)
    assert todo.steps == (Jump(2), *(Remove(uid) for uid in (3, 4, 5, 0, 1)))


def test_a_list_that_is_full_makes_room_from_its_end_as_far_as_needed() -> None:
    can = evolve(ALL, max_items=6)
    assert planned(snapshot("pvwxyz", can=can), "abc").steps == (
        Remove(5),
        Add(1, "a", NEXT, False),
        Remove(4),
        Add(2, "b", END, False),
        Remove(3),
        Add(3, "c", END, False),
        Remove(1),
        Remove(2),
    )
    assert [type(step) for step in planned(snapshot("pvwx", can=can), "abc").steps[:4]] == [
        Add,
        Add,
        Remove,
        Add,
    ]


def test_a_full_list_keeps_what_plays_until_something_else_does() -> None:
    can = evolve(ALL, max_items=3)
    todo = planned(snapshot("xyp", 2, can=can), "ab", Mode.HARD_REPLACE)
    assert todo.steps == (Remove(1), Add(0, "a", NEXT, False), Remove(2), Add(1, "b", NEXT, False), Remove(0))


def test_a_full_list_keeps_what_plays_until_item_1_has_come_and_been_moved() -> None:
    can = evolve(ALL, max_items=6)
    assert planned(snapshot("xbcdpe", 4, can=can), "abcde", Mode.HARD_REPLACE).steps == (
        Remove(0),
        Add(0, "a", END, False),
        Move(New(0), None),
        Jump(New(0)),
        Remove(4),
    )


def test_what_plays_goes_last_when_nothing_else_is_to_play() -> None:
    before = snapshot("xpy", 1, can=evolve(ALL, max_items=3))
    assert plan(before, Target(slots=())).steps == (Remove(2), Remove(0), Remove(1))
    slots = (Slot("a", wanted=Wanted(0, "a"), temp=False),)
    assert plan(before, Target(slots=slots)).steps == (
        Remove(0),
        Add(0, "a", END, False),
        Remove(2),
        Remove(1),
    )


def test_what_comes_next_is_put_back_before_what_has_played() -> None:
    former = [Former(letter, "cm", letter, False) for letter in "apbc"]
    before = snapshot("xp", 1)
    assert plan(before, restoring(before, former, 1)).steps == (
        Add(2, "b", NEXT, False),
        Add(3, "c", END, False),
        Add(0, "a", END, False),
        Move(New(0), None),
        Remove(0),
    )


def test_a_list_that_gets_very_long_is_warned_of() -> None:
    before = snapshot("p" + "x" * 2_000)
    few, many = ([f"title {number}" for number in range(count)] for count in (499, 500))
    assert plan(before, target(before, Mode.APPEND, wanted(few))).warnings == ()
    todo = plan(before, target(before, Mode.APPEND, wanted(many)))
    assert todo.warnings == ("The queue has up to 2501 items; from about 2500 on the robot may lose it.",)


# -- while something is about to end ---------------------------------------------


def playing_for(letters: str, left: float, *, paused: bool = False, seconds: int = 600) -> QueueSnapshot:
    now = NowPlaying(uid=0, position_seconds=seconds - left, paused=paused)
    return evolve(snapshot(letters, seconds=seconds), playing=now)


def test_the_first_goes_next_and_the_others_wait_when_the_playing_item_is_about_to_end() -> None:
    """Three commands take 0.15 s; ten more seconds must be left."""
    assert planned(playing_for("pxd", 10.2), "abcd").steps == (
        Add(3, "c", NEXT, False),
        Add(2, "b", NEXT, False),
        Add(1, "a", NEXT, False),
        Remove(1),
    )
    hurried = plan(playing_for("pxd", 10.1), target(snapshot("pxd"), Mode.PRESERVE_CURRENT, wanted("abcde")))
    assert hurried.steps == (
        Add(1, "a", NEXT, False),
        Add(5, "e", END, False),
        Wait(),
        Add(3, "c", NEXT, False),
        Add(2, "b", NEXT, False),
        Remove(1),
    )
    assert (hurried.commands, hurried.seconds) == (5, pytest.approx(10.25, abs=0.06))


@pytest.mark.parametrize("may_next", [True, False])
def test_after_the_change_the_others_stand_behind_the_first(may_next: bool) -> None:
    before = evolve(playing_for("pxdeig", 3), capabilities=evolve(ALL, can_add_next=may_next))
    letters, todo = carried_out(before, target(before, Mode.PRESERVE_CURRENT, wanted("aghdei")))
    assert (letters, todo.steps.count(Wait())) == ("p[a]ghdei", 1)


@pytest.mark.parametrize(
    "before",
    [playing_for("pxd", 3, paused=True), playing_for("pxd", 0, seconds=0)],
    ids=["paused", "live"],
)
def test_what_may_never_end_is_not_waited_for(before: QueueSnapshot) -> None:
    assert Wait() not in planned(before, "abcd").steps


def test_one_item_in_front_needs_no_waiting() -> None:
    assert planned(playing_for("pxd", 1), "ad").steps == (Add(1, "a", NEXT, False), Remove(1))


def test_without_anything_that_stays_the_first_goes_next_however_soon() -> None:
    assert Wait() not in planned(playing_for("pxy", 1), "abcd").steps


# -- putting item 1 on the air ---------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "playing", "wish", "steps"),
    [
        ("a", 0, "a", ()),
        ("pab", 0, "ab", (Remove(0),)),
        ("Pxa", 0, "a", (Jump(2), Remove(1))),
        ("abcdefgh", 5, "abcdefgh", (Jump(0),)),
        ("abp", 2, "ab", (Remove(2),)),
        ("bcpa", 2, "abc", (Move(3, None), Remove(2))),
        ("bcxpya", 3, "abc", (Move(5, None), Jump(5), Remove(2), Remove(3), Remove(4))),
        ("pxb", 0, "ab", (Add(0, "a", NEXT, False), Remove(0), Remove(1))),
        ("", 0, "a", (Add(0, "a", END, False),)),
    ],
)
def test_item_1_comes_on_the_air_with_the_fewest_commands(
    queue: str, playing: int, wish: str, steps: tuple[object, ...]
) -> None:
    assert planned(snapshot(queue, playing), wish, Mode.HARD_REPLACE).steps == steps


def test_without_the_permission_for_next_item_1_comes_to_the_end() -> None:
    todo = planned(snapshot("xp", 1, can=evolve(ALL, can_add_next=False)), "a", Mode.HARD_REPLACE)
    assert todo.steps == (Add(0, "a", END, False), Remove(1), Remove(0))


def test_item_1_can_come_anew_although_it_is_there_for_another_place() -> None:
    before = snapshot("pxyaz", can=evolve(ALL, allow_dupes=True))
    assert planned(before, "axyaz", Mode.HARD_REPLACE).steps == (Add(0, "a", NEXT, False), Remove(0))


def test_a_temp_item_that_is_wanted_later_does_not_disappear_with_the_jump() -> None:
    todo = planned(snapshot("abPc", 2), "abpc", Mode.HARD_REPLACE)
    assert todo.steps == (SetTemp(2, False), Jump(0))


def test_the_flag_of_item_1_is_right_before_it_plays() -> None:
    assert planned(snapshot("pxA"), "a", Mode.HARD_REPLACE).steps[:2] == (SetTemp(2, False), Jump(2))


# -- flags, time, former queues ----------------------------------------------------


def test_wrong_temp_flags_are_put_right_unless_the_bot_may_not() -> None:
    assert planned(snapshot("pA"), "a").steps == (SetTemp(1, False),)
    bound = snapshot("pA", can=evolve(ALL, can_set_temp=False))
    assert plan(bound, target(bound, Mode.PRESERVE_CURRENT, wanted("a"))).steps == ()


def test_of_equal_items_those_with_the_right_flag_stay() -> None:
    todo = planned(snapshot("pAaA", can=evolve(ALL, allow_dupes=True)), "a")
    assert todo.steps == (Remove(1), Remove(3))


def test_the_estimate_knows_the_burst_and_the_pace_behind_it() -> None:
    before = snapshot("p")
    burst = plan(before, target(before, Mode.APPEND, wanted("abcdefghij"))).seconds
    longer = plan(before, target(before, Mode.APPEND, wanted("abcdefghijklmnoqrstu"))).seconds
    assert (burst, longer) == (0.5, pytest.approx(6.05, abs=0.06))


def test_a_queue_can_be_put_back_as_it_was() -> None:
    former = [Former(letter, "cm", letter, False) for letter in "opxy"]
    now = snapshot("ab")
    assert carried_out(now, restoring(now, former, 1))[0] == "o[p]xy"
    goes_on = snapshot("abx", 2)
    assert carried_out(goes_on, restoring(goes_on, former, 1))[0] == "op[x]y"
    assert carried_out(now, restoring(now, former, 1, without={1}))[0] == "[o]xy"


def test_what_was_there_twice_is_put_back_as_often_as_the_channel_takes_it() -> None:
    former = [Former(letter, "cm", letter, False) for letter in "paaba"]
    now = snapshot("pxa")
    goal = restoring(now, former, 0)
    assert carried_out(now, goal)[0] == "[p]ab"
    assert [(item.index, why) for item, why in goal.left_out] == [
        (2, Left.ALREADY_ON_PLAYLIST),
        (4, Left.ALREADY_ON_PLAYLIST),
    ]
    twice = snapshot("pxaa")
    assert carried_out(twice, restoring(twice, former, 0))[0] == "[p]aab"
    allowed = snapshot("pxa", can=evolve(ALL, allow_dupes=True))
    assert carried_out(allowed, restoring(allowed, former, 0))[0] == "[p]aaba"


# -- whatever the queue ------------------------------------------------------------


LETTERS = st.text("abcdefghABCDEFGH", max_size=9)


@st.composite
def queues(draw: st.DrawFn) -> QueueSnapshot:
    dupes = draw(st.booleans())
    letters = draw(LETTERS)
    if not dupes:
        letters = "".join({letter.lower(): letter for letter in letters}.values())
    playing = draw(st.integers(0, len(letters) - 1)) if letters else None
    can = evolve(ALL, allow_dupes=dupes, can_add_next=draw(st.booleans()))
    return snapshot(letters, playing, can=can)


def expected_letters(before: QueueSnapshot, goal: Target) -> str:
    """What the target says, its temp items capital and the playing one in brackets."""
    items = {item.uid: item for item in before.items}
    on_air = None if before.playing is None else before.playing.uid
    letters = ""
    for index, slot in enumerate(goal.slots):
        temp = items[slot.uid].temp if slot.uid is not None and slot.temp is None else slot.temp
        name = slot.media_id.upper() if temp else slot.media_id
        plays = index == goal.on_air or (goal.on_air is None and slot.uid is not None and slot.uid == on_air)
        plays = plays or (before.playing is None and goal.on_air is None and index == 0)
        letters += f"[{name}]" if plays else name
    return letters


@settings(max_examples=400)
@given(queues(), st.sampled_from(Mode), LETTERS)
def test_any_plan_ends_in_exactly_its_target(before: QueueSnapshot, mode: Mode, wish: str) -> None:
    goal = target(before, mode, wanted(wish))
    if mode is Mode.HARD_REPLACE and not goal.slots:
        return
    letters, todo = carried_out(before, goal)
    assert letters == expected_letters(before, goal)
    places = {slot.wanted.index for slot in goal.slots if slot.wanted is not None}
    assert len(places) == len(todo.kept) + len(todo.moved) + len(todo.added)


@settings(max_examples=200)
@given(queues(), st.sampled_from([Mode.PRESERVE_CURRENT, Mode.APPEND]), LETTERS)
def test_a_list_as_full_as_it_can_be_takes_no_more_commands(
    before: QueueSnapshot, mode: Mode, wish: str
) -> None:
    goal = target(before, mode, wanted(wish))
    most = max(len(before.items), len(goal.slots))
    full = evolve(before, capabilities=evolve(before.capabilities, max_items=most))
    letters, todo = carried_out(full, goal)
    assert (letters, todo.commands) == (expected_letters(before, goal), plan(before, goal).commands)


@settings(max_examples=300)
@given(queues(), LETTERS, st.integers(0, 8))
def test_any_queue_can_be_put_back(now: QueueSnapshot, was: str, playing: int) -> None:
    if not was:
        return
    former = [Former(letter.lower(), "cm", letter, letter.isupper()) for letter in was]
    goal = restoring(now, former, playing % len(was))
    letters = carried_out(now, goal)[0]
    assert letters == expected_letters(now, goal)
    assert len(goal.slots) + len(goal.left_out) == len(was)


def playing_uid(seen: QueueSnapshot) -> int:
    assert seen.playing is not None
    return seen.playing.uid


def as_seen(channel: Channel, before: QueueSnapshot) -> QueueSnapshot:
    """What a look at the channel shows; new items have the next uids."""
    fresh = 1 + max([item.uid for item in before.items], default=-1)
    uids = {ref: ref if isinstance(ref, int) else fresh + ref.slot for ref, _, _ in channel.rows}
    letters = [media.upper() if temp else media for _, media, temp in channel.rows]
    items = snapshot("".join(letters)).items
    numbered = tuple(
        evolve(item, uid=uids[ref]) for item, (ref, _, _) in zip(items, channel.rows, strict=True)
    )
    playing = None if channel.current is None else NowPlaying(uid=uids[channel.current], position_seconds=1)
    return evolve(before, items=numbered, playing=playing)


@settings(max_examples=300)
@given(queues(), st.sampled_from(Mode), LETTERS, st.booleans())
def test_planning_again_after_any_step_takes_as_many_commands_as_were_left(
    before: QueueSnapshot, mode: Mode, letters: str, temp: bool
) -> None:
    wish = wanted(letters.upper() if temp else letters.lower())
    goal = target(before, mode, wish)
    if mode is Mode.HARD_REPLACE and not goal.slots:
        return
    todo = plan(before, goal)
    channel = Channel(before, may_switch=goal.on_air is not None)
    for done, step in enumerate(todo.steps):
        now = as_seen(channel, before)
        left = plan(now, goal)
        if mode is Mode.HARD_REPLACE and done and channel.current == todo.placed[0]:
            # As the executor asks once item 1 plays.
            so_far = SoFar(started={playing_uid(now)}, on_air=True)
            left = plan(now, target(now, mode, wish[1:], so_far=so_far))
        assert left.commands == todo.commands - done, step
        channel.do(step)


@settings(max_examples=300)
@given(st.text("abcdefgh", max_size=8), st.text("abcdefgh", max_size=8), st.booleans())
def test_looking_again_while_the_playing_item_is_about_to_end_comes_to_the_same_list(
    queue: str, wish: str, may_next: bool
) -> None:
    """Whoever plans again after each step does not send the same thing over and over while it waits."""
    before = snapshot("p" + "".join(dict.fromkeys(queue)), can=evolve(ALL, can_add_next=may_next))
    outstanding = wanted(dict.fromkeys(wish))
    channel = Channel(before, may_switch=False)
    left, sent = 1, 0
    while True:
        now = as_seen(channel, before)
        playing = NowPlaying(uid=playing_uid(now), position_seconds=HOURS - left)
        now = evolve(now, playing=playing)
        goal = target(now, Mode.PRESERVE_CURRENT, outstanding)
        todo = plan(now, goal)
        if not todo.steps:
            break
        first = todo.steps[0]
        before, channel = now, Channel(now, may_switch=False)
        channel.do(first)
        if isinstance(first, Wait):
            # The first item plays, for a long time.
            outstanding, left = outstanding[1:], HOURS
        else:
            sent += 1
            assert sent <= 40, "it never ends"
    letters = channel.letters
    assert letters.replace("[", "").replace("]", "") == "p" + "".join(dict.fromkeys(wish))
    assert letters[0] == "[" or letters[1] == "["


def by_the_book(before: QueueSnapshot, goal: Target) -> int:
    """The cost of a plan that leaves the playing item alone, looked for in quadratic time.

    new + unwanted + existing + wrong flags - the most that a chain of items behind the playing one saves: one
    for each, less the new items between them or, without "next", in front of them.
    """
    of_media = {item.media_id: item for item in before.items}
    existing = {index: of_media[s.media_id] for index, s in enumerate(goal.slots) if s.media_id in of_media}
    new = [index for index in range(len(goal.slots)) if index not in existing]
    standing = before.current_index
    assert standing is not None
    pivot = next((i for i, item in existing.items() if item is before.items[standing]), -1)
    slot_of = {item.uid: index for index, item in existing.items()}
    behind = [slot_of[item.uid] for item in before.items[standing + 1 :] if item.uid in slot_of]
    behind = [slot for slot in behind if slot > pivot]
    saved: list[int] = []
    for at, slot in enumerate(behind):
        inside = 0 if before.capabilities.can_add_next else sum(1 for n in new if pivot < n < slot)
        ways = [
            saved[k] + 1 - sum(1 for n in new if behind[k] < n < slot) for k in range(at) if behind[k] < slot
        ]
        saved.append(max([1 - inside, *ways]))
    in_front = [slot_of[item.uid] for item in before.items[:standing] if item.uid in slot_of]
    stay_in_front = sum(1 for slot in in_front if slot < pivot)
    wrong = sum(1 for i, item in existing.items() if goal.slots[i].temp not in (None, item.temp))
    unwanted = len(before.items) - len(existing)
    moved = len(existing) - 1 - stay_in_front - max([0, *saved])
    return len(new) + unwanted + moved + wrong


MANY = st.lists(st.integers(0, 80), max_size=60, unique=True)


@settings(max_examples=200)
@given(MANY, MANY, st.sampled_from([Mode.PRESERVE_CURRENT, Mode.APPEND]), st.booleans(), st.randoms())
def test_a_long_plan_costs_what_the_book_says(
    queue: list[int], wish: list[int], mode: Mode, may_next: bool, random: Random
) -> None:
    letters = "".join(chr(0x4E00 + number) for number in [90, *queue])
    playing = random.randrange(len(letters))
    before = snapshot(letters, playing, can=evolve(ALL, can_add_next=may_next))
    goal = target(before, mode, wanted(chr(0x4E00 + number) for number in wish))
    reached, todo = carried_out(before, goal)
    assert reached == expected_letters(before, goal)
    assert todo.commands == by_the_book(before, goal)
