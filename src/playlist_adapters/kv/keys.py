"""What every `KVStore` adapter refuses alike, before anything reaches its store."""

import re

from playlist_core.errors import Conflict, InvalidInput, TooLarge

MAX_KEY_CHARACTERS = 2048
MAX_VALUE_BYTES = 1024 * 1024

_PLAIN = r"[A-Za-z0-9_/=-]+"
_KEY = re.compile(rf"{_PLAIN}(?:\.{_PLAIN})*")
_PREFIX = re.compile(rf"(?:{_PLAIN}(?:\.{_PLAIN})*\.?)?")
_GRAMMAR = "only A-Z a-z 0-9 - _ / = and single dots inside"


def check_key(key: str) -> None:
    """Raises InvalidInput for anything outside the grammar in `KVStore`'s docstring (NATS rules them so)."""
    if not key:
        raise InvalidInput.of("key", "is empty")
    _check_length("key", key)
    if not _KEY.fullmatch(key):
        raise InvalidInput.of("key", f"may contain {_GRAMMAR}")


def is_key(key: str) -> bool:
    """Whether `check_key` takes it."""
    return len(key) <= MAX_KEY_CHARACTERS and _KEY.fullmatch(key) is not None


def check_prefix(prefix: str) -> None:
    """Raises InvalidInput for a prefix that no key can begin with: it is a mistake, not an empty answer."""
    _check_length("prefix", prefix)
    if not _PREFIX.fullmatch(prefix):
        raise InvalidInput.of("prefix", f"may contain {_GRAMMAR}")


def check_value(value: bytes) -> None:
    """Raises TooLarge over 1 MiB."""
    if len(value) > MAX_VALUE_BYTES:
        raise TooLarge("The value is larger than the store takes.", limit=MAX_VALUE_BYTES, size=len(value))


def check_revision(revision: int) -> None:
    """Raises InvalidInput below 1: on JetStream such a revision would turn the condition off."""
    if revision < 1:
        raise InvalidInput.of("revision", "a write names the revision it has read, 1 or more")


def already_exists() -> Conflict:
    """The answer to a create that came second; without the key, which may be about a person."""
    return Conflict("Somebody else has stored this first.")


def stale_revision() -> Conflict:
    """The answer to an update or a delete of what is gone or no longer has that revision."""
    return Conflict("Somebody else has changed or deleted this in the meantime.")


def _check_length(field: str, text: str) -> None:
    if len(text) > MAX_KEY_CHARACTERS:
        raise InvalidInput.of(field, f"has more than {MAX_KEY_CHARACTERS} characters")
