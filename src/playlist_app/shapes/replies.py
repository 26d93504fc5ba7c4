"""What the commands over NATS answer, beside what HTTP answers as well."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from attrs import frozen

from playlist_app.shapes.catalog import RefreshStateView
from playlist_app.shapes.playlists import PlaylistSummary, PlaylistView
from playlist_app.shapes.queue import FailureView, NowPlayingView, RunView
from playlist_core.domain.runs import RunStatus


@frozen
class Begun:
    """It goes on beside this answer."""

    run_id: str


@frozen(kw_only=True)
class AppliedReply:
    """How the run ended, item by item; `enqueued_count` stand in the queue through it."""

    run_id: str
    run_status: RunStatus
    enqueued_count: int
    kept: int
    moved: int
    added: int
    failed: tuple[FailureView, ...]


@frozen
class RunReply:
    """How far the run is."""

    run: RunView


@frozen
class RefreshReply:
    """How far a refresh is, and how the last one went."""

    refresh: RefreshStateView


@frozen
class MemberReply:
    """Whom it was done to; the same answer when there was nothing to do."""

    username: str


@frozen(kw_only=True)
class BlessedEntry:
    """A blessed user; `by` and `at` are null when another tool put the name there."""

    username: str
    by: str | None
    at: datetime | None


@frozen
class BlessedReply:
    """Who may edit and apply."""

    blessed: tuple[BlessedEntry, ...]


@frozen
class PlaylistsReply:
    """Saved playlists by name, without their items; `total` counts all that there are."""

    playlists: tuple[PlaylistSummary, ...]
    total: int


@frozen
class PlaylistReply:
    """A playlist with the items that were asked for; `item_count` counts all that it has."""

    playlist: PlaylistView
    item_count: int


@frozen(kw_only=True)
class CatalogState:
    """The snapshot of the catalogue that counts."""

    snapshot_id: str
    source: str
    created_at: datetime
    item_count: int
    category_count: int


@frozen(kw_only=True)
class Counts:
    """How many there are; null where nobody can tell at the moment."""

    titles: int | None
    playlists: int | None
    queue_items: int | None


@frozen(kw_only=True)
class StatusReply:
    """How the service is and what it does; `problems` says what could not be learned, and why.

    `channel` is null until it is known, `run` while nothing is being put on the air.
    """

    service: str
    version: str
    namespace: str
    uptime_seconds: int
    channel: str | None
    connected: bool
    now_playing: NowPlayingView | None
    catalog: CatalogState | None
    counts: Counts
    run: RunView | None
    problems: tuple[str, ...]


@frozen(kw_only=True)
class PingReply:
    """The service answers."""

    pong: bool
    service: str
    version: str
    uptime_seconds: int
    timestamp: datetime


@frozen
class VersionReply:
    """The version that runs."""

    version: str


@frozen(kw_only=True)
class HealthReply:
    """`degraded` when something is away that part of the work needs; null says that all is well with it."""

    status: Literal["healthy", "degraded"]
    service: str
    version: str
    uptime_seconds: int
    nats_connected: bool
    cytube_connected: bool
    store: str | None
    catalog: str | None
    channel: str | None


@frozen(kw_only=True)
class StatsReply:
    """What was done since this process began: `commands` maps each name to its successes and failures."""

    service: str
    version: str
    uptime_seconds: int
    commands_processed: int
    commands_failed: int
    commands: Mapping[str, Mapping[str, int]]
    counts: Counts


@frozen
class SchemaReply:
    """JSON schemas of `request` and `reply` by the names of the commands."""

    schemas: Mapping[str, Any]
