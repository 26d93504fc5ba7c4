"""How long commands take at CyTube's pace."""

from collections.abc import Iterable
from math import inf
from typing import Final

from playlist_core.domain.steps import Add, Step, Wait

# CyTube's pace for adds (rank 2 and above / below): a burst, then one each so many seconds.
_BURST: Final = {True: (10, 0.505), False: (3, 1.01)}
_COMMAND_SECONDS: Final = 0.05


def seconds(steps: Iterable[Step], *, fast: bool, lasts: float = inf) -> float:
    """An estimate for the steps in order, begun with a full burst; `lasts` is when the playing item ends.

    `fast` is the pace from rank 2 on.
    """
    burst, spacing = _BURST[fast]
    adds = 0
    passed = 0.0
    for step in steps:
        if isinstance(step, Wait):
            passed = max(passed, lasts)
            continue
        if isinstance(step, Add):
            adds += 1
            passed += spacing if adds > burst else 0.0
        passed += _COMMAND_SECONDS
    return round(passed, 1)
