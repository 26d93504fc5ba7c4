"""`demo` and `serve`: the service itself."""

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import Final

import anyio
from attrs import evolve

from playlist_app.cli.output import print_json, say
from playlist_app.cli.settings import settings_of, with_source
from playlist_app.config import Settings
from playlist_app.demo import SAMPLE_CATALOG
from playlist_app.demo.seed import ADMIN, seed
from playlist_app.observability import log_to_stderr
from playlist_app.server import bind, url_of
from playlist_app.supervisor import serve
from playlist_app.wiring import wire_embedded
from playlist_core.domain.identity import Username
from playlist_core.errors import InvalidInput

_TRY: Final = """\
Kryten Playlist demo: {url}
Its data is in {directory}

  In the channel are alice (admin), bob (blessed) and carol (viewer).
  1. Open {url} and sign in as bob; the code arrives in the demo inbox on the page.
  2. Type a few letters, add titles, save a playlist, preview a marathon such as A2B1.
  3. Put it on the air, and watch the channel: {url}/demo/channel

Ctrl-C ends it; what you saved is there the next time."""


def demo(args: argparse.Namespace) -> int:
    """Everything in one process, on loopback only, without any configuration."""
    if args.config is not None:
        raise InvalidInput.of("--config", "the demo takes no settings; use serve")
    directory = args.data_dir or default_demo_dir()
    settings = evolve(
        with_source(Settings(), args.catalog or SAMPLE_CATALOG).kept_in(directory),
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
    settings = settings_of(args)
    if settings.nats_url is None:
        sys.stderr.write(
            "kryten-playlist: serve needs nats_url in the settings, the address of Kryten's NATS.\n"
            "To try everything without it: kryten-playlist demo\n"
        )
        return 2
    sys.stderr.write(
        "kryten-playlist: this version cannot talk to NATS yet; only the demo runs.\n"
        "To try everything: kryten-playlist demo\n"
    )
    return 1


def _run(settings: Settings, *, as_json: bool, fresh_catalog: bool) -> int:
    bound = bind(settings.http_host, settings.http_port)
    with bound:
        anyio.run(
            _demo,
            settings,
            bound,
            as_json,
            fresh_catalog,
            backend_options={"use_uvloop": _uvloop_installed()},
        )
    return 0


async def _demo(settings: Settings, bound: socket.socket, as_json: bool, fresh_catalog: bool) -> None:
    async with wire_embedded(settings) as services:
        new = (await services.library.catalog.index.state()) is None
        if new or fresh_catalog:
            await services.library.catalog.refresh(allow_shrink=True)
        if new:
            await seed(services)
        await serve(services, bound, ready=lambda: _announce(settings, url_of(bound), as_json))


def _announce(settings: Settings, url: str, as_json: bool) -> None:
    if as_json:
        print_json({"url": url, "data_dir": str(settings.data_dir.absolute())})
    else:
        for line in _TRY.format(url=url, directory=settings.data_dir.absolute()).splitlines():
            say(line)
    sys.stdout.flush()


def _uvloop_installed() -> bool:
    try:
        import uvloop  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True
