"""`refresh` and `search`, on the data directory alone."""

import argparse

import anyio

from playlist_app.cli.categories import check_categories
from playlist_app.cli.output import Progress, length_text, print_json, say
from playlist_app.cli.settings import settings_of, with_source
from playlist_app.config import Settings
from playlist_app.shapes.catalog import report_view, search_answer
from playlist_app.wiring import wire_files
from playlist_core.domain.catalog import SearchPage
from playlist_core.domain.refresh import RefreshReport, RefreshState
from playlist_core.domain.titles import display_title
from playlist_core.services.catalog import Catalog


def refresh(args: argparse.Namespace) -> int:
    """Read the catalogue anew from `--source` or the configured source."""
    settings = with_source(settings_of(args), args.source)
    report = anyio.run(_refresh, settings, args.allow_shrink)
    if args.json:
        print_json(report_view(report))
        return 0
    seconds = (report.finished_at - report.started_at).total_seconds()
    say(f"{report.item_count} titles from {report.source} in {seconds:.1f} s ({report.snapshot_id}).")
    if report.without_duration:
        say(f"{report.without_duration} of them have no duration.")
    return 0


async def _refresh(settings: Settings, allow_shrink: bool) -> RefreshReport:
    async with wire_files(settings) as library:
        return await watched_refresh(library.catalog, allow_shrink=allow_shrink)


async def watched_refresh(catalog: Catalog, *, allow_shrink: bool) -> RefreshReport:
    """A refresh that shows on a terminal how far it is."""
    progress = Progress("Reading titles")

    def watch(state: RefreshState) -> None:
        progress.show(state.done, state.expected)

    try:
        return await catalog.refresh(allow_shrink=allow_shrink, watch=watch)
    finally:
        progress.end()


def search(args: argparse.Namespace) -> int:
    """Find titles; exit code 0 also when nothing matches, as nothing failed."""
    settings = settings_of(args)
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
    elif len(page.items) < page.total:
        say(f"{offset + 1} to {offset + len(page.items)} of {page.total}.")
