"""What the queue and its runs look like over HTTP: the shapes of bodies and answers."""

from datetime import datetime, timedelta

from attrs import frozen

from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.domain.queue import Mode, QueueItem, QueueSnapshot
from playlist_core.domain.runs import ItemFailure, Run, RunStatus
from playlist_core.domain.titles import display_title
from playlist_core.services.queue import Preview


@frozen(kw_only=True)
class QueueItemView:
    """An item of the channel's playlist; `video_id` is null for what is not a title of ours."""

    uid: int
    video_id: str | None
    title: str
    display_title: str
    duration_seconds: int
    temp: bool
    queueby: str


@frozen(kw_only=True)
class NowPlayingView:
    """What is on the air; `position_seconds` is negative during CyTube's lead-in."""

    uid: int
    video_id: str | None
    title: str
    display_title: str
    duration_seconds: int
    position_seconds: float


@frozen(kw_only=True)
class QueueView:
    """The whole list, the playing item included; nothing is known while the channel is away."""

    connected: bool
    now_playing: NowPlayingView | None
    items: tuple[QueueItemView, ...]
    total_duration_seconds: int


@frozen
class ApplyOrder:
    """Which playlist, and how it meets the queue that is there."""

    playlist_id: str
    mode: Mode = Mode.PRESERVE_CURRENT


@frozen(kw_only=True)
class FailureView:
    """An item that does not come into the queue, and why; `index` is its place in the playlist, from 0."""

    index: int
    video_id: str
    title: str | None
    display_title: str
    reason: str
    message: str


@frozen(kw_only=True)
class PlanView:
    """What an apply would do now: counts, seconds it takes, what stands against it, when it all ends."""

    keep: int
    move: int
    add: int
    delete: int
    commands: int
    seconds: float
    unavailable: tuple[FailureView, ...]
    limits: tuple[str, ...]
    warnings: tuple[str, ...]
    ends_at: datetime
    ends_in_seconds: int


@frozen
class RunBegun:
    """The run goes on beside this answer."""

    run_id: str


@frozen(kw_only=True)
class Applied:
    """How the run ended; `status` is `queued` when it went through, `failed` names what did not."""

    status: str
    run_id: str
    enqueued_count: int
    kept: int
    moved: int
    added: int
    failed: tuple[FailureView, ...]
    message: str | None
    code: str | None


@frozen(kw_only=True)
class RunView:
    """How far a run is."""

    run_id: str
    status: RunStatus
    mode: Mode
    playlist_id: str | None
    undo_of: str | None
    by: str
    started_at: datetime
    done: int
    total: int
    kept: int
    moved: int
    added: int
    failed: tuple[FailureView, ...]
    eta_seconds: float | None
    message: str | None
    code: str | None


def queue_view(snapshot: QueueSnapshot, manifests: ManifestTemplate) -> QueueView:
    """The queue as the API shows it."""
    items = tuple(queue_item_view(item, manifests) for item in snapshot.items)
    index = snapshot.current_index
    playing = None
    if snapshot.playing is not None and index is not None:
        now = items[index]
        playing = NowPlayingView(
            uid=now.uid,
            video_id=now.video_id,
            title=now.title,
            display_title=now.display_title,
            duration_seconds=now.duration_seconds,
            position_seconds=round(snapshot.playing.position_seconds, 1),
        )
    return QueueView(
        connected=True,
        now_playing=playing,
        items=items,
        total_duration_seconds=sum(item.duration_seconds for item in items),
    )


def queue_item_view(item: QueueItem, manifests: ManifestTemplate) -> QueueItemView:
    """One item of the channel's playlist as the API shows it."""
    return QueueItemView(
        uid=item.uid,
        video_id=manifests.video_id(item.media_id),
        title=item.title,
        display_title=display_title(item.title),
        duration_seconds=item.seconds,
        temp=item.temp,
        queueby=item.queueby,
    )


def run_view(run: Run) -> RunView:
    """A run as the API shows it."""
    return RunView(
        run_id=run.run_id,
        status=run.status,
        mode=run.mode,
        playlist_id=run.playlist_id,
        undo_of=run.undo_of,
        by=run.by,
        started_at=run.started_at,
        done=run.done,
        total=run.total,
        kept=run.kept,
        moved=run.moved,
        added=run.added,
        failed=failures(run.failed),
        eta_seconds=run.eta_seconds,
        message=run.message,
        code=run.code,
    )


def plan_view(preview: Preview, now: datetime) -> PlanView:
    """A plan as the API shows it; `now` makes a time of day of the seconds until its end."""
    todo = preview.plan
    return PlanView(
        keep=len(todo.kept),
        move=len(todo.moved),
        add=len(todo.added),
        delete=todo.deleted,
        commands=todo.commands,
        seconds=todo.seconds,
        unavailable=failures(preview.failed),
        limits=preview.limits,
        warnings=preview.warnings,
        ends_at=now + timedelta(seconds=preview.ends_in_seconds),
        ends_in_seconds=preview.ends_in_seconds,
    )


def failures(failed: tuple[ItemFailure, ...]) -> tuple[FailureView, ...]:
    """What did not come into the queue."""
    return tuple(
        FailureView(
            index=each.index,
            video_id=each.video_id,
            title=each.title,
            display_title=display_title(each.title or each.video_id),
            reason=each.reason,
            message=each.message,
        )
        for each in failed
    )
