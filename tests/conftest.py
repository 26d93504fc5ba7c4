"""What every test needs: the event loop, time and chance under control."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

import playlist_adapters

# Before anything imports them: what the suites assert is told as well as what a test asserts.
for suite in Path(playlist_adapters.__file__).parent.glob("testing/*_s*.py"):
    pytest.register_assert_rewrite(f"playlist_adapters.testing.{suite.stem}")

from playlist_adapters.testing.time import ManualClock, SeededRandomness  # noqa: E402

# Machines are busy, so no deadline; in CI the same examples each time, at a desk new ones.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def randomness() -> SeededRandomness:
    return SeededRandomness()
