"""Refreshing the catalogue as values: how far one is, how it ended, and what it must not do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from attrs import field, frozen

from playlist_core.errors import Conflict

# What was done in less time says nothing about how long the rest takes.
_TELLING: Final = 1.0


@frozen(kw_only=True)
class ReadProgress:
    """How far a source is: what it does (`listing`, `categories`, `titles` …), `done` of `expected` of it.

    `expected` is None where the source cannot tell.
    """

    step: str
    done: int
    expected: int | None = None


TellProgress = Callable[[ReadProgress], None]


def ignore_progress(progress: ReadProgress, /) -> None:
    """For readers who do not want to know."""


class Phase(StrEnum):
    """Where a refresh is."""

    IDLE = "idle"
    READING = "reading"
    BUILDING = "building"
    SHARING = "sharing"


@frozen(kw_only=True)
class RefreshReport:
    """How a refresh ended: the snapshot it made, or the error that left the old one in place.

    `new`, `changed` and `gone` compare it with the snapshot before; `duplicates` are the items whose title,
    folded, an earlier item has too. `shared` says whether the store was told; `details` are those of the
    error, JSON-ready.
    """

    run_id: str
    source: str
    started_at: datetime
    finished_at: datetime
    snapshot_id: str | None = None
    item_count: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    duplicates: int = 0
    without_duration: int = 0
    shared: bool = False
    code: str | None = None
    message: str | None = None
    details: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen(kw_only=True)
class RefreshLease:
    """Which replica refreshes: `holder` names it for people, `run_id` tells one run from another."""

    holder: str
    run_id: str
    expires_at: datetime


@frozen(kw_only=True)
class RefreshState:
    """What is going on: `done` of `expected` of the step, None where nobody can tell beforehand.

    `estimate_seconds` is what is left of the step, None while that is unknown. `last` is how the last refresh
    ended, `last_good` the last one that made a snapshot. `elsewhere` is the refresh of another replica.
    """

    phase: Phase = Phase.IDLE
    run_id: str | None = None
    step: str | None = None
    done: int = 0
    expected: int | None = None
    estimate_seconds: float | None = None
    last: RefreshReport | None = None
    last_good: RefreshReport | None = None
    elsewhere: RefreshLease | None = None


def estimate(seconds: float, done: int, expected: int | None) -> float | None:
    """Seconds until `expected` are done, when `done` of them took `seconds`; None while nobody can tell."""
    if expected is None or done <= 0 or seconds < _TELLING:
        return None
    return max(0.0, seconds / done * (expected - done))


def check_size(before: int | None, after: int, *, gone: int, max_shrink: float, allow_shrink: bool) -> None:
    """Refuse what looks like a fault of the source rather than a change of the catalogue.

    `before` and `after` count titles, `before` None where there was no snapshot; `gone` of those before are
    missing now, whatever came instead (another site's export has as many titles, and none of ours).
    `max_shrink` is the part that may be lost. Raises Conflict `would_shrink`; a catalogue without any title
    is never allowed.
    """
    if after == 0:
        raise Conflict(
            "The source has no titles at all; the catalogue was left as it is.",
            code="would_shrink",
            **{"from": before or 0, "to": 0, "gone": before or 0},
        )
    if before is None or allow_shrink:
        return
    lost = max(gone, before - after)
    if lost > before * max_shrink:
        raise Conflict(
            f"The catalogue would lose {lost:,} of its {before:,} titles and then have {after:,}; it was left"
            " as it is. If that is right, refresh again and allow it: --allow-shrink on the command line,"
            ' "allow_shrink": true in the API.',
            code="would_shrink",
            **{"from": before, "to": after, "gone": lost},
        )
