"""Settings that say where somebody is: hosts, URLs, the networks of trusted proxies."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from playlist_app.config.values import MASK, Kind, refusal, textual
from playlist_core.errors import InvalidInput

Network = IPv4Network | IPv6Network

_LABEL: Final = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME: Final = re.compile(rf"({_LABEL}\.)*{_LABEL}")
_IPV4_IN_IPV6: Final = IPv6Network("::ffff:0:0/96")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~%!$&'()*+,;=:-]+)*/?")
_NO_PATH: Final = re.compile("/?")
_STANDARD_PORTS: Final = {"http": 80, "https": 443}


def host() -> Kind[str]:
    """An IP address or a host name to listen on."""
    wants = "an IP address or a host name, without a port and without brackets"

    def parse(text: str) -> str:
        if not is_host(text):
            raise refusal(wants)
        return text

    return textual(wants, parse)


def domain() -> Kind[str]:
    """The site of a CyTube channel as its robot calls it: a host name, with its port where it has one."""
    wants = "a host name such as cytu.be, without https://"

    def parse(text: str) -> str:
        name, colon, port = text.partition(":")
        if not is_host(name) or (colon and not re.fullmatch(r"[1-9][0-9]{0,4}", port)):
            raise refusal(wants)
        return text

    return textual(wants, parse)


def public_url() -> Kind[str]:
    """The address people use, as a browser sends it in `Origin`: lower case, no slash, no standard port."""
    wants = "an address such as https://playlist.example, without a path, user or query"

    def parse(text: str) -> str:
        parts = split(text, ("http", "https"), wants)
        if parts.username is not None:
            raise refusal(wants)
        return _origin(parts)

    return textual(wants, parse)


def site(text: str) -> str:
    """The address of a MediaCMS site as `public_url` is written, with the path under which the site lives.

    No slash at the end. Raises InvalidInput, which shows nothing of it.
    """
    wants = "an address such as https://videos.example, with a path if the site has one"
    parts = split(text, ("http", "https"), wants, path=_PATH)
    if parts.username is not None:
        raise InvalidInput(
            "must not hold a name or a password: give catalog.username and catalog.password, or catalog.token"
        )
    if re.search("/api(/|$)", parts.path):
        raise InvalidInput("must be the address of the site itself: leave out /api and what follows")
    return _origin(parts) + parts.path.rstrip("/")


def site_url() -> Kind[str]:
    """A setting that is the address of a site."""
    return textual("an address such as https://videos.example", site)


def masked(url: str) -> str:
    """The URL with `***` for its user and password, or its token; without a scheme, for all before the @."""
    login, at, place = url.rpartition("@")
    scheme, mark, _ = login.partition("://")
    return f"{scheme if mark else ''}{mark}{MASK}@{place}" if at else url


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


def _origin(parts: SplitResult) -> str:
    """Scheme, host and port as a browser writes them."""
    port = "" if parts.port in (None, _STANDARD_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{_in_url(parts.hostname or '')}{port}"


def split(
    text: str, schemes: tuple[str, ...], wants: str, *, path: re.Pattern[str] = _NO_PATH
) -> SplitResult:
    """The parts of a URL of a scheme, perhaps credentials, a host, and perhaps a port and a path.

    Raises InvalidInput, which shows nothing of it.
    """
    parts = url_parts(text)
    if (
        parts is None
        or "?" in text
        or parts.scheme not in schemes
        or not is_place(parts.netloc.rpartition("@")[2])
        or not path.fullmatch(parts.path)
    ):
        raise refusal(wants)
    return parts


def url_parts(text: str) -> SplitResult | None:
    """The parts of a URL in ASCII without blanks and fragment; None for other texts.

    No exception, for those of `urllib` quote what they cannot read, and that may be a password.
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts if text.isascii() and " " not in text and "#" not in text else None


def is_place(netloc: str) -> bool:
    """Whether it is a host, in brackets if it is an IPv6 address, with or without a port."""
    name, port = _host_and_port(netloc)
    return (
        is_host(name)
        and port != 0
        and netloc.lower() == (_in_url(name) + ("" if port is None else f":{port}"))
    )


def _host_and_port(netloc: str) -> tuple[str, int | None]:
    """As urllib reads them, lower case; an empty name where it cannot."""
    try:
        parts = SplitResult("", netloc, "", "", "")
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None


def _in_url(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def is_host(text: str) -> bool:
    """Whether it is an IP address or a name that DNS could know."""
    try:
        ip_address(text)
    except ValueError:
        # Four wrong numbers are a mistyped address, not a name.
        last = text.rpartition(".")[2]
        return len(text) <= 253 and bool(_NAME.fullmatch(text)) and not last.isdigit()
    return "%" not in text
