"""Who acts, from where, and how any text becomes part of a store key."""

import re
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from attrs import frozen

from playlist_core.errors import InvalidInput

_NAME = re.compile(r"[A-Za-z0-9_-]{1,20}", re.ASCII)
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


class Role(StrEnum):
    """What a person is to the playlist service; independent of CyTube ranks (PRD 3.3)."""

    VIEWER = "viewer"
    BLESSED = "blessed"
    ADMIN = "admin"


@frozen
class Username:
    """A CyTube name: 1 to 20 of `A-Z a-z 0-9 _ -`, unique without case.

    `spelling` is for display, `key` for comparing and storing (CONTRACTS section 1).
    """

    spelling: str

    @property
    def key(self) -> str:
        return self.spelling.lower()

    @classmethod
    def parse(cls, text: str) -> "Username":
        """Raises InvalidInput for anything CyTube would not accept as a name."""
        if not _NAME.fullmatch(text):
            raise InvalidInput.of("username", "a CyTube name has 1 to 20 letters, digits, _ or -")
        return cls(text)

    @classmethod
    def typed(cls, text: str) -> "Username":
        """A name as a person typed it: phones put blanks around it. Raises InvalidInput like `parse`."""
        return cls.parse(text.strip(" "))


@frozen
class Actor:
    """A signed-in person with the role of this moment; roles are looked up for each request."""

    username: Username
    role: Role


@frozen
class ClientAddress:
    """Where a request came from; an IPv4 address inside IPv6 counts as the IPv4 address."""

    ip: IPv4Address | IPv6Address

    @classmethod
    def parse(cls, text: str) -> "ClientAddress":
        """Raises InvalidInput when `text` is no IP address."""
        try:
            ip = ip_address(text.strip())
        except ValueError as exc:
            raise InvalidInput.of("ip", "not an IPv4 or IPv6 address") from exc
        if isinstance(ip, IPv6Address):
            if ip.ipv4_mapped is not None:
                return cls(ip.ipv4_mapped)
            # A zone (fe80::1%eth0) is a name of this host, not part of the sender's address.
            return cls(IPv6Address(int(ip)))
        return cls(ip)

    @property
    def source(self) -> str:
        """What limits and locks count by: the IPv4 address, or the IPv6 /64 a household shares."""
        if isinstance(self.ip, IPv4Address):
            return str(self.ip)
        return str(IPv6Network((int(self.ip), 64), strict=False))

    def __str__(self) -> str:
        return str(self.ip)


_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def encode_segment(text: str) -> str:
    """Any text as one segment of a store key, reversibly (CONTRACTS section 3).

    Leaves `A-Za-z0-9_-` and inner single dots alone and writes every other UTF-8 byte as `=XX`.
    A lone surrogate has no UTF-8 form and raises InvalidInput; so does the empty text.
    """
    if _PLAIN_SEGMENT.fullmatch(text):
        return text
    try:
        raw = text.encode()
    except UnicodeEncodeError as exc:
        raise InvalidInput.of("key", "contains a lone surrogate, which is not text") from exc
    if not raw:
        raise InvalidInput.of("key", "is empty")
    return "".join(
        chr(byte) if byte in _PLAIN or _is_inner_dot(raw, at) else f"={byte:02X}"
        for at, byte in enumerate(raw)
    )


def _is_inner_dot(raw: bytes, at: int) -> bool:
    """A dot between two other characters; NATS refuses keys that begin, end or double a dot."""
    return raw[at] == 0x2E and 0 < at < len(raw) - 1 and raw[at - 1] != 0x2E and raw[at + 1] != 0x2E


def decode_segment(segment: str) -> str:
    """The text that `encode_segment` turned into `segment`; raises InvalidInput for anything else."""
    try:
        raw = re.sub(rb"=([0-9A-F]{2})", lambda m: bytes.fromhex(m[1].decode()), segment.encode("ascii"))
        text = raw.decode()
    except (UnicodeEncodeError, UnicodeDecodeError) as exc:
        raise InvalidInput.of("key", "is not an encoded segment") from exc
    if encode_segment(text) != segment:
        raise InvalidInput.of("key", "is not an encoded segment")
    return text


def store_key(*segments: str) -> str:
    """A key from plain segments, each encoded, joined by `/`."""
    return "/".join(encode_segment(segment) for segment in segments)
