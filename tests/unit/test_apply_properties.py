"""Any queue, any playlist, any mode, on the simulated channel: exactly the target."""

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import RunStatus
from tests.unit.cinema import cinema

LETTERS = "abcdefgh"


@settings(max_examples=60, deadline=None)
@given(
    before=st.text(LETTERS, max_size=7),
    wish=st.text(LETTERS, min_size=1, max_size=9),
    mode=st.sampled_from(Mode),
    dupes=st.booleans(),
    skips=st.integers(0, 3),
)
def test_every_apply_reaches_its_target(before: str, wish: str, mode: Mode, dupes: bool, skips: int) -> None:
    anyio.run(_reach, before, wish, mode, dupes, skips)


async def _reach(before: str, wish: str, mode: Mode, dupes: bool, skips: int) -> None:
    async with cinema(titles=LETTERS, dupes=dupes) as house:
        if before:
            await house.apply(before, Mode.APPEND)
            filled = before if dupes else "".join(dict.fromkeys(before))
            assert house.queue == f"[{filled[0]}]{filled[1:]}"
        for _ in range(skips):
            house.channel.skip()
        there = house.queue
        run = await house.apply(wish, mode)
        assert run.status is RunStatus.DONE
        assert run.enqueued_count + len(run.failed) == len(wish)
        assert house.queue == _expected(there, wish, mode, dupes)


def _expected(there: str, wish: str, mode: Mode, dupes: bool) -> str:
    if not there:
        wanted = wish if dupes else "".join(dict.fromkeys(wish))
        return f"[{wanted[0]}]{wanted[1:]}"
    head, _, rest = there.partition("[")
    current, _, tail = rest.partition("]")
    if mode is Mode.HARD_REPLACE:
        wanted = wish if dupes else "".join(dict.fromkeys(wish))
        return f"[{wanted[0]}]{wanted[1:]}"
    if dupes:
        kept_tail = tail if mode is Mode.APPEND else ""
        return f"{head}[{current}]{kept_tail}{wish}"
    wanted = "".join(letter for letter in dict.fromkeys(wish) if letter != current)
    stays = "".join(letter for letter in head if letter not in wanted)
    kept_tail = "".join(letter for letter in tail if letter not in wanted) if mode is Mode.APPEND else ""
    return f"{stays}[{current}]{kept_tail}{wanted}"


def test_the_expectation_itself_is_right_for_a_case_by_hand() -> None:
    assert _expected("ab[c]de", "dcx", Mode.PRESERVE_CURRENT, dupes=False) == "ab[c]dx"
    assert _expected("ab[c]de", "ax", Mode.APPEND, dupes=False) == "b[c]deax"
    with pytest.raises(IndexError):
        _expected("[a]", "", Mode.HARD_REPLACE, dupes=False)
