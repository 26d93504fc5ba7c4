"""The line that shows how far a refresh is: what stands in it, on wide terminals and narrow ones."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_app.cli.progress import Progress, Stand, line_of
from playlist_app.cli.refreshes import stand_of
from playlist_core.domain.refresh import Phase, RefreshState
from tests.process.child import PATIENCE, command, environment

CLEAN = "\r\x1b[K"
READING = Stand(doing="Reading titles", count="1,680/4,000", part=0.42, seconds_left=71.2)


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (200, "Reading titles [############..................]  42 %  1,680/4,000  1:12 left"),
        (80, "Reading titles [############..................]  42 %  1,680/4,000  1:12 left"),
        (60, "Reading titles [#####.......]  42 %  1,680/4,000  1:12 left"),
        (50, "Reading titles [######.........]  42 %  1:12 left"),
        (40, "Reading titles [######..........]  42 %"),
        (30, "Reading titles  42 %"),
        (20, "42 %"),
        (5, "42 %"),
        (4, "Rea"),
        (1, ""),
    ],
)
def test_what_matters_least_goes_first(columns: int, line: str) -> None:
    assert line_of(READING, columns) == line


def test_the_bar_does_not_jump_when_it_becomes_known_how_long_it_takes() -> None:
    unknown = Stand(doing="Reading titles", count="1,680/4,000", part=0.42)
    for columns in range(40, 120):
        bars = [re.findall(r"\[.*\]", line_of(stand, columns)) for stand in (READING, unknown)]
        assert bars[0] == bars[1]


@pytest.mark.parametrize(
    ("stand", "seconds", "line"),
    [
        (Stand(doing="Building the index"), 0.9, "Building the index  ..."),
        (Stand(doing="Building the index"), 75, "Building the index  ...  1:15 so far"),
        (Stand(doing="Reading titles", count="1,680"), 3.9, "Reading titles  1,680  0:03 so far"),
    ],
)
def test_where_nobody_knows_how_much_there_is_the_time_goes_on(
    stand: Stand, seconds: float, line: str
) -> None:
    assert line_of(stand, 80, seconds=seconds) == line


stands = st.builds(
    Stand,
    doing=st.sampled_from(["Sharing", "Reading titles one by one"]),
    count=st.sampled_from(["", "7", "120,000/500,000"]),
    part=st.none() | st.floats(0, 1),
    seconds_left=st.none() | st.floats(0, 1e6),
)


@given(stands, st.integers(1, 200), st.floats(0, 1e6))
def test_no_line_reaches_the_edge_where_terminals_wrap(stand: Stand, columns: int, seconds: float) -> None:
    line = line_of(stand, columns, seconds=seconds)
    assert len(line) < columns
    assert line.isascii()
    if columns > 60 and stand.part is not None:
        assert f"{int(100 * stand.part)} %" in line


@pytest.mark.parametrize(
    ("state", "stand"),
    [
        (RefreshState(phase=Phase.READING), Stand(doing="Reading titles")),
        (
            RefreshState(phase=Phase.READING, step="titles", done=1_500),
            Stand(doing="Reading titles", count="1,500"),
        ),
        (
            RefreshState(
                phase=Phase.READING, step="bytes", done=1_500_000, expected=6_000_000, estimate_seconds=3.0
            ),
            Stand(doing="Reading titles", count="1.5/6.0 MB", part=0.25, seconds_left=3.0),
        ),
        (
            RefreshState(phase=Phase.READING, step="details", done=30, expected=4_000),
            Stand(doing="Reading titles one by one", count="   30/4,000", part=0.0075),
        ),
        (
            RefreshState(phase=Phase.READING, step="categories", done=3, expected=2),
            Stand(doing="Reading categories", count="3/2", part=1.0),
        ),
        (RefreshState(phase=Phase.BUILDING, step="index"), Stand(doing="Building the index")),
        (
            RefreshState(phase=Phase.SHARING, step="parts", done=0, expected=100),
            Stand(doing="Sharing", count="  0/100", part=0.0),
        ),
    ],
    ids=lambda value: f"{value.phase}-{value.step}" if isinstance(value, RefreshState) else "",
)
def test_each_phase_and_step_is_told_in_words(state: RefreshState, stand: Stand) -> None:
    assert stand_of(state) == stand


class Terminal:
    """A stream that is no file."""

    def __init__(self, is_terminal: bool) -> None:
        self.is_terminal, self.written = is_terminal, ""

    def isatty(self) -> bool:
        return self.is_terminal

    def fileno(self) -> int:
        raise OSError("no file")

    def write(self, text: str) -> None:
        self.written += text

    def flush(self) -> None:
        return None


def shown(*stands: Stand, is_terminal: bool = True) -> str:
    terminal = Terminal(is_terminal)
    progress = Progress(terminal)
    for stand in stands:
        progress.show(stand)
    progress.end()
    return terminal.written


def test_it_is_drawn_on_a_terminal_and_never_in_a_pipe() -> None:
    assert shown(READING) == f"{CLEAN}{line_of(READING, 80)}{CLEAN}"
    assert shown(READING, is_terminal=False) == shown() == ""


def test_something_else_is_drawn_at_once_and_more_of_the_same_only_now_and_then() -> None:
    sharing = Stand(doing="Sharing", part=0.5)
    more = [Stand(doing="Reading titles", part=0.42 + number / 1e4) for number in range(1_000)]
    drawn = shown(READING, *more, sharing).split(CLEAN)
    assert (drawn[1], drawn[-2:]) == (line_of(READING, 80), [line_of(sharing, 80), ""])
    assert len(drawn) < 30


def on_terminal(directory: Path, columns: int, words: Sequence[str]) -> str:
    """What a command leaves on a terminal of that width, to its end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    written = b""
    try:
        process = subprocess.Popen(
            command(*words), cwd=directory, stdout=subprocess.DEVNULL, stderr=theirs, env=environment()
        )
        os.close(theirs)
        try:
            while some := os.read(ours, 65536):
                written += some
        except OSError:  # so the end of a terminal is told on Linux
            pass
        assert process.wait(PATIENCE) == 0
    finally:
        os.close(ours)
    return written.decode()


def test_a_refresh_shows_its_phases_even_on_a_narrow_terminal(tmp_path: Path) -> None:
    rows = "".join(f"v{number},Film {number},,60\n" for number in range(20_000))
    (tmp_path / "big.csv").write_text(f"video_id,title,categories,duration_seconds\n{rows}", encoding="utf-8")
    words = ("refresh", "--source", "big.csv", "--data-dir", "d")
    first, *lines, last = on_terminal(tmp_path, 34, words).split(CLEAN)
    assert (first, last) == ("", "")
    doing = [re.split(r"  | \[| +\d", line)[0] for line in lines]
    assert list(dict.fromkeys(doing)) == ["Reading titles", "Building the index", "Sharing"]
    assert max(map(len, lines)) < 34
    assert any(re.search(r"\[#+\.*\] .*\d %", line) for line in lines)
