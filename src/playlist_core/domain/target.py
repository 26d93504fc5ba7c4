"""What the queue is to become: the wanted list for each mode, and what cannot be had."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from enum import StrEnum

from attrs import evolve, field, frozen

from playlist_core.domain.queue import Mode, QueueItem, QueueSnapshot


class Left(StrEnum):
    """Why an item of the playlist is left out before anything is sent."""

    ALREADY_ON_PLAYLIST = "already_on_playlist"
    PLAYING_NOW = "playing_now"


@frozen
class Wanted:
    """An item of the playlist to be queued: its place in the playlist, its manifest URL, its temp flag."""

    index: int
    media_id: str
    temp: bool = False


@frozen
class Slot:
    """One place of the target list: an item that stays as it is (`uid`), or a wanted one."""

    media_id: str
    uid: int | None = field(default=None, kw_only=True)
    wanted: Wanted | None = field(default=None, kw_only=True)
    temp: bool | None = field(default=None, kw_only=True)

    @property
    def adds_temp(self) -> bool:
        """The temp flag to ask for when the item is added."""
        if self.temp is not None:
            return self.temp
        return self.wanted is not None and self.wanted.temp


@frozen(kw_only=True)
class Target:
    """The whole list as it shall be, in order.

    `on_air` is the slot that must play; None leaves the playing item alone, which then has a slot.
    `left_out` names wanted items that the channel would refuse, with the reason; `warnings` are sentences.
    """

    slots: tuple[Slot, ...]
    on_air: int | None = None
    left_out: tuple[tuple[Wanted, Left], ...] = ()
    warnings: tuple[str, ...] = ()


@frozen(kw_only=True)
class SoFar:
    """What a run knows of itself when it looks at the queue again.

    `stood` are the uids that were there before it, `started` those of its own items that have begun to play;
    `on_air` says that its first item has.
    """

    stood: Collection[int] = ()
    started: Collection[int] = ()
    on_air: bool = False


def target(
    snapshot: QueueSnapshot, mode: Mode, wanted: Sequence[Wanted], *, so_far: SoFar | None = None
) -> Target:
    """The list that `mode` asks for (PRD, Cytube queue application; CONTRACTS section 2, Queue).

    preserve_current keeps the playing item and what stands before it; append keeps everything; hard_replace
    ends with exactly the playlist, its first item playing. Where the channel refuses duplicates an item that
    is in the list already moves to its new place, and one that is playing stays where it is.
    `so_far` is for looking again in the middle of a run.
    """
    so_far = so_far or SoFar(stood={item.uid for item in snapshot.items})
    accepted, left_out = _admissible(snapshot, mode, wanted, fresh=not so_far.on_air)
    return evolve(_BUILDERS[mode](snapshot, accepted, so_far), left_out=left_out)


def _admissible(
    snapshot: QueueSnapshot, mode: Mode, wanted: Sequence[Wanted], *, fresh: bool
) -> tuple[list[Wanted], tuple[tuple[Wanted, Left], ...]]:
    if snapshot.capabilities.allow_dupes:
        return list(wanted), ()
    playing = _playing(snapshot)
    # hard_replace takes the playing item off the air first, so it may come again.
    stays = None if mode is Mode.HARD_REPLACE and fresh else playing
    accepted: list[Wanted] = []
    left_out: list[tuple[Wanted, Left]] = []
    taken: set[str] = set()
    for item in wanted:
        if stays is not None and item.media_id == stays.media_id:
            left_out.append((item, Left.PLAYING_NOW))
        elif item.media_id in taken:
            left_out.append((item, Left.ALREADY_ON_PLAYLIST))
        else:
            taken.add(item.media_id)
            accepted.append(item)
    return accepted, tuple(left_out)


def _preserve_current(snapshot: QueueSnapshot, accepted: list[Wanted], so_far: SoFar) -> Target:
    index = snapshot.current_index
    kept = () if index is None else snapshot.items[: index + 1]
    return Target(slots=(*_staying(snapshot, kept, accepted), *_slots(snapshot, accepted)))


def _append(snapshot: QueueSnapshot, accepted: list[Wanted], so_far: SoFar) -> Target:
    media = {item.media_id for item in accepted}
    others = {*so_far.stood, *so_far.started}
    there = [item for item in snapshot.items if item.uid in others or item.media_id not in media]
    staying = _staying(snapshot, there, accepted)
    moving = len(there) - len(staying)
    warnings = (f"{moving} of these are in the queue already and move to its end.",) if moving else ()
    return Target(slots=(*staying, *_slots(snapshot, accepted)), warnings=warnings)


def _hard_replace(snapshot: QueueSnapshot, accepted: list[Wanted], so_far: SoFar) -> Target:
    playing = _playing(snapshot)
    if not so_far.on_air or playing is None:
        return Target(slots=_slots(snapshot, accepted), on_air=0 if accepted else None)
    before = [item for item in snapshot.items[: snapshot.current_index] if item.uid in so_far.started]
    return Target(slots=(*_staying(snapshot, (*before, playing), accepted), *_slots(snapshot, accepted)))


_BUILDERS: dict[Mode, Callable[[QueueSnapshot, list[Wanted], SoFar], Target]] = {
    Mode.PRESERVE_CURRENT: _preserve_current,
    Mode.APPEND: _append,
    Mode.HARD_REPLACE: _hard_replace,
}


@frozen
class Former:
    """An item of the queue as it was before a run, for putting it back."""

    media_id: str
    media_type: str
    title: str
    temp: bool


def restoring(
    snapshot: QueueSnapshot, former: Sequence[Former], playing: int | None, *, without: Collection[int] = ()
) -> Target:
    """The list as it was; what plays now goes on if it was in it, otherwise `playing` goes on the air.

    `without` are places in `former` that cannot be had again. Where the channel refuses duplicates, what was
    there more than once is left out as often as it is not in the list any more.
    """
    now = _playing(snapshot)
    slots: list[Slot] = []
    left_out: list[tuple[Wanted, Left]] = []
    on_air = 0
    goes_on = False
    again = _admitted(snapshot)
    for index, item in enumerate(former):
        if index in without:
            continue
        wanted = Wanted(index, item.media_id, item.temp)
        if not again(item.media_id):
            left_out.append((wanted, Left.ALREADY_ON_PLAYLIST))
            continue
        if index == playing:
            on_air = len(slots)
        uid = None
        if now is not None and not goes_on and item.media_id == now.media_id:
            goes_on, uid = True, now.uid
        slots.append(Slot(item.media_id, uid=uid, wanted=wanted, temp=_flag(snapshot, wanted)))
    return Target(
        slots=tuple(slots),
        on_air=None if goes_on or not slots else on_air,
        left_out=tuple(left_out),
    )


def _admitted(snapshot: QueueSnapshot) -> Callable[[str], bool]:
    """Whether one more item of a media can stand in the list: each time it is asked, it does."""
    there = Counter(item.media_id for item in snapshot.items)
    stand: Counter[str] = Counter()

    def admitted(media_id: str) -> bool:
        stand[media_id] += 1
        return snapshot.capabilities.allow_dupes or stand[media_id] <= max(1, there[media_id])

    return admitted


def _staying(snapshot: QueueSnapshot, items: Sequence[QueueItem], accepted: Sequence[Wanted]) -> list[Slot]:
    """Slots of items that stay; one that is wanted further behind moves there when it cannot be twice."""
    moving: set[str] = set()
    if not snapshot.capabilities.allow_dupes:
        moving = {item.media_id for item in accepted}
    return [Slot(item.media_id, uid=item.uid) for item in items if item.media_id not in moving]


def _slots(snapshot: QueueSnapshot, accepted: Sequence[Wanted]) -> tuple[Slot, ...]:
    return tuple(Slot(item.media_id, wanted=item, temp=_flag(snapshot, item)) for item in accepted)


def _flag(snapshot: QueueSnapshot, item: Wanted) -> bool | None:
    """The temp flag to insist on; none where CyTube makes every item temp whatever is asked for."""
    capabilities = snapshot.capabilities
    return item.temp if capabilities.can_set_temp and capabilities.can_add_permanent else None


def takes_off_the_air(snapshot: QueueSnapshot, goal: Target) -> bool:
    """Whether reaching the goal would end what plays now."""
    playing = _playing(snapshot)
    if playing is None:
        return False
    if goal.on_air is not None:
        return goal.slots[goal.on_air].media_id != playing.media_id
    return all(slot.uid != playing.uid for slot in goal.slots)


def _playing(snapshot: QueueSnapshot) -> QueueItem | None:
    index = snapshot.current_index
    return None if index is None else snapshot.items[index]
