"""Reads a JSON array element by element, so that memory grows with the largest element and not with the file.

Nothing that was read is kept in an error: exports hold password hashes (see `json_values`).
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any, NoReturn

from attrs import define, field

from playlist_adapters.mediacms.intake import ByteStream, Spot
from playlist_adapters.mediacms.json_values import Problem, skip_blank, value_at
from playlist_core.errors import InvalidInput

CHUNK_BYTES = 1 << 18
MAX_ELEMENT_CHARACTERS = 4 << 20

_TOP = "an array, as manage.py dumpdata writes it, or an object with such an array as body"


@define(eq=False)
class JsonArray:
    """An array at the top of a file, or as the last member `body` of an object at the top (an excerpt).

    To be iterated once. Raises InvalidInput with line and column for what is not such a file, for an element
    over 4 Mi characters, and for a file cut short.
    """

    file: ByteStream
    name: str
    decoder: json.JSONDecoder = field(kw_only=True)
    is_excerpt: bool = field(default=False, init=False)
    _text: str = field(default="", init=False, repr=False)
    _at: int = field(default=0, init=False)
    # An index into `_text`, and where in the file it is, 1-based.
    _known: int = field(default=0, init=False)
    _line: int = field(default=1, init=False)
    _column: int = field(default=1, init=False)
    _utf8: codecs.IncrementalDecoder = field(factory=codecs.getincrementaldecoder("utf-8-sig"), init=False)

    def elements(self) -> Iterator[tuple[Spot, Any]]:
        """Each element with its place: line, column, and 0-based index."""
        try:
            yield from self._elements()
        except InvalidInput as exc:
            # The frames below hold what was read; an error that is kept must not keep them.
            self._text = ""
            raise exc.with_traceback(None) from None

    def _elements(self) -> Iterator[tuple[Spot, Any]]:
        self._open()
        more = self._peek() != "]"
        if not more:
            self._at += 1
        index = 0
        while more:
            self._peek()
            self._know_place()
            spot = Spot(file=self.name, line=self._line, column=self._column, element=index)
            yield spot, self._value()
            index += 1
            more = self._expect(",]", "a comma or the closing bracket") == ","
        if self.is_excerpt:
            self._expect("}", "the closing brace behind body")
        if self._peek():
            self._fail("something follows the end of the array")

    def _open(self) -> None:
        """Step into the array; through the members of the wrapping object if there is one."""
        self.is_excerpt = self._expect("[{", _TOP) == "{"
        key = None
        while self.is_excerpt and key != "body":
            if key is not None:
                self._value()
                self._expect(",", _TOP)
            if self._peek() != '"':
                self._fail(f"expected {_TOP}")
            key = self._value()
            self._expect(":", "a colon")
        if self.is_excerpt:
            self._expect("[", "an array as body")

    def _expect(self, admitted: str, meaning: str) -> str:
        """Step over the next character that is not blank; it must be one of those admitted."""
        found = self._peek()
        if not found:
            self._fail(f"the file ends here, expected {meaning}; it may have been cut short")
        if found not in admitted:
            self._fail(f"expected {meaning}")
        self._at += 1
        return found

    def _peek(self) -> str:
        """The next character that is not blank, or nothing at the end of the file."""
        while True:
            self._at = skip_blank(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def _value(self) -> Any:
        """The JSON value that begins here; reads on while it may only be cut at the edge of a chunk."""
        if not self._peek():
            self._fail("the file ends here, it may have been cut short")
        while True:
            outcome = value_at(self.decoder, self._text, self._at)
            if isinstance(outcome, Problem):
                if len(self._text) - self._at > MAX_ELEMENT_CHARACTERS:
                    self._fail(f"an element has over {MAX_ELEMENT_CHARACTERS:,} characters", self._at)
                if outcome.final or not self._fill():
                    self._fail(
                        f"not readable as JSON ({outcome.text}); was the file cut or edited?", outcome.at
                    )
                continue
            value, end = outcome
            # A value that ends with the buffer may go on in the file: 12 of 1234.
            if end < len(self._text) or not self._fill():
                self._at = end
                return value

    def _fill(self) -> bool:
        """Drop what is behind us and read on; False at the end of the file."""
        chunk = self.file.read(CHUNK_BYTES)
        text = self._decoded(chunk)
        if not chunk:
            return False
        self._know_place()
        self._text = self._text[self._at :] + text
        self._at = self._known = 0
        return True

    def _decoded(self, chunk: bytes) -> str:
        try:
            return self._utf8.decode(chunk, final=not chunk)
        except UnicodeDecodeError as exc:
            readable = exc.object[: exc.start].decode()
        self._text += readable
        return self._fail("is not UTF-8 from here on", len(self._text))

    def _know_place(self) -> None:
        """Count lines up to here, each character once: the next place is counted from this one."""
        self._line, self._column = self._place(self._at)
        self._known = self._at

    def _place(self, at: int) -> tuple[int, int]:
        """Line and column in the file of an index into the buffer that is not behind the known one."""
        newlines = self._text.count("\n", self._known, at)
        if newlines == 0:
            return self._line, self._column + at - self._known
        return self._line + newlines, at - self._text.rfind("\n", self._known, at)

    def _fail(self, problem: str, at: int | None = None) -> NoReturn:
        line, column = self._place(self._at if at is None else at)
        raise Spot(file=self.name, line=line, column=column).fault(problem)
