"""How often is too often: rate windows, requester seats, lock-out back-off and address blocks as values."""

from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

from attrs import evolve, frozen

from playlist_core.errors import InvalidInput

QUIET: Final = timedelta(hours=24)
KNOWN_FOR: Final = timedelta(days=30)
OFFER_FOR: Final = timedelta(minutes=10)
OPEN_REQUESTERS: Final = 3
SHORTEST_BLOCK_HOURS: Final = 1
LONGEST_BLOCK_HOURS: Final = 8760


@frozen(kw_only=True)
class LimitRules:
    """The limits of signing in, named as in the config (CONTRACTS section 5)."""

    otp_requests_per_name: int = 5
    otp_requests_per_source: int = 20
    otp_verifications_per_name: int = 15
    otp_verifications_per_source: int = 30
    otp_window_seconds: int = 900
    pms_per_minute: int = 30
    lockout_first_seconds: int = 60
    lockout_max_seconds: int = 3600


def for_strangers(limit: int) -> int:
    """What a name-wide limit leaves to sources that never signed in as that name.

    Two of five are kept for those that did, so that strangers cannot use up the owner's share.
    """
    return limit - limit * 2 // 5


def seconds_until(moment: datetime, now: datetime) -> int:
    """Whole seconds until `moment`, rounded up; 0 when it has come."""
    return max(0, ceil((moment - now).total_seconds()))


@frozen
class Window:
    """A sliding window over the moments something was admitted; never more than the limit are kept."""

    hits: tuple[datetime, ...] = ()
    expires_at: datetime | None = None

    def admit(self, now: datetime, *, limit: int, window_seconds: int) -> tuple["Window", int | None]:
        """The window with this hit and None, or the same window and the seconds until there is room."""
        length = timedelta(seconds=window_seconds)
        recent = sorted(at for at in self.hits if at > now - length)
        if len(recent) >= limit:
            return self, max(1, seconds_until(recent[-limit] + length, now))
        return Window((*recent, now), now + length), None

    def refund(self, at: datetime) -> "Window":
        """The window without its latest hit that is no later than `at`; unchanged when there is none."""
        earlier = [hit for hit in self.hits if hit <= at]
        if not earlier:
            return self
        left = list(self.hits)
        left.remove(max(earlier))
        return evolve(self, hits=tuple(left))

    def expired(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at <= now


@frozen
class Seat:
    """A stranger's source that has asked for a code in somebody's name, and until when it counts."""

    source: str
    until: datetime


@frozen
class Seats:
    """The sources that may hold a challenge for one name at the same time."""

    seats: tuple[Seat, ...] = ()

    def take(self, source: str, now: datetime, *, until: datetime) -> tuple["Seats", int | None]:
        """The seats with `source` among them and None, or the same and the seconds until one is free."""
        others = tuple(seat for seat in self.seats if seat.until > now and seat.source != source)
        if len(others) >= OPEN_REQUESTERS:
            return self, max(1, seconds_until(min(seat.until for seat in others), now))
        return Seats((*others, Seat(source, until))), None

    def leave(self, source: str) -> "Seats":
        return Seats(tuple(seat for seat in self.seats if seat.source != source))

    def expired(self, now: datetime) -> bool:
        return all(seat.until <= now for seat in self.seats)


@frozen(kw_only=True)
class KnownSource:
    """A source that signed in as this name lately; the name-wide limits keep a share for it."""

    username: str
    source: str
    expires_at: datetime

    def expired(self, now: datetime) -> bool:
        return self.expires_at <= now


@frozen(kw_only=True)
class LockOut:
    """The back-off of one source for one name.

    `code_id` is the code this state has already heard of, so that none is held against the source twice, nor
    after it was forgiven.
    """

    username: str
    source: str
    last_at: datetime
    lockouts: int = 0
    locked_until: datetime | None = None
    code_id: str | None = None

    def rest(self, now: datetime) -> int:
        """Seconds the source is still locked out; 0 when it is free."""
        return 0 if self.locked_until is None else seconds_until(self.locked_until, now)

    def record(self, code_id: str, now: datetime, *, rules: LimitRules) -> "LockOut":
        """One more lock-out, twice as long as the one before; counted anew after 24 hours of quiet."""
        if code_id == self.code_id:
            return self
        lockouts = 1 if self.expired(now) else self.lockouts + 1
        # A long-lived attacker must not make the power itself expensive.
        seconds = min(rules.lockout_max_seconds, rules.lockout_first_seconds * 2 ** min(lockouts - 1, 32))
        return evolve(
            self,
            lockouts=lockouts,
            locked_until=now + timedelta(seconds=seconds),
            last_at=now,
            code_id=code_id,
        )

    def forgive(self, code_id: str | None, now: datetime) -> "LockOut":
        """Free and counted from the start; a late report about `code_id` changes nothing."""
        return evolve(self, lockouts=0, locked_until=None, last_at=now, code_id=code_id)

    def expired(self, now: datetime) -> bool:
        """Whether 24 hours of quiet are over; nothing of it matters any more."""
        return self.rest(now) == 0 and self.last_at + QUIET <= now


class BlockReason(StrEnum):
    """Why an address may take no part in signing in."""

    OTP_UNSOLICITED = "otp_unsolicited"
    OTP_ABUSE = "otp_abuse"
    ADMIN_ACTION = "admin_action"


@frozen(kw_only=True)
class Block:
    """An address that may take no part in signing in until a moment.

    `ip` is the address as it was named; the block covers its source, i.e. the whole /64 of an IPv6 address.
    `by` is the admin's name, None when the address blocked itself.
    """

    ip: str
    source: str
    blocked_until: datetime
    reason: BlockReason
    created_at: datetime
    by: str | None = None

    def rest(self, now: datetime) -> int:
        """Seconds the block still lasts; 0 when it is over."""
        return seconds_until(self.blocked_until, now)

    def lift(self, now: datetime) -> "Block":
        return evolve(self, blocked_until=min(self.blocked_until, now))

    def expired(self, now: datetime) -> bool:
        return self.rest(now) == 0


@frozen(kw_only=True)
class Offer:
    """The chance to block one's own address, right after an unrequested verification from it."""

    ip: str
    expires_at: datetime

    def expired(self, now: datetime) -> bool:
        return self.expires_at <= now


def block_length(hours: int) -> timedelta:
    """`hours` as a length; InvalidInput outside of 1 to 8760."""
    if not SHORTEST_BLOCK_HOURS <= hours <= LONGEST_BLOCK_HOURS:
        raise InvalidInput.of("hours", f"between {SHORTEST_BLOCK_HOURS} and {LONGEST_BLOCK_HOURS}")
    return timedelta(hours=hours)
