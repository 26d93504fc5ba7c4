"""Connecting nats-py with TLS and credentials, as kryten-py cannot; and why it failed, in words."""

import ssl
from asyncio import StreamReaderProtocol
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

import anyio
from attrs import define, field, frozen
from nats.aio.client import Client
from nats.aio.transport import TcpTransport
from nats.errors import Error

# Results of OpenSSL's verification of a certificate.
_OTHER_NAME: Final = (62, 64)
_WRONG_TIME: Final = (9, 10)
_CLOSING_SECONDS: Final = 1
_ALERTS: Final = ("TLSV1_ALERT", "TLSV13_ALERT", "SSLV3_ALERT")


@frozen(kw_only=True)
class ServerFacts:
    """The server we are connected to. `name` may be empty, `cluster` is None for one that stands alone."""

    address: str
    name: str
    version: str
    cluster: str | None
    tls: bool


class _NoTls(Error):
    """The server offers none."""


class _WantsCertificate(Error):
    """The server asks for one, and there is none."""


class _Hopeless(Error):
    """Trying on would change nothing."""


class PromptTransport(TcpTransport):
    """nats-py's, but for the end. That one waits for ever after a TLS handshake that failed (nats.py issue
    718), and for minutes while a peer that vanished takes nothing of what was written (671).
    """

    def __bool__(self) -> bool:
        # nats-py would make one of its own instead of one that was never connected.
        return True

    async def connect_tls(
        self, uri: Any, ssl_context: ssl.SSLContext, buffer_size: int, connect_timeout: int
    ) -> None:
        await super().connect_tls(uri, ssl_context, buffer_size, connect_timeout)
        transport = self._io_writer.transport  # type: ignore[union-attr]  # it has just been made
        protocol = transport.get_protocol()
        if isinstance(protocol, StreamReaderProtocol):
            # Nobody else tells it; it would not slow a fast server down, and complain when that hangs up.
            protocol.connection_made(transport)

    async def wait_closed(self) -> None:
        with anyio.move_on_after(_CLOSING_SECONDS) as patience:
            await super().wait_closed()
        if patience.cancelled_caught and self._io_writer is not None:
            self._io_writer.transport.abort()


class _StrictClient(Client):
    """nats-py's client, to which `tls://` is only a wish: it goes on in the clear where a server, or whoever
    stands in between, does not insist. And a server that hangs up for want of a certificate says so before.
    """

    has_certificate = False
    wants_certificate = False
    trying = ""

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        server = self._current_server
        if initial_connection and server is not None and server.uri.scheme == "tls":
            if not (info.get("tls_required") or info.get("tls_available")):
                raise _NoTls("nats: the server offers no TLS")
            info["tls_required"] = True
            self.wants_certificate = bool(info.get("tls_verify"))
            if self.wants_certificate and not self.has_certificate:
                raise _WantsCertificate("nats: the server wants a certificate of the client")
        await super()._process_info(info, initial_connection)

    async def _connect_to_server(self, s: Any) -> None:
        if self._transport is None and s.uri.scheme in ("nats", "tls"):
            self._transport = PromptTransport()
        elif isinstance(self._transport, PromptTransport):
            # After a server that hung up in the middle of its greeting nobody else does.
            self._transport.close()
        self.trying = s.uri.netloc
        await super()._connect_to_server(s)

    @property
    def addresses(self) -> set[str]:
        """Of the servers that were named to it; in a cluster it hears of more."""
        return {each.netloc for each in self.servers if each not in self.discovered_servers}

    @property
    def facts(self) -> ServerFacts:
        info, url = self._server_info, self.connected_url
        return ServerFacts(
            address="" if url is None else url.netloc,
            name="" if info.get("server_name") == info.get("server_id") else str(info.get("server_name", "")),
            version=str(info.get("version", "")),
            cluster=info.get("cluster"),
            tls=bool(info.get("tls_required")) or (url is not None and url.scheme == "wss"),
        )


@define(eq=False)
class Way:
    """Stands where kryten-py looks for the module `nats`: connects with `options` it has no setting for.

    `client` is what was connected, `refusal` why it failed, as far as that is known.
    """

    options: Mapping[str, Any] = field(repr=False)
    has_certificate: bool = field(kw_only=True)
    client: _StrictClient | None = field(default=None, init=False)
    refusal: str | None = field(default=None, init=False)
    _refused_by: set[str] = field(factory=set[str], init=False)

    @property
    def connected(self) -> bool:
        return self.client is not None and self.client.is_connected

    @property
    def server(self) -> ServerFacts:
        """Only for who is connected."""
        if self.client is None:
            raise Error("nats: not connected")
        return self.client.facts

    async def connect(self, *, error_cb: Callable[[Exception], Awaitable[None]], **told: Any) -> Client:
        """A connected client; raises what nats-py raises, at once when each server has refused us."""
        client = _StrictClient()
        client.has_certificate = self.has_certificate

        async def note(exc: Exception) -> None:
            await error_cb(exc)
            refusal = _refusal(exc, verifies_us=client.wants_certificate)
            if refusal is None or self.client is not None or client.trying in self._refused_by:
                return  # also because closing may bring up the same again
            self.refusal = self.refusal or refusal
            self._refused_by.add(client.trying)
            if self._refused_by >= client.addresses:
                raise _Hopeless("nats: no server takes us")

        async with AsyncExitStack() as on_failure:
            on_failure.push_async_callback(_close, client)
            # No buffer for the time without connection: whatever is published then fails at once, instead of
            # arriving after the outage, when nobody expects it any more.
            await client.connect(error_cb=note, pending_size=0, **told, **self.options)
            on_failure.pop_all()
        self.client = client
        return client


async def _close(client: Client) -> None:
    with anyio.CancelScope(shield=True):
        await client.close()


def _refusal(exc: Exception, *, verifies_us: bool) -> str | None:
    """What a failed try tells that waiting would not mend; None where the server may only be away."""
    match exc:
        case _NoTls():
            return "NATS offers no TLS, so nothing was sent: switch it on in nats-server, or write nats://."
        case _WantsCertificate():
            return "NATS wants a certificate of its clients: name one, and its key, in nats_tls_cert."
        case ssl.SSLCertVerificationError():
            return _distrust(exc)
        case ssl.SSLError() if (exc.reason or "").startswith(_ALERTS):
            return _UNACCEPTED
        case ssl.SSLError():
            return f"TLS with NATS failed ({exc.reason}): look at the log of nats-server."
        case ConnectionResetError() | BrokenPipeError() if verifies_us:
            return _UNACCEPTED
        case Error() if "authorization violation" in str(exc).lower():
            return "NATS refused the user and password, the token, or the credentials of this service."
        case _:
            return None


_UNACCEPTED: Final = (
    "NATS did not accept the certificate in nats_tls_cert: it must be for clients,"
    " valid today, and of a CA that nats-server knows."
)


def _distrust(exc: ssl.SSLCertVerificationError) -> str:
    if exc.verify_code in _OTHER_NAME:
        return "The certificate of NATS is for another name: write into nats_url a name that stands in it."
    if exc.verify_code in _WRONG_TIME:
        return "The certificate of NATS is not valid today: renew it, or set the clock of this machine."
    return "The certificate of NATS is of a CA that nobody here trusts: name that CA in nats_tls_ca."
