"""Secrets in files of their own, as systemd (`LoadCredential`) and Docker (`secrets`) hand them over."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from attrs import field, frozen

from playlist_app.config.keys import KINDS
from playlist_core.errors import InvalidInput

SECRET_FILES: Final[Mapping[str, str]] = {f"{key}_file": key for key, kind in KINDS.items() if kind.is_secret}
"""The keys that name such a file, and the secret that is in it."""

_LARGEST: Final = 8 * 1024
# Whatever the group may do but read, and whatever others may do.
_TOO_MUCH: Final = 0o037
_OPEN_TO_OTHERS: Final = "names a file that others than its owner and group may read: chmod 640 it"


@frozen
class Secret:
    """The first line of a file; `notice` says when too many may read it."""

    text: str = field(repr=False)
    notice: str | None


def read_secret(named: object) -> Secret:
    """What is in the file that a setting names.

    Raises InvalidInput, which shows neither the name (it may be the secret itself) nor what is in the file.
    """
    if type(named) is not str or not named:
        raise InvalidInput("must be the path of a file that holds it")
    try:
        with Path(named).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = _text(file.readline(_LARGEST))
    except OSError as exc:
        raise InvalidInput(f"names a file that cannot be read: {exc.strerror or 'it failed'}") from exc
    except ValueError as exc:
        raise InvalidInput("must be the path of a file that holds it") from exc
    if not text:
        raise InvalidInput("names a file whose first line is empty, or no text in UTF-8")
    return Secret(text, _OPEN_TO_OTHERS if mode & _TOO_MUCH else None)


def _text(line: bytes) -> str:
    """Empty for what is no text, instead of an exception that holds it."""
    try:
        return line.rstrip(b"\r\n").decode()
    except UnicodeDecodeError:
        return ""
