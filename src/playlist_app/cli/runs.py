"""Runs: following one to its end, ending it, and what became of each item; `run show`, `run cancel`."""

import argparse
from collections.abc import Callable, Iterator
from typing import Final

import anyio
from attrs import define, field

from playlist_app.cli.output import CORRELATION_ID, complain, print_json, say
from playlist_app.cli.patience import Patience
from playlist_app.cli.progress import Stand, left_of
from playlist_app.cli.remote import Outside, Service, reached
from playlist_app.cli.settings import settings_of
from playlist_app.config import Settings
from playlist_app.shapes.queue import RunView
from playlist_app.shapes.replies import RunReply
from playlist_core.domain.runs import RunStatus
from playlist_core.errors import OutcomeUnknown, PlaylistError
from playlist_core.ports import Clock

_LOOK_EVERY: Final = 0.5
# A command under way is finished first, and the channel may take its time with one.
_CANCEL_SECONDS: Final = 30.0
_DOING: Final = "Putting on the air"


def look_again(run_id: str) -> str:
    """How to see a run that is not followed any more."""
    return f"Look at it with: kryten-playlist run show {run_id}"


@define(eq=False)
class RunWatch:
    """Follows one run; `show` sees each stand. When it shall end, the service is told until it has heard."""

    service: Service
    run_id: str
    clock: Clock = field(kw_only=True)
    show: Callable[[Stand], None] = field(kw_only=True)
    tell: Callable[[str], None] = field(kw_only=True)
    shall_end: bool = field(default=False, kw_only=True)

    async def to_its_end(self, *, within: float = float("inf")) -> RunView | None:
        """How it ended, None when it has not `within` so many seconds.

        Raises OutcomeUnknown when nobody can be asked for a minute, PlaylistError for what is refused.
        """
        patience = Patience(
            self.service,
            self.clock,
            tell=self.tell,
            then=f"The run may have gone on. {look_again(self.run_id)}",
        )
        deadline = self.clock.monotonic() + within
        while self.clock.monotonic() <= deadline:
            if self.shall_end:
                await self._end(patience)
            reply = await patience.ask("run_status", RunReply, run_id=self.run_id)
            if reply is not None:
                self.show(stand_of(reply.run))
                if reply.run.status is not RunStatus.RUNNING:
                    return reply.run
            await self.clock.sleep(_LOOK_EVERY)
        return None

    async def _end(self, patience: Patience) -> None:
        try:
            heard = await patience.ask("run_cancel", RunReply, run_id=self.run_id)
            self.shall_end = heard is None
        except OutcomeUnknown:
            raise
        except PlaylistError as exc:
            self.shall_end = False
            self.tell(f"It cannot be cancelled: {exc.message}")


def stand_of(run: RunView) -> Stand:
    """How far a run is."""
    width = len(f"{run.total:,}")
    return Stand(
        doing=_DOING,
        count=f"{run.done:{width},}/{run.total:,}",
        part=min(1.0, run.done / run.total) if run.total else None,
        seconds_left=run.eta_seconds,
    )


def went_through(run: RunView) -> bool:
    """Whether every item stands in the queue now."""
    return run.status is RunStatus.DONE and not run.failed


def say_run(run: RunView) -> None:
    """How far a run is or how it ended, item by item where something is missing."""
    for line in _lines(run):
        say(line)


def _lines(run: RunView) -> Iterator[str]:
    if run.status is RunStatus.RUNNING:
        yield f"{', '.join(filter(None, (f'{run.done:,} of {run.total:,} done', left_of(stand_of(run)))))}."
    stand = run.kept + run.moved + run.added
    of = "" if stand == run.total else f" of {run.total:,}"
    how = f"{run.kept:,} kept, {run.moved:,} moved, {run.added:,} added"
    yield f"{stand:,}{of} {'item stands' if run.total == 1 else 'items stand'} in the queue: {how}."
    own = [each for each in run.failed if each.message != run.message]
    width = len(str(run.total))
    for each in own:
        yield f"  {each.index + 1:>{width}}. {each.display_title}: {each.message}"
    untold = run.total - stand - len(own)
    if untold > 0 and run.status is not RunStatus.RUNNING:
        were = "item was" if untold == 1 else "items were"
        yield f"  {untold:,} {were} not come to." if run.message else f"  And {untold:,} more."


def complain_of(run: RunView, correlation_id: str) -> None:
    """A sentence on standard error for a run that did not go through."""
    if run.status is RunStatus.DONE:
        count = run.total - run.kept - run.moved - run.added
        problem = "1 item is" if count == 1 else f"{count:,} items are"
        problem = f"{problem} not in the queue."
    else:
        problem = run.message or f"The run has ended: {run.status.value}."
    complain(f"{problem} (correlation id {correlation_id})")


def show(args: argparse.Namespace, outside: Outside) -> int:
    """How far a run is, or how it ended; exit code 0 whatever became of it."""
    return anyio.run(_show, settings_of(args), args, outside)


async def _show(settings: Settings, args: argparse.Namespace, outside: Outside) -> int:
    async with reached(settings, args, outside) as service:
        run = (await service.ask("run_status", RunReply, run_id=args.run_id)).run
        if args.json:
            print_json({CORRELATION_ID: service.correlation_id, "run": run})
            return 0
        began = f"{run.started_at:%Y-%m-%d %H:%M} UTC"
        say(f"Run {run.run_id}: {run.status.value}, {run.mode.value}, by {run.by}, {began}.")
        say_run(run)
        if run.message:
            say(run.message)
        return 0


def cancel(args: argparse.Namespace, outside: Outside) -> int:
    """End a run; exit code 0 when it does not go on any more, whatever ended it."""
    return anyio.run(_cancel, settings_of(args), args, outside)


async def _cancel(settings: Settings, args: argparse.Namespace, outside: Outside) -> int:
    async with reached(settings, args, outside) as service:
        await service.ask("run_cancel", RunReply, run_id=args.run_id)
        watch = RunWatch(
            service,
            args.run_id,
            clock=outside.system.clock,
            show=lambda _: None,
            tell=complain,
        )
        run = await watch.to_its_end(within=_CANCEL_SECONDS)
        if run is None:
            message = f"It is to end, but has not yet. {look_again(args.run_id)}"
            raise PlaylistError(message, code="still_running", correlation_id=service.correlation_id)
        if args.json:
            print_json({CORRELATION_ID: service.correlation_id, "run": run})
        else:
            say(f"Run {run.run_id}: {run.status.value}.")
            say_run(run)
        return 0
