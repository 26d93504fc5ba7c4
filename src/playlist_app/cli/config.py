"""`config check` and `config show`."""

import argparse
import os
from collections import Counter
from collections.abc import Sequence

import anyio

from playlist_app.cli.output import print_json, say
from playlist_app.cli.settings import loaded_of
from playlist_app.config import ConfigInvalid, describe, load
from playlist_app.inspection import Finding, Verdict, checks_of, findings_of, settings_findings
from playlist_app.server import bind
from playlist_app.wiring import peers


def check(args: argparse.Namespace) -> int:
    """Exit code 1 with every problem when the settings, or something they name, cannot be used."""
    try:
        loaded = loaded_of(args)
    except ConfigInvalid as exc:
        if not args.json:
            raise
        problems = [{"where": each.where, "problem": each.problem} for each in exc.problems]
        print_json({"ok": False, "problems": problems, "checks": []})
        return 1
    found = settings_findings(loaded)
    if not args.offline:
        found += anyio.run(findings_of, checks_of(loaded.settings, peers(loaded.settings), bind=bind))
    is_ok = all(finding.verdict is not Verdict.FAILED for finding in found)
    if args.json:
        print_json({"ok": is_ok, "problems": [], "checks": found})
    else:
        _tell(found)
    return 0 if is_ok else 1


def _tell(found: Sequence[Finding]) -> None:
    """A line for each finding, and one for all."""
    width = max(len(finding.name) for finding in found)
    for finding in found:
        say(f"{finding.verdict:<7}  {finding.name:<{width}}  {finding.sentence}")
    counted = Counter(finding.verdict for finding in found)
    told = [f"{counted[verdict]} {verdict}" for verdict in Verdict if counted[verdict]]
    say(f"{', '.join(told)}.")


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
