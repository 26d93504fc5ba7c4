"""Runs features/upkeep.feature."""

import pytest
from pytest_bdd import scenarios

pytestmark = pytest.mark.usefixtures("adapters")

scenarios("upkeep.feature")
