"""What verbs have in common: their options, and what may stand in one."""

import argparse
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playlist_app.config import Source
from playlist_app.config.sources import source_of
from playlist_app.config.values import interval
from playlist_core.domain.identity import Username
from playlist_core.errors import InvalidInput

Command = Callable[[argparse.Namespace], int]
Verbs = argparse._SubParsersAction  # type: ignore[type-arg]  # argparse has no public name for it


def add_verb(verbs: Verbs, name: str, *, summary: str, command: Command) -> argparse.ArgumentParser:
    """A verb with the options that every verb has."""
    verb = verbs.add_parser(name, help=summary, description=summary)
    verb.set_defaults(command=command)
    verb.add_argument("--config", type=Path, metavar="FILE", help="the settings, TOML or JSON")
    verb.add_argument("--data-dir", type=Path, metavar="DIR", help="where the data is kept")
    verb.add_argument("--json", action="store_true", help="print JSON instead of text")
    return verb


def add_group(verbs: Verbs, name: str, *, summary: str) -> Verbs:
    """A verb that says nothing without one of those that are added to it."""
    group = verbs.add_parser(name, help=summary, description=summary)
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True)


def number(low: int, high: int) -> Callable[[str], int]:
    """A whole number of an option, both ends included."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low} to {high}")
        return int(text)

    return read


def often(text: str) -> timedelta | None:
    """How often, as the settings write it; None for off."""
    kind = interval()
    try:
        return kind.admit(kind.read(text))
    except InvalidInput as exc:
        raise argparse.ArgumentTypeError(exc.message) from exc


def source(text: str) -> Source:
    """A catalogue source."""
    try:
        return source_of(text)
    except InvalidInput as exc:
        raise argparse.ArgumentTypeError(exc.message) from exc


def username(text: str) -> Username:
    """A CyTube name."""
    try:
        return Username.typed(text)
    except InvalidInput as exc:
        raise argparse.ArgumentTypeError(f"{text!r}: {exc.details['problem']}") from exc
