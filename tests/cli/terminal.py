"""A terminal with a command in it: what it shows, and somebody who presses keys."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field

from tests.process.child import PATIENCE, command, environment, until

CTRL_C = b"\x03"
# The first terminal that the leader of a session opens is the one whose Ctrl-C reaches it.
_IN_IT = 'exec "$@" <"$0" >"$0" 2>"$0"'


@define(eq=False)
class Terminal:
    """80 columns; `shown` is all that was ever written to it."""

    process: subprocess.Popen[bytes]
    _ours: int
    shown: str = field(default="", init=False)

    def until(self, pattern: str, *, seconds: float = PATIENCE) -> None:
        """Return when it has shown that."""
        until(lambda: self._read() or re.search(pattern, self.shown), f"{pattern} on it", seconds=seconds)

    def press(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def ended(self, *, seconds: float = PATIENCE) -> int:
        """The exit code, once it has ended and all is read."""
        until(lambda: self._read() or self.process.poll() is not None, "its end", seconds=seconds)
        self._read()
        return self.process.wait(PATIENCE)

    def _read(self) -> None:
        while select.select([self._ours], [], [], 0)[0]:
            try:
                some = os.read(self._ours, 65_536)
            except OSError:  # so the end of a terminal is told on Linux
                return
            if not some:
                return
            self.shown += some.decode(errors="replace")


@contextmanager
def terminal(directory: Path, *words: str) -> Iterator[Terminal]:
    """A command on a terminal of its own, which Ctrl-C reaches."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    process = subprocess.Popen(
        ["sh", "-c", _IN_IT, os.ttyname(theirs), *command(*words)],
        cwd=directory,
        env=environment(),
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(ours)
