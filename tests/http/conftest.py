"""The house that most HTTP tests visit."""

from collections.abc import AsyncGenerator

import pytest

from tests.http.house import House, open_house


@pytest.fixture
async def house(anyio_backend: str) -> AsyncGenerator[House, None]:
    async with open_house() as opened:
        yield opened
