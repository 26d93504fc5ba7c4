"""Documents of the earlier service as a migration meets them, and what it says has become of each."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from attrs import frozen

from playlist_core.errors import Conflict, InvalidInput, Unavailable

UNREADABLE: Final = "store_unreadable"
STILL_CHANGING: Final = "somebody keeps changing it: stop the earlier service, then run this again"


class Kind(StrEnum):
    """What an old document is."""

    PLAYLIST = "playlist"
    INDEX = "index"
    ACCESS_LIST = "access_list"
    ADDRESS_BLOCK = "address_block"


class Fate(StrEnum):
    """What becomes of it; `LEFT` could be carried and was not, `REFUSED` cannot be carried as it is."""

    CARRIED = "carried"
    RENAMED = "renamed"
    REMOVED = "removed"
    KEPT = "kept"
    LEFT = "left"
    REFUSED = "refused"


@frozen(kw_only=True)
class Finding:
    """One old document: where it stands, what it is called, and what has become of it, or would.

    `name` is a playlist's name, a list's, or an address; `new_name` is another one that it gets instead.
    `why` are reasons, and what is lost.
    """

    kind: Kind
    fate: Fate
    key: str
    name: str
    owner: str = ""
    private: bool = False
    count: int | None = None
    new_name: str | None = None
    why: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is, or was, something to do."""
        return self.fate in (Fate.CARRIED, Fate.RENAMED, Fate.REMOVED)


Tell = Callable[[Finding], None]


def parsed(value: bytes) -> object:
    """The JSON of a document; raises InvalidInput for what is none."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as exc:
        raise InvalidInput.of("document", "is no JSON") from exc


@contextmanager
def overtaken() -> Generator[None, None, None]:
    """Around a conditional write in place of an old document: what it raises when it has to be read again.

    That includes a write whose answer was lost: settling it, what is still old cannot be read.
    """
    try:
        yield
    except Conflict:
        return
    except Unavailable as exc:
        if exc.code != UNREADABLE:
            raise
