"""Carrying out a command line: exit code 0 for done, 1 for failed, 2 for not understood."""

import os
import sys
from collections.abc import Sequence

from playlist_app.cli.output import print_error
from playlist_app.cli.parser import parser
from playlist_core.errors import PlaylistError


def run(arguments: Sequence[str]) -> int:
    """The exit code; expected failures become one sentence on standard error, or JSON with `--json`."""
    try:
        args = parser().parse_args(arguments)
    except SystemExit as exc:  # argparse has printed what it had to say
        return exc.code if isinstance(exc.code, int) else 2
    try:
        code: int = args.command(args)
    except PlaylistError as exc:
        print_error(exc, as_json=args.json)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone; what Python would still flush has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code
