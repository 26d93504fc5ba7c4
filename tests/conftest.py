"""What every test needs: the event loop, time and chance under control."""

import os

import pytest
from hypothesis import settings

from playlist_adapters.testing.time import ManualClock, SeededRandomness

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
