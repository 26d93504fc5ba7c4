"""`marathon`: a preview from the data directory alone."""

import argparse

import anyio

from playlist_app.cli.categories import check_categories
from playlist_app.cli.output import length_text, print_json, say
from playlist_app.cli.settings import settings_of, with_data
from playlist_app.config import Settings
from playlist_app.services import Library
from playlist_app.shapes.marathons import marathon_view
from playlist_app.wiring import wire_files
from playlist_core.domain.marathon import Marathon, Method
from playlist_core.domain.titles import display_title
from playlist_core.errors import InvalidInput
from playlist_core.services.marathons import FromCategory, FromPlaylist, FromSearch, Gathered


def preview(args: argparse.Namespace) -> int:
    """Print the combined order with its start times."""
    marathon = anyio.run(_preview, with_data(settings_of(args)), args)
    if args.json:
        print_json(marathon_view(marathon))
        return 0
    for entry in marathon.entries:
        number = "" if entry.episode is None else f"S{entry.season or 0:02}E{entry.episode:02}"
        starts = length_text(entry.starts_at_offset_seconds)
        say(f"{starts:>9}  {entry.source}  {number:7} {display_title(entry.title)}")
    total = length_text(marathon.total_duration_seconds)
    unknown = f", {marathon.unknown_durations} of unknown length" if marathon.unknown_durations else ""
    say(f"{len(marathon.entries)} items, {total}{unknown}.")
    if marathon.seed is not None:
        say(f"Shuffled with --seed {marathon.seed}")
    for warning in marathon.warnings:
        say(f"Note: {warning.message}")
    return 0


async def _preview(settings: Settings, args: argparse.Namespace) -> Marathon:
    async with wire_files(settings) as library:
        sources = [await _source(library, text) for text in args.sources]
        return await library.marathons.preview(
            sources,
            method=_method(args),
            pattern=args.pattern,
            seed=args.seed,
            preserve_episode_order=not args.any_order,
        )


def _method(args: argparse.Namespace) -> Method:
    if args.method is not None:
        return Method(args.method)
    if args.pattern is not None:
        return Method.INTERLEAVE
    return Method.CONCATENATE if args.seed is None else Method.SHUFFLE


async def _source(library: Library, text: str) -> Gathered:
    kind, _, rest = text.partition(":")
    if kind == "playlist" and rest:
        return FromPlaylist((await library.playlists.find(rest)).playlist_id)
    if kind == "category" and rest:
        await check_categories(library.catalog, [rest])
        return FromCategory(rest)
    if kind == "search" and rest:
        return FromSearch(rest)
    raise InvalidInput.of("SOURCE", f"“{text}” is none; write playlist:NAME, category:NAME or search:WORDS")
