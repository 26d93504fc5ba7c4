"""The verbs that ask the running service: what each takes."""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Protocol

from playlist_app.cli import apply, blessed, playlists, runs, status
from playlist_app.cli.options import Command, Verbs, add_group, add_verb, username
from playlist_app.cli.remote import Outside
from playlist_core.domain.queue import Mode


class AskingCommand(Protocol):
    """Carries a verb out; the exit code."""

    def __call__(self, args: argparse.Namespace, outside: Outside) -> int: ...


def add_service_verbs(verbs: Verbs, outside: Outside) -> None:
    """`apply`, `run`, `playlists`, `blessed` and `status`."""
    _apply(verbs, outside)
    _run(verbs, outside)
    _playlists(verbs, outside)
    _blessed(verbs, outside)
    add = _adding(verbs, outside)
    add("status", "How the running service is and what it does", status.status)


def say_who(verb: argparse.ArgumentParser) -> None:
    """Add the option that names who asks the service."""
    verb.add_argument(
        "--as",
        dest="asked_by",
        type=username,
        metavar="NAME",
        help="who asks the service: a CyTube name whose role counts; else KRYTEN_AS of the environment,"
        " else the first of the admins in the settings",
    )


def _adding(verbs: Verbs, outside: Outside) -> Callable[[str, str, AskingCommand], argparse.ArgumentParser]:
    def add(name: str, summary: str, asks: AskingCommand) -> argparse.ArgumentParser:
        command: Command = partial(asks, outside=outside)
        verb = add_verb(verbs, name, summary=summary, command=command)
        say_who(verb)
        return verb

    return add


def _apply(verbs: Verbs, outside: Outside) -> None:
    add = _adding(verbs, outside)
    verb = add("apply", "Put a playlist on the air", apply.apply)
    _takes_playlist(verb)
    verb.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        default=Mode.PRESERVE_CURRENT.value,
        help="what stays of the queue: what plays and what stands before it (preserve_current), everything"
        " (append), or nothing (hard_replace)",
    )
    verb.add_argument("--detach", action="store_true", help="begin it and do not wait for the end")


def _run(verbs: Verbs, outside: Outside) -> None:
    add = _adding(add_group(verbs, "run", summary="Look at a run that puts a playlist on the air"), outside)
    for name, summary, asks in (
        ("show", "How far a run is, or how it ended", runs.show),
        ("cancel", "End a run between two commands to the channel", runs.cancel),
    ):
        add(name, summary, asks).add_argument("run_id", metavar="RUN_ID", help="as apply has told it")


def _playlists(verbs: Verbs, outside: Outside) -> None:
    add = _adding(add_group(verbs, "playlists", summary="Look at the saved playlists"), outside)
    add("list", "Every saved playlist by name", playlists.list_all)
    _takes_playlist(add("show", "One playlist with its items", playlists.show))


def _blessed(verbs: Verbs, outside: Outside) -> None:
    add = _adding(add_group(verbs, "blessed", summary="Who may edit and apply playlists"), outside)
    add("list", "Everybody who is blessed", blessed.list_all)
    for name, summary, asks in (
        ("add", "Bless somebody", blessed.add),
        ("remove", "Take a blessing back", blessed.remove),
    ):
        add(name, summary, asks).add_argument("username", type=username, metavar="USER", help="a CyTube name")


def _takes_playlist(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "name", nargs="+", metavar="NAME", help="the playlist's name, in quotes or not, or its id"
    )
