"""CyTube's one queue for adds, deletes and moves: one job at a time, in order of arrival."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import Factory, define

Job = Callable[[datetime], None]

LOST_AFTER = timedelta(seconds=20)


@define(eq=False)
class SerialQueue:
    """Runs each job when the one before has called `release`, possibly much later.

    Two ways out of order are CyTube's own (docs/cytube.md 4): `reset` forgets the waiting jobs but not
    the running one, and a lock held for over 20 s is lost to the next job that arrives.
    """

    _waiting: deque[Job] = Factory(deque)
    _locked: bool = False
    _lost_at: datetime | None = None
    _running: bool = False

    def put(self, job: Job, now: datetime) -> None:
        """Run `job` now or after those before it."""
        self._waiting.append(job)
        self._run(now)

    def release(self, now: datetime) -> None:
        """The job that held the lock is done."""
        self._locked = False
        self._run(now)

    def reset(self) -> None:
        """Forget every job that has not begun."""
        self._waiting.clear()
        self._locked = False

    def __len__(self) -> int:
        return len(self._waiting)

    def _run(self, now: datetime) -> None:
        # A job that ends at once releases from inside this loop, which then goes on by itself.
        if self._running:
            return
        self._running = True
        try:
            while self._waiting and self._lock(now):
                self._lost_at = now + LOST_AFTER
                self._waiting.popleft()(now)
        finally:
            self._running = False

    def _lock(self, now: datetime) -> bool:
        if self._locked and (self._lost_at is None or now <= self._lost_at):
            return False
        self._locked = True
        return True
