"""What every scenario needs: a portal into its event loop, the config, and the world on both adapters."""

import hashlib
from collections.abc import Generator
from pathlib import Path
from typing import Final

import anyio.from_thread
import pytest
from anyio.from_thread import BlockingPortal

from playlist_adapters.channel.simulated import SimulatedChannel
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.wiring import System
from tests.bdd.wishes import needed_actions
from tests.bdd.world import Adapters, Config, World, in_memory, on_sqlite

# In the order in which they use each other, so that pytest meets each before it is imported.
STEPS: Final = (
    "people",
    "login",
    "catalog",
    "replicas",
    "playlists",
    "working",
    "marathon",
    "queue",
    "report",
    "access",
    "upkeep",
)
STORIES: Final = 17


def pytest_configure(config: pytest.Config) -> None:
    """The stories as marks, so that `pytest -m GH-009` runs one; the steps as plugins."""
    for number in range(1, STORIES + 1):
        config.addinivalue_line("markers", f"GH-{number:03}: a story of the PRD")
    for name in STEPS:
        config.pluginmanager.import_plugin(f"tests.bdd.steps_{name}")


@pytest.fixture
def config() -> Config:
    return Config()


@pytest.fixture
def portal() -> Generator[BlockingPortal, None, None]:
    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture(params=[pytest.param(in_memory, id="memory"), pytest.param(on_sqlite, id="sqlite")])
def adapters(request: pytest.FixtureRequest) -> Adapters:
    return request.param


@pytest.fixture
def world(
    adapters: Adapters,
    config: Config,
    portal: BlockingPortal,
    tmp_path: Path,
    clock: ManualClock,
    randomness: SeededRandomness,
) -> Generator[World, None, None]:
    """Made by the first step that asks for it, so that the config can be told before."""
    system = System(clock=clock, randomness=randomness)
    with portal.wrap_async_context_manager(adapters(config.settings(), tmp_path, system)) as opened:
        channel = opened.services.queue.gateway
        assert isinstance(channel, SimulatedChannel)
        # The real hash takes 50 ms on purpose; tests/unit/test_login_service.py signs in with it.
        opened.services.login.challenges.hashing.hasher = cheap_digest
        world = World(opened.services, opened.site, clock, channel, needed_actions(opened.services))
        yield world
    world.overlook_nothing()


def cheap_digest(code: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}/{code}".encode("utf-8", "surrogatepass")).hexdigest()
