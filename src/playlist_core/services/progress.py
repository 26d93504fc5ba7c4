"""How far the refresh of this process is, and telling whoever wants to know."""

from collections.abc import Callable
from typing import Final

from attrs import define, evolve, field

from playlist_core.domain.refresh import Phase, ReadProgress, RefreshReport, RefreshState, estimate
from playlist_core.ports import Clock

TITLES: Final = "titles"
"""The step in which items come out of a source."""

Listener = Callable[[RefreshState], None]
"""Hears of a change; called in the event loop, so it neither waits nor raises."""


@define(eq=False)
class RefreshProgress:
    """The state of the refresh in this process; of one at a time."""

    clock: Clock
    state: RefreshState = field(factory=RefreshState, init=False)
    _listeners: dict[object, Listener] = field(factory=dict[object, Listener], init=False)
    _step_began: float = field(default=0.0, init=False)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every change from now on; what is returned ends that."""
        ticket = object()
        self._listeners[ticket] = listener

        def stop() -> None:
            self._listeners.pop(ticket, None)

        return stop

    def begin(self, run_id: str) -> None:
        """A run has begun; it reads."""
        self._enter(evolve(self.state, phase=Phase.READING, run_id=run_id))

    def enter(self, phase: Phase, *, step: str, expected: int | None = None) -> None:
        """The next part of the work."""
        self._enter(evolve(self.state, phase=phase, step=step, done=0, expected=expected))

    def read(self, progress: ReadProgress) -> None:
        """What the source says of itself."""
        if progress.step != self.state.step:
            self.enter(self.state.phase, step=progress.step, expected=progress.expected)
        self.move(progress.done, progress.expected)

    def came(self, titles: int) -> None:
        """So many titles have come out of the source; nothing new where it counts something else itself."""
        step, known = self.state.step, self.state.step == TITLES
        if step is None or known:
            done = max(titles, self.state.done) if known else titles
            self.read(ReadProgress(step=TITLES, done=done, expected=self.state.expected))

    def move(self, done: int, expected: int | None) -> None:
        """So much of the step is done."""
        left = estimate(self.clock.monotonic() - self._step_began, done, expected)
        self._change(evolve(self.state, done=done, expected=expected, estimate_seconds=left))

    def end(self, ended: RefreshReport | None) -> None:
        """Nothing goes on; `ended` is None for a run that was cancelled or never got so far."""
        last, good = self.state.last, self.state.last_good
        if ended is not None:
            last, good = ended, good if ended.code else ended
        self._change(RefreshState(last=last, last_good=good))

    def correct(self, report: RefreshReport) -> None:
        """The report of the last refresh that made a snapshot, told anew."""
        last = self.state.last
        is_last = last is not None and last.run_id == report.run_id
        self._change(evolve(self.state, last=report if is_last else last, last_good=report))

    def _enter(self, state: RefreshState) -> None:
        self._step_began = self.clock.monotonic()
        self._change(evolve(state, estimate_seconds=None))

    def _change(self, state: RefreshState) -> None:
        if state != self.state:
            self.state = state
            for listener in tuple(self._listeners.values()):
                listener(state)
