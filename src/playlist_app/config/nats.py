"""How Kryten's NATS is reached: its addresses, who we are there, and TLS."""

from pathlib import Path
from typing import Final

from attrs import field, frozen

from playlist_app.config.addresses import masked, split
from playlist_app.config.values import Kind, refusal, textual
from playlist_core.errors import InvalidInput

_WANTS: Final = (
    "an address such as nats://127.0.0.1:4222 or tls://user:password@nats.example:4222,"
    " or several separated by commas"
)
_SCHEMES: Final = ("nats", "tls", "ws", "wss")


@frozen(kw_only=True)
class NatsLogin:
    """Who we are: a user with a password, or a token, or nobody."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@frozen(kw_only=True)
class NatsSettings:
    """What the connection asks for. `servers` are addresses without user and password, at least one.

    `credentials` is a file with a user's JWT and seed (`.creds`). `tls_ca` and `tls_cert` ask for TLS
    whatever the addresses begin with; `tls_key` may stand in the file of `tls_cert`.
    """

    servers: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials: Path | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None


def nats_addresses() -> Kind[str]:
    """The NATS servers, credentials included; shown without them."""
    return textual(_WANTS, _checked, show=lambda text: ",".join(map(masked, text.split(","))))


def servers_of(nats_url: str) -> tuple[str, ...]:
    """The addresses of a `nats_url` without what they say of us."""
    return tuple(_bare(each) for each in nats_url.split(","))


def login_of(nats_url: str) -> NatsLogin:
    """Who the addresses of a `nats_url` say we are; a user without a password is a token."""
    for each in nats_url.split(","):
        login, at, _ = each.partition("://")[2].rpartition("@")
        user, colon, password = login.partition(":")
        if at:
            return NatsLogin(user=user, password=password) if colon else NatsLogin(token=user)
    return NatsLogin()


def _checked(text: str) -> str:
    """The addresses, each with its scheme; raises InvalidInput, which shows nothing of them."""
    addresses = [each.strip() for each in text.split(",")]
    if not any("://" in each for each in addresses) and "@" not in text:
        addresses = [f"nats://{each}" for each in addresses]
    if len({split(each, _SCHEMES, _WANTS).scheme.startswith("ws") for each in addresses}) > 1:
        raise refusal(f"{_WANTS}; ws and wss do not go together with nats and tls")
    if len({login_of(each) for each in addresses} - {NatsLogin()}) > 1:
        raise InvalidInput("names different users: one must do for all servers")
    return ",".join(addresses)


def _bare(address: str) -> str:
    scheme, mark, place = address.partition("://")
    return f"{scheme}{mark}{place.rpartition('@')[2]}"
