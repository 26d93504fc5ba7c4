"""Failures of adds that somebody asked for, to see how the service takes them."""

from datetime import timedelta

from attrs import define, field, frozen

from playlist_adapters.channel.simulated.manifests import NOT_THERE
from playlist_core.domain.queue import Refusal
from playlist_core.errors import InvalidInput

TOO_FAST = "You are adding videos too quickly"
NO_RAW_FILES = "You don't have permission to add raw video files"
DUPLICATE = "This item is already on the playlist"

# Answered on arrival; everything else comes out of the fetch, in turn.
_LONGEST = timedelta(hours=1)
_AT_ONCE = frozenset({TOO_FAST, NO_RAW_FILES})
_BY_REASON = {
    Refusal.TOO_FAST: TOO_FAST,
    Refusal.DUPLICATE: DUPLICATE,
    Refusal.LIST_FULL: "Playlist limit reached (4000)",
    Refusal.NO_PERMISSION: NO_RAW_FILES,
    Refusal.BAD_MANIFEST: NOT_THERE,
    Refusal.OTHER: "Playlist failure",
}


@frozen(kw_only=True)
class Fault:
    """What happens to an add: a `queueFail` with `text`, or a slow fetch, or (neither) silence."""

    text: str | None = None
    slow: timedelta | None = None

    @property
    def silent(self) -> bool:
        return self.text is None and self.slow is None

    @property
    def at_once(self) -> bool:
        """Whether CyTube gives this answer on arrival, before the fetch."""
        return self.text in _AT_ONCE

    @classmethod
    def parse(cls, reason: str) -> "Fault":
        """`silent`, `slow N` (seconds), a `Refusal` by its value, or CyTube's own sentence.

        Raises InvalidInput for an empty reason and a slowness that is no number.
        """
        words = reason.split()
        match words:
            case []:
                raise InvalidInput.of("reason", "is empty; try silent, slow 9, too_fast or bad_manifest")
            case ["silent"]:
                return cls()
            case ["slow", seconds]:
                return cls(slow=_seconds(seconds))
            case [word] if word in _BY_REASON:
                return cls(text=_BY_REASON[Refusal(word)])
            case _:
                return cls(text=reason)


def _seconds(text: str) -> timedelta:
    try:
        slow = timedelta(seconds=float(text))
    except (ValueError, OverflowError) as exc:
        raise InvalidInput.of("reason", "slow takes a number of seconds, such as slow 9") from exc
    if not timedelta() <= slow <= _LONGEST:
        raise InvalidInput.of("reason", f"slow takes from 0 to {_LONGEST.seconds} seconds, such as slow 9")
    return slow


@define
class _Entry:
    fault: Fault
    left: int
    media_id: str | None
    by: str | None


@define(eq=False)
class Faults:
    """The failures still to come, first asked first."""

    _entries: list[_Entry] = field(factory=list["_Entry"])

    def plan(
        self, fault: Fault, *, count: int = 1, media_id: str | None = None, by: str | None = None
    ) -> None:
        """Let the next `count` adds fail so: all, or those of `media_id`, or those of the user `by`.

        Raises InvalidInput for a count below one.
        """
        if count < 1:
            raise InvalidInput.of("count", "must be at least 1")
        self._entries.append(_Entry(fault, count, media_id, by and by.lower()))

    def take(self, media_id: str, sender: str) -> Fault | None:
        """The failure meant for this add of a user's (by key), used up; None when it may go its way."""
        for entry in self._entries:
            if entry.media_id in (None, media_id) and entry.by in (None, sender):
                entry.left -= 1
                if not entry.left:
                    self._entries.remove(entry)
                return entry.fault
        return None
