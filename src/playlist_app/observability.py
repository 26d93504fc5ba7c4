"""Logs: one line an event, to standard error, never with a secret in it."""

import logging
import sys
from typing import Final

_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s %(message)s"


def log_to_stderr(*, verbose: bool) -> None:
    """Warnings only, or with `verbose` also each request."""
    logging.basicConfig(stream=sys.stderr, format=_FORMAT, level=logging.WARNING, force=True)
    logging.getLogger("kryten_playlist").setLevel(logging.INFO if verbose else logging.WARNING)
