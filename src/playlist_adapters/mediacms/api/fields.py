"""Reads a JSON object of an answer strictly: what is not as MediaCMS has it is told with place and name."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from attrs import frozen

from playlist_adapters.mediacms.api.faults import unreadable
from playlist_adapters.mediacms.intake import MAX_SECONDS, MAX_TITLE_LENGTH
from playlist_core.errors import InvalidInput

MOST: Final = 100_000_000

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,150}")


@frozen
class Fields:
    """The members of one object; `place` is the path that was asked, and the row in its answer.

    Members nobody asks for do not matter. Everything raises InvalidInput `source_unreadable`.
    """

    place: str
    members: Mapping[str, object]

    @classmethod
    def of(cls, place: str, value: object) -> "Fields":
        if not isinstance(value, dict):
            raise unreadable(place, "is not an object")
        return cls(place, cast("dict[str, object]", value))

    def text(self, name: str) -> str:
        """A text that says something and can be stored; kept exactly as it is."""
        value = self._member(name)
        if not isinstance(value, str):
            raise self.fault(name, "is not a text")
        if not value.strip():
            raise self.fault(name, "is empty")
        if len(value) > MAX_TITLE_LENGTH:
            raise self.fault(name, f"has {len(value):,} characters, at most {MAX_TITLE_LENGTH:,} are allowed")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise self.fault(name, "contains a character that is no text (NUL or a lone surrogate)")
        return value

    def token(self, name: str) -> str:
        """The id of an item: what may stand in an address as it is."""
        value = self._member(name)
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise self.fault(name, "is not an id of MediaCMS (letters, digits, _ and -)")
        return value

    def reference(self, name: str) -> str | None:
        """A text that may be missing: null or empty."""
        value = self._member(name)
        if value is not None and not isinstance(value, str):
            raise self.fault(name, "is not a text")
        return value or None

    def flag(self, name: str) -> bool:
        value = self._member(name)
        if not isinstance(value, bool):
            raise self.fault(name, "is neither true nor false")
        return value

    def number(self, name: str) -> int:
        """A whole number from 0 to 100 million: how many there are of something."""
        value = self._member(name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.fault(name, "is not a whole number")
        if value > MOST:
            raise self.fault(name, f"is more than any site has ({MOST:,})")
        return value

    def seconds(self, name: str) -> int | None:
        """A duration; MediaCMS has 0 for one it does not know."""
        value = self._member(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fault(name, "is not a whole number of seconds")
        if not 0 <= value <= MAX_SECONDS:
            raise self.fault(name, f"a duration is 0 to {MAX_SECONDS:,} seconds")
        return value or None

    def moment(self, name: str) -> datetime | None:
        """A time, where it names no offset in UTC."""
        value = self.reference(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.fault(name, "is not a time") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def objects(self, name: str) -> Sequence["Fields"]:
        """A list of objects, each with its number in the list as its place."""
        return objects(f"{self.place}, {name}", self._member(name))

    def fault(self, name: str, problem: str) -> InvalidInput:
        return unreadable(self.place, problem, name=name)

    def _member(self, name: str) -> object:
        if name not in self.members:
            raise self.fault(name, "is missing")
        return self.members[name]


def objects(place: str, value: object) -> Sequence[Fields]:
    """The same of a list that stands by itself."""
    if not isinstance(value, list):
        raise unreadable(place, "is not a list")
    each = cast("list[object]", value)
    return [Fields.of(f"{place}[{index}]", element) for index, element in enumerate(each)]
