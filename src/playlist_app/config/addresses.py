"""Settings that say where somebody is: hosts, URLs, the networks of trusted proxies."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from playlist_app.config.values import Kind, refusal, textual
from playlist_core.errors import InvalidInput

Network = IPv4Network | IPv6Network

_LABEL: Final = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME: Final = re.compile(rf"({_LABEL}\.)*{_LABEL}")
_IPV4_IN_IPV6: Final = IPv6Network("::ffff:0:0/96")
_STANDARD_PORTS: Final = {"http": 80, "https": 443}


def host() -> Kind[str]:
    """An IP address or a host name to listen on."""
    wants = "an IP address or a host name, without a port and without brackets"

    def parse(text: str) -> str:
        if not _is_host(text):
            raise refusal(wants)
        return text

    return textual(wants, parse)


def domain() -> Kind[str]:
    """The site of a CyTube channel as its robot calls it: a host name, with its port where it has one."""
    wants = "a host name such as cytu.be, without https://"

    def parse(text: str) -> str:
        name, colon, port = text.partition(":")
        if not _is_host(name) or (colon and not re.fullmatch(r"[1-9][0-9]{0,4}", port)):
            raise refusal(wants)
        return text

    return textual(wants, parse)


def public_url() -> Kind[str]:
    """The address people use, as a browser sends it in `Origin`: lower case, no slash, no standard port."""
    wants = "an address such as https://playlist.example, without a path, user or query"

    def parse(text: str) -> str:
        parts = _split(text, ("http", "https"), wants)
        if parts.username is not None:
            raise refusal(wants)
        port = "" if parts.port in (None, _STANDARD_PORTS[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{_in_url(parts.hostname or '')}{port}"

    return textual(wants, parse)


def nats_url() -> Kind[str]:
    """The NATS server, credentials included; shown without them."""
    wants = "an address such as nats://127.0.0.1:4222 or tls://user:password@nats.example:4222"

    def parse(text: str) -> str:
        _split(text, ("nats", "tls", "ws", "wss"), wants)
        return text

    return textual(wants, parse, show=masked)


def masked(url: str) -> str:
    """The URL with `***` for its user and password, or its token."""
    scheme, _, rest = url.partition("://")
    _, at, place = rest.rpartition("@")
    return f"{scheme}://***@{place}" if at else url


def network() -> Kind[Network]:
    """A network of proxies, or one proxy: what may say in whose name it asks."""
    wants = "an IP address or a network such as 10.0.0.0/8"

    def parse(text: str) -> Network:
        try:
            found = ip_network(text)
        except ValueError as exc:
            raise _with_host_bits(text) or refusal(wants) from exc
        if "%" in text:
            raise refusal(f"{wants}, without a zone")
        if found.prefixlen == 0:
            # Whoever trusts everybody lets everybody choose the address that limits and blocks count by.
            raise InvalidInput("would trust everybody: name the proxy, or its network")
        if isinstance(found, IPv6Network) and found.subnet_of(_IPV4_IN_IPV6):
            raise InvalidInput("must be written as the IPv4 address it stands for")
        return found

    return textual(wants, parse)


def _with_host_bits(text: str) -> InvalidInput | None:
    """The refusal of `10.0.0.1/8`, which may mean the address or the network."""
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        return None
    return InvalidInput(f"is an address inside a network: write {meant}, or the address alone")


def _split(text: str, schemes: tuple[str, ...], wants: str) -> SplitResult:
    """The parts of a URL that is no more than scheme, perhaps credentials, host, and perhaps a port."""
    try:
        parts = urlsplit(text)
        name, port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise refusal(wants) from exc
    place = _in_url(name) if port is None else f"{_in_url(name)}:{port}"
    plain = text.isascii() and " " not in text and "?" not in text and "#" not in text
    if (
        not plain
        or parts.scheme not in schemes
        or not _is_host(name)
        or port == 0
        # What urlsplit overlooks, such as text behind the brackets of an IPv6 address.
        or parts.netloc.rpartition("@")[2].lower() != place
        or parts.path not in ("", "/")
    ):
        raise refusal(wants)
    return parts


def _in_url(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        # Four wrong numbers are a mistyped address, not a name.
        last = text.rpartition(".")[2]
        return len(text) <= 253 and bool(_NAME.fullmatch(text)) and not last.isdigit()
    return "%" not in text
