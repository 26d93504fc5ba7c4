"""Reads a file as lines of UTF-8 text, one at a time: memory does not grow with the file."""

from collections.abc import Iterator

from playlist_adapters.mediacms.intake import ByteStream, Spot

MAX_LINE_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"


def text_lines(file: ByteStream, name: str, *, holds: str) -> Iterator[tuple[int, str]]:
    """The physical lines with their numbers (1-based), line ends kept, a byte order mark dropped.

    Raises InvalidInput with line and column for a line over 1 MiB, for what is not UTF-8, and for NUL;
    `holds` is what the file should hold, for the errors.
    """
    number = 0
    while raw := file.readline(MAX_LINE_BYTES):
        number += 1
        spot = Spot(file=name, line=number)
        if number == 1:
            raw = raw.removeprefix(BOM)
        if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            problem = f"the line is longer than {MAX_LINE_BYTES:,} bytes; this is not {holds}"
            raise spot.fault(problem, column=len(raw.decode(errors="replace")))
        line, readable = _decoded(raw)
        if line is None:
            raise spot.fault("is not UTF-8; save the file as UTF-8", column=readable + 1)
        if "\0" in line:
            raise spot.fault("contains NUL, so this is not a text file", column=line.index("\0") + 1)
        yield number, line


def _decoded(raw: bytes) -> tuple[str | None, int]:
    """The text of the bytes, or None, and how many of its characters are good; no exception keeps them."""
    try:
        line = raw.decode()
    except UnicodeDecodeError as exc:
        return None, len(raw[: exc.start].decode())
    return line, len(line)
