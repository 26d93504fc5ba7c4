"""How hard a site may be asked, and how long to wait before asking it again."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from attrs import frozen


@frozen(kw_only=True)
class Manners:
    """`tries` counts the first as well; `longest_pause_seconds` also bounds a `Retry-After` of the site."""

    at_once: int = 4
    tries: int = 5
    timeout_seconds: float = 60.0
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 120.0
    largest_answer_bytes: int = 16 << 20

    def pause(self, tried: int, fraction: float) -> float:
        """Seconds before the next try when `tried` have failed: doubling, between half of it and all."""
        full = min(self.first_pause_seconds * 2 ** (tried - 1), self.longest_pause_seconds)
        return full * (1 + fraction) / 2

    def asked_pause(self, retry_after: str | None, now: datetime) -> float:
        """Seconds a `Retry-After` asks for, bounded; 0 where it asks for none or cannot be read."""
        if retry_after is None:
            return 0.0
        return min(max(_seconds(retry_after.strip(), now), 0.0), self.longest_pause_seconds)


def _seconds(retry_after: str, now: datetime) -> float:
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):  # a year or a zone that no clock shows
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
