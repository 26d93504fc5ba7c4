"""`config check` and `config show`."""

import argparse
import os

from playlist_app.cli.output import print_json, say
from playlist_app.config import ConfigInvalid, describe, load


def check(args: argparse.Namespace) -> int:
    """Exit code 1 with every problem when the settings cannot be used."""
    try:
        loaded = load(args.config, os.environ)
    except ConfigInvalid as exc:
        if not args.json:
            raise
        problems = [{"where": each.where, "problem": each.problem} for each in exc.problems]
        print_json({"ok": False, "problems": problems})
        return 1
    if args.json:
        print_json({"ok": True, "problems": []})
    else:
        say(f"The settings are fine ({loaded.path or 'no file, defaults and environment only'}).")
    return 0


def show(args: argparse.Namespace) -> int:
    """Every setting with its origin; passwords are masked."""
    loaded = load(args.config, os.environ)
    rows = describe(loaded)
    if args.json:
        print_json([{"key": row.key, "value": row.value, "origin": row.origin} for row in rows])
        return 0
    width = max(len(row.key) for row in rows)
    for row in rows:
        say(f"{row.key:<{width}}  {row.value}  ({row.origin})")
    return 0
