"""A user's credentials file, as the tools of NATS write it (`.creds`): a JWT, and a seed to sign with."""

import base64
import binascii
import re
from pathlib import Path
from typing import Final

from attrs import field, frozen
from nats.errors import Error

from playlist_core.errors import InvalidInput

_BLOCK: Final = re.compile(r"-{3,}\s*BEGIN ([A-Z ]+?)\s*-{3,}\s+([A-Za-z0-9_=.-]+)\s+-{3,}\s*END")
_JWT: Final = "NATS USER JWT"
_SEED: Final = "USER NKEY SEED"
_LARGEST: Final = 64 * 1024
# Base32 of two bytes that say "seed" and "user", 32 bytes of an Ed25519 key, and a checksum (NATS' nkeys).
_USER_SEED: Final = b"\x95\x00"
_SEED_BYTES: Final = 36
_NOT_ONE: Final = "is no credentials file of a NATS user, with a JWT and a seed, as nsc and Synadia write it"


@frozen
class Credentials:
    """A file that is read anew for each connection, because JWTs expire and are renewed."""

    path: Path

    @classmethod
    def of(cls, path: Path) -> "Credentials":
        """Raises InvalidInput where the file, or what is needed to sign, cannot be used."""
        try:
            import cryptography  # noqa: F401 - only whether it is there
        except ImportError as exc:
            raise InvalidInput.of(
                "nats_credentials", "needs more to be installed: pip install cryptography"
            ) from exc
        try:
            _Contents.of(path)
        except OSError as exc:
            raise InvalidInput.of(
                "nats_credentials", f"cannot be read: {exc.strerror or 'it failed'}"
            ) from exc
        except Error as exc:
            raise InvalidInput.of("nats_credentials", _NOT_ONE) from exc
        return cls(path)

    def jwt(self) -> bytes:
        """What says who we are. Raises OSError or nats-py's Error, which end one try to connect."""
        return _Contents.of(self.path).jwt.encode()

    def sign(self, nonce: str) -> bytes:
        """The server's question, signed with the seed, in base64; raises as `jwt`."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.from_private_bytes(_Contents.of(self.path).key)
        return base64.b64encode(key.sign(nonce.encode()))


@frozen
class _Contents:
    jwt: str = field(repr=False)
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, path: Path) -> "_Contents":
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode(errors="replace")
        blocks = dict(_BLOCK.findall(text))
        key = _key_of(blocks.get(_SEED, ""))
        if _JWT not in blocks or key is None:
            raise Error(f"nats: the credentials file {path.name} {_NOT_ONE}")
        return cls(blocks[_JWT], key)


def _key_of(seed: str) -> bytes | None:
    """The key in a user's seed; None for anything else, without an exception that holds it."""
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except binascii.Error:
        return None
    is_whole = len(raw) == _SEED_BYTES and binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")
    return raw[2:-2] if is_whole and raw.startswith(_USER_SEED) else None
