"""What every request passes before any handler: its host, its origin, its size, and a name for the logs."""

import ipaddress
import logging
import re
import secrets
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import falcon.asgi
from attrs import define, frozen

from playlist_app.shapes.parsing import check_size
from playlist_core.domain.identity import ClientAddress
from playlist_core.errors import Denied, InvalidInput, PlaylistError

_SAFE: Final = {"GET", "HEAD", "OPTIONS"}
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{0,5})?")
_STANDARD_PORTS: Final = {"http": "80", "https": "443"}
_CSP: Final = (
    "default-src 'self'; img-src 'self' https: data:; style-src 'self'; script-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": _CSP,
}

log = logging.getLogger("kryten_playlist.http")


class UnsupportedMediaType(InvalidInput):
    """A body that does not call itself JSON."""

    status = 415
    default_code = "unsupported_media_type"


@frozen
class Origins:
    """Where this service may be addressed: any loopback name, and the public URL."""

    public_url: str | None = None

    def admits_host(self, host: str) -> bool:
        """Against DNS rebinding: a page of another site must not reach us under its own name."""
        host = host.lower()
        asked = _HOST.fullmatch(host)
        if asked is None:
            return False
        return _is_loopback(asked["name"].strip("[]")) or host in self._public_hosts()

    def _public_hosts(self) -> tuple[str, ...]:
        """How the public URL may stand in a Host header: some proxies write the standard port out."""
        if self.public_url is None:
            return ()
        scheme, _, authority = self.public_url.partition("://")
        if authority.rpartition(":")[2].isdigit():
            return (authority,)
        return (authority, f"{authority}:{_STANDARD_PORTS[scheme]}")

    def admits_origin(self, origin: str, host: str) -> bool:
        """Whether a state-changing request comes from our own page."""
        if self.public_url is not None and origin.lower() == self.public_url:
            return True
        scheme, separator, authority = origin.lower().partition("://")
        return scheme in ("http", "https") and bool(separator) and authority == host.lower()


@lru_cache(256)
def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@define(eq=False)
class Guard:
    """Falcon middleware; its refusals are errors like any other and get the envelope."""

    origins: Origins
    trusted_proxies: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network] = ()

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        req.context.request_id = secrets.token_hex(8)
        req.context.began = time.perf_counter()
        for name, value in _HEADERS.items():
            resp.set_header(name, value)
        resp.set_header("X-Request-Id", req.context.request_id)
        self._check_host(req)
        req.context.address = self.address(req)
        if req.method not in _SAFE:
            self._check_origin(req)
            _check_content_type(req)
        check_size(req.content_length or 0)

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: Any, req_succeeded: bool
    ) -> None:
        began = getattr(req.context, "began", None)
        took = 0.0 if began is None else (time.perf_counter() - began) * 1000
        where = req.uri_template or "(no route)"
        log.info("%s %s %s %.1f ms", req.method, where, str(resp.status)[:3], took)

    def address(self, req: falcon.asgi.Request) -> ClientAddress:
        """The socket's peer, or behind trusted proxies the right-most address that none of them is."""
        peer = _address(req.remote_addr)
        if not self._trusted(peer):
            return peer
        forwarded = req.get_header("X-Forwarded-For") or ""
        for text in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
            try:
                peer = ClientAddress.parse(text)
            except PlaylistError:
                return peer
            if not self._trusted(peer):
                return peer
        return peer

    def _trusted(self, address: ClientAddress) -> bool:
        return any(address.ip in network for network in self.trusted_proxies)

    def _check_host(self, req: falcon.asgi.Request) -> None:
        host = req.get_header("Host") or ""
        if not self.origins.admits_host(host):
            raise Denied(
                "This service does not answer under this host name; set public_url to the one people use.",
                code="bad_host",
                setting="public_url",
            )

    def _check_origin(self, req: falcon.asgi.Request) -> None:
        origin = req.get_header("Origin")
        host = req.get_header("Host") or ""
        if origin is not None and not self.origins.admits_origin(origin, host):
            raise Denied("This request comes from another site's page and was refused.", code="bad_origin")


@lru_cache(256)
def _address(text: str) -> ClientAddress:
    try:
        return ClientAddress.parse(text)
    except PlaylistError:
        # A unix socket or a test client has no address; it is this machine.
        return ClientAddress.parse("127.0.0.1")


def has_body(req: falcon.asgi.Request) -> bool:
    """Whether the head of a request announces a body."""
    return bool(req.content_length) or req.get_header("Transfer-Encoding") is not None


def _check_content_type(req: falcon.asgi.Request) -> None:
    kind = (req.content_type or "").partition(";")[0].strip().lower()
    if kind == "application/json" or not (has_body(req) or kind):
        return
    raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
