"""Putting the queue back as it was before a run."""

from collections.abc import AsyncGenerator

import pytest

from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import RunStatus
from playlist_core.errors import (
    Denied,
)
from tests.unit.applies import DONE, Meddler
from tests.unit.cinema import ADMIN, BLESSED, Cinema, cinema

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


@pytest.mark.parametrize("mode", Mode)
async def test_undo_puts_the_queue_back(house: Cinema, mode: Mode) -> None:
    await house.apply("pxyz")
    run = await house.apply("axb", mode)
    undone = await house.services.queue.undo(ADMIN, run.run_id)
    ended = await house.services.queue.finished(undone.run_id)
    assert (ended.status, ended.undo_of, house.queue) == (DONE, run.run_id, "[p]xyz")


async def test_an_undo_that_ends_what_plays_needs_what_hard_replace_needs(house: Cinema) -> None:
    await house.apply("px")
    run = await house.apply("ab", Mode.HARD_REPLACE)
    with pytest.raises(Denied) as caught:
        await house.services.queue.undo(BLESSED, run.run_id)
    assert caught.value.details == {"needs": "admin"}


async def test_undo_of_the_first_apply_empties_the_queue_again(house: Cinema) -> None:
    run = await house.apply("abc")
    with pytest.raises(Denied):
        await house.services.queue.undo(BLESSED, run.run_id)
    undone = await house.services.queue.undo(ADMIN, run.run_id)
    assert (await house.services.queue.finished(undone.run_id)).status is DONE
    assert house.queue == ""


async def test_an_undo_by_somebody_blessed_never_takes_another_item_off_the_air(house: Cinema) -> None:
    await house.apply("pxyz")
    run = await house.apply("abcdef")

    class Jumper(Meddler):
        def _meddle(self) -> None:
            (f,) = [i.uid for i in self.house.channel.queue if i.media_id == self.house.url("f")]
            self.house.channel.as_user("alice").send("jumpTo", f)

    house.services.queue.applying.gateway = Jumper(house, 1, "")
    undone = await house.services.queue.undo(BLESSED, run.run_id)
    ended = await house.services.queue.finished(undone.run_id)
    assert (ended.status, ended.code) == (RunStatus.FAILED, "forbidden")
    assert "[f]" in house.queue


async def test_undo_does_not_insist_on_flags_the_bot_may_not_set(house: Cinema) -> None:
    await house.apply("pxy")
    run = await house.apply("ab")
    levels = {"settemp": 5, "addnontemp": 5}
    house.channel.as_user("alice").send("setPermissions", levels)
    undone = await house.services.queue.undo(ADMIN, run.run_id)
    assert (await house.services.queue.finished(undone.run_id)).status is DONE
    assert house.queue == "[p]xy"
