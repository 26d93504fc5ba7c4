"""`apply`: put a playlist on the air, and see it through."""

import argparse
from collections.abc import AsyncIterator
from typing import Any, Final

import anyio
from attrs import define, field

from playlist_app.cli.display import Display
from playlist_app.cli.naming import named
from playlist_app.cli.output import CORRELATION_ID, print_json, say
from playlist_app.cli.playlists import SharedShelf, names_of
from playlist_app.cli.remote import INTERRUPTED, Outside, Service, reached
from playlist_app.cli.runs import RunWatch, complain_of, look_again, say_run, went_through
from playlist_app.cli.settings import settings_of
from playlist_app.config import Settings
from playlist_app.shapes.queue import RunView
from playlist_app.shapes.replies import Begun
from playlist_app.tasks import background
from playlist_core.errors import OutcomeUnknown, PlaylistError
from playlist_core.ports import Clock

_STATUS: Final = "kryten-playlist status tells whether it has"
_BY_ITSELF: Final = "goes on by itself"
_ENDS: Final = "was asked to end after the command under way"
_ASKED_TO_END: Final = "The run is to end after the command under way; Ctrl-C again stops watching it."


def apply(args: argparse.Namespace, outside: Outside) -> int:
    """Exit code 0 when every item stands in the queue, or with `--detach` when the run has begun."""
    return anyio.run(_apply, settings_of(args), args, outside)


async def _apply(settings: Settings, args: argparse.Namespace, outside: Outside) -> int:
    async with reached(settings, args, outside) as service:
        order = Order(service, " ".join(args.name), args.mode)
        if args.detach:
            return _left(await order.begin(), service, _BY_ITSELF, as_json=args.json, code=0)
        display = Display(lines=not args.json)
        airing = Airing(order, clock=outside.system.clock, display=display)
        with outside.presses() as presses:
            run = await airing.see_through(presses)
        if run is None:
            return _left(airing.run_id, service, _ENDS, as_json=args.json, code=INTERRUPTED)
        return _ended(run, service, as_json=args.json)


def _left(run_id: str, service: Service, words: str, *, as_json: bool, code: int) -> int:
    if as_json:
        print_json({CORRELATION_ID: service.correlation_id, "run_id": run_id})
    else:
        say(f"Run {run_id} {words}. {look_again(run_id)}")
    return code


def _ended(run: RunView, service: Service, *, as_json: bool) -> int:
    if as_json:
        print_json({CORRELATION_ID: service.correlation_id, "run": run})
    else:
        say_run(run)
        if not went_through(run):
            complain_of(run, service.correlation_id)
    return 0 if went_through(run) else 1


@define(eq=False)
class Order:
    """What shall come on the air and how; `name` may be an id as well."""

    service: Service
    name: str
    mode: str

    async def begin(self) -> str:
        """The id of the run; raises what `Service.ask` raises, told what to do about it."""
        shelf = SharedShelf(self.service)
        try:
            return await named(self.name, self._begin, names=lambda: names_of(shelf))
        except PlaylistError as exc:
            if exc.code == "outcome_unknown":
                exc.message = f"{exc.message} The run may have begun; {_STATUS}."
            elif exc.code == "apply_in_progress" and "run_id" in exc.details:
                exc.message = f"{exc.message} {look_again(exc.details['run_id'])}"
            raise

    async def _begin(self, *, playlist_id: str | None, playlist_name: str | None) -> str:
        order: dict[str, Any] = {"playlist_id": playlist_id, "playlist_name": playlist_name}
        begun = await self.service.ask("queue_apply", Begun, mode=self.mode, **{"async": True}, **order)
        return begun.run_id


@define(eq=False)
class Airing:
    """One run from its beginning to its end, or until nobody wants to see it any more."""

    order: Order
    clock: Clock = field(kw_only=True)
    display: Display = field(kw_only=True)
    run_id: str = field(default="", init=False)
    _watch: RunWatch | None = field(default=None, init=False)
    _shall_end: bool = field(default=False, init=False)
    _scope: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)

    async def see_through(self, presses: AsyncIterator[object]) -> RunView | None:
        """How it ended, None when it was left to itself: a press asks for the end, the next one leaves.

        Raises OutcomeUnknown when it was left before it is known whether it has begun.
        """
        try:
            async with background() as tasks:
                tasks.start_soon(self._mind, presses)
                tasks.start_soon(self.display.progress.keep_fresh)
                with self._scope:
                    return await self._follow()
        finally:
            self.display.progress.end()
        if not self.run_id:
            raise OutcomeUnknown(
                f"The service has not answered; the run may have begun, {_STATUS}.",
                correlation_id=self.order.service.correlation_id,
            )
        return None

    async def _follow(self) -> RunView | None:
        self.run_id = await self.order.begin()
        self._watch = RunWatch(
            self.order.service,
            self.run_id,
            clock=self.clock,
            show=self.display.show,
            tell=self.display.tell,
            shall_end=self._shall_end,
        )
        return await self._watch.to_its_end()

    async def _mind(self, presses: AsyncIterator[object]) -> None:
        async for _ in presses:
            if self._shall_end:
                self._scope.cancel()
                return
            self._shall_end = True
            if self._watch is not None:
                self._watch.shall_end = True
            self.display.tell(_ASKED_TO_END)
