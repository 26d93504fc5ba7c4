"""What the commands over NATS take, beside what HTTP takes as well."""

from attrs import field, frozen

from playlist_app.shapes.bounds import Between, TextUpTo
from playlist_core.domain.queue import Mode

MAX_CORRELATION_LENGTH = 128
_MAX_TEXT = 500
_MAX_PAGE = 5_000


@frozen(kw_only=True)
class Heading:
    """What every command takes beside its own fields; what is missing is ours, made up, or nobody."""

    correlation_id: str | None = field(default=None, validator=TextUpTo(MAX_CORRELATION_LENGTH))
    namespace: str | None = None
    requested_by: str | None = None


@frozen
class NoFields:
    """A command without fields of its own."""


@frozen(kw_only=True)
class ApplyCommand:
    """Which playlist, by its id or by its name, and how it meets the queue that is there."""

    playlist_id: str | None = None
    playlist_name: str | None = field(default=None, validator=TextUpTo(_MAX_TEXT))
    mode: Mode = Mode.PRESERVE_CURRENT


@frozen
class MemberCommand:
    """Whom it is about: a CyTube name."""

    username: str


@frozen
class RunCommand:
    """Which run."""

    run_id: str


@frozen(kw_only=True)
class PlaylistsPage:
    """Which of the playlists, in the order of their names."""

    limit: int = field(default=1_000, validator=Between(1, _MAX_PAGE))
    offset: int = field(default=0, validator=Between(0, 1_000_000))


@frozen(kw_only=True)
class ShowCommand:
    """Which playlist, by its id or by its name, and which of its items."""

    playlist_id: str | None = None
    playlist_name: str | None = field(default=None, validator=TextUpTo(_MAX_TEXT))
    limit: int = field(default=1_000, validator=Between(1, _MAX_PAGE))
    offset: int = field(default=0, validator=Between(0, 1_000_000))


@frozen(kw_only=True)
class SchemaCommand:
    """Of which command; of all where none is named."""

    name: str | None = field(default=None, validator=TextUpTo(_MAX_TEXT))
