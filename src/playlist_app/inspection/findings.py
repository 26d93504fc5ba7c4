"""Checks that run together, each within its time, and what they find."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum

import anyio
from attrs import frozen

from playlist_core.errors import PlaylistError


class Verdict(StrEnum):
    """What people should do: nothing, look at it, or mend it before the service can do its work."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@frozen
class Finding:
    """A line of the report; `name` is what was looked at."""

    name: str
    verdict: Verdict
    sentence: str


def fine(name: str, sentence: str) -> Finding:
    return Finding(name, Verdict.OK, sentence)


def warning(name: str, sentence: str) -> Finding:
    return Finding(name, Verdict.WARNING, sentence)


def failed(name: str, sentence: str) -> Finding:
    return Finding(name, Verdict.FAILED, sentence)


@frozen
class Check:
    """A question with the seconds it may take; what it raises of PlaylistError is its finding."""

    name: str
    ask: Callable[[], Awaitable[Sequence[Finding]]]
    seconds: float = 8.0


async def findings_of(checks: Sequence[Check]) -> list[Finding]:
    """Everything that is found, in the order of the checks, after the time of the slowest."""
    found: list[Sequence[Finding]] = [()] * len(checks)

    async def carry_out(number: int, check: Check) -> None:
        found[number] = await _within_its_time(check)

    async with anyio.create_task_group() as tasks:
        for number, check in enumerate(checks):
            tasks.start_soon(carry_out, number, check)
    return [finding for findings in found for finding in findings]


async def _within_its_time(check: Check) -> Sequence[Finding]:
    try:
        with anyio.fail_after(check.seconds):
            return await check.ask()
    except TimeoutError:
        return [failed(check.name, f"No answer within {check.seconds:g} s.")]
    except PlaylistError as exc:
        return [failed(check.name, exc.message)]
