"""Fixtures of a living Kryten installation without the service: nats-server, CyTube's double, the real robot.

pytest_plugins = ["tests.peers.kryten"]  # in a test module that wants them; never imported otherwise
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.peers.stack import Stack, running


@pytest.fixture(scope="session")
def running_stack() -> Iterator[Stack]:
    """One for all tests that ask for it, as the test before left it."""
    with running() as stack:
        yield stack


@pytest.fixture
async def stack(running_stack: Stack) -> AsyncIterator[Stack]:
    """The one for all tests, with nothing in the channel but the robot, which is started again if need be."""
    await running_stack.reset()
    yield running_stack


@pytest.fixture
async def own_stack() -> AsyncIterator[Stack]:
    """One for a test that kills nats-server, which the robot does not always survive."""
    with running() as stack:
        await stack.robot.ready()
        yield stack
