"""Putting a playlist on the air, and following or ending the run that does it."""

from attrs import define

from playlist_app.commands.orders import Command, Order, Partly
from playlist_app.commands.playlists import named
from playlist_app.shapes.commands import ApplyCommand, RunCommand
from playlist_app.shapes.queue import failures, run_view
from playlist_app.shapes.replies import AppliedReply, Begun, RunReply
from playlist_core.domain.access import Action
from playlist_core.domain.runs import Run, RunStatus
from playlist_core.errors import Conflict
from playlist_core.services.playlists import Playlists
from playlist_core.services.queue import ChannelQueue


@define(eq=False)
class QueueCommands:
    queue: ChannelQueue
    playlists: Playlists

    async def apply(self, order: Order[ApplyCommand]) -> AppliedReply | Begun | Partly:
        asked = order.fields
        playlist = await named(self.playlists, asked.playlist_id, asked.playlist_name)
        run = await self.queue.apply(order.actor, playlist.playlist_id, asked.mode)
        if not order.waits:
            return Begun(run.run_id)
        return _ended(await self.queue.finished(run.run_id))

    async def run(self, order: Order[RunCommand]) -> RunReply:
        return RunReply(run_view(await self.queue.run(order.fields.run_id)))

    async def cancel(self, order: Order[RunCommand]) -> RunReply:
        return RunReply(run_view(await self.queue.cancel(order.actor, order.fields.run_id)))


def _ended(run: Run) -> AppliedReply | Partly:
    reply = AppliedReply(
        run_id=run.run_id,
        run_status=run.status,
        enqueued_count=run.enqueued_count,
        kept=run.kept,
        moved=run.moved,
        added=run.added,
        failed=failures(run.failed),
    )
    if run.status is RunStatus.DONE:
        return reply
    code = run.code or run.status.value
    return Partly(reply, Conflict(run.message or "The run did not go through.", code=code))


def queue_commands(queue: ChannelQueue, playlists: Playlists) -> list[Command]:
    """`queue_apply`, `run_status` and `run_cancel`."""
    does = QueueCommands(queue, playlists)
    return [
        Command(
            name="queue_apply",
            summary="Put a playlist on the air",
            needs=Action.APPLY,
            takes=ApplyCommand,
            reply=AppliedReply,
            begun=Begun,
            errors=(
                "playlist_not_found",
                "apply_in_progress",
                "channel_unavailable",
                "no_snapshot",
                "cancelled",
                "interrupted",
            ),
            carry_out=does.apply,
        ),
        Command(
            name="run_status",
            summary="How far a run is",
            needs=Action.READ_QUEUE,
            takes=RunCommand,
            reply=RunReply,
            errors=("run_not_found",),
            carry_out=does.run,
        ),
        Command(
            name="run_cancel",
            summary="Cancel a run between two commands to the channel",
            needs=Action.APPLY,
            takes=RunCommand,
            reply=RunReply,
            errors=("run_not_found",),
            carry_out=does.cancel,
        ),
    ]
