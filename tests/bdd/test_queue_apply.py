"""Runs features/queue_apply.feature."""

import pytest
from pytest_bdd import scenarios

pytestmark = pytest.mark.usefixtures("adapters")

scenarios("queue_apply.feature")
