"""Steps about what is told of a run, and beforehand of what it would do."""

from collections.abc import Sequence

from playlist_core.domain.runs import ItemFailure
from playlist_core.services.queue import Preview
from tests.bdd.steps import then
from tests.bdd.steps_catalog import table
from tests.bdd.world import World


def expected(world: World, rows: list[list[str]]) -> list[tuple[str, str, str]]:
    return [(world.ids[row["title"]], row["reason"], row["in words"]) for row in table(rows)]


def told(failed: Sequence[ItemFailure]) -> list[tuple[str, str, str]]:
    return [(failure.video_id, failure.reason, failure.message) for failure in failed]


@then(
    "{who:who} is told that {number:d} titles are in the queue:"
    " {kept:d} kept, {moved:d} moved, {added:d} added"
)
async def _(world: World, who: str, number: int, kept: int, moved: int, added: int) -> None:
    run = world.run
    assert run is not None
    assert (run.by, run.status, run.code) == (who, "done", None)
    assert (run.enqueued_count, run.kept, run.moved, run.added) == (number, kept, moved, added)
    assert (run.done, run.total) == (number + len(run.failed), number + len(run.failed))


@then("no title has failed")
async def _(world: World) -> None:
    assert world.run is not None
    assert world.run.failed == ()


@then("these titles have failed")
async def _(world: World, datatable: list[list[str]]) -> None:
    assert world.run is not None
    assert told(world.run.failed) == expected(world, datatable)


@then("{who:who} is told {message:text}")
async def _(world: World, who: str, message: str) -> None:
    assert world.run is not None
    assert (world.run.by, world.run.message) == (who, message)


@then("{who:who} is told beforehand that these titles would fail")
async def _(world: World, who: str, datatable: list[list[str]]) -> None:
    assert isinstance(world.answer, Preview)
    assert told(world.answer.failed) == expected(world, datatable)


@then("{who:who} is warned beforehand: {warning:text}")
async def _(world: World, who: str, warning: str) -> None:
    assert isinstance(world.answer, Preview)
    assert world.answer.warnings == (warning,)


@then("{who:who} sees that {kept:d} would be kept, {moved:d} moved, {added:d} added and {deleted:d} deleted")
async def _(world: World, who: str, kept: int, moved: int, added: int, deleted: int) -> None:
    assert isinstance(world.answer, Preview)
    plan = world.answer.plan
    assert (len(plan.kept), len(plan.moved), len(plan.added), plan.deleted) == (kept, moved, added, deleted)
