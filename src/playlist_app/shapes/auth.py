"""What signing in looks like over HTTP: codes, their verification, sessions, blocked addresses."""

from datetime import datetime
from typing import Final, Literal

from attrs import field, frozen

from playlist_app.shapes.bounds import Between, TextUpTo
from playlist_core.domain.identity import Role
from playlist_core.domain.limits import LONGEST_BLOCK_HOURS, SHORTEST_BLOCK_HOURS, Block, BlockReason

# Nobody types more; and normalising a megabyte of stacked accents would take minutes.
_LONGEST_CODE: Final = 100


@frozen
class CodeRequest:
    """Whom to send a one-time code."""

    username: str


@frozen
class CodeSent:
    """A code is on its way by private message."""

    expires_in_seconds: int
    status: str = "sent"


@frozen
class CodeEntry:
    """The code as it was typed: case, blanks and dashes do not matter."""

    username: str
    otp: str = field(validator=TextUpTo(_LONGEST_CODE))


@frozen
class VerifiedOk:
    """Signed in; the session is in the cookie."""

    role: Role
    status: Literal["ok"] = "ok"


@frozen
class VerifiedInvalid:
    """A wrong code."""

    attempts_remaining: int
    status: Literal["invalid"] = "invalid"


@frozen
class VerifiedUnrequested:
    """Nobody asked for a code from here; whoever finds that suspicious may block this address."""

    can_block_ip: bool
    default_block_hours: int
    status: Literal["unrequested"] = "unrequested"


@frozen
class VerifiedLocked:
    """Attempts used up, blocked, expired or used already; 0 seconds means: ask for a new code."""

    retry_after_seconds: int
    status: Literal["locked"] = "locked"


Verification = VerifiedOk | VerifiedInvalid | VerifiedUnrequested | VerifiedLocked


@frozen(kw_only=True)
class BlockOrder:
    """Block the own address right after `unrequested`, or as an admin any address."""

    action: Literal["block"]
    hours: int | None = field(default=None, validator=Between(SHORTEST_BLOCK_HOURS, LONGEST_BLOCK_HOURS))
    ip: str | None = None
    reason: BlockReason | None = None


@frozen(kw_only=True)
class Blocked:
    """Until when the address is kept from signing in."""

    blocked_until: datetime
    status: str = "blocked"


@frozen(kw_only=True)
class BlockEntry:
    """An address that is kept from signing in."""

    ip: str
    blocked_until: datetime
    reason: BlockReason
    created_at: datetime
    by: str | None


@frozen
class BlockList:
    """The blocks of this moment."""

    blocks: tuple[BlockEntry, ...]


@frozen
class SessionView:
    """Who is signed in, and what that allows right now."""

    username: str
    role: Role
    expires_at: datetime
    permissions: tuple[str, ...]


def block_entry(block: Block) -> BlockEntry:
    """A block as the API shows it."""
    return BlockEntry(
        ip=block.ip,
        blocked_until=block.blocked_until,
        reason=block.reason,
        created_at=block.created_at,
        by=block.by,
    )
