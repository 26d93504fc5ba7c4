"""The channel's queue: what is on, what an apply would do, and doing it."""

from collections.abc import Sequence
from typing import Final

from attrs import define, field, frozen

from playlist_core.domain.access import Action, decide
from playlist_core.domain.identity import Actor
from playlist_core.domain.manifest import ManifestTemplate, unavailable_reason
from playlist_core.domain.plan import Jump, Move, Plan, plan
from playlist_core.domain.playlists import Playlist, PlaylistItem
from playlist_core.domain.queue import Mode, QueueSnapshot
from playlist_core.domain.runs import FormerQueue, ItemFailure, Run, RunStatus, item_failure
from playlist_core.domain.target import Left, Slot, Target, Wanted, restoring, takes_off_the_air, target
from playlist_core.errors import Conflict, Denied, InvalidInput
from playlist_core.ports import CatalogIndex, Clock, QueueGateway, Randomness
from playlist_core.services.applying import Applying, Work
from playlist_core.services.convergence import Convergence, Stopped
from playlist_core.services.playlists import Playlists

_NOTHING: Final = "None of the items can be queued; the queue would be left as it is."
_LEFT_WORDS: Final = {
    Left.ALREADY_ON_PLAYLIST: "The channel refuses duplicates, and this title is there already.",
    Left.PLAYING_NOW: "This title is playing right now.",
}


@frozen(kw_only=True)
class Preview:
    """What an apply would do now; `limits` and `warnings` are sentences for people."""

    plan: Plan
    failed: tuple[ItemFailure, ...]
    limits: tuple[str, ...]
    warnings: tuple[str, ...]
    ends_in_seconds: int


@frozen
class _Look:
    """What plan and apply both begin with: the playlist against the queue of this moment."""

    playlist: Playlist
    snapshot: QueueSnapshot
    wanted: list[Wanted]
    goal: Target
    failed: tuple[ItemFailure, ...]


@define(eq=False)
class ChannelQueue:
    """The queue and what may be done with it (PRD GH-009, GH-010)."""

    gateway: QueueGateway
    playlists: Playlists = field(kw_only=True)
    index: CatalogIndex = field(kw_only=True)
    allow_blessed_hard_replace: bool = field(kw_only=True)
    applying: Applying = field(kw_only=True)
    manifests: ManifestTemplate = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    queue_temp: bool = field(kw_only=True)

    async def state(self) -> QueueSnapshot:
        """The queue now; raises ChannelUnavailable."""
        return await self.gateway.snapshot()

    async def preview(self, playlist_id: str, mode: Mode) -> Preview:
        """What `apply` would do now; sends nothing."""
        look = await self._look(playlist_id, mode)
        nothing = not (look.goal.left_out or any(slot.wanted is not None for slot in look.goal.slots))
        goal = _as_it_is(look.snapshot) if nothing else look.goal
        todo = plan(look.snapshot, goal)
        return Preview(
            plan=todo,
            failed=look.failed,
            limits=(*((_NOTHING,) if nothing else ()), *_limits(look.snapshot, todo)),
            warnings=(*goal.warnings, *todo.warnings),
            ends_in_seconds=_ends_in(look.snapshot, goal, look.playlist),
        )

    async def apply(self, actor: Actor, playlist_id: str, mode: Mode) -> Run:
        """Begin a run and return it; `finished` waits for its end.

        Raises Denied, NotFound, InvalidInput for an empty playlist, Conflict `apply_in_progress`,
        ChannelUnavailable.
        """
        self._require(actor, Action.HARD_REPLACE if mode is Mode.HARD_REPLACE else Action.APPLY)
        look = await self._look(playlist_id, mode)
        items = look.playlist.items
        run = self._new_run(actor, mode, total=len(items), playlist_id=playlist_id, failed=look.failed)

        def aim(now: QueueSnapshot, outstanding: Sequence[Wanted], so_far: Convergence) -> Target:
            return target(now, mode, outstanding, so_far=so_far.told())

        left_out = {item.index for item, _ in look.goal.left_out}
        accepted = [item for item in look.wanted if item.index not in left_out]
        one_plays = any(why is Left.PLAYING_NOW for _, why in look.goal.left_out)
        return await self.applying.begin(Work(run, items, accepted, aim, one_plays), look.snapshot)

    async def undo(self, actor: Actor, run_id: str) -> Run:
        """Begin a run that puts the queue back as it was before another one.

        An undo that takes the playing item off the air needs what hard_replace needs.
        """
        self._require(actor, Action.APPLY)
        undone = await self.applying.run(run_id)
        if undone.status is RunStatus.RUNNING:
            raise Conflict("This run is still going on; cancel it first.", code="apply_in_progress")
        former = await self.applying.book.queue_before(run_id)
        snapshot = await self.gateway.snapshot()
        first = restoring(snapshot, former.items, former.playing)
        if takes_off_the_air(snapshot, first):
            self._require(actor, Action.HARD_REPLACE)
        may_end_programme = self._may(actor, Action.HARD_REPLACE)
        items = [
            PlaylistItem(self.manifests.video_id(item.media_id) or item.media_id, item.title or None)
            for item in former.items
        ]
        lost = _lost(snapshot, former, items)
        run = self._new_run(
            actor,
            undone.mode,
            total=len(items),
            playlist_id=undone.playlist_id,
            undo_of=run_id,
            failed=tuple(lost.values()),
        )

        def aim(now: QueueSnapshot, outstanding: Sequence[Wanted], so_far: Convergence) -> Target:
            refused = lost.keys() | so_far.refused.keys()
            goal = restoring(now, former.items, former.playing, without=refused)
            if takes_off_the_air(now, goal) and not may_end_programme:
                raise Stopped("Something else plays now, and only admins may end it.", code="forbidden")
            return goal

        wanted = [
            Wanted(index, item.media_id, item.temp)
            for index, item in enumerate(former.items)
            if index not in lost
        ]
        return await self.applying.begin(Work(run, items, wanted, aim, may_end_empty=True), snapshot)

    async def run(self, run_id: str) -> Run:
        """How far a run is; raises NotFound."""
        return await self.applying.run(run_id)

    async def finished(self, run_id: str) -> Run:
        """The run when it has ended."""
        return await self.applying.finished(run_id)

    async def cancel(self, actor: Actor, run_id: str) -> Run:
        """Ask a run to end between two commands; its starter or an admin may. Idempotent."""
        run = await self.applying.run(run_id)
        if run.by.lower() != actor.username.key:
            self._require(actor, Action.CANCEL_ANY_RUN)
        await self.applying.cancel(run_id)
        return run

    async def sweep(self) -> None:
        """Forget runs of long ago."""
        await self.applying.book.sweep()

    async def _look(self, playlist_id: str, mode: Mode) -> "_Look":
        playlist = await self._with_items(playlist_id)
        wanted, unavailable = await self._wanted(playlist)
        snapshot = await self.gateway.snapshot()
        goal = target(snapshot, mode, wanted)
        left_out = tuple(_left_out(playlist, item, why) for item, why in goal.left_out)
        return _Look(playlist, snapshot, wanted, goal, (*unavailable, *left_out))

    async def _with_items(self, playlist_id: str) -> Playlist:
        playlist = await self.playlists.get(playlist_id)
        if not playlist.items:
            raise InvalidInput.of("playlist_id", "this playlist is empty; there is nothing to put on the air")
        return playlist

    def _require(self, actor: Actor, action: Action) -> None:
        decide(actor.role, action, allow_blessed_hard_replace=self.allow_blessed_hard_replace)

    def _may(self, actor: Actor, action: Action) -> bool:
        try:
            self._require(actor, action)
        except Denied:
            return False
        return True

    async def _wanted(self, playlist: Playlist) -> tuple[list[Wanted], list[ItemFailure]]:
        known = await self.index.get_many({item.video_id for item in playlist.items})
        wanted: list[Wanted] = []
        unavailable: list[ItemFailure] = []
        for index, item in enumerate(playlist.items):
            reason = unavailable_reason(item.video_id, in_catalog=item.video_id in known)
            if reason is None:
                wanted.append(Wanted(index, self.manifests.url(item.video_id), self.queue_temp))
            else:
                unavailable.append(item_failure(index, item, "unavailable", reason))
        return wanted, unavailable

    def _new_run(
        self,
        actor: Actor,
        mode: Mode,
        *,
        total: int,
        playlist_id: str | None,
        undo_of: str | None = None,
        failed: tuple[ItemFailure, ...] = (),
    ) -> Run:
        now = self.clock.now()
        return Run(
            run_id=self.randomness.identifier(),
            status=RunStatus.RUNNING,
            mode=mode,
            playlist_id=playlist_id,
            undo_of=undo_of,
            by=actor.username.spelling,
            started_at=now,
            updated_at=now,
            total=total,
            done=len(failed),
            failed=failed,
        )


def _left_out(playlist: Playlist, item: Wanted, why: Left) -> ItemFailure:
    return item_failure(item.index, playlist.items[item.index], why.value, _LEFT_WORDS[why])


def _lost(
    snapshot: QueueSnapshot, former: FormerQueue, items: Sequence[PlaylistItem]
) -> dict[int, ItemFailure]:
    """What was in the queue and cannot be queued by us again: other media than custom manifests."""
    there = {item.media_id for item in snapshot.items}
    words = "This is no custom manifest; whoever added it has to add it again."
    return {
        index: item_failure(index, items[index], "other_media", words)
        for index, item in enumerate(former.items)
        if item.media_type != "cm" and item.media_id not in there
    }


def _as_it_is(snapshot: QueueSnapshot) -> Target:
    return Target(slots=tuple(Slot(item.media_id, uid=item.uid) for item in snapshot.items))


def _limits(snapshot: QueueSnapshot, todo: Plan) -> tuple[str, ...]:
    capabilities = snapshot.capabilities
    limits: list[str] = []
    if not capabilities.can_add and todo.added:
        limits.append("The bot may not add to this channel's playlist.")
    if not capabilities.can_delete and todo.deleted:
        limits.append("The bot may not delete from this channel's playlist.")
    if not capabilities.can_move and any(isinstance(step, Move) for step in todo.steps):
        limits.append("The bot may not move items in this channel's playlist.")
    if not capabilities.can_jump and any(isinstance(step, Jump) for step in todo.steps):
        limits.append("The bot may not choose what plays in this channel.")
    longest = len(snapshot.items) + len(todo.added) - todo.deleted
    if longest > capabilities.max_items:
        limits.append(
            f"The channel's playlist holds at most {capabilities.max_items} items; this needs {longest}."
        )
    return tuple(limits)


def _ends_in(snapshot: QueueSnapshot, goal: Target, playlist: Playlist) -> int:
    """Seconds until the last item of the target has played, as far as lengths are known."""
    seconds = {item.uid: item.seconds for item in snapshot.items}
    remaining = 0.0
    begins = goal.on_air or 0
    if goal.on_air is None and snapshot.playing is not None:
        playing = snapshot.playing
        remaining = max(0.0, seconds[playing.uid] - max(0.0, playing.position_seconds))
        begins = next((i + 1 for i, slot in enumerate(goal.slots) if slot.uid == playing.uid), 0)
    for slot in goal.slots[begins:]:
        if slot.wanted is not None:
            remaining += playlist.items[slot.wanted.index].duration_seconds or 0
        elif slot.uid is not None:
            remaining += seconds[slot.uid]
    return round(remaining)
