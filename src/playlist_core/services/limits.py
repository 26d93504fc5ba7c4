"""Limits of signing in, shared by all replicas in the store, behind a memory of what was just refused."""

from collections import OrderedDict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from attrs import define, field, frozen

from playlist_core.domain.identity import Username
from playlist_core.domain.limits import (
    KNOWN_FOR,
    KnownSource,
    LimitRules,
    Seats,
    Window,
    for_strangers,
    seconds_until,
)
from playlist_core.errors import RateLimited
from playlist_core.ports import Clock
from playlist_core.services.documents import Documents
from playlist_core.services.expiry import sweep
from playlist_core.services.namespace import Namespace

_MINUTE: Final = 60
_EVERYBODY: Final = "all"
# A refund on another replica counts here after this many seconds at the latest.
_RECALLED: Final = 10


class Scope(StrEnum):
    """What is counted; a segment of the key `limit/{scope}/{subject}`."""

    REQUESTS_OF_SOURCE = "request-source"
    REQUESTS_FOR_NAME = "request-name"
    VERIFICATIONS_OF_SOURCE = "verify-source"
    STRAYS_FOR_NAME = "verify-name"
    GUESSES_FOR_NAME = "guess-name"
    PMS = "pm"


@frozen
class Denial:
    """A refusal: the limit it was measured by, when there will be room, and until when it is recalled."""

    limit: int
    retry_at: datetime
    recalled_until: datetime


@define(eq=False)
class Denials:
    """What this process refused lately, so that a flood costs no round trip to the store; bounded in size."""

    most: int = 10_000
    _denials: OrderedDict[tuple[Scope, str], Denial] = field(
        factory=OrderedDict[tuple[Scope, str], Denial], init=False
    )

    def recall(self, scope: Scope, subject: str, *, limit: int, now: datetime) -> None:
        """Raise RateLimited when the same, under this limit or a larger one, was refused a moment ago."""
        denial = self._denials.get((scope, subject))
        if denial is not None and limit <= denial.limit and now < denial.recalled_until:
            raise _too_often(seconds_until(denial.retry_at, now))

    def remember(self, scope: Scope, subject: str, *, limit: int, now: datetime, seconds: int) -> None:
        retry_at = now + timedelta(seconds=seconds)
        recalled_until = min(retry_at, now + timedelta(seconds=_RECALLED))
        self._denials[scope, subject] = Denial(limit, retry_at, recalled_until)
        self._denials.move_to_end((scope, subject))
        if len(self._denials) > self.most:
            self._denials.popitem(last=False)

    def forget(self, scope: Scope, subject: str) -> None:
        self._denials.pop((scope, subject), None)


@define(eq=False)
class Limits:
    """How often a source and a name may try; every `admit_…` counts a hit or raises RateLimited.

    A name's limits keep two of five for sources known to have signed in as that name.
    """

    windows: Documents[Window]
    seats: Documents[Seats]
    known: Documents[KnownSource]
    clock: Clock = field(kw_only=True)
    rules: LimitRules = field(kw_only=True)
    denials: Denials = field(factory=Denials, kw_only=True)

    @classmethod
    def over(cls, auth: Namespace, *, rules: LimitRules) -> "Limits":
        return cls(
            auth.documents(Window, "limit"),
            auth.documents(Seats, "limit", "requesters"),
            auth.documents(KnownSource, "limit", "known"),
            clock=auth.clock,
            rules=rules,
        )

    async def is_known(self, name: Username, source: str) -> bool:
        """Whether this source signed in as this name within 30 days."""
        seen = await self.known.get(name.key, source)
        return seen is not None and not seen.value.expired(self.clock.now())

    async def make_known(self, name: Username, source: str) -> None:
        until = self.clock.now() + KNOWN_FOR
        value = KnownSource(username=name.key, source=source, expires_at=until)
        await self.known.modify(name.key, source, change=lambda _: value)

    def recall_request(self, source: str) -> None:
        """Refuse without a look at the store what was refused a moment ago."""
        self._recall(Scope.REQUESTS_OF_SOURCE, source, self.rules.otp_requests_per_source)

    async def admit_request(self, name: Username, source: str, *, known: bool) -> None:
        """A request for a code: counted for the source, then for the name."""
        most = self.rules.otp_requests_per_name
        await self._admit(Scope.REQUESTS_OF_SOURCE, source, self.rules.otp_requests_per_source)
        await self._admit(Scope.REQUESTS_FOR_NAME, name.key, most if known else for_strangers(most))

    async def admit_pm(self) -> None:
        """A private message about to be sent, to whomever."""
        await self._admit(Scope.PMS, _EVERYBODY, self.rules.pms_per_minute, window_seconds=_MINUTE)

    def recall_verification(self, source: str) -> None:
        """Refuse without a look at the store what was refused a moment ago."""
        self._recall(Scope.VERIFICATIONS_OF_SOURCE, source, self.rules.otp_verifications_per_source)

    async def admit_verification(self, source: str) -> None:
        """A verification, whatever will come of it, counted for its source."""
        await self._admit(Scope.VERIFICATIONS_OF_SOURCE, source, self.rules.otp_verifications_per_source)

    async def admit_stray(self, name: Username) -> None:
        """A verification by somebody who holds no open challenge for this name.

        Counted apart from guesses, or anybody could use up a name's verifications without asking for a code.
        """
        await self._admit(Scope.STRAYS_FOR_NAME, name.key, self.rules.otp_verifications_per_name)

    async def admit_guess(self, name: Username, *, known: bool) -> None:
        """A guess that is about to be compared."""
        most = self.rules.otp_verifications_per_name
        await self._admit(Scope.GUESSES_FOR_NAME, name.key, most if known else for_strangers(most))

    async def refund_request(self, name: Username, source: str, at: datetime) -> None:
        """Take back the request made at that moment, because it led to a sign-in."""
        await self._refund(Scope.REQUESTS_OF_SOURCE, source, at)
        await self._refund(Scope.REQUESTS_FOR_NAME, name.key, at)

    async def refund_guess(self, name: Username, source: str, at: datetime) -> None:
        """Take back the guess made at that moment, because it was right."""
        await self._refund(Scope.VERIFICATIONS_OF_SOURCE, source, at)
        await self._refund(Scope.GUESSES_FOR_NAME, name.key, at)

    async def take_seat(self, name: Username, source: str, *, until: datetime) -> None:
        """Be one of at most three strangers' sources that hold a challenge for the name; or RateLimited."""
        now = self.clock.now()

        def change(seats: Seats | None) -> Seats:
            taken, rest = (seats or Seats()).take(source, now, until=until)
            if rest is not None:
                raise _too_often(rest)
            return taken

        await self.seats.modify(name.key, change=change)

    async def leave_seat(self, name: Username, source: str) -> None:
        await self.seats.modify(name.key, change=lambda seats: seats and seats.leave(source))

    async def reset(self, name: Username) -> None:
        """Forget what was counted for the name; its sources keep their counts."""
        for scope in (Scope.REQUESTS_FOR_NAME, Scope.STRAYS_FOR_NAME, Scope.GUESSES_FOR_NAME):
            self.denials.forget(scope, name.key)
            await self.windows.modify(scope, name.key, change=lambda window: window and Window())
        await self.seats.modify(name.key, change=lambda seats: seats and Seats())

    async def sweep(self) -> int:
        """Delete windows, seats and known sources that have expired; how many."""
        now = self.clock.now()
        swept = await sweep(self.seats, expired=lambda seats: seats.expired(now))
        swept += await sweep(self.known, expired=lambda known: known.expired(now))
        for scope in Scope:
            swept += await sweep(self.windows, scope, expired=lambda window: window.expired(now))
        return swept

    def _recall(self, scope: Scope, subject: str, limit: int) -> None:
        self.denials.recall(scope, subject, limit=limit, now=self.clock.now())

    async def _admit(
        self, scope: Scope, subject: str, limit: int, *, window_seconds: int | None = None
    ) -> None:
        now = self.clock.now()
        length = self.rules.otp_window_seconds if window_seconds is None else window_seconds

        def change(window: Window | None) -> Window:
            admitted, rest = (window or Window()).admit(now, limit=limit, window_seconds=length)
            if rest is not None:
                self.denials.remember(scope, subject, limit=limit, now=now, seconds=rest)
                raise _too_often(rest)
            return admitted

        self.denials.recall(scope, subject, limit=limit, now=now)
        await self.windows.modify(scope, subject, change=change)

    async def _refund(self, scope: Scope, subject: str, at: datetime) -> None:
        await self.windows.modify(scope, subject, change=lambda window: window and window.refund(at))
        self.denials.forget(scope, subject)


def _too_often(seconds: int) -> RateLimited:
    return RateLimited(f"Too many tries; try again in {seconds} s.", retry_after_seconds=seconds)
