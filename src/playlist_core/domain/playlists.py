"""A saved playlist and its edits: names, sizes, versions."""

import unicodedata
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from playlist_core.errors import InvalidInput, TooLarge

NAME_LENGTH: Final = 100
MAX_ITEMS: Final = 5_000
MAX_BYTES: Final = 900 * 1024
MAX_ID_LENGTH: Final = 150
VERSIONS_KEPT: Final = 20
DELETED_KEPT: Final = timedelta(days=30)


@frozen
class PlaylistItem:
    """One place in a playlist; title and duration are what the catalogue said when it was saved."""

    video_id: str
    title: str | None = None
    duration_seconds: int | None = None


@frozen(kw_only=True)
class Record:
    """What stands under a playlist's key, which alone is the truth: a `Playlist` or a `Void`."""

    playlist_id: str


@frozen(kw_only=True)
class Void(Record):
    """Nothing, for good: written where a creator died, so that he cannot finish late (DESIGN decision 2)."""

    voided_at: datetime


@frozen(kw_only=True)
class Playlist(Record):
    """A saved playlist as stored (CONTRACTS section 3).

    `version` counts its saves 1, 2, 3…; `fence` counts take-overs of its former names and is no save.
    """

    name: str
    version: int
    items: tuple[PlaylistItem, ...]
    created_by: str
    created_at: datetime
    updated_by: str
    updated_at: datetime
    fence: int = 0

    @property
    def total_duration_seconds(self) -> int:
        """The sum of the known durations."""
        return sum(item.duration_seconds or 0 for item in self.items)

    @property
    def unknown_durations(self) -> int:
        return sum(item.duration_seconds is None for item in self.items)


def check_name(text: str) -> str:
    """The name as kept: trimmed, NFC, 1 to 100 characters, no control characters; else InvalidInput."""
    name = text.strip()
    # Composing shortens a name at most to a third; longer ones are not worth the time it takes.
    if len(name) <= 4 * NAME_LENGTH:
        name = unicodedata.normalize("NFC", name)
    if not name:
        raise InvalidInput.of("name", "is empty; give the playlist a name")
    if len(name) > NAME_LENGTH:
        raise InvalidInput.of("name", f"is longer than {NAME_LENGTH} characters", limit=NAME_LENGTH)
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise InvalidInput.of("name", "contains a control character")
    if not name_key(name).strip():
        raise InvalidInput.of("name", "has no visible character")
    return name


def name_key(name: str) -> str:
    """What makes two names the same: neither case, nor width, nor what nobody sees makes a difference.

    Stricter than CONTRACTS section 2 asks for: "Friday" beside an invisible-blank "Friday" is a trap.
    """
    shown = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold())


def check_items(items: tuple[PlaylistItem, ...]) -> None:
    """Raises TooLarge for more than 5,000 items, InvalidInput for an id that cannot be one."""
    if len(items) > MAX_ITEMS:
        raise TooLarge(f"a playlist holds at most {MAX_ITEMS} items", limit=f"{MAX_ITEMS} items")
    for index, item in enumerate(items):
        video_id = item.video_id
        if not 1 <= len(video_id) <= MAX_ID_LENGTH:
            raise InvalidInput.of(f"items[{index}].video_id", f"has 1 to {MAX_ID_LENGTH} characters")
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in video_id):
            raise InvalidInput.of(f"items[{index}].video_id", "contains a control character")


def suggest_name(name: str, taken: Collection[str]) -> str:
    """A free name near a taken one: `Night` becomes `Night 2`; `taken` are keys of names in use."""
    number = 2
    while True:
        tail = f" {number}"
        suggestion = name[: NAME_LENGTH - len(tail)] + tail
        if name_key(suggestion) not in taken:
            return suggestion
        number += 1


def edited(
    playlist: Playlist, *, name: str, items: tuple[PlaylistItem, ...], by: str, at: datetime
) -> Playlist:
    """The next version of a playlist; name and items have been checked."""
    return evolve(
        playlist, name=name, items=items, version=playlist.version + 1, updated_by=by, updated_at=at
    )
