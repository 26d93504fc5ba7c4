"""What the catalogue looks like to its readers: titles, pages, refreshes."""

from collections.abc import Mapping
from datetime import datetime
from math import ceil
from typing import Any

from attrs import field, frozen

from playlist_app.shapes.bounds import Between, TextUpTo
from playlist_core.domain.catalog import MAX_QUERY_LENGTH, CatalogItem, CategoryMatch, SearchPage
from playlist_core.domain.episodes import parse_episode
from playlist_core.domain.manifest import ManifestTemplate, unavailable_reason
from playlist_core.domain.refresh import Phase, RefreshReport, RefreshState
from playlist_core.domain.titles import display_title


@frozen(kw_only=True)
class ItemView:
    """One title; `title` as the site has it, `display_title` for people."""

    video_id: str
    title: str
    display_title: str
    categories: tuple[str, ...]
    duration_seconds: int | None
    thumbnail_url: str | None
    manifest_url: str
    available: bool
    unavailable_reason: str | None
    season: int | None
    episode: int | None


@frozen(kw_only=True)
class SearchParameters:
    """`category` may be given several times; `match` says whether one of them is enough."""

    q: str = field(default="", validator=TextUpTo(MAX_QUERY_LENGTH))
    category: tuple[str, ...] = ()
    match: CategoryMatch = CategoryMatch.ANY
    limit: int = field(default=50, validator=Between(1, 200))
    offset: int = field(default=0, validator=Between(0, 1_000_000))
    snapshot_id: str | None = None


@frozen(kw_only=True)
class SearchAnswer:
    """A page; `total` is exact, `snapshot_id` the snapshot that answered."""

    snapshot_id: str
    items: tuple[ItemView, ...]
    total: int
    corrected: Mapping[str, str] | None


@frozen
class CategoryList:
    """Category names as the site has them, in natural order, how many titles each has, and how it is shown.

    The site numbers its categories to sort them (`3. Sci-Fi`); `labels` are without the number.
    """

    snapshot_id: str
    categories: tuple[str, ...]
    counts: Mapping[str, int]
    labels: Mapping[str, str]


@frozen
class RefreshOrder:
    """`allow_shrink` lets a catalogue count that has lost many titles."""

    allow_shrink: bool = False


@frozen
class RefreshBegun:
    """The refresh goes on beside this answer."""

    run_id: str


@frozen(kw_only=True)
class ReportView:
    """A refresh that made a snapshot, what it changed, and whether the other replicas can have it."""

    run_id: str
    source: str
    started_at: datetime
    finished_at: datetime
    snapshot_id: str | None
    item_count: int
    new: int
    changed: int
    gone: int
    duplicates: int
    without_duration: int
    shared: bool


@frozen
class RefreshError:
    """Why the last refresh failed, as the envelope of an error would say it."""

    code: str
    message: str
    details: Mapping[str, Any]


@frozen
class RefreshElsewhere:
    """The refresh of another replica, which `holder` names."""

    run_id: str
    holder: str


@frozen(kw_only=True)
class RefreshStateView:
    """What is going on, the last refresh that succeeded, and why the last one failed, if it did.

    `done`, `expected` and `estimate_seconds`, what is left, are those of the step.
    """

    state: str
    phase: Phase
    step: str | None
    run_id: str | None
    done: int
    expected: int | None
    estimate_seconds: int | None
    elsewhere: RefreshElsewhere | None
    last_report: ReportView | None
    last_error: RefreshError | None


def search_answer(page: SearchPage, text: str, manifests: ManifestTemplate) -> SearchAnswer:
    """A page of titles as the API and the command line show it; `text` is what was asked for."""
    return SearchAnswer(
        snapshot_id=page.snapshot_id,
        items=tuple(item_view(item, manifests) for item in page.items),
        total=page.total,
        corrected=correction(page, text),
    )


def correction(page: SearchPage, text: str) -> dict[str, str] | None:
    """What was answered instead of `text`, which found nothing."""
    return None if page.corrected is None else {"from": text, "to": page.corrected}


def item_view(item: CatalogItem, manifests: ManifestTemplate) -> ItemView:
    """A title of the catalogue as the API shows it."""
    episode = parse_episode(item.title)
    reason = unavailable_reason(item.video_id, in_catalog=True)
    return ItemView(
        video_id=item.video_id,
        title=item.title,
        display_title=display_title(item.title),
        categories=item.categories,
        duration_seconds=item.duration_seconds,
        thumbnail_url=item.thumbnail_url,
        manifest_url=manifests.url(item.video_id),
        available=reason is None,
        unavailable_reason=reason,
        season=episode.season if episode else None,
        episode=episode.episode if episode else None,
    )


def report_view(report: RefreshReport) -> ReportView:
    """A report as the API and the command line show it."""
    return ReportView(
        run_id=report.run_id,
        source=report.source,
        started_at=report.started_at,
        finished_at=report.finished_at,
        snapshot_id=report.snapshot_id,
        item_count=report.item_count,
        new=report.new,
        changed=report.changed,
        gone=report.gone,
        duplicates=report.duplicates,
        without_duration=report.without_duration,
        shared=report.shared,
    )


def refresh_state_view(state: RefreshState) -> RefreshStateView:
    """How far a refresh is, as the API shows it."""
    seconds, other = state.estimate_seconds, state.elsewhere
    return RefreshStateView(
        state="idle" if state.phase is Phase.IDLE and other is None else "running",
        phase=state.phase,
        step=state.step,
        run_id=state.run_id,
        done=state.done,
        expected=state.expected,
        estimate_seconds=None if seconds is None else ceil(seconds),
        elsewhere=None if other is None else RefreshElsewhere(other.run_id, other.holder),
        last_report=None if state.last_good is None else report_view(state.last_good),
        last_error=None if state.last is None else _error(state.last),
    )


def _error(report: RefreshReport) -> RefreshError | None:
    if report.code is None:
        return None
    return RefreshError(report.code, report.message or "", report.details)
