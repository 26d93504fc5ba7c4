"""What every test needs: the event loop, time and chance under control."""

import pytest

from playlist_adapters.testing.time import ManualClock, SeededRandomness


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def randomness() -> SeededRandomness:
    return SeededRandomness()
