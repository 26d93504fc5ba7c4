"""`migrate`: carry over what the earlier service has stored."""

import argparse
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import anyio

from playlist_app.cli.output import flush_output, print_json, say
from playlist_app.cli.settings import settings_of
from playlist_app.config import Settings
from playlist_app.shapes.migration import migration_view
from playlist_core.services.migrating import Migrating, Migration
from playlist_core.services.old_documents import Fate, Finding, Kind


class Opened(Protocol):
    """What the settings name, opened; nothing is made where it is not to `apply`."""

    def __call__(self, settings: Settings, /, *, apply: bool) -> AbstractAsyncContextManager[Migrating]: ...


# What would be done, and what was done.
_WORDS: Final[Mapping[Fate, tuple[str, str]]] = {
    Fate.CARRIED: ("carry", "carried"),
    Fate.RENAMED: ("rename", "renamed"),
    Fate.REMOVED: ("remove", "removed"),
    Fate.KEPT: ("keep", "kept"),
    Fate.LEFT: ("leave", "left"),
    Fate.REFUSED: ("cannot", "cannot"),
}


def migrate(args: argparse.Namespace, opened: Opened) -> int:
    """Tell what would be carried over, or with `--apply` carry it; exit code 0 also for what cannot be."""
    migration = anyio.run(_run, settings_of(args), args, opened)
    if args.json:
        print_json(migration_view(migration))
        return 0
    for line in _closing(migration):
        say(line)
    return 0


async def _run(settings: Settings, args: argparse.Namespace, opened: Opened) -> Migration:
    def tell(finding: Finding) -> None:
        if not args.json:
            say(_line(finding, applied=args.apply))
            flush_output()

    async with opened(settings, apply=args.apply) as migrating:
        return await migrating.run(apply=args.apply, include_private=args.include_private, tell=tell)


def _line(finding: Finding, *, applied: bool) -> str:
    new_name = "" if finding.new_name is None else f", to “{finding.new_name}”"
    why = f": {'; '.join(finding.why)}" if finding.why else ""
    return f"{_WORDS[finding.fate][applied]:8} {_subject(finding)}{new_name}{why}"


def _subject(finding: Finding) -> str:
    match finding.kind:
        case Kind.PLAYLIST:
            owner = f" of {finding.owner}" if finding.owner else ""
            items = "" if finding.count is None else f", {_counted(finding.count, 'item')}"
            private = ", private" if finding.private else ""
            return f"playlist “{finding.name}”{owner}{items}{private}"
        case Kind.ACCESS_LIST:
            names = "" if finding.count is None else f", {_counted(finding.count, 'name')}"
            return f"access list {finding.name}{names}"
        case Kind.ADDRESS_BLOCK:
            return f"block of {finding.name}"
        case Kind.INDEX:
            return "index of playlists"


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _closing(migration: Migration) -> Iterator[str]:
    playlists = [each for each in migration.findings if each.kind is Kind.PLAYLIST]
    private = [each for each in playlists if each.private]
    left = sum(each.fate is Fate.LEFT for each in private)
    if left:
        yield (
            f"{_counted(left, 'private playlist')} left out; --include-private carries them, too, and then"
            " everybody who signs in can read them."
        )
    if any(each.changes for each in private):
        yield "Playlists that were private can be read by everybody who signs in, once they are carried."
    if not migration.has_catalogue and any(each.changes for each in playlists):
        yield (
            "There is no catalogue yet: what is carried has titles and lengths only if"
            " kryten-playlist refresh comes first."
        )
    if not migration.changes:
        yield "Nothing to do."
    elif migration.applied:
        yield f"Done: {_counted(migration.changes, 'change')}."
    else:
        yield f"{_counted(migration.changes, 'change')} to make; nothing is changed without --apply."
