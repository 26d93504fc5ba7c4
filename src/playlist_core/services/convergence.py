"""Carrying a target out: look, plan, one command, confirmed, and look again."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from attrs import Factory, define, field, frozen

from playlist_core.domain.plan import Add, Jump, Move, Plan, Remove, SetTemp, Step, Wait, plan
from playlist_core.domain.queue import QueueSnapshot, Refusal
from playlist_core.domain.target import Left, SoFar, Target, Wanted
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown, QueueRefused
from playlist_core.ports import Clock, QueueGateway

_PACE_PAUSE: Final = 0.25
# A robot that is restarted is back after 4 s, or 14 when its watchdog does it; NATS after some seconds.
_AWAY_MOST: Final = 60.0
_AWAY_PAUSE: Final = 0.5
# What plays is about to end; how long that takes the channel knows to some seconds.
_CHANGE_LOOK: Final = 0.5
_DOUBTS: Final = 3
# An item that vanishes after each add is somebody's wish.
_ADDS: Final = 5
# The refusals that every further command would meet too.
_FINAL: Final = {Refusal.NO_PERMISSION, Refusal.LIST_FULL}
_Counted = Step | tuple[str, int]


class Stopped(Exception):
    """The run ends here, before its target: `reason` says why, in a sentence."""

    def __init__(self, reason: str, *, code: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@frozen
class ItemRefused:
    """What the channel said to an item that it did not take."""

    reason: str
    message: str


@define(eq=False)
class Convergence:
    """One target being reached (DESIGN decision 5): the planner decides, the channel's own events confirm.

    `aim` gives the target for a snapshot and the items still wanted; `after_step` is awaited after each
    command and may raise to end the run between commands. `one_plays` says that an item of the playlist is
    on the air without being wanted again, `may_end_empty` that an empty queue can be what is aimed at.
    """

    gateway: QueueGateway
    clock: Clock
    aim: Callable[[QueueSnapshot, Sequence[Wanted], "Convergence"], Target] = field(kw_only=True)
    wanted: Sequence[Wanted] = field(kw_only=True)
    after_step: Callable[[], Awaitable[None]] = field(kw_only=True)
    one_plays: bool = field(default=False, kw_only=True)
    may_end_empty: bool = field(default=False, kw_only=True)
    refused: dict[int, ItemRefused] = Factory(dict[int, ItemRefused])
    added: set[int] = Factory(set[int])
    moved: set[int] = Factory(set[int])
    settled: set[int] = Factory(set[int])
    started: set[int] = Factory(set[int])
    remaining_seconds: float = 0.0
    _stood: set[int] = field(factory=set[int], init=False)
    _placed: dict[int, int] = field(factory=dict[int, int], init=False)
    _started_uids: set[int] = field(factory=set[int], init=False)
    _anchor: int | None = field(default=None, init=False)
    _generation: int | None = field(default=None, init=False)
    _counts: dict[_Counted, int] = field(factory=dict[_Counted, int], init=False)

    async def run(self) -> None:
        """Until the queue is the target; raises Stopped, or what `after_step` raises.

        A channel that goes away in the middle is waited for, a minute at most; ChannelUnavailable then.
        """
        away_since: float | None = None
        while True:
            try:
                if await self._step():
                    return
                away_since = None
            except ChannelUnavailable:
                now = self.clock.monotonic()
                away_since = now if away_since is None else away_since
                if now - away_since >= _AWAY_MOST:
                    raise
                await self.clock.sleep(_AWAY_PAUSE)
            await self.after_step()

    async def _step(self) -> bool:
        """One look and one command at most; whether the queue was the target."""
        snapshot = await self.gateway.snapshot()
        self._notice_started(snapshot)
        goal = self.aim(snapshot, self._outstanding(), self)
        todo = plan(snapshot, goal)
        self._take_stock(goal, todo)
        if not todo.steps:
            return True
        if not (self.may_end_empty or self._something_stands(goal)):
            raise Stopped(
                "None of the items could be queued; the queue was left as it was.", code="nothing_queued"
            )
        await self._carry_out(todo.steps[0], goal, snapshot.generation)
        return False

    def _outstanding(self) -> list[Wanted]:
        return [w for w in self.wanted if w.index not in self.refused and w.index not in self.started]

    def _something_stands(self, goal: Target) -> bool:
        """Nothing is deleted for the sake of items that all failed."""
        return self.one_plays or bool(self.started) or any(slot.wanted is not None for slot in goal.slots)

    def _notice_started(self, snapshot: QueueSnapshot) -> None:
        """When an item of ours has come on the air, it and those of ours before it are history."""
        if snapshot.generation != self._generation:
            self._forget_uids(snapshot)
        index = snapshot.current_index
        playing = None if index is None else self._placed.get(snapshot.items[index].uid)
        if index is None or playing is None:
            return
        first = next((wanted.index for wanted in self._outstanding()), None)
        if snapshot.items[index].uid == self._anchor and playing != first:
            return  # hard_replace has still to take it off the air; its own turn comes later
        for item in snapshot.items[: index + 1]:
            wanted = self._placed.get(item.uid)
            if wanted is not None and wanted <= playing:
                self.started.add(wanted)
                self._started_uids.add(item.uid)

    def _forget_uids(self, snapshot: QueueSnapshot) -> None:
        """At the beginning, and after a shuffle or reload: then only the media tell what is ours."""
        reloaded = self._generation is not None
        ours = {item.media_id for item in self.wanted} if reloaded else set[str]()
        self._stood = {item.uid for item in snapshot.items if item.media_id not in ours}
        self._generation = snapshot.generation
        self._anchor = None if reloaded or snapshot.playing is None else snapshot.playing.uid
        self._placed.clear()
        # What was counted of a uid was another item's.
        self._counts = {what: times for what, times in self._counts.items() if isinstance(what, tuple)}
        played = {item.media_id for item in self.wanted if item.index in self.started}
        self._started_uids = {item.uid for item in snapshot.items if item.media_id in played}

    def told(self) -> SoFar:
        """What the target has to know of this run."""
        return SoFar(stood=self._stood, started=self._started_uids, on_air=bool(self.started))

    def _take_stock(self, goal: Target, todo: Plan) -> None:
        self.remaining_seconds = todo.seconds
        self.settled.clear()
        # Left out at a later look means that it has come on the air by itself.
        self.started |= {item.index for item, why in goal.left_out if why is Left.PLAYING_NOW}
        for index, (slot, ref) in enumerate(zip(goal.slots, todo.placed, strict=True)):
            if slot.wanted is None:
                continue
            if isinstance(ref, int):
                self._placed[ref] = slot.wanted.index
            if index in todo.kept:
                self.settled.add(slot.wanted.index)

    async def _carry_out(self, step: Step, goal: Target, generation: int) -> None:
        if isinstance(step, Add):
            wanted = _wanted(goal, step)
            if self._counts.get(("added", wanted.index), 0) >= _ADDS:
                self.refused[wanted.index] = ItemRefused("removed", "Somebody removes it each time.")
                return
        try:
            await self._send(step, goal, generation)
        except QueueRefused as exc:
            await self._refused(step, goal, exc)
        except OutcomeUnknown:
            self._doubt(step, goal)

    async def _send(self, step: Step, goal: Target, generation: int) -> None:
        match step:
            case Add():
                item = await self.gateway.add(step.media_id, position=step.position, temp=step.temp)
                # At once, not at the next look: the first item of an empty list plays by then.
                self._placed[item.uid] = _wanted(goal, step).index
                self.added.add(_wanted(goal, step).index)
                self._counted(("added", _wanted(goal, step).index))
            case Move(item=int(uid), after=int() | None as after):
                await self.gateway.move(uid, after=after, generation=generation)
                if uid in self._placed:
                    self.moved.add(self._placed[uid])
            case Remove(item=int(uid)):
                await self.gateway.remove(uid, generation=generation)
            case SetTemp(item=int(uid), temp=temp):
                await self.gateway.set_temp(uid, temp=temp, generation=generation)
            case Jump(item=int(uid)):
                await self.gateway.jump(uid, generation=generation)
            case Wait():
                await self.clock.sleep(_CHANGE_LOOK)
            case _:
                raise AssertionError(f"a first step needs an item that is there: {step}")

    async def _refused(self, step: Step, goal: Target, exc: QueueRefused) -> None:
        if exc.reason == Refusal.TOO_FAST:
            await self.clock.sleep(_PACE_PAUSE)
        elif exc.reason in _FINAL or not isinstance(step, Add):
            raise Stopped(f"The channel refused: {exc.message}", code=exc.reason) from exc
        else:
            wanted = _wanted(goal, step)
            if exc.reason == Refusal.DUPLICATE and self._counted(("twice", wanted.index)) < _DOUBTS:
                # Somebody else added it a moment ago: the next look will find it and move it instead.
                return
            self.refused[wanted.index] = ItemRefused(exc.reason, exc.message)

    def _doubt(self, step: Step, goal: Target) -> None:
        """No answer: the next look shows whether it happened; what stays silent is given up."""
        if isinstance(step, Add):
            wanted = _wanted(goal, step)
            if self._counted(("silent", wanted.index)) >= _DOUBTS:
                self.refused[wanted.index] = ItemRefused("no_answer", "The channel did not answer.")
        elif self._counted(step) >= _DOUBTS:
            raise Stopped("The channel does not answer to commands.", code="no_answer")

    def _counted(self, what: _Counted) -> int:
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]


def _wanted(goal: Target, step: Add) -> Wanted:
    wanted = goal.slots[step.slot].wanted
    if wanted is None:
        raise AssertionError(f"only wanted items are added: {step}")
    return wanted
