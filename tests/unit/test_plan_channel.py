"""Plans carried out step by step on the simulated channel: exactly the target, and each step as predicted."""

from collections.abc import Sequence
from functools import partial

import anyio
import pytest
from attrs import define, evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.channel.simulated import (
    BOT,
    ListedManifests,
    Manifest,
    SimulatedChannel,
    simulated_channel,
)
from playlist_adapters.channel.simulated.items import Media
from playlist_adapters.testing.time import ManualClock
from playlist_core.domain.plan import Add, Jump, Move, Plan, Remove, SetTemp, Step, Wait, plan
from playlist_core.domain.prediction import agrees, evolved
from playlist_core.domain.queue import Mode, Position, QueueItem, QueueSnapshot, Refusal
from playlist_core.domain.steps import New, resolve
from playlist_core.domain.target import Target, Wanted, target
from playlist_core.errors import QueueRefused

HOURS = 100_000
TITLES = 40


def url(number: int) -> str:
    return f"https://films.example/{number}.json"


@frozen
class Entry:
    """An item that stands in the queue before: a title of ours, or other media under a negative number."""

    title: int
    temp: bool
    by: str

    def media(self, seconds: int) -> Media:
        known = self.title >= 0
        return Media(
            media_id=url(self.title) if known else f"yt{-self.title}",
            media_type="cm" if known else "yt",
            title=str(self.title),
            seconds=seconds,
        )


@frozen(kw_only=True)
class Evening:
    """What a channel is like when a run begins."""

    queue: Sequence[Entry]
    playing: int
    wish: Sequence[Wanted]
    mode: Mode
    dupes: bool = False
    may_next: bool = True
    most: int = 4_000


@st.composite
def evenings(draw: st.DrawFn) -> Evening:
    dupes = draw(st.booleans())
    # Where titles may come twice there are few of them, so that they do.
    theirs, ours = range(-8, 0), range(8 if dupes else TITLES)
    titles = draw(_picked([*theirs, *ours], again=dupes))
    queue = [
        Entry(title, draw(st.booleans()), draw(st.sampled_from([BOT, "alice", "carol"]))) for title in titles
    ]
    wish = draw(_picked(list(ours), again=True))
    temp = draw(st.booleans())
    return Evening(
        queue=queue,
        playing=draw(st.integers(0, max(0, len(queue) - 1))),
        wish=[Wanted(index, url(title), temp) for index, title in enumerate(wish)],
        mode=draw(st.sampled_from(Mode)),
        dupes=dupes,
        may_next=draw(st.booleans()),
    )


@st.composite
def _picked(draw: st.DrawFn, titles: list[int], *, again: bool) -> list[int]:
    """Up to 30 of the titles; each once, unless they may come `again`."""
    count = draw(st.integers(0, 30))
    if again:
        return draw(st.lists(st.sampled_from(titles), min_size=count, max_size=count))
    return list(draw(st.permutations(titles)))[:count]


def open_channel(evening: Evening, *, seconds: int = HOURS) -> SimulatedChannel:
    manifests = ListedManifests({url(n): Manifest(title=str(n), seconds=HOURS) for n in range(TITLES)})
    channel = simulated_channel(ManualClock(), manifests, max_items=evening.most)
    room = channel.room
    room.restore((entry.media(seconds), entry.temp, entry.by) for entry in evening.queue)
    room.playlist.current = room.playlist.items[evening.playing] if evening.queue else None
    channel.reconnect()
    alice = channel.join("alice", 3)
    alice.send("setOptions", {"allow_dupes": evening.dupes})
    alice.send("setPermissions", {"playlistnext": 1.5 if evening.may_next else 5})
    return channel


@define(eq=False)
class Carrying:
    """The executor at its plainest: one step after the other, and the channel as predicted after each."""

    channel: SimulatedChannel
    too_fast: int = 0

    async def all_of(self, todo: Plan) -> QueueSnapshot:
        uids: dict[int, int] = {}
        predicted = await self.channel.snapshot()
        for step in todo.steps:
            added = await self.carry_out(resolve(step, uids), predicted)
            if isinstance(step, Add):
                assert added is not None
                uids[step.slot] = added.uid
            predicted = evolved(predicted, resolve(step, uids), added)
            assert agrees(await self.channel.snapshot(), predicted), step
        placed = [uids[ref.slot] if isinstance(ref, New) else ref for ref in todo.placed]
        assert [item.uid for item in predicted.items] == placed
        return predicted

    async def carry_out(self, step: Step, seen: QueueSnapshot) -> QueueItem | None:
        generation = seen.generation
        match step:
            case Add():
                return await self.add(step.media_id, step.position, temp=step.temp)
            case Move(int(uid), int() | None as after):
                await self.channel.move(uid, after=after, generation=generation)
            case Remove(int(uid)):
                await self.channel.remove(uid, generation=generation)
            case SetTemp(int(uid), temp):
                await self.channel.set_temp(uid, temp=temp, generation=generation)
            case Jump(int(uid)):
                await self.channel.jump(uid, generation=generation)
            case Wait():
                before = self._playing()
                while self._playing() == before:
                    await self.channel.clock.sleep(0.5)
            case _:
                raise AssertionError(step)
        return None

    async def add(self, media_id: str, position: Position, *, temp: bool) -> QueueItem:
        while True:
            try:
                return await self.channel.add(media_id, position=position, temp=temp)
            except QueueRefused as exc:
                assert exc.reason == Refusal.TOO_FAST, exc
                self.too_fast += 1
                await self.channel.clock.sleep(0.25)

    def _playing(self) -> int | None:
        now = self.channel.now_playing
        return None if now is None else now.uid

    @property
    def sent(self) -> int:
        """The commands that the channel took."""
        return len(self.channel.commands()) - self.too_fast


def as_wanted(before: QueueSnapshot, goal: Target) -> tuple[list[tuple[str, bool]], int | None]:
    """Media and flags of the whole list, and which of them plays."""
    items = {item.uid: item for item in before.items}
    flags = [
        items[slot.uid].temp if slot.temp is None and slot.uid is not None else slot.adds_temp
        for slot in goal.slots
    ]
    playing = None if before.playing is None else before.playing.uid
    on_air = goal.on_air
    if on_air is None and goal.slots:
        on_air = 0 if playing is None else [slot.uid for slot in goal.slots].index(playing)
    return [(slot.media_id, flag) for slot, flag in zip(goal.slots, flags, strict=True)], on_air


def as_is(after: QueueSnapshot) -> tuple[list[tuple[str, bool]], int | None]:
    return [(item.media_id, item.temp) for item in after.items], after.current_index


@settings(max_examples=150)
@given(evenings())
def test_every_plan_makes_exactly_its_target_of_the_channel_with_its_commands(evening: Evening) -> None:
    async def carry_out() -> None:
        channel = open_channel(evening)
        before = await channel.snapshot()
        goal = target(before, evening.mode, evening.wish)
        # What is to be replaced by nothing is no run (the service refuses it).
        if evening.mode is Mode.HARD_REPLACE and not goal.slots:
            return
        todo = plan(before, goal)
        carrying = Carrying(channel)
        after = await carrying.all_of(todo)
        assert as_is(after) == as_wanted(before, goal)
        assert carrying.sent == todo.commands

    anyio.run(carry_out)


def few(titles: Sequence[int]) -> list[Entry]:
    return [Entry(title, False, "alice") for title in titles]


def wish(titles: Sequence[int]) -> list[Wanted]:
    return [Wanted(index, url(title)) for index, title in enumerate(titles)]


@pytest.mark.parametrize("mode", Mode)
def test_a_full_list_is_replaced_item_by_item(mode: Mode) -> None:
    queue = few(range(-12, 0)) if mode is not Mode.APPEND else few(range(-6, 0))
    evening = Evening(queue=queue, playing=3, wish=wish(range(6)), mode=mode, most=12)

    async def carry_out() -> None:
        channel = open_channel(evening)
        before = await channel.snapshot()
        goal = target(before, mode, evening.wish)
        todo = plan(before, goal)
        assert (as_is(await Carrying(channel).all_of(todo)), todo.longest) == (as_wanted(before, goal), 12)

    anyio.run(carry_out)


def test_a_cleared_channel_plays_the_first_item() -> None:
    async def carry_out() -> None:
        evening = Evening(queue=few([1, 2]), playing=0, wish=wish([3, 4]), mode=Mode.PRESERVE_CURRENT)
        channel = open_channel(evening)
        channel.as_user("alice").clear()
        before = await channel.snapshot()
        assert (before.items, before.playing) == ((), None)
        after = await Carrying(channel).all_of(plan(before, target(before, evening.mode, evening.wish)))
        assert as_is(after) == ([(url(3), False), (url(4), False)], 0)

    anyio.run(carry_out)


def test_the_others_of_a_group_come_when_the_first_one_plays() -> None:
    """Thirty titles in front of one that stays, and what plays is over in 12 s."""

    async def carry_out() -> None:
        evening = Evening(
            queue=few([-1, 35, -2]), playing=0, wish=wish([*range(30), 35]), mode=Mode.PRESERVE_CURRENT
        )
        channel = open_channel(evening, seconds=100)
        await channel.clock.sleep(91)
        before = await channel.snapshot()
        todo = plan(before, target(before, evening.mode, evening.wish))
        assert [type(step) for step in todo.steps[:2]] == [Add, Wait]
        after = await Carrying(channel).all_of(todo)
        assert as_is(after)[1] == 1
        assert [item.media_id for item in after.items] == ["yt1", *map(url, [*range(30), 35])]

    anyio.run(carry_out)


def test_a_prediction_is_wrong_when_anything_else_has_happened() -> None:
    async def look() -> None:
        evening = Evening(queue=few([1, 2, 3]), playing=0, wish=wish([1]), mode=Mode.APPEND)
        channel = open_channel(evening)
        alice = channel.as_user("alice")
        seen = await channel.snapshot()
        await channel.clock.sleep(30)
        assert agrees(await channel.snapshot(), seen)
        assert not agrees(evolve(seen, generation=seen.generation + 1), seen)
        deeds = [
            partial(alice.move, 0, after=2),
            partial(alice.send, "setTemp", {"uid": 1, "temp": True}),
            partial(alice.remove, 2),
            channel.skip,
            alice.shuffle,
        ]
        for deed in deeds:
            seen = await channel.snapshot()
            deed()
            assert not agrees(await channel.snapshot(), seen)

    anyio.run(look)


def test_what_is_not_there_cannot_be_predicted() -> None:
    async def look() -> None:
        evening = Evening(queue=few([1, 2]), playing=0, wish=[], mode=Mode.APPEND)
        seen = await open_channel(evening).snapshot()
        for step in (Remove(7), Move(0, 7), Move(7, None), Jump(7), SetTemp(7, True), Remove(New(0))):
            with pytest.raises(ValueError):
                evolved(seen, step)
        with pytest.raises(ValueError):
            evolved(seen, Add(0, url(3), Position.END, False))
        with pytest.raises(KeyError):
            resolve(Move(New(3), 0), {2: 5})

    anyio.run(look)


def test_deleting_the_last_item_that_plays_starts_the_first() -> None:
    """As CyTube does; and when it was the only one, nothing plays."""

    async def look() -> None:
        evening = Evening(queue=few([1, 2]), playing=1, wish=[], mode=Mode.APPEND)
        channel = open_channel(evening)
        seen = await channel.snapshot()
        for uid in (1, 0):
            await channel.remove(uid, generation=seen.generation)
            predicted = evolved(seen, Remove(uid))
            seen = await channel.snapshot()
            assert agrees(seen, predicted)
        assert seen.playing is None

    anyio.run(look)
