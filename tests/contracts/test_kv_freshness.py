"""How often it is looked whether a copy is still true, however many ask."""

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import Factory, define

from playlist_adapters.kv.freshness import Freshness

pytestmark = pytest.mark.anyio


@define(eq=False)
class Looks:
    """What each look finds, in order; it takes until the gate is open."""

    finds: list[bool]
    gate: anyio.Event = Factory(anyio.Event)
    begun: int = 0

    async def look(self) -> bool:
        self.begun += 1
        await self.gate.wait()
        return self.finds.pop(0)


async def ask(freshness: Freshness, answers: list[bool]) -> None:
    answers.append(await freshness.known())


@pytest.mark.parametrize("found", [True, False])
async def test_of_a_hundred_who_ask_at_once_one_looks_for_all(found: bool) -> None:
    looks = Looks([found])
    freshness = Freshness(looks.look)
    answers: list[bool] = []
    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(ask, freshness, answers)
        for _ in range(3):
            await checkpoint()
        assert (looks.begun, answers) == (1, [])
        looks.gate.set()

    assert (looks.begun, answers) == (1, [found] * 100)
    assert await freshness.known() is found
    assert looks.begun == 1


async def test_what_was_found_counts_for_a_second_from_when_it_was_asked_for() -> None:
    looks = Looks([True, False, True])
    looks.gate.set()
    now = 100.0

    async def look() -> bool:
        nonlocal now
        now += 0.25
        return await looks.look()

    freshness = Freshness(look, lambda: now)
    answers: list[bool] = []
    # A no is news of the moment it was found in, and costs nobody anything: it counts from there.
    for time in (100.0, 100.99, 101.0, 102.24, 102.25):
        now = time
        answers.append(await freshness.known())

    assert answers == [True, True, False, False, True]
    assert looks.begun == 3


async def test_who_looks_for_all_may_go_away_and_the_next_one_looks() -> None:
    looks = Looks([True])
    freshness = Freshness(looks.look)
    answers: list[bool] = []
    async with anyio.create_task_group() as tasks:
        async with anyio.create_task_group() as leaving:
            leaving.start_soon(ask, freshness, answers)
            await checkpoint()
            for _ in range(3):
                tasks.start_soon(ask, freshness, answers)
            await checkpoint()
            leaving.cancel_scope.cancel()
        looks.gate.set()
        with anyio.fail_after(5):
            while len(answers) < 3:
                await checkpoint()

    assert (looks.begun, answers) == (2, [True] * 3)


async def test_a_yes_that_took_longer_than_it_counts_is_none() -> None:
    looks = Looks([True])
    now = 100.0
    freshness = Freshness(looks.look, lambda: now)
    answers: list[bool] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, freshness, answers)
        await checkpoint()
        now = 101.0
        looks.gate.set()

    assert answers == [False]
