"""`status`: how the running service is and what it does."""

import argparse
from collections.abc import Iterator

import anyio

from playlist_app.cli.output import CORRELATION_ID, length_text, print_json, say
from playlist_app.cli.progress import left_of
from playlist_app.cli.remote import Outside, reached
from playlist_app.cli.runs import stand_of
from playlist_app.cli.settings import settings_of
from playlist_app.config import Settings
from playlist_app.shapes.codec import wire
from playlist_app.shapes.replies import Counts, StatusReply


def status(args: argparse.Namespace, outside: Outside) -> int:
    """Exit code 0 when the service answers, whatever it has to say."""
    return anyio.run(_status, settings_of(args), args, outside)


async def _status(settings: Settings, args: argparse.Namespace, outside: Outside) -> int:
    async with reached(settings, args, outside, anonymous=True) as service:
        reply = await service.ask("status", StatusReply)
        if args.json:
            print_json({CORRELATION_ID: service.correlation_id, **wire.unstructure(reply)})
            return 0
    for line in _lines(reply):
        say(line)
    return 0


def _lines(reply: StatusReply) -> Iterator[str]:
    up = length_text(reply.uptime_seconds)
    yield f"{reply.service} {reply.version}, namespace {reply.namespace}, up for {up}."
    yield f"Channel    {reply.channel or 'not known yet'}, {'connected' if reply.connected else 'away'}"
    yield from _programme(reply)
    if reply.catalog is not None:
        made = f"{reply.catalog.created_at:%Y-%m-%d %H:%M} UTC from {reply.catalog.source}"
        yield f"Catalogue  {reply.catalog.item_count:,} titles, {made}"
    yield f"Counts     {_counts(reply.counts)}"
    for problem in reply.problems:
        yield f"Problem    {problem}"


def _programme(reply: StatusReply) -> Iterator[str]:
    now = reply.now_playing
    if now is not None:
        # Negative during CyTube's lead-in.
        position = length_text(max(0, int(now.position_seconds)))
        yield f"On the air {now.display_title}, {position} of {length_text(now.duration_seconds)}"
    run = reply.run
    if run is not None:
        parts = (f"{run.done:,} of {run.total:,} done", left_of(stand_of(run)), f"by {run.by}")
        yield f"Run        {run.run_id}, {', '.join(filter(None, parts))}"


def _counts(counts: Counts) -> str:
    parts = {
        "playlists": counts.playlists,
        "items in the queue": counts.queue_items,
        "titles": counts.titles,
    }
    return ", ".join(f"{'?' if number is None else f'{number:,}'} {what}" for what, number in parts.items())
