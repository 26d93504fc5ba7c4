"""Looks at where the web server will listen, and at how people will come to it."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from anyio import to_thread

from playlist_app.config import Settings
from playlist_app.inspection.files import process
from playlist_app.inspection.findings import Finding, failed, fine, warning
from playlist_core.errors import Conflict, PlaylistError

WEB: Final = "web server"
METRICS: Final = "metrics"
PUBLIC: Final = "public address"

Bind = Callable[[str, int], AbstractContextManager[Any]]
"""Takes an address as the service would; raises Conflict for one that is taken."""

_LISTENING: Final = "0A"


async def web_findings(settings: Settings, holder: Callable[[], int | None], bind: Bind) -> list[Finding]:
    """The addresses to listen on, each free or in use by whom."""
    addresses = [(WEB, settings.http_host, settings.http_port)]
    if settings.metrics_port is not None:
        addresses.append((METRICS, settings.metrics_host, settings.metrics_port))
    return [
        await to_thread.run_sync(_address, name, host, port, holder, bind, abandon_on_cancel=True)
        for name, host, port in addresses
    ]


def _address(name: str, host: str, port: int, holder: Callable[[], int | None], bind: Bind) -> Finding:
    try:
        with bind(host, port):
            return fine(name, f"{host} port {port} is free." if port else f"{host}, any free port.")
    except Conflict as exc:
        return _taken(name, f"{host} port {port}", listener_on(port), _held_by(holder), exc)
    except PlaylistError as exc:
        return failed(name, exc.message)


def _taken(name: str, address: str, listener: int | None, service: int | None, exc: Conflict) -> Finding:
    if listener is not None and listener == service:
        return fine(name, f"{address} is in use by the running service, {process(listener)}.")
    if listener is not None:
        return failed(name, f"{address} is in use by {process(listener)}: stop that, or choose another port.")
    if service is not None:
        return warning(name, f"{address} is in use, it seems by the running service, {process(service)}.")
    return failed(name, exc.message)


def _held_by(holder: Callable[[], int | None]) -> int | None:
    try:
        return holder()
    except PlaylistError:
        return None


def listener_on(port: int) -> int | None:
    """The process that listens on a TCP port of this machine, as far as this user may see it."""
    sockets = set(_sockets(port))
    for descriptors in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):  # another user's, or it has just ended
            for descriptor in descriptors.iterdir():
                with suppress(OSError):
                    if str(descriptor.readlink()) in sockets:
                        return int(descriptors.parent.name)
    return None


def _sockets(port: int) -> Iterator[str]:
    """The listening sockets of a port, as the links to open files name them."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                _, local, _, state, *rest = line.split()
                if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                    yield f"socket:[{rest[5]}]"


def public_findings(settings: Settings) -> list[Finding]:
    """Whether people can come to the page at all, and safely."""
    if settings.public_url is None:
        only = "only browsers on this machine are answered: say what people type into theirs."
        told = fine if is_loopback(settings.http_host) else warning
        return [told(PUBLIC, f"public_url is not set, so {only}")]
    if settings.public_url.startswith("http:"):
        host = re.sub(r":[0-9]+$|[\[\]]", "", settings.public_url.removeprefix("http://"))
        if not is_loopback(host):
            sentence = "sends codes and cookies in the clear: put a proxy with TLS before the service."
            return [warning(PUBLIC, f"{settings.public_url} {sentence}")]
        return [fine(PUBLIC, f"{settings.public_url} is for browsers on this machine.")]
    if not settings.trusted_proxies:
        sentence = "so to limits and blocks all visitors are one: name the proxy that speaks TLS."
        return [warning(PUBLIC, f"{settings.public_url}, but trusted_proxies is empty, {sentence}")]
    proxies = ", ".join(map(str, settings.trusted_proxies))
    return [fine(PUBLIC, f"{settings.public_url}, through {proxies}.")]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
