"""The scene every test of the room begins with."""

import pytest

from tests.unit.room.scene import (
    Scene,
    new_scene,
)


@pytest.fixture
def scene() -> Scene:
    return new_scene()
