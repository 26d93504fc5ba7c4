"""`demo` and `serve`: the service itself."""

import argparse
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from attrs import evolve

from playlist_app.cli.catalog import watched_refresh
from playlist_app.cli.output import flush_output, print_error, print_json, say
from playlist_app.cli.settings import kept_in, loaded_of, with_source
from playlist_app.config import NatsSettings, Settings
from playlist_app.demo import SAMPLE_CATALOG
from playlist_app.demo.seed import ADMIN, BLESSED, roles, saved_samples, seed
from playlist_app.observability import log_to_stderr
from playlist_app.server import address_of, bind, url_of
from playlist_app.supervisor import serve, serve_member
from playlist_app.wiring import wire_embedded, wire_kryten
from playlist_core.domain.identity import Role, Username
from playlist_core.errors import InvalidInput, PlaylistError, Unavailable
from playlist_core.services.catalog import Catalog

log = logging.getLogger("kryten_playlist.settings")

_TRY: Final = """\
Kryten Playlist demo: {url}
Its data is in {directory}

  In the channel are {people}.{samples}
  1. Open {url} and sign in as {person}; the code arrives in the demo inbox on the page.
  2. Type a few letters, add titles, save a playlist, preview a marathon such as A2B1.
  3. Put it on the air, and watch the channel: {url}/demo/channel

Ctrl-C ends it; what you saved is there the next time."""


def demo(args: argparse.Namespace) -> int:
    """Everything in one process, on loopback only, without any configuration."""
    if args.config is not None:
        raise InvalidInput.of("--config", "the demo takes no settings; use serve")
    directory = args.data_dir or default_demo_dir()
    settings = kept_in(with_source(Settings(), args.catalog or SAMPLE_CATALOG), directory)
    settings = evolve(
        settings,
        catalog=evolve(settings.catalog, refresh_every=args.refresh_every),
        admins=(Username(ADMIN),),
        http_port=args.port,
    )
    log_to_stderr(verbose=args.verbose)
    return _run(settings, as_json=args.json, fresh_catalog=args.catalog is not None)


def default_demo_dir() -> Path:
    """Where desktops keep what programs store: `$XDG_DATA_HOME` or `~/.local/share`."""
    home = os.environ.get("XDG_DATA_HOME", "")
    root = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return root / "kryten-playlist" / "demo"


def serve_channel(args: argparse.Namespace) -> int:
    """The service for a real channel, over NATS."""
    loaded = loaded_of(args)
    settings = loaded.settings
    nats = settings.nats
    if nats is None:
        missing = InvalidInput(
            "serve needs nats_url in the settings, the address of Kryten's NATS;"
            " to try everything without it: kryten-playlist demo",
            field="nats_url",
            problem="is missing",
        )
        print_error(missing, as_json=args.json)
        return 2
    log_to_stderr(verbose=args.verbose)
    for each in loaded.notices:
        log.warning("%s: %s", each.where, each.notice)
    with bind(settings.http_host, settings.http_port) as bound, _metrics_socket(settings) as beside:
        _in_loop(partial(_serve, settings, nats, bound, beside, as_json=args.json))
    return 0


@contextmanager
def _metrics_socket(settings: Settings) -> Generator[socket.socket | None, None, None]:
    if settings.metrics_port is None:
        yield None
        return
    with bind(settings.metrics_host, settings.metrics_port) as bound:
        yield bound


async def _serve(
    settings: Settings,
    nats: NatsSettings,
    bound: socket.socket,
    metrics_bound: socket.socket | None,
    *,
    as_json: bool,
) -> None:
    told_at = bound if metrics_bound is None else metrics_bound
    async with wire_kryten(settings, nats, http_port=address_of(told_at)[1]) as member:

        def ready() -> None:
            url = settings.public_url or url_of(bound)
            if as_json:
                print_json({"url": url_of(bound)})
            else:
                say(f"Kryten Playlist serves {member.channel_name() or 'a channel yet to be found'} at {url}")
            flush_output()

        await serve_member(member, bound, ready=ready, metrics_bound=metrics_bound)


def _run(settings: Settings, *, as_json: bool, fresh_catalog: bool) -> int:
    bound = bind(settings.http_host, settings.http_port)
    with bound:
        _in_loop(partial(_demo, settings, bound, as_json, fresh_catalog))
    return 0


def _in_loop(main: Callable[[], Awaitable[None]]) -> None:
    anyio.run(main, backend_options={"use_uvloop": _uvloop_installed()})


async def _demo(settings: Settings, bound: socket.socket, as_json: bool, fresh_catalog: bool) -> None:
    async with wire_embedded(settings) as services:
        with suppress(PlaylistError):  # the store may have what the index has lost
            await services.library.following.reconcile()
        if fresh_catalog or not await _has_catalog(services.library.catalog):
            await watched_refresh(services.library.refreshing, allow_shrink=True)
        await seed(services)
        people, samples = await roles(services), await saved_samples(services)

        def ready() -> None:
            _announce(settings, url_of(bound), people, samples, as_json=as_json)

        await serve(services, bound, ready=ready)


async def _has_catalog(catalog: Catalog) -> bool:
    """Whether there is a snapshot; one that is damaged is none, a refresh makes it anew."""
    try:
        return await catalog.index.state() is not None
    except Unavailable:
        return False


def _announce(
    settings: Settings, url: str, people: Mapping[str, Role], samples: Sequence[str], *, as_json: bool
) -> None:
    directory = settings.data_dir.absolute()
    if as_json:
        print_json({"url": url, "data_dir": str(directory)})
    else:
        text = _TRY.format(
            url=url,
            directory=directory,
            people=_listed([f"{name} ({role})" for name, role in people.items()]),
            samples=f"\n  Saved already: {_listed([f'“{name}”' for name in samples])}." if samples else "",
            person=BLESSED if people[BLESSED] is not Role.VIEWER else ADMIN,
        )
        for line in text.splitlines():
            say(line)
    flush_output()


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _uvloop_installed() -> bool:
    try:
        import uvloop  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True
