"""The command line: its verbs, what each takes, and which function carries it out."""

import argparse
from collections.abc import Sequence
from functools import partial

from playlist_app.cli import catalog, config, marathon, migrate, serving
from playlist_app.cli.options import Verbs, add_group, add_verb, number, often, source
from playlist_app.cli.remote import Outside
from playlist_app.cli.service_verbs import add_service_verbs, say_who
from playlist_app.cli.settings import is_text
from playlist_app.config.addresses import masked
from playlist_app.version import version
from playlist_app.wiring import wire_migration
from playlist_core.domain.marathon import Method


def parsed(arguments: Sequence[str], outside: Outside | None = None) -> argparse.Namespace:
    """The options of one command line; SystemExit with code 2 and a sentence for what is not understood."""
    top = parser(outside)
    for text in arguments:
        if not is_text(text):
            top.error(f"{masked(text)!a} is not text in UTF-8")
    return top.parse_args(arguments)


def parser(outside: Outside | None = None) -> argparse.ArgumentParser:
    """Every command; `command` of the result is the function to call, which meets that outside."""
    outside = outside or Outside()
    top = argparse.ArgumentParser(
        prog="kryten-playlist",
        description="Find, arrange and put on the air: playlists for a CyTube channel.",
        epilog="New here? Type: kryten-playlist demo",
    )
    top.add_argument("--version", action="version", version=f"kryten-playlist {version()}")
    verbs = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _demo(verbs)
    _serve(verbs)
    _refresh(verbs, outside)
    _search(verbs)
    _marathon(verbs)
    add_service_verbs(verbs, outside)
    _config(verbs)
    _migrate(verbs)
    return top


def _demo(verbs: Verbs) -> None:
    summary = "Try everything: a channel, a catalogue and people of its own"
    demo = add_verb(verbs, "demo", summary=summary, command=serving.demo)
    demo.add_argument(
        "--port",
        type=number(0, 65_535),
        default=8088,
        metavar="N",
        help="where to listen; 0 for any free port",
    )
    demo.add_argument(
        "--catalog",
        type=source,
        metavar="SOURCE",
        help="a catalogue of yours instead of the sample: an export, a site or its database",
    )
    demo.add_argument(
        "--refresh-every",
        type=often,
        metavar="TIME",
        help="read the catalogue anew every so often, such as 6h or 1d; off unless told",
    )
    demo.add_argument("--verbose", action="store_true", help="log each request")


def _serve(verbs: Verbs) -> None:
    summary = "Run the service for a real channel"
    serve = add_verb(verbs, "serve", summary=summary, command=serving.serve_channel)
    serve.add_argument("--verbose", action="store_true", help="log each request")


def _refresh(verbs: Verbs, outside: Outside) -> None:
    command = partial(catalog.refresh, outside=outside)
    refresh = add_verb(verbs, "refresh", summary="Read the catalogue anew", command=command)
    refresh.add_argument(
        "--source",
        type=source,
        metavar="SOURCE",
        help="an export (CSV, JSON lines, dumpdata), https://SITE or postgresql://USER@HOST/DATABASE;"
        " read here, even where nats_url says that a service runs",
    )
    refresh.add_argument("--allow-shrink", action="store_true", help="even when many titles would disappear")
    say_who(refresh)


def _search(verbs: Verbs) -> None:
    search = add_verb(verbs, "search", summary="Find titles in the catalogue", command=catalog.search)
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
    search.add_argument("--limit", type=number(1, 200), default=20, metavar="N", help="how many to show (20)")
    search.add_argument(
        "--offset", type=number(0, 1_000_000), default=0, metavar="N", help="how many to leave out first"
    )


def _marathon(verbs: Verbs) -> None:
    summary = "Preview a marathon; nothing is stored"
    made = add_verb(verbs, "marathon", summary=summary, command=marathon.preview)
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


def _config(verbs: Verbs) -> None:
    looks = add_group(verbs, "config", summary="Look at the settings")
    summary = "Tell what is wrong with the settings, line by line"
    check = add_verb(looks, "check", summary=summary, command=config.check)
    check.add_argument("--offline", action="store_true", help="only the settings; connect to nothing")
    summary = "Show every setting and where it comes from"
    add_verb(looks, "show", summary=summary, command=config.show)


def _migrate(verbs: Verbs) -> None:
    summary = "Carry over what the earlier service has stored; without --apply only tell what would be done"
    command = partial(migrate.migrate, opened=wire_migration)
    verb = add_verb(verbs, "migrate", summary=summary, command=command)
    verb.add_argument("--apply", action="store_true", help="do it")
    verb.add_argument(
        "--include-private",
        action="store_true",
        help="private playlists as well, which everybody who signs in can then read",
    )
