"""Runs features/login.feature."""

import pytest
from pytest_bdd import scenarios

pytestmark = pytest.mark.usefixtures("adapters")

scenarios("login.feature")
