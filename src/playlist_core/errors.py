"""Every failure the service expects: one base, stable codes, and the facts needed to answer."""

from collections.abc import Mapping
from typing import Any, ClassVar


class PlaylistError(Exception):
    """Base of all expected failures; anything else that escapes is a bug.

    `code` is stable and snake_case (CONTRACTS section 2), `message` is one sentence a person
    can act on, `details` are JSON-ready facts. `status` is the HTTP status the doors answer with.
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.details: Mapping[str, Any] = details


class InvalidInput(PlaylistError):
    """The caller sent something that can never be accepted as it is."""

    status = 422
    default_code = "invalid"

    @classmethod
    def of(cls, field: str, problem: str, **details: Any) -> "InvalidInput":
        """An error about one field: `details` carries `field` and `problem`."""
        return cls(f"{field}: {problem}", field=field, problem=problem, **details)


class Malformed(InvalidInput):
    """Not even readable: broken JSON, a pattern that does not parse, no source at all."""

    status = 400
    default_code = "bad_json"


class TooLarge(InvalidInput):
    """More than a stated limit; `details.limit` says which."""

    status = 413
    default_code = "too_large"


class NotSignedIn(PlaylistError):
    """No session, or one that has expired."""

    status = 401
    default_code = "not_signed_in"


class Denied(PlaylistError):
    """Known, but not allowed; `details.needs` names what would be."""

    status = 403
    default_code = "forbidden"


class NotFound(PlaylistError):
    """The thing asked for does not exist."""

    status = 404
    default_code = "not_found"


class Conflict(PlaylistError):
    """Somebody else was first: a stale revision, a taken name, a run in progress."""

    status = 409
    default_code = "conflict"


class NameTaken(Conflict):
    """A living playlist has this name; `details` carry `name` and `playlist_id`, later a `suggestion`."""

    default_code = "name_taken"


class StaleVersion(Conflict):
    """The version the caller saw is no longer the current one."""

    status = 412
    default_code = "stale_version"


class RateLimited(PlaylistError):
    """Too often; `details.retry_after_seconds` says when it is worth trying again."""

    status = 429
    default_code = "rate_limited"

    def __init__(self, message: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(message, code=code, retry_after_seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(PlaylistError):
    """A dependency cannot be reached: nothing changed, and it is safe to try again."""

    status = 503
    default_code = "store_unavailable"


class ChannelUnavailable(Unavailable):
    """The CyTube channel, or the robot in it, cannot be reached: nothing was sent."""

    default_code = "channel_unavailable"


class OutcomeUnknown(PlaylistError):
    """The answer never came: it may have happened, read again before repeating."""

    status = 504
    default_code = "outcome_unknown"


class Undeliverable(PlaylistError):
    """A private message had no receiver: the user is not in the channel."""

    status = 404
    default_code = "not_in_channel"


class QueueRefused(PlaylistError):
    """The channel answered a queue command with a refusal.

    `reason` is one of `playlist_core.domain.queue.Refusal`; `message` is the channel's own sentence.
    """

    status = 409
    default_code = "queue_refused"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason
