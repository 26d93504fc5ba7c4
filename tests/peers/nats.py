"""Fixtures of a real nats-server.

pytest_plugins = ["tests.peers.nats"]  # in a test module that wants them; never imported otherwise
"""

from collections.abc import Iterator

import pytest

from tests.peers.nats_server import NatsServer, running


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    """One for all tests that ask for it; each uses buckets of its own."""
    with running() as server:
        yield server


@pytest.fixture
def own_nats() -> Iterator[NatsServer]:
    """One for a test that kills it."""
    with running() as server:
        yield server
