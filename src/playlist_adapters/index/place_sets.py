"""Which places of a snapshot contain something, begin with it or belong to it, as compressed sets."""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence

import apsw
from attrs import define, field
from pyroaring import FrozenBitMap

from playlist_adapters.index.recent import Recent
from playlist_adapters.index.set_builder import AFTER_EVERY_LETTER, SHORT, WHOLE, is_sign
from playlist_adapters.index.texts import stored

NOWHERE = FrozenBitMap()
_KEPT_SETS = 1_000
_TRIGRAM = 3  # full-text search knows no shorter words

_SET = "SELECT places FROM sets WHERE kind = ? AND name = ?"
_WORDS = "SELECT name FROM sets WHERE kind = 'word' ORDER BY name"
_MATCHING = "SELECT rowid FROM joined WHERE joined MATCH ?"
_BEGINNING = "SELECT place FROM wholes WHERE text >= ? AND text < ?"
# Bytes, so that it is exact for every title; UTF-8 finds characters only where characters begin.
_AMONG = "SELECT place FROM items WHERE place IN carray(?)"
_AND_CONTAINS = " AND instr(CAST(title AS BLOB), ?)"


@define(eq=False)
class PlaceSets:
    """The sets of one snapshot file; those used lately stay in memory, up to some thousand.

    The words asked for are folded. A damaged file raises apsw.Error, ValueError or IndexError.
    """

    _db: apsw.Connection
    _words: Sequence[str] = field(alias="words")
    _kept: Recent[tuple[str, str], FrozenBitMap] = field(factory=lambda: Recent(_KEPT_SETS), init=False)

    @classmethod
    def of(cls, db: apsw.Connection) -> "PlaceSets":
        return cls(db, words=[name for (name,) in db.execute(_WORDS)])

    def containing(self, words: Collection[str]) -> FrozenBitMap:
        """Where the title, written without blanks, contains each of these words, of which there are some."""
        sets: list[FrozenBitMap] = []
        long: list[str] = []
        for word in words:
            places = self._stored("letters", word)
            if places or len(word) < _TRIGRAM:
                sets.append(places)
            else:
                long.append(word)
        if long and all(sets):
            # Folded words have no quotation marks; quoted, nothing in them is syntax.
            sets.append(self._rows(_MATCHING, " AND ".join(f'"{word}"' for word in long)))
        return sets[0] if len(sets) == 1 else FrozenBitMap.intersection(*sets)

    def of_signs(self, literals: Iterable[str]) -> list[FrozenBitMap]:
        """For each character of these words, which fold to nothing, where the raw title has it."""
        return [self._stored("sign", sign) for sign in sorted(set().union(*literals)) if is_sign(sign)]

    def containing_literally(self, literals: Iterable[str], among: FrozenBitMap) -> FrozenBitMap:
        """At which of these places the raw title contains all of these, looked at one by one."""
        keys = [literal.encode(errors="surrogatepass") for literal in dict.fromkeys(literals)]
        places = apsw.carray(array("q", among))
        return self._rows(_AMONG + _AND_CONTAINS * len(keys), places, *keys)

    def category(self, name: str) -> FrozenBitMap:
        """The items in this category."""
        return self._stored("category", name)

    def whole_title(self, typed: str) -> FrozenBitMap:
        """Where this, without blanks, counts as the whole title."""
        return self._stored("whole", typed) or self._rows(WHOLE, typed)

    def beginning(self, typed: str) -> FrozenBitMap:
        """Where one of the texts that count as the whole title begins with this."""
        places = self._stored("title", typed)
        if places or len(typed) <= SHORT:
            return places
        return self._rows(_BEGINNING, typed, typed + AFTER_EVERY_LETTER)

    def word(self, word: str) -> FrozenBitMap:
        """Where one of the title's words is this one."""
        return self._stored("word", word)

    def start(self, word: str) -> FrozenBitMap:
        """Where one of the title's words begins with this one, or is it."""
        if len(word) <= SHORT:
            return self._stored("start", word)
        return self._united(self._beginning_with(word))

    def parted(self, word: str) -> FrozenBitMap:
        """Where one of the title's words is a beginning of this one, shorter than it."""
        beginnings = (word[:length] for length in range(1, len(word)))
        return self._united(self._known(beginnings))

    def _beginning_with(self, word: str) -> Sequence[str]:
        first = bisect_left(self._words, word)
        return self._words[first : bisect_left(self._words, word + AFTER_EVERY_LETTER, first)]

    def _known(self, beginnings: Iterable[str]) -> list[str]:
        """Those that are words of titles. They come by length: behind one that begins no word, none is."""
        known: list[str] = []
        words, at = self._words, 0
        for beginning in beginnings:
            at = bisect_left(words, beginning, at)
            if at == len(words) or not words[at].startswith(beginning):
                break
            if words[at] == beginning:
                known.append(beginning)
        return known

    def _united(self, words: Sequence[str]) -> FrozenBitMap:
        if not words:
            return NOWHERE
        return FrozenBitMap.union(*(self.word(word) for word in words))

    def _stored(self, kind: str, name: str) -> FrozenBitMap:
        places = self._kept.get((kind, name))
        if places is None:
            row = self._db.execute(_SET, (kind, stored(name))).get
            places = NOWHERE if row is None else FrozenBitMap.deserialize(row)
            self._kept.put((kind, name), places)
        return places

    def _rows(self, sql: str, *bindings: object) -> FrozenBitMap:
        return FrozenBitMap(array("I", [place for (place,) in self._db.execute(sql, bindings)]))
