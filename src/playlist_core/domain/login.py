"""One-time codes and sessions as values: issue, verify, expire."""

import hashlib
import hmac
import unicodedata
from datetime import datetime, timedelta
from typing import ClassVar, Final

from attrs import evolve, field, frozen

from playlist_core.domain.identity import ClientAddress, Username

# Without 0 O 1 I L, which people mistype (CONTRACTS section 2, Signing in).
CODE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH: Final = 8
_TYPED_MOST: Final = 100
ATTEMPTS: Final = 3
REMEMBERED: Final = timedelta(hours=24)
# What a session must have left to be handed on as it is; below that it is extended.
_FRESH: Final = 3 / 4


@frozen(kw_only=True)
class LoginRules:
    """How long codes, sessions and blocks last, named as in the config (CONTRACTS section 5)."""

    otp_ttl_seconds: int = 300
    session_ttl_hours: int = 12
    session_max_days: int = 14
    block_hours: int = 72


@frozen(kw_only=True)
class Challenge:
    """A code that was sent to somebody, for one requester; the code itself is nowhere in it.

    `challenge_id` is the fingerprint of the requester's token, `code_id` tells apart the codes sent to it one
    after the other, `source` is where it asked from. It is open until it is used, its attempts are used up or
    it expires; closed ones are remembered for 24 hours.
    """

    challenge_id: str
    code_id: str
    username: Username
    otp_hash: str = field(repr=False)
    salt: str = field(repr=False)
    requested_at: datetime
    expires_at: datetime
    request_ip: str
    source: str
    attempts_remaining: int = ATTEMPTS
    used_by: str | None = None

    @classmethod
    def issue(
        cls,
        challenge_id: str,
        username: Username,
        *,
        code_id: str,
        otp_hash: str,
        salt: str,
        address: ClientAddress,
        now: datetime,
        rules: LoginRules,
    ) -> "Challenge":
        return cls(
            challenge_id=challenge_id,
            code_id=code_id,
            username=username,
            otp_hash=otp_hash,
            salt=salt,
            requested_at=now,
            expires_at=now + timedelta(seconds=rules.otp_ttl_seconds),
            request_ip=str(address),
            source=address.source,
        )

    def is_open(self, now: datetime) -> bool:
        """Whether a guess would be evaluated."""
        return self.used_by is None and self.attempts_remaining > 0 and now < self.expires_at

    def is_forgotten(self, now: datetime) -> bool:
        """Whether it is as if it had never been asked for."""
        return now >= self.expires_at + REMEMBERED

    def spend_attempt(self, now: datetime) -> "Challenge":
        """One attempt less; the same value when no guess may be evaluated."""
        if not self.is_open(now):
            return self
        return evolve(self, attempts_remaining=self.attempts_remaining - 1)

    def verify(self, digest: str) -> bool:
        """Whether `digest` is that of the right code; in constant time."""
        return hmac.compare_digest(digest.encode(), self.otp_hash.encode())

    def use(self, operation: str, *, code_id: str) -> "Challenge":
        """Spent by `operation`; the same value when another one was first or a newer code has come.

        Neither attempts nor expiry matter here: the guess was admitted before it was compared.
        """
        if self.used_by is not None or self.code_id != code_id:
            return self
        return evolve(self, used_by=operation)

    def withdraw(self, now: datetime, *, code_id: str) -> "Challenge":
        """Closed, because that code could not be delivered."""
        return self if self.code_id != code_id else evolve(self, expires_at=min(self.expires_at, now))


@frozen(kw_only=True)
class Session:
    """Somebody who signed in; no role in it, that is looked up for each request."""

    username: Username
    created_at: datetime
    expires_at: datetime
    ip: str

    @classmethod
    def start(
        cls, username: Username, address: ClientAddress, *, now: datetime, rules: LoginRules
    ) -> "Session":
        fresh = cls(username=username, created_at=now, expires_at=now, ip=str(address))
        return evolve(fresh, expires_at=fresh._latest(now, rules))

    def is_alive(self, now: datetime) -> bool:
        return now < self.expires_at

    def extend(self, now: datetime, *, rules: LoginRules) -> "Session":
        """The session after a use: its full time again when less than three quarters of it remain.

        Never beyond its most, and what has ended stays so.
        """
        if (
            not self.is_alive(now)
            or self.expires_at - now >= timedelta(hours=rules.session_ttl_hours) * _FRESH
        ):
            return self
        return evolve(self, expires_at=max(self.expires_at, self._latest(now, rules)))

    def end(self, now: datetime) -> "Session":
        return evolve(self, expires_at=min(self.expires_at, now))

    def _latest(self, now: datetime, rules: LoginRules) -> datetime:
        most = self.created_at + timedelta(days=rules.session_max_days)
        return min(now + timedelta(hours=rules.session_ttl_hours), most)


@frozen(kw_only=True)
class Requested:
    """A code is on its way; `challenge_token` is the browser's proof that it was the one who asked."""

    status: ClassVar[str] = "sent"
    expires_in_seconds: int
    challenge_token: str = field(repr=False)


@frozen(kw_only=True)
class SignedIn:
    """The code was right: a new session and its token, which exists nowhere else."""

    status: ClassVar[str] = "ok"
    session: Session
    token: str = field(repr=False)


@frozen(kw_only=True)
class Invalid:
    """The code was wrong; `attempts_remaining` is 2, 1 or 0."""

    status: ClassVar[str] = "invalid"
    attempts_remaining: int


@frozen(kw_only=True)
class Unrequested:
    """This requester never asked for a code for this name; it may block its own address."""

    status: ClassVar[str] = "unrequested"
    can_block_ip: bool
    default_block_hours: int


@frozen(kw_only=True)
class Locked:
    """No guess is evaluated for `retry_after_seconds`; 0 means: ask for a new code."""

    status: ClassVar[str] = "locked"
    retry_after_seconds: int


Verified = SignedIn | Invalid | Unrequested | Locked


def normalise_code(text: str) -> str:
    """A code as it was sent, from however it was typed: any case, with blanks, dashes or other separators.

    Of a text longer than anybody types a code only the beginning counts: normalising takes its time.
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text[:_TYPED_MOST]).upper() if c.isalnum())


def code_message(code: str, *, ttl_seconds: int) -> str:
    """The private message with a code: one line, at most 320 characters, nothing CyTube would rewrite.

    The code is one word, because that is what a double click or a long press selects for copying.
    """
    valid = f"{ttl_seconds // 60} min" if ttl_seconds % 60 == 0 else f"{ttl_seconds} s"
    return (
        f"Your sign-in code for Kryten Playlist: {code} (valid for {valid}, once). "
        "Type it only on the page where you asked for it and give it to nobody. "
        "You did not ask for it? Then ignore this message."
    )


def scrypt_digest(code: str, salt: str) -> str:
    """The digest under which a code is stored: scrypt, N = 2**14, 16 MiB and about 50 ms, in hex."""
    # A guess is any text at all, lone surrogates included; it must be wrong, not an error.
    raw = code.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=salt.encode(), n=2**14, r=8, p=1, dklen=32).hex()


def fingerprint(token: str) -> str:
    """What is stored of a token: its SHA-256 in hex. A token has 256 bits, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
