"""Reads the rows of a CSV text, and says where exactly one is broken."""

import csv
from collections.abc import Iterator

from attrs import define, field, frozen

from playlist_adapters.mediacms.intake import ByteStream, Spot
from playlist_adapters.mediacms.text_lines import text_lines
from playlist_core.errors import InvalidInput

MAX_ROW_CHARACTERS = 1 << 20


@define(eq=False)
class CsvRows:
    """The rows of a file as the `csv` module reads them; it finds faults but cannot say where they are.

    To be iterated once. Memory grows with the longest row, which has at most 1 Mi characters.
    """

    file: ByteStream
    name: str
    _row: list[str] = field(factory=list[str], init=False, repr=False)
    """The lines of the row at hand."""
    _line: int = field(default=0, init=False)
    """The number of the last of them."""

    def rows(self) -> Iterator[tuple[Spot, list[str]]]:
        """Each row that is not blank, with the line on which it begins. Raises InvalidInput."""
        reader = csv.reader(self._lines(), strict=True)
        while True:
            self._row.clear()
            cells, problem = _next(reader)
            if problem is not None:
                raise self._broken(problem)
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield Spot(file=self.name, line=self._line - len(self._row) + 1), cells

    def fault_at(self, cell: int, problem: str) -> InvalidInput:
        """A fault where a cell (0-based) of the row at hand begins."""
        return self._fault(survey("".join(self._row)).cells[cell], problem)

    def _lines(self) -> Iterator[str]:
        characters = 0
        for number, line in text_lines(self.file, self.name, holds="a catalogue in CSV"):
            characters = len(line) + (characters if self._row else 0)
            self._row.append(line)
            self._line = number
            if characters > MAX_ROW_CHARACTERS:
                problem = f"a row is longer than {MAX_ROW_CHARACTERS:,} characters"
                raise self._fault(0, f"{problem}; is a closing quotation mark missing?")
            yield line

    def _broken(self, problem: str) -> InvalidInput:
        """The reader's complaint in words about the file rather than about Python."""
        found = survey("".join(self._row))
        if "field limit" in problem:
            limit = f"a cell is longer than {csv.field_size_limit():,} characters"
            return self._fault(found.cells[-1], f"{limit}; is a closing quotation mark missing?")
        return self._fault(found.broken_at, found.problem)

    def _fault(self, at: int, problem: str) -> InvalidInput:
        """A fault at an index into the text of the row at hand."""
        line = self._line - len(self._row) + 1
        for text in self._row:
            if at < len(text):
                break
            at -= len(text)
            line += 1
        return Spot(file=self.name, line=line, column=at + 1).fault(problem)


def _next(reader: Iterator[list[str]]) -> tuple[list[str] | None, str | None]:
    """The next row, None behind the last; or what the reader complains of."""
    try:
        return next(reader, None), None
    except csv.Error as exc:
        return None, str(exc)


@frozen
class Survey:
    """Where the cells of a row begin, and what is wrong with its quoting, and where."""

    cells: list[int]
    problem: str = ""
    broken_at: int = 0


def survey(row: str) -> Survey:
    """Go through the text of one row as `csv.reader` does in strict mode, up to the first fault."""
    cells: list[int] = []
    at = 0
    while True:
        cells.append(at)
        if row.startswith('"', at):
            end = _closing(row, at)
            if end is None:
                return Survey(cells, "a quotation mark opened here is never closed", at)
            at = end + 1
            if row[at : at + 1] not in ("", ",", "\r", "\n"):
                return Survey(cells, "inside a quoted cell, write quotation marks twice", at)
        else:
            while row[at : at + 1] not in ("", ",", "\r", "\n"):
                at += 1
        if not row.startswith(",", at):
            break
        at += 1
    if row[at:].strip("\r\n"):
        return Survey(
            cells, "a carriage return stands outside quotation marks; save with normal line ends", at
        )
    return Survey(cells)


def _closing(row: str, opening: int) -> int | None:
    """The index of the quotation mark that closes a cell: the first that is not written twice."""
    at = opening + 1
    while True:
        at = row.find('"', at)
        if at < 0 or row[at : at + 2] != '""':
            return None if at < 0 else at
        at += 2
