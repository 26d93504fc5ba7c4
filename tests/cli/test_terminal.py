"""The command line as a process in odd places: full disks, closed pipes, bytes that are no text."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.process.child import PATIENCE, command, environment, until

EXPORT = "video_id,title,categories,duration_seconds\nmelie,Amélie.[2001].mp4,,7320\n"
NO_SPACE = b"kryten-playlist: The output cannot be written: No space left on device.\n"
ODD = b"\xff"  # what a shell makes of $'\xff'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a catalogue in `d`, and the export it came from, also under a name that is no text."""
    directory = tmp_path_factory.mktemp("home")
    for name in (b"titles.csv", b"t" + ODD + b".csv"):
        Path(os.fsdecode(os.fsencode(directory) + b"/" + name)).write_text(EXPORT, encoding="utf-8")
    assert kryten(directory, "refresh", "--source", "titles.csv", "--data-dir", "d").returncode == 0
    return directory


def kryten(
    home: Path, *words: str | bytes, stdout: int | None = subprocess.PIPE, **variables: str | bytes
) -> subprocess.CompletedProcess[bytes]:
    """One command to its end, in that directory."""
    return subprocess.run(
        [*command(), *words],
        cwd=home,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**environment(), "HOME": str(home), **variables},
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("refresh", "--source", b"t" + ODD + b".csv", "--data-dir", "d"),
        ("marathon", b"search:" + ODD, "--json", "--data-dir", "d"),
        ("search", ODD, "--data-dir", "d"),
        ("search", "--data-dir", ODD),
        ("search", b"--data-dir=" + ODD),
        ("config", "show", "--config", ODD),
        ("demo", "--catalog", ODD, "--data-dir", "demo"),
        (ODD,),
    ],
    ids=repr,
)
def test_words_that_are_no_text_are_refused_before_anything_happens(
    home: Path, words: tuple[str | bytes, ...]
) -> None:
    before = (sorted(home.iterdir()), catalogue(home))
    done = kryten(home, *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.endswith(b"is not text in UTF-8\n")
    assert b"\\udcff" in done.stderr.splitlines()[-1]
    assert b"Traceback" not in done.stderr
    assert (sorted(home.iterdir()), catalogue(home)) == before


def catalogue(home: Path) -> bytes:
    return (home / "d" / "catalog.sqlite3").read_bytes()


@pytest.mark.parametrize("words", [("search", "--json"), ("demo", "--json", "--port", "0")])
def test_a_directory_whose_name_is_no_text_is_refused_wherever_it_comes_from(
    home: Path, words: tuple[str, ...]
) -> None:
    odd = Path(os.fsdecode(os.fsencode(home) + b"/" + ODD))
    odd.mkdir(exist_ok=True)
    done = kryten(odd, *words, XDG_DATA_HOME=os.fsencode(odd))
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["error"]["details"]["field"] == "data_dir"
    assert list(odd.iterdir()) == []


def test_json_is_utf_8_whatever_the_terminal_says(home: Path) -> None:
    done = kryten(home, "search", "--json", "--data-dir", "d", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.decode())["items"][0]["title"] == "Amélie.[2001].mp4"
    assert "Amélie" in done.stdout.decode()


@pytest.mark.parametrize("words", [("search", "--data-dir", "d"), ("marathon", "--help"), ("--help",)])
def test_text_gets_by_where_only_ascii_can_be_shown(home: Path, words: tuple[str, ...]) -> None:
    done = kryten(home, *words, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    "words",
    [
        ("search", "--data-dir", "d"),
        ("search", "--data-dir", "d", "--json"),
        ("search", "--data-dir", "nowhere", "--json"),
        ("serve", "--json"),
    ],
    ids=" ".join,
)
def test_output_that_finds_no_room_is_a_sentence_and_a_failure(home: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = kryten(home, *words, stdout=full.fileno())
    assert (done.returncode, done.stderr) == (1, NO_SPACE)


def test_a_demo_that_cannot_say_where_it_is_ends(home: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = kryten(home, "demo", "--port", "0", "--data-dir", "demo", stdout=full.fileno())
    assert (done.returncode, done.stderr) == (1, NO_SPACE)


def test_a_reader_that_has_gone_hears_no_complaint(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = kryten(home, "search", "--data-dir", "d", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize(
    ("closed", "words", "code", "said"),
    [
        (">&-", "search --data-dir d", 1, b"kryten-playlist: The output cannot be written: Bad file descr"),
        ("2>&-", "search --data-dir d", 0, b""),
        ("2>&-", "refresh --source titles.csv --data-dir d2", 0, b""),
        ("2>&-", "search --data-dir nowhere", 1, b""),
        ("2>/dev/full", "search --data-dir nowhere", 1, b""),
    ],
)
def test_closed_streams_are_no_reason_to_break(
    home: Path, closed: str, words: str, code: int, said: bytes
) -> None:
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *command(), *words.split()],
        cwd=home,
        capture_output=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr[: len(said) or None]) == (code, said)


@pytest.mark.parametrize("on_terminal", [True, False])
def test_a_demo_shows_how_far_it_has_read_on_a_terminal_only(tmp_path: Path, on_terminal: bool) -> None:
    rows = "".join(f"v{number},Film {number},,60\n" for number in range(20_000))
    (tmp_path / "big.csv").write_text(EXPORT + rows, encoding="utf-8")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("demo", "--port", "0", "--json", "--data-dir", "d", "--catalog", "big.csv"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs if on_terminal else subprocess.PIPE,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        said = b""

        def listen() -> bool:
            nonlocal said
            said += os.read(process.stdout.fileno(), 4096)
            return said.endswith(b"}\n")

        until(listen, "the demo to be ready")
        process.terminate()
        assert process.wait(PATIENCE) == 0
        shown = os.read(ours, 65536) if on_terminal else process.stderr.read()
    finally:
        process.kill()
        process.wait(PATIENCE)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        os.close(ours)
        os.close(theirs)
    if on_terminal:
        assert shown.startswith(b"\r\x1b[KReading titles ")
        assert shown.endswith(b"\r\x1b[K")
    else:
        assert shown == b""
