"""`refresh` and `search`, on the data directory alone."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Final

import anyio

from playlist_app.cli.categories import check_categories
from playlist_app.cli.output import length_text, print_json, say
from playlist_app.cli.progress import Progress, Stand
from playlist_app.cli.settings import settings_of, with_data, with_source
from playlist_app.config import Settings
from playlist_app.shapes.catalog import report_view, search_answer
from playlist_app.tasks import background
from playlist_app.wiring import wire_files
from playlist_core.domain.catalog import SearchPage
from playlist_core.domain.refresh import Phase, RefreshReport, RefreshState
from playlist_core.domain.titles import display_title
from playlist_core.services.refreshing import Refreshing

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


def refresh(args: argparse.Namespace) -> int:
    """Read the catalogue anew from `--source` or the configured source."""
    settings = with_source(settings_of(args), args.source)
    report = anyio.run(_refresh, settings, args.allow_shrink)
    if args.json:
        print_json(report_view(report))
        return 0
    seconds = (report.finished_at - report.started_at).total_seconds()
    say(f"{_titles(report.item_count)} from {report.source} in {seconds:.1f} s ({report.snapshot_id}).")
    for line in _findings(report):
        say(line)
    return 0


def _findings(report: RefreshReport) -> Iterator[str]:
    """What an administrator should know of a refresh."""
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


async def _refresh(settings: Settings, allow_shrink: bool) -> RefreshReport:
    async with wire_files(settings) as library:
        return await watched_refresh(library.refreshing, allow_shrink=allow_shrink)


async def watched_refresh(refreshing: Refreshing, *, allow_shrink: bool) -> RefreshReport:
    """A refresh that shows on a terminal how far it is."""
    progress = Progress()

    def show(state: RefreshState) -> None:
        if state.phase is not Phase.IDLE:
            progress.show(_stand(state))

    stop = refreshing.listen(show)
    try:
        async with background() as tasks:
            tasks.start_soon(progress.keep_fresh)
            return await refreshing.refresh(allow_shrink=allow_shrink)
    finally:
        stop()
        progress.end()


def _stand(state: RefreshState) -> Stand:
    """What to show of it."""
    doing = _PHASES[state.phase]
    if state.phase is Phase.READING:
        doing = f"{doing} {_STEPS.get(state.step, state.step)}"
    done, expected = state.done, state.expected
    if not expected:
        return Stand(doing=doing, count=f"{done:,}" if done else "")
    most = f"{expected:,}"
    count = f"{done:{len(most)},}/{most}"
    if state.step == _BYTES:
        count = f"{done / 1e6:.1f}/{expected / 1e6:.1f} MB"
    part = min(1.0, done / expected)
    return Stand(doing=doing, count=count, part=part, seconds_left=state.estimate_seconds)


def search(args: argparse.Namespace) -> int:
    """Find titles; exit code 0 also when nothing matches, as nothing failed."""
    settings = with_data(settings_of(args))
    text = " ".join(args.words)
    page = anyio.run(_search, settings, text, args)
    if args.json:
        print_json(search_answer(page, text, settings.manifest_url_template))
        return 0
    _print_page(page, text, args.offset)
    return 0


async def _search(settings: Settings, text: str, args: argparse.Namespace) -> SearchPage:
    async with wire_files(settings) as library:
        await check_categories(library.catalog, args.category)
        return await library.catalog.search(
            text, categories=args.category, match=args.match, limit=args.limit, offset=args.offset
        )


def _titles(count: int) -> str:
    return "1 title" if count == 1 else f"{count:,} titles"


def _print_page(page: SearchPage, text: str, offset: int) -> None:
    if page.corrected is not None:
        say(f"Nothing matches “{text}”; this is for “{page.corrected}”:")
    for item in page.items:
        shown = display_title(item.title)
        say(f"{item.video_id}  {length_text(item.duration_seconds):>8}  {shown}")
        if shown != item.title:
            say(f"{'':9}  {'':8}  {item.title}")
    if not page.total:
        say("Nothing matches.")
    elif not page.items:
        say(f"Nothing on this page; {_titles(page.total)} {'matches' if page.total == 1 else 'match'}.")
    elif len(page.items) < page.total:
        say(f"{offset + 1:,} to {offset + len(page.items):,} of {page.total:,}.")
