"""One task group for everything that runs; a signal ends it in order, a bug ends it at once."""

import logging
import signal
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

import anyio
import anyio.abc

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
    async with _at_work(services, server):
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
    server = http_server(create_app(services, metrics), ready=ready)
    async with _at_work(services, server) as tasks, AsyncExitStack() as stack:
        await member.open_door(stack, metrics)
        tasks.start_soon(member.stay_listed)
        tasks.start_soon(_stop_with_the_group, member, server)
        tasks.start_soon(member.end_with_nats)
        if metrics_bound is not None:
            beside = http_server(create_metrics_app(services, metrics), ready=lambda: None)
            tasks.start_soon(partial(beside.serve, sockets=[metrics_bound]))
        await server.serve(sockets=[bound])


@asynccontextmanager
async def _at_work(services: Services, server: HttpServer) -> AsyncGenerator[anyio.abc.TaskGroup, None]:
    """All that goes on beside the server, until it ends."""
    async with background() as tasks:
        await tasks.start(_stop_on_signal, server, services, tasks.cancel_scope)
        tasks.start_soon(_sweep_for_ever, services)
        tasks.start_soon(_follow_for_ever, services)
        tasks.start_soon(RefreshFeed(services.library.refreshing, services.events, services.clock).run)
        tasks.start_soon(services.library.playlists.summaries.run)
        if services.plays is not None:
            tasks.start_soon(services.plays.run)
        if services.schedule is not None:
            tasks.start_soon(services.schedule.run)
        yield tasks


async def _stop_with_the_group(member: Membership, server: HttpServer) -> None:
    await member.told_to_restart()
    _stop(server, member.services)


def _stop(server: HttpServer, services: Services) -> None:
    """Whoever waits for events or for the end of a run is answered before the server stops answering."""
    services.events.stop()
    services.queue.applying.stop()
    server.should_exit = True


async def _stop_on_signal(
    server: HttpServer,
    services: Services,
    scope: anyio.CancelScope,
    *,
    task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            if server.should_exit:  # asked a second time: do not wait for answers under way
                server.force_exit = True
                scope.cancel()
                return
            _stop(server, services)


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
