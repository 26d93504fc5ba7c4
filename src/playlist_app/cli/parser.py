"""The command line: its verbs, what each takes, and which function carries it out."""

import argparse
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from playlist_app.cli import catalog, config, marathon, serving
from playlist_app.cli.settings import is_text
from playlist_app.config import Source
from playlist_app.config.addresses import masked
from playlist_app.config.sources import source_of
from playlist_app.config.values import interval
from playlist_app.version import version
from playlist_core.domain.marathon import Method
from playlist_core.errors import InvalidInput

Command = Callable[[argparse.Namespace], int]


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of one command line; SystemExit with code 2 and a sentence for what is not understood."""
    top = parser()
    for text in arguments:
        if not is_text(text):
            top.error(f"{masked(text)!a} is not text in UTF-8")
    return top.parse_args(arguments)


def parser() -> argparse.ArgumentParser:
    """Every command; `command` of the result is the function to call."""
    top = argparse.ArgumentParser(
        prog="kryten-playlist",
        description="Find, arrange and put on the air: playlists for a CyTube channel.",
        epilog="New here? Type: kryten-playlist demo",
    )
    top.add_argument("--version", action="version", version=f"kryten-playlist {version()}")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _demo(verbs)
    _serve(verbs)
    _refresh(verbs)
    _search(verbs)
    _marathon(verbs)
    _config(verbs)
    return top


def _number(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 12 and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low} to {high}")
        return int(text)

    return number


def _interval(text: str) -> timedelta | None:
    kind = interval()
    try:
        return kind.admit(kind.read(text))
    except InvalidInput as exc:
        raise argparse.ArgumentTypeError(exc.message) from exc


def _source(text: str) -> Source:
    try:
        return source_of(text)
    except InvalidInput as exc:
        raise argparse.ArgumentTypeError(exc.message) from exc


def _verb(
    verbs: argparse._SubParsersAction, name: str, summary: str, command: Command
) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    verb = verbs.add_parser(name, help=summary, description=summary)
    verb.set_defaults(command=command)
    verb.add_argument("--config", type=Path, metavar="FILE", help="the settings, TOML or JSON")
    verb.add_argument("--data-dir", type=Path, metavar="DIR", help="where the data is kept")
    verb.add_argument("--json", action="store_true", help="print JSON instead of text")
    return verb


def _demo(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    demo = _verb(verbs, "demo", "Try everything: a channel, a catalogue and people of its own", serving.demo)
    demo.add_argument(
        "--port",
        type=_number(0, 65_535),
        default=8088,
        metavar="N",
        help="where to listen; 0 for any free port",
    )
    demo.add_argument(
        "--catalog",
        type=_source,
        metavar="SOURCE",
        help="a catalogue of yours instead of the sample: an export, a site or its database",
    )
    demo.add_argument(
        "--refresh-every",
        type=_interval,
        metavar="TIME",
        help="read the catalogue anew every so often, such as 6h or 1d; off unless told",
    )
    demo.add_argument("--verbose", action="store_true", help="log each request")


def _serve(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    serve = _verb(verbs, "serve", "Run the service for a real channel", serving.serve_channel)
    serve.add_argument("--verbose", action="store_true", help="log each request")


def _refresh(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    refresh = _verb(verbs, "refresh", "Read the catalogue anew", catalog.refresh)
    refresh.add_argument(
        "--source",
        type=_source,
        metavar="SOURCE",
        help="an export (CSV, JSON lines, dumpdata), https://SITE or postgresql://USER@HOST/DATABASE",
    )
    refresh.add_argument("--allow-shrink", action="store_true", help="even when many titles would disappear")


def _search(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    search = _verb(verbs, "search", "Find titles in the catalogue", catalog.search)
    search.add_argument(
        "words", nargs="*", metavar="WORD", help="any words of the title; none finds everything"
    )
    search.add_argument(
        "--category",
        action="append",
        default=[],
        metavar="NAME",
        help="only in this category; may be repeated",
    )
    search.add_argument("--match", choices=["any", "all"], default="any", help="of several categories")
    search.add_argument(
        "--limit", type=_number(1, 200), default=20, metavar="N", help="how many to show (20)"
    )
    search.add_argument(
        "--offset", type=_number(0, 1_000_000), default=0, metavar="N", help="how many to leave out first"
    )


def _marathon(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    made = _verb(verbs, "marathon", "Preview a marathon; nothing is stored", marathon.preview)
    made.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="playlist:NAME, category:NAME or search:WORDS, labelled A, B, C and so on",
    )
    made.add_argument("--method", choices=[method.value for method in Method], help="how to combine them")
    made.add_argument("--pattern", metavar="P", help="such as A2B1C2; means --method interleave")
    made.add_argument("--seed", metavar="S", help="repeat a shuffle; means --method shuffle")
    made.add_argument("--any-order", action="store_true", help="do not put episodes in order")


def _config(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    verb = verbs.add_parser("config", help="Look at the settings", description="Look at the settings")
    looks = verb.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _verb(looks, "check", "Tell what is wrong with the settings, line by line", config.check)
    _verb(looks, "show", "Show every setting and where it comes from", config.show)
