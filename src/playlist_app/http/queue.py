"""The channel's queue: what is on, what an apply would do, applying, and how far a run is."""

from typing import Any

from attrs import define

from playlist_app.http.door import Call, Door, Nothing, operation
from playlist_app.http.headers import PREFER, prefers_async
from playlist_app.shapes.queue import (
    Applied,
    ApplyOrder,
    PlanView,
    QueueView,
    RunBegun,
    RunView,
    failures,
    plan_view,
    queue_view,
    run_view,
)
from playlist_core.domain.access import Action
from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.domain.runs import Run, RunStatus
from playlist_core.errors import ChannelUnavailable
from playlist_core.ports import Clock
from playlist_core.services.queue import ChannelQueue


@define(eq=False)
class QueueState:
    """`GET /queue`."""

    door: Door
    queue: ChannelQueue
    manifests: ManifestTemplate

    @operation("What is on and what comes", needs=Action.READ_QUEUE, answer=QueueView)
    async def on_get(self, call: Call[Nothing, Nothing]) -> QueueView:
        try:
            snapshot = await self.queue.state()
        except ChannelUnavailable:
            return QueueView(connected=False, now_playing=None, items=(), total_duration_seconds=0)
        return queue_view(snapshot, self.manifests)


@define(eq=False)
class PlanApply:
    """`POST /queue/plan`."""

    door: Door
    queue: ChannelQueue
    clock: Clock

    @operation(
        "What an apply would do now",
        needs=Action.PLAN_APPLY,
        body=ApplyOrder,
        answer=PlanView,
        errors=("playlist_not_found", "channel_unavailable", "no_snapshot"),
    )
    async def on_post(self, call: Call[ApplyOrder, Nothing]) -> PlanView:
        preview = await self.queue.preview(call.body.playlist_id, call.body.mode)
        return plan_view(preview, self.clock.now())


@define(eq=False)
class Apply:
    """`POST /queue/apply`; with `Prefer: respond-async` the answer comes before the end."""

    door: Door
    queue: ChannelQueue

    @operation(
        "Put a playlist on the air",
        needs=Action.APPLY,
        body=ApplyOrder,
        answer=Applied,
        begun=RunBegun,
        errors=(
            "forbidden",
            "playlist_not_found",
            "apply_in_progress",
            "channel_unavailable",
            "no_snapshot",
        ),
        takes=(PREFER,),
    )
    async def on_post(self, call: Call[ApplyOrder, Nothing]) -> Applied | RunBegun:
        run = await self.queue.apply(call.actor, call.body.playlist_id, call.body.mode)
        return await _answer(call, self.queue, run)


@define(eq=False)
class OneRun:
    """`GET` and `DELETE /queue/runs/{run_id}`."""

    door: Door
    queue: ChannelQueue

    @operation("How far a run is", needs=Action.READ_QUEUE, answer=RunView, errors=("run_not_found",))
    async def on_get(self, call: Call[Nothing, Nothing]) -> RunView:
        return run_view(await self.queue.run(call.params["run_id"]))

    @operation(
        "Cancel a run between two commands",
        needs=Action.APPLY,
        answer=RunView,
        errors=("run_not_found", "forbidden"),
    )
    async def on_delete(self, call: Call[Nothing, Nothing]) -> RunView:
        return run_view(await self.queue.cancel(call.actor, call.params["run_id"]))


@define(eq=False)
class Undo:
    """`POST /queue/runs/{run_id}/undo`."""

    door: Door
    queue: ChannelQueue

    @operation(
        "Put the queue back as it was before a run",
        needs=Action.APPLY,
        answer=Applied,
        begun=RunBegun,
        errors=("run_not_found", "forbidden", "apply_in_progress", "channel_unavailable"),
        takes=(PREFER,),
    )
    async def on_post(self, call: Call[Nothing, Nothing]) -> Applied | RunBegun:
        run = await self.queue.undo(call.actor, call.params["run_id"])
        return await _answer(call, self.queue, run)


async def _answer(call: Call[Any, Any], queue: ChannelQueue, run: Run) -> Applied | RunBegun:
    if prefers_async(call.req):
        call.resp.status = 202
        return RunBegun(run.run_id)
    ended = await queue.finished(run.run_id)
    if ended.code == ChannelUnavailable.default_code and not (ended.added or ended.moved):
        raise ChannelUnavailable(ended.message or "The channel is away.", run_id=run.run_id)
    return Applied(
        status="queued" if ended.status is RunStatus.DONE else ended.status.value,
        run_id=ended.run_id,
        enqueued_count=ended.enqueued_count,
        kept=ended.kept,
        moved=ended.moved,
        added=ended.added,
        failed=failures(ended.failed),
        message=ended.message,
        code=ended.code,
    )


def queue_routes(
    door: Door, queue: ChannelQueue, manifests: ManifestTemplate, clock: Clock
) -> list[tuple[str, Any]]:
    """The addresses under `/api/v1/queue`."""
    root = "/api/v1/queue"
    return [
        (root, QueueState(door, queue, manifests)),
        (f"{root}/plan", PlanApply(door, queue, clock)),
        (f"{root}/apply", Apply(door, queue)),
        (f"{root}/runs/{{run_id}}", OneRun(door, queue)),
        (f"{root}/runs/{{run_id}}/undo", Undo(door, queue)),
    ]
