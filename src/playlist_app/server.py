"""uvicorn inside our own task group: our loop, our signals, our sockets (DESIGN decision 7)."""

import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import uvicorn

from playlist_app.http.parsing import HEAD_LIMIT
from playlist_core.errors import Conflict, InvalidInput

_BACKLOG: Final = 2048
# How long an answer that is under way may still take when we are told to stop.
_GRACE_SECONDS: Final = 10


class HttpServer(uvicorn.Server):
    """A uvicorn server that leaves the signals to the supervisor and says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn would re-raise SIGTERM after a graceful stop, and nothing after `serve` would run.
        yield


def http_server(app: Any, *, ready: Callable[[], None]) -> HttpServer:
    """A server for an ASGI app; it serves the sockets given to `serve` and ends on `should_exit`."""
    return HttpServer(
        uvicorn.Config(
            app,
            loop="none",
            http=_protocol(),
            ws="none",
            h11_max_incomplete_event_size=HEAD_LIMIT,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            backlog=_BACKLOG,
        ),
        ready,
    )


def _protocol() -> Any:
    """The fast protocol where httptools installed, else the one in Python, which has a limit of its own."""
    try:
        from playlist_app.protocol import BoundedHttpProtocol
    except ImportError:
        return "h11"
    return BoundedHttpProtocol


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address, not listening yet; port 0 is any free one.

    Raises Conflict `port_in_use`, InvalidInput for an address that is not this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as exc:
        raise InvalidInput.of("http_host", f"{host} is no address of this machine") from exc
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except PermissionError as exc:
        bound.close()
        raise InvalidInput.of("http_port", f"{port} is reserved; take one above 1023") from exc
    except OSError as exc:
        bound.close()
        raise Conflict(
            f"Port {port} on {host} is taken or not ours: {exc.strerror}."
            " Choose another port (http_port in the settings, --port for the demo).",
            code="port_in_use",
        ) from exc
    bound.setblocking(False)
    return bound


def address_of(bound: socket.socket) -> tuple[str, int]:
    """Where a bound socket can be reached."""
    host, port = bound.getsockname()[:2]
    return str(host), int(port)


def url_of(bound: socket.socket) -> str:
    """The address of a bound socket as a browser wants it."""
    host, port = address_of(bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
