"""What a test needs and the machine lacks: at a desk the test is skipped, in CI it fails."""

import os
from typing import NoReturn

import pytest


def absent(what: str) -> NoReturn:
    """Skip the asking test, saying what was missing; `.ci/run` installs it all, so there it is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and CI has to have it")
    pytest.skip(f"{what} is missing")
