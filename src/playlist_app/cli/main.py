"""Carrying out a command line: exit code 0 for done, 1 for failed, 2 for not understood."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from playlist_app.cli.output import complain, drop_output, flush_output, print_error
from playlist_app.cli.parser import parsed
from playlist_app.cli.remote import INTERRUPTED, Outside
from playlist_core.errors import PlaylistError

# What was typed cannot be carried out with these settings at all.
_NOT_UNDERSTOOD: Final = frozenset({"no_nats_url", "nobody_named"})


def run(arguments: Sequence[str], outside: Outside | None = None) -> int:
    """The exit code; expected failures become one sentence on standard error, or JSON with `--json`.

    Output that cannot be written (a full disk) is such a failure; it is told as a sentence, as there is
    nowhere to write JSON to.
    """
    try:
        with _bus_to_logs_only():
            code = _carried_out(arguments, outside)
        flush_output()
    except KeyboardInterrupt:
        complain("stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        drop_output()
        return 1  # whoever read it (head, less) has seen enough and needs no sentence
    except OSError as exc:
        drop_output()
        complain(exc.strerror if exc.strerror and not exc.filename else str(exc))
        return 1
    return code


@contextmanager
def _bus_to_logs_only() -> Iterator[None]:
    """Where nothing is logged, Python would print what the connection to NATS logs, tracebacks included."""
    log, nowhere = logging.getLogger("kryten_playlist.bus"), logging.NullHandler()
    log.addHandler(nowhere)
    try:
        yield
    finally:
        log.removeHandler(nowhere)


def _carried_out(arguments: Sequence[str], outside: Outside | None) -> int:
    try:
        args = parsed(arguments, outside)
    except SystemExit as exc:  # argparse has printed what it had to say
        return exc.code if isinstance(exc.code, int) else 2
    try:
        code: int = args.command(args)
    except PlaylistError as exc:
        print_error(exc, as_json=args.json)
        return 2 if exc.code in _NOT_UNDERSTOOD else 1
    return code
