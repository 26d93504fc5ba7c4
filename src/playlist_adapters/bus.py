"""The one connection to Kryten's NATS: kryten-py's client, and the truth about it, which that does not tell.

Only this file touches the client's private NATS handle (DESIGN decision 3).
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from json import JSONDecodeError
from typing import Any
from urllib.parse import urlsplit

import anyio
from attrs import define, field
from kryten import KrytenClient
from kryten.config import KrytenConfig, NatsConfig
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.js import JetStreamContext
from nats.js.api import KeyValueConfig
from nats.js.errors import BadRequestError, BucketNotFoundError
from nats.js.kv import KeyValue
from pydantic import ValidationError

from playlist_adapters.nats_errors import FAILURES, asking
from playlist_core.errors import InvalidInput, OutcomeUnknown, Unavailable

log = logging.getLogger("kryten_playlist.bus")

Hear = Callable[[Msg], Awaitable[None]]

MAX_VALUE_BYTES = 1024 * 1024
# A peer that vanished without a word is noticed after two unanswered pings; kryten-py takes four minutes.
_PING_SECONDS = 10
# A bucket that somebody else made in the same instant, with other options than ours.
_NAME_IN_USE = 10058
_TLS_KEYS = ("tls_ca", "tls_cert", "tls_key")


class _TellingClient(KrytenClient):
    """kryten-py's client, which otherwise keeps to itself that its connection went and came."""

    def __init__(self, config: KrytenConfig) -> None:
        super().__init__(config, logger=log.getChild("kryten"))
        self.connections = 1
        self.closed = anyio.Event()
        self.refused = False
        self.on_reconnect: list[Callable[[], None]] = []

    async def _on_reconnected(self) -> None:
        await super()._on_reconnected()
        self.connections += 1
        for hook in list(self.on_reconnect):
            hook()

    async def _on_closed(self) -> None:
        await super()._on_closed()
        self.closed.set()

    async def _on_error(self, e: Exception) -> None:
        # What follows in the same attempt is only how the server hung up.
        self.refused = self.refused or "authorization violation" in str(e).lower()
        await super()._on_error(e)


@define(eq=False)
class Bus:
    """A connected client; made by `open_bus`, of no use after it.

    `client` sends and hears what is no bucket; ask `require_connection` before it sends.
    """

    client: KrytenClient
    _telling: _TellingClient = field(alias="telling", kw_only=True)
    _nats: NatsClient = field(alias="nats", kw_only=True)
    _buckets: dict[str, KeyValue] = field(factory=dict[str, KeyValue], init=False)
    _binding: anyio.Lock = field(factory=anyio.Lock, init=False)

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
            await self._nats.flush()
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True), suppress(*FAILURES):
                await subscription.unsubscribe()

    async def ask(self, subject: str, fields: Mapping[str, Any], *, timeout: float) -> Any:
        """The JSON answer to a JSON request. `timeout` in seconds.

        Raises Unavailable when nothing was sent or nobody listens, OutcomeUnknown when no answer came that
        can be read: whoever listens may have acted on it.
        """
        self.require_connection()
        try:
            return await self.client.nats_request(subject, dict(fields), timeout=timeout)
        except NoRespondersError as exc:
            raise Unavailable(
                f"Nobody answers to {subject}: is its service running?", dependency=subject
            ) from exc
        except (TimeoutError, JSONDecodeError) as exc:
            raise OutcomeUnknown(f"No answer came from {subject} in time.") from exc
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

    async def bucket(self, name: str, *, replicas: int = 1) -> KeyValue:
        """The bucket of that name, bound once; made where it is missing, with history 1 and values of 1 MiB.

        An existing one is taken as it is. kryten-py asks for the stream at each of its own reads and
        answers an outage with "nothing there", so only its binding is used. Raises Unavailable, and
        InvalidInput for a bucket whose entries would expire by themselves.
        """
        async with self._binding:
            if name not in self._buckets:
                self.require_connection()
                with asking(f"bucket {name}"):
                    found = await self._bind(name, replicas)
                    status = await found.status()
                if status.ttl:
                    raise InvalidInput(
                        f"The bucket {name} drops what is {status.ttl:.0f} s old: take off its TTL."
                    )
                if status.stream_info.config.allow_direct:
                    found = self._read_from_the_leader(name)
                self._buckets[name] = found
            return self._buckets[name]

    def _read_from_the_leader(self, name: str) -> KeyValue:
        """nats-py would let any replica answer, also one that has not heard of our last write yet."""
        return KeyValue(name, f"KV_{name}", f"$KV.{name}.", self.jetstream(), direct=False)

    async def _bind(self, name: str, replicas: int) -> KeyValue:
        """kryten-py can say neither history nor replicas, so more than one replica is asked for directly."""
        if replicas == 1:
            return await self.client.get_or_create_kv_bucket(name, "Kryten Playlist", MAX_VALUE_BYTES)
        try:
            return await self.jetstream().key_value(name)
        except BucketNotFoundError:
            config = KeyValueConfig(
                name, description="Kryten Playlist", max_value_size=MAX_VALUE_BYTES, replicas=replicas
            )
        try:
            return await self.jetstream().create_key_value(config)
        except BadRequestError as exc:
            if exc.err_code != _NAME_IN_USE:
                raise
            return await self.jetstream().key_value(name)


@asynccontextmanager
async def open_bus(config: Mapping[str, Any], *, patience: float = 30) -> AsyncIterator[Bus]:
    """Connect with the settings of a Kryten installation (`nats`, `channels`, `service`, …) and stay so.

    Raises InvalidInput for settings that cannot work, Unavailable when NATS is not reached within
    `patience` seconds. Once connected the client comes back after any outage, however long.
    """
    client = _TellingClient(_settled(config))
    try:
        yield Bus(client, telling=client, nats=await _connected(client, patience))
    finally:
        with anyio.CancelScope(shield=True):
            await client.disconnect()


async def _connected(client: _TellingClient, patience: float) -> NatsClient:
    """The one place that reaches through kryten-py to nats-py."""
    try:
        # By itself it would try for ever.
        with anyio.fail_after(patience):
            await client.connect()
    except FAILURES as exc:
        if client.refused:
            raise _away("NATS refused the user and password, or the token, of this service.") from exc
        raise _away("NATS cannot be reached: look whether it runs, and at nats.servers.") from exc
    nats = client._nats
    if nats is None:
        raise _away("NATS has closed the connection at once: look at its log.")
    # No buffer for the time without connection: whatever is published then fails at once, instead of
    # arriving after the outage, when nobody expects it any more.
    nats._max_pending_size = 0
    return nats


def _away(message: str) -> Unavailable:
    return Unavailable(message, code="nats_unavailable", dependency="nats")


def _settled(config: Mapping[str, Any]) -> KrytenConfig:
    """The settings as the client gets them; raises InvalidInput, and never repeats a value, for bad ones."""
    try:
        parsed = KrytenConfig(**config)
    except ValidationError as exc:
        problems = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in exc.errors(include_input=False)
        ]
        raise InvalidInput("; ".join(problems)) from None
    ignored = [key for key in _TLS_KEYS if getattr(parsed.nats, key)]
    if ignored:
        # kryten-py takes them and connects without.
        raise InvalidInput.of(f"nats.{ignored[0]}", "is not supported; use a server of tls://host:port")
    return parsed.model_copy(update={"nats": _quiet(parsed.nats)})


def _quiet(nats: NatsConfig) -> NatsConfig:
    """Credentials out of the addresses, because those are logged; and a client that never gives up."""
    servers = [each if "://" in each else f"nats://{each}" for each in nats.servers]
    parts = [urlsplit(server) for server in servers]
    credentials = {(part.username, part.password) for part in parts if part.username}
    if len(credentials) > 1:
        raise InvalidInput.of("nats.servers", "name different users; one must do for all")
    given: dict[str, str | None] = {}
    for user, password in credentials:
        given = {"token": user} if password is None else {"user": user, "password": password}
    return nats.model_copy(
        update={
            **given,
            "servers": [part._replace(netloc=part.netloc.rpartition("@")[2]).geturl() for part in parts],
            "max_reconnect_attempts": -1,
            "ping_interval": min(nats.ping_interval, _PING_SECONDS),
        }
    )
