"""Runs features/main_job.feature."""

import pytest
from pytest_bdd import scenarios

pytestmark = pytest.mark.usefixtures("adapters")

scenarios("main_job.feature")
