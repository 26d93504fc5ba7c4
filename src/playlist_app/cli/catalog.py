"""`refresh` and `search`: on the data directory; a refresh is the running service's, where there is one."""

import argparse
from typing import Any

import anyio

from playlist_app.cli.asked_refresh import AskedRefresh
from playlist_app.cli.categories import check_categories
from playlist_app.cli.display import Display
from playlist_app.cli.output import CORRELATION_ID, complain, length_text, print_json, say
from playlist_app.cli.progress import Progress
from playlist_app.cli.refreshes import say_report, stand_of
from playlist_app.cli.remote import INTERRUPTED, Outside, reached
from playlist_app.cli.settings import settings_of, with_data, with_source
from playlist_app.config import Settings
from playlist_app.shapes.catalog import report_view, search_answer
from playlist_app.shapes.codec import wire
from playlist_app.tasks import background
from playlist_app.wiring import wire_files
from playlist_core.domain.catalog import SearchPage
from playlist_core.domain.refresh import Phase, RefreshReport, RefreshState
from playlist_core.domain.titles import display_title
from playlist_core.services.refreshing import Refreshing


def refresh(args: argparse.Namespace, outside: Outside) -> int:
    """Read the catalogue anew: by the service where `nats_url` is set and no `--source` is named, or here."""
    settings = settings_of(args)
    if settings.nats_url is not None and args.source is None:
        return anyio.run(_asked_refresh, settings, args, outside)
    settings = with_source(settings, args.source)
    report = report_view(anyio.run(_refresh, settings, args.allow_shrink))
    if args.json:
        print_json({"by": "this command", **wire.unstructure(report)})
        return 0
    say_report(report, by_service=False)
    say(f"Kept in {settings.data_dir}; no running service was asked.")
    return 0


async def _asked_refresh(settings: Settings, args: argparse.Namespace, outside: Outside) -> int:
    async with reached(settings, args, outside) as service:
        display = Display(lines=not args.json)
        asked = AskedRefresh(service, clock=outside.system.clock, display=display)
        with outside.presses() as presses:
            report = await asked.carry_out(presses, allow_shrink=args.allow_shrink)
        told: dict[str, Any] = {CORRELATION_ID: service.correlation_id, "by": "service"}
        if report is None:
            seen = "goes on reading by itself" if asked.run_id else "was asked, and may be reading"
            complain(f"The service {seen}.")
            told |= {"run_id": asked.run_id}
        else:
            told |= wire.unstructure(report)
        if args.json:
            print_json(told)
        elif report is not None:
            say_report(report, by_service=True)
        return INTERRUPTED if report is None else 0


async def _refresh(settings: Settings, allow_shrink: bool) -> RefreshReport:
    async with wire_files(settings) as library:
        return await watched_refresh(library.refreshing, allow_shrink=allow_shrink)


async def watched_refresh(refreshing: Refreshing, *, allow_shrink: bool) -> RefreshReport:
    """A refresh that shows on a terminal how far it is."""
    progress = Progress()

    def show(state: RefreshState) -> None:
        if state.phase is not Phase.IDLE:
            progress.show(stand_of(state))

    stop = refreshing.listen(show)
    try:
        async with background() as tasks:
            tasks.start_soon(progress.keep_fresh)
            return await refreshing.refresh(allow_shrink=allow_shrink)
    finally:
        stop()
        progress.end()


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
