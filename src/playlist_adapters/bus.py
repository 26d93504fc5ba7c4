"""The one connection to Kryten's NATS: kryten-py's client, and the truth about it, which that does not tell.

Only this file touches the NATS handle that kryten-py keeps to itself (DESIGN decision 3); what nats-py keeps
to itself `nats_connecting` and `kv.reading` use as well.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FunctionType
from typing import Any

import anyio
from anyio.lowlevel import checkpoint
from attrs import define, field, frozen
from kryten import KrytenClient
from kryten.config import KrytenConfig
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import NoRespondersError
from nats.js import JetStreamContext

from playlist_adapters.nats_access import NatsAccess, addresses, options
from playlist_adapters.nats_connecting import ServerFacts, Way
from playlist_adapters.nats_errors import FAILURES, asking
from playlist_core.errors import OutcomeUnknown, Unavailable

log = logging.getLogger("kryten_playlist.bus")

Hear = Callable[[Msg], Awaitable[None]]

# A peer that vanished without a word is noticed after two unanswered pings; kryten-py takes four minutes.
_PING_SECONDS = 10
_RECONNECT_SECONDS = 1
# As long as a busy service may need to take in what has come already.
_LEAVE_SECONDS = 10
_UNREACHED = "NATS cannot be reached: look whether it runs, and at nats_url."


@frozen(kw_only=True)
class Announced:
    """What other Kryten services hear of this one: startup, heartbeats, shutdown. `http_port` has /health."""

    name: str
    version: str
    heartbeat_seconds: int = 30
    heartbeat: bool = True
    discovery: bool = True
    http_port: int | None = None

    def for_kryten(self) -> dict[str, Any]:
        """kryten-py's section `service`."""
        return {
            "name": self.name,
            "version": self.version,
            "enable_heartbeat": self.heartbeat,
            "heartbeat_interval": self.heartbeat_seconds,
            "enable_discovery": self.discovery,
            "health_port": self.http_port,
            "metrics_port": self.http_port,
        }


@define(eq=False)
class _Terse:
    """A filter of what kryten-py logs: no tracebacks, which are of how a server hung up, and while NATS is
    away nothing twice: it tries again every second, and tells of each heartbeat that could not be sent.
    """

    connected: Callable[[], bool]
    _told: set[str] = field(factory=set[str], init=False)

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return self.connected() or self.is_new(record.getMessage())

    def is_new(self, trouble: str) -> bool:
        """Whether it was not told since the connection was made."""
        is_new = trouble not in self._told
        self._told.add(trouble)
        return is_new

    def forget(self) -> None:
        """What comes now belongs to another outage."""
        self._told.clear()


class _TellingClient(KrytenClient):
    """kryten-py's client, which otherwise keeps to itself that its connection went and came."""

    def __init__(self, config: KrytenConfig, way: Way) -> None:
        super().__init__(config, logger=log.getChild("kryten"))
        self.way = way
        self.connections = 1
        self.closed = anyio.Event()
        self.on_reconnect: list[Callable[[], None]] = []
        self.terse = _Terse(lambda: way.connected)

    async def connect(self) -> None:
        """kryten-py's own, which finds our way to connect where it looks for nats-py: it takes no options."""
        theirs = KrytenClient.connect
        ours = FunctionType(theirs.__code__, {**theirs.__globals__, "nats": self.way})
        await ours(self)

    async def _on_reconnected(self) -> None:
        self.terse.forget()
        await super()._on_reconnected()
        self.connections += 1
        for hook in list(self.on_reconnect):
            hook()

    async def _on_closed(self) -> None:
        await super()._on_closed()
        self.closed.set()

    async def _on_error(self, e: Exception) -> None:
        # Some come while nats-py calls itself connected: two that alternate would be told for ever.
        trouble = str(e) or type(e).__name__
        if self.terse.is_new(trouble):
            log.warning("NATS: %s", trouble)

    async def _setup_subscriptions(self) -> None:
        """None: whoever wants the channel's events subscribes when the channel is known."""


@define(eq=False)
class Bus:
    """A connected client; made by `open_bus`, of no use after it.

    `client` sends and hears what is no bucket; ask `require_connection` before it sends.
    """

    client: KrytenClient
    _telling: _TellingClient = field(alias="telling", kw_only=True)
    _nats: NatsClient = field(alias="nats", kw_only=True)

    @property
    def connected(self) -> bool:
        """Whether the connection stands right now; kryten-py's own answer stays true in an outage."""
        return self._nats.is_connected

    @property
    def connections(self) -> int:
        """How often the connection was made: what was learned under another number may be stale."""
        return self._telling.connections

    @property
    def max_payload(self) -> int:
        """The bytes a message may have, headers included; over it the server cuts the connection."""
        return self._nats.max_payload

    @property
    def server(self) -> ServerFacts:
        """The server that was last connected to."""
        return self._telling.way.server

    def require_connection(self) -> None:
        """Raises Unavailable while disconnected, when nothing can be sent."""
        if self._telling.closed.is_set():
            raise _away("NATS has closed the connection: look at its log, then restart the service.")
        if not self.connected:
            raise _away("NATS cannot be reached; nothing was sent. Try again when it is back.")

    @contextmanager
    def on_reconnect(self, hook: Callable[[], None]) -> Iterator[None]:
        """Call the hook, in the event loop, after each reconnection; it must not wait for anything."""
        self._telling.on_reconnect.append(hook)
        try:
            yield
        finally:
            self._telling.on_reconnect.remove(hook)

    async def closed(self) -> None:
        """Return when the connection is gone for good, which ends the service: it never comes back."""
        await self._telling.closed.wait()

    @asynccontextmanager
    async def listening(self, subject: str, hear: Hear, *, queue: str = "") -> AsyncIterator[None]:
        """Call `hear` with each message of the subject, one after the other, also after reconnections.

        Of all that listen with the same `queue` one hears a message. It hears from the moment of entering;
        what escapes from `hear` is logged. Raises Unavailable.
        """
        self.require_connection()
        with asking(f"subject {subject}"):
            subscription = await self._nats.subscribe(subject, queue=queue, cb=hear)
        try:
            with asking(f"subject {subject}"):
                await self._nats.flush()
            yield
        finally:
            with anyio.CancelScope(shield=True):
                await self._leave(subscription)

    async def _leave(self, subscription: Subscription) -> None:
        """What the server has sent us already is heard still: of a queue nobody else ever gets it."""
        if self.connected:
            with anyio.move_on_after(_LEAVE_SECONDS), suppress(*FAILURES):
                await subscription.drain()
                return
        with suppress(*FAILURES):
            await subscription.unsubscribe()
        # A drain that failed leaves it where a reconnection would subscribe it again.
        self._nats._remove_sub(subscription._id)

    async def ask(self, subject: str, fields: Mapping[str, Any], *, timeout: float) -> Any:
        """The JSON answer to a JSON request. `timeout` in seconds.

        Raises Unavailable when nothing was sent or nobody listens, OutcomeUnknown when no answer came that
        can be read: whoever listens may have acted on it.
        """
        await checkpoint()  # who tries again and again while NATS is away lets others have their turn
        self.require_connection()
        try:
            return await self.client.nats_request(subject, dict(fields), timeout=timeout)
        except NoRespondersError as exc:
            raise Unavailable(
                f"Nobody answers to {subject}: is its service running?", dependency=subject
            ) from exc
        except TimeoutError as exc:
            raise OutcomeUnknown(f"No answer came from {subject} in time.") from exc
        except (ValueError, RecursionError) as exc:
            raise OutcomeUnknown(f"The answer from {subject} cannot be read.") from exc
        except FAILURES as exc:
            raise _away("NATS cannot be reached; nothing was sent. Try again when it is back.") from exc

    async def publish(self, subject: str, payload: bytes) -> None:
        """Send a message to whoever listens, now or not at all. Raises Unavailable."""
        self.require_connection()
        with asking(f"subject {subject}"):
            await self._nats.publish(subject, payload)

    def jetstream(self) -> JetStreamContext:
        """nats-py's JetStream of this connection, for what kryten-py has no words for."""
        return self._nats.jetstream()


@asynccontextmanager
async def open_bus(
    nats: NatsAccess, *, announced: Announced | None = None, patience: float = 30
) -> AsyncIterator[Bus]:
    """Connect and stay so; others hear of it where something is `announced`.

    Raises InvalidInput for settings that cannot work, Unavailable when NATS is not reached within
    `patience` seconds. Once connected the client comes back after any outage, however long.
    """
    way = Way(options(nats), has_certificate=nats.tls_cert is not None)
    client = _TellingClient(_client_config(nats, announced), way)
    client.logger.addFilter(client.terse)
    try:
        yield Bus(client, telling=client, nats=await _connected(client, patience))
    finally:
        with anyio.CancelScope(shield=True):
            await client.disconnect()
        client.logger.removeFilter(client.terse)


async def _connected(client: _TellingClient, patience: float) -> NatsClient:
    """The one place that reaches through kryten-py to nats-py."""
    try:
        # By itself it would try for ever.
        with anyio.fail_after(patience):
            await client.connect()
    except FAILURES as exc:
        raise _away(client.way.refusal or _UNREACHED) from exc
    nats = client._nats
    if nats is not client.way.client:
        raise _away("This version of kryten-py connects in a way that is not known here: install 0.17.5.")
    if nats is None or not nats.is_connected:
        raise _away(client.way.refusal or "NATS has closed the connection at once: look at its log.")
    return nats


def _away(message: str) -> Unavailable:
    return Unavailable(message, code="nats_unavailable", dependency="nats")


def _client_config(nats: NatsAccess, announced: Announced | None) -> KrytenConfig:
    """kryten-py's settings: one that never gives up, and whose addresses it may log."""
    access = {
        "servers": addresses(nats),
        "user": nats.user,
        "password": nats.password,
        "token": nats.token,
        "reconnect_time_wait": _RECONNECT_SECONDS,
        "ping_interval": _PING_SECONDS,
    }
    service = None if announced is None else announced.for_kryten()
    # It insists on a channel; ours is known only when the robot was asked.
    return KrytenConfig.model_validate(
        {
            "nats": access,
            "service": service,
            "channels": [{"domain": "-", "channel": "-"}],
            # Which it sets for the logger that we give it.
            "log_level": logging.getLevelName(log.getEffectiveLevel()),
        }
    )
