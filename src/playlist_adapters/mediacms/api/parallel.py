"""Does the same with each of many things, a few at once, and fails with the first error itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio

from playlist_core.errors import PlaylistError

Thing = TypeVar("Thing")
Result = TypeVar("Result")


async def each(
    work: Callable[[Thing], Awaitable[Result]], things: Sequence[Thing], *, at_once: int
) -> list[Result]:
    """The results in the order of the things.

    The first PlaylistError ends all other work and is raised as it is, not in a group of one.
    """
    results: dict[int, Result] = {}
    failures: list[PlaylistError] = []
    waiting = iter(enumerate(things))

    async def worker() -> None:
        for index, thing in waiting:
            try:
                results[index] = await work(thing)
            except PlaylistError as exc:
                failures.append(exc)
                tasks.cancel_scope.cancel()
                return

    async with anyio.create_task_group() as tasks:
        for _ in range(min(at_once, len(things))):
            tasks.start_soon(worker)
    if failures:
        raise failures[0]
    return [results[index] for index in range(len(things))]
