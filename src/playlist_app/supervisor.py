"""One task group for everything that runs; a signal ends it in order, a bug ends it at once."""

import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.abc
from attrs import define, field

from playlist_app.feeds import RefreshFeed
from playlist_app.http.app import create_app
from playlist_app.http.metrics import create_metrics_app
from playlist_app.membership import Membership
from playlist_app.metrics import Metrics
from playlist_app.server import HttpServer, http_server
from playlist_app.services import Services
from playlist_app.tasks import background
from playlist_app.version import version
from playlist_core.errors import PlaylistError
from playlist_core.services.following import FOLLOW_SECONDS

_SWEEP_SECONDS: Final = 300.0

log = logging.getLogger("kryten_playlist")


async def serve(services: Services, bound: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serve HTTP until SIGINT or SIGTERM; `ready` is called once the socket answers.

    A bug in the server or in what goes on beside it ends everything: better no service than half of one.
    """
    server = http_server(create_app(services, Metrics.of(version())), ready=ready)
    async with _at_work(_Ending(services, server)):
        await server.serve(sockets=[bound])


async def serve_member(
    member: Membership,
    bound: socket.socket,
    *,
    ready: Callable[[], None],
    metrics_bound: socket.socket | None = None,
) -> None:
    """Serve HTTP and commands over NATS until a signal, or until all Kryten services shall restart.

    Where `metrics_bound` is given, health and metrics are told there, too. Raises Unavailable when NATS is
    gone for good.
    """
    services = member.services
    metrics = Metrics.of(version(), nats_connected=member.connected)
    ending = _Ending(services, http_server(create_app(services, metrics), ready=ready))
    async with _at_work(ending) as tasks:
        if metrics_bound is not None:
            await tasks.start(_tell_metrics, services, metrics, metrics_bound)
        door_closed: anyio.Event = await tasks.start(_take_commands, member, metrics, ending)
        tasks.start_soon(member.stay_listed)
        tasks.start_soon(_end_with_the_group, member, ending)
        tasks.start_soon(member.end_with_nats)
        await ending.server.serve(sockets=[bound])
        ending.begin()
        await door_closed.wait()


@define(eq=False)
class _Ending:
    """How the service stops in order; `begun` once it does."""

    services: Services
    server: HttpServer
    begun: anyio.Event = field(factory=anyio.Event, init=False)

    def begin(self) -> None:
        """No more commands are heard, and whoever waits for events or for the end of a run is answered before
        the server stops answering."""
        self.begun.set()
        self.services.events.stop()
        self.services.queue.applying.stop()
        self.server.should_exit = True


@asynccontextmanager
async def _at_work(ending: _Ending) -> AsyncGenerator[anyio.abc.TaskGroup, None]:
    """All that goes on beside the server, until it ends."""
    services = ending.services
    async with background() as tasks:
        await tasks.start(_end_on_signal, ending, tasks.cancel_scope)
        tasks.start_soon(_sweep_for_ever, services)
        tasks.start_soon(_follow_for_ever, services)
        tasks.start_soon(RefreshFeed(services.library.refreshing, services.events, services.clock).run)
        tasks.start_soon(services.library.playlists.summaries.run)
        if services.plays is not None:
            tasks.start_soon(services.plays.run)
        if services.schedule is not None:
            tasks.start_soon(services.schedule.run)
        yield tasks


async def _take_commands(
    member: Membership,
    metrics: Metrics,
    ending: _Ending,
    *,
    task_status: anyio.abc.TaskStatus[anyio.Event],
) -> None:
    """Commands over NATS, none of which is heard any more from the first moment of stopping on."""
    closed = anyio.Event()
    async with member.door(metrics):
        task_status.started(closed)
        await ending.begun.wait()
    closed.set()


async def _tell_metrics(
    services: Services,
    metrics: Metrics,
    bound: socket.socket,
    *,
    task_status: anyio.abc.TaskStatus[None],
) -> None:
    server = http_server(create_metrics_app(services, metrics), ready=task_status.started)
    await server.serve(sockets=[bound])


async def _end_with_the_group(member: Membership, ending: _Ending) -> None:
    await member.told_to_restart()
    ending.begin()


async def _end_on_signal(
    ending: _Ending,
    scope: anyio.CancelScope,
    *,
    task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            if ending.begun.is_set():  # asked a second time: do not wait for answers under way
                ending.server.force_exit = True
                scope.cancel()
                return
            ending.begin()


async def _sweep_for_ever(services: Services) -> None:
    while True:
        try:
            await services.sweep()
        except PlaylistError as exc:
            log.warning("tidying up was put off: %s", exc.message)
        await services.clock.sleep(_SWEEP_SECONDS)


async def _follow_for_ever(services: Services) -> None:
    """Have the catalogue that the other replicas have; a trouble is logged once, not every few seconds."""
    trouble: str | None = None
    while True:
        try:
            await services.library.following.reconcile()
            trouble = None
        except PlaylistError as exc:
            if exc.message != trouble:
                log.warning("the catalogue is not that of the other replicas: %s", exc.message)
            trouble = exc.message
        await services.clock.sleep(FOLLOW_SECONDS)
