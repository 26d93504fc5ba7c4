"""Refreshes as people see them: how far one is, and what it has found."""

from collections.abc import Iterator, Mapping
from typing import Final

from playlist_app.cli.output import clean, say
from playlist_app.cli.progress import Stand
from playlist_app.shapes.catalog import RefreshStateView, ReportView
from playlist_core.domain.refresh import Phase, RefreshState

_BYTES: Final = "bytes"
_PHASES: Final[Mapping[Phase, str]] = {
    Phase.READING: "Reading",
    Phase.BUILDING: "Building the index",
    Phase.SHARING: "Sharing",
}
# What the steps of the sources are called here; others as they call themselves.
_STEPS: Final[Mapping[str | None, str]] = {
    None: "titles",
    _BYTES: "titles",
    "details": "titles one by one",
    "listing": "the listing",
}


def stand_of(state: RefreshState | RefreshStateView) -> Stand:
    """How far a refresh is that goes on."""
    doing = _PHASES[state.phase]
    if state.phase is Phase.READING:
        doing = clean(f"{doing} {_STEPS.get(state.step, state.step)}")
    done, expected = state.done, state.expected
    if not expected:
        return Stand(doing=doing, count=f"{done:,}" if done else "")
    most = f"{expected:,}"
    count = f"{done:{len(most)},}/{most}"
    if state.step == _BYTES:
        count = f"{done / 1e6:.1f}/{expected / 1e6:.1f} MB"
    part = min(1.0, done / expected)
    return Stand(doing=doing, count=count, part=part, seconds_left=state.estimate_seconds)


def say_report(report: ReportView, *, by_service: bool) -> None:
    """How a refresh ended that made a snapshot, and who did it."""
    seconds = (report.finished_at - report.started_at).total_seconds()
    count = "1 title" if report.item_count == 1 else f"{report.item_count:,} titles"
    who = ", read by the running service" if by_service else ""
    say(f"{count} from {report.source} in {seconds:.1f} s ({report.snapshot_id}){who}.")
    for line in _findings(report):
        say(line)


def _findings(report: ReportView) -> Iterator[str]:
    """What an administrator should know of it."""
    if report.new or report.changed or report.gone:
        yield f"New: {report.new:,}, changed: {report.changed:,}, gone: {report.gone:,}."
    else:
        yield "Nothing is different."
    if report.duplicates:
        yield f"With the title of another one: {report.duplicates:,}."
    if report.without_duration:
        yield f"Without a duration: {report.without_duration:,}."
    if not report.shared:
        yield "The store could not be told; the service sees to that when it runs and the store is back."
