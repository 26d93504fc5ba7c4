"""Runs features/catalog.feature."""

import pytest
from pytest_bdd import scenarios

pytestmark = pytest.mark.usefixtures("adapters")

scenarios("catalog.feature")
