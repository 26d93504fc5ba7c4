"""How NATS is reached and who we are there, made into what nats-py wants to be told."""

import ssl
from pathlib import Path
from typing import Any, Final, Protocol

from playlist_adapters.nats_credentials import Credentials
from playlist_core.errors import InvalidInput

_OVER_TLS: Final = ("tls://", "wss://")


class NatsAccess(Protocol):
    """How NATS is reached: `NatsSettings` of the settings is one.

    `servers` are addresses without user and password. `credentials` is a file with a user's JWT and seed.
    `tls_ca` and `tls_cert` ask for TLS whatever the addresses begin with; `tls_key` may stand in `tls_cert`.
    """

    @property
    def servers(self) -> tuple[str, ...]: ...
    @property
    def user(self) -> str | None: ...
    @property
    def password(self) -> str | None: ...
    @property
    def token(self) -> str | None: ...
    @property
    def credentials(self) -> Path | None: ...
    @property
    def tls_ca(self) -> Path | None: ...
    @property
    def tls_cert(self) -> Path | None: ...
    @property
    def tls_key(self) -> Path | None: ...


def addresses(nats: NatsAccess) -> list[str]:
    """The servers, `tls://` wherever TLS is asked for. Raises InvalidInput for one that holds a secret."""
    if any("@" in server for server in nats.servers):
        # They are logged.
        raise InvalidInput.of("nats_url", "user and password are given apart from the address")
    if nats.tls_ca is None and nats.tls_cert is None:
        return list(nats.servers)
    return [server.replace("nats://", "tls://", 1) for server in nats.servers]


def options(nats: NatsAccess) -> dict[str, Any]:
    """What nats-py has to be told and kryten-py has no setting for.

    Raises InvalidInput for files that cannot be used.
    """
    told: dict[str, Any] = {}
    if any(address.startswith(_OVER_TLS) for address in addresses(nats)):
        told["tls"] = _tls(nats)
    if nats.credentials is not None:
        credentials = Credentials.of(nats.credentials)
        told |= {"user_jwt_cb": credentials.jwt, "signature_cb": credentials.sign}
    return told


def _tls(nats: NatsAccess) -> ssl.SSLContext:
    """Certificates are checked, names included; a CA of our own is then the only one that counts."""
    try:
        context = ssl.create_default_context(cafile=nats.tls_ca)
    except OSError as exc:
        raise _unusable("nats_tls_ca", exc, "holds no certificate of a CA in PEM") from exc
    if nats.tls_cert is not None:
        try:
            # An empty password, because OpenSSL would ask for one on the terminal.
            context.load_cert_chain(nats.tls_cert, nats.tls_key, password="")
        except OSError as exc:
            told = "is no certificate in PEM with its key, unencrypted, in the same file or in nats_tls_key"
            raise _unusable("nats_tls_cert", exc, told) from exc
    return context


def _unusable(key: str, exc: OSError, told: str) -> InvalidInput:
    """What is wrong with the file, or with what is in it."""
    is_content = isinstance(exc, ssl.SSLError)
    return InvalidInput.of(key, told if is_content else f"cannot be read: {exc.strerror or 'it failed'}")
