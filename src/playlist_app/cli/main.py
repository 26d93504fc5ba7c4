"""Carrying out a command line: exit code 0 for done, 1 for failed, 2 for not understood."""

from collections.abc import Sequence

from playlist_app.cli.output import complain, drop_output, flush_output, print_error
from playlist_app.cli.parser import parsed
from playlist_core.errors import PlaylistError


def run(arguments: Sequence[str]) -> int:
    """The exit code; expected failures become one sentence on standard error, or JSON with `--json`.

    Output that cannot be written (a full disk) is such a failure; it is told as a sentence, as there is
    nowhere to write JSON to.
    """
    try:
        code = _carried_out(arguments)
        flush_output()
    except KeyboardInterrupt:
        complain("stopped.")
        return 130
    except BrokenPipeError:
        drop_output()
        return 1  # whoever read it (head, less) has seen enough and needs no sentence
    except OSError as exc:
        drop_output()
        complain(exc.strerror if exc.strerror and not exc.filename else str(exc))
        return 1
    return code


def _carried_out(arguments: Sequence[str]) -> int:
    try:
        args = parsed(arguments)
    except SystemExit as exc:  # argparse has printed what it had to say
        return exc.code if isinstance(exc.code, int) else 2
    try:
        code: int = args.command(args)
    except PlaylistError as exc:
        print_error(exc, as_json=args.json)
        return 1
    return code
