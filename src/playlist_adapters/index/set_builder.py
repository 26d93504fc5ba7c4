"""Writing the sets of places that a search combines, for what full-text search cannot answer fast.

A set is named by its kind and a text, and stored as a compressed bitmap:

- `letters`: the title, written without blanks, contains these letters: any one or two, and of longer ones
  those that full-text search would find many places for, which takes it long: frequent trigrams, and what
  frequent words begin with;
- `sign`: the raw title has this character, which folds to nothing (`%`, `-`);
- `word`: one of the title's words is this one; `start`: one begins with these one to three letters;
- `whole`: this counts as the whole title, if that is so for many;
- `title`: one of the texts that count as the whole title begins with these one to three letters, or with
  these more, if that is so for many;
- `category`: the item is in this category.
"""

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import apsw
from pyroaring import FrozenBitMap

from playlist_adapters.index.texts import loaded, stored
from playlist_core.domain.titles import fold

SCHEMA = """
CREATE TABLE sets (kind TEXT NOT NULL, name NOT NULL, places BLOB NOT NULL);
"""
# After the rows, so that it is built in one go.
_INDEX = "CREATE UNIQUE INDEX sets_name ON sets (kind, name)"

SHORT = 3
"""Up to so many letters, what a word or a title begins with has a set of its own."""

# So many places at least, and this share of all titles, make something frequent.
_MANY = 20
_SHARE = 200
# Longer beginnings of titles are rare: so many letters say which title is meant.
_LONGEST = 12
WHOLE = "SELECT place FROM wholes WHERE text = ?"
_FREQUENT_WHOLES = "SELECT text FROM wholes GROUP BY text HAVING count(*) >= ?"
_TRIGRAMS = "CREATE VIRTUAL TABLE temp.trigrams USING fts5vocab(main, joined, row)"
_FREQUENT = "SELECT term FROM temp.trigrams WHERE doc >= ?"
_CONTAINING = "SELECT rowid FROM joined WHERE joined MATCH ?"

AFTER_EVERY_LETTER = "\U0010ffff"
"""No character, so in no folded text: behind everything that begins with a text comes that text and this."""

Places = dict[str, "array[int]"]


def _no_places() -> Places:
    return defaultdict(lambda: array("I"))


def write_sets(db: apsw.Connection) -> None:
    """Fill `sets` from the finished tables `items`, `wholes` and `joined`."""
    for kind, sets in (
        ("letters", _letters(db)),
        ("sign", _signs(db)),
        ("whole", _frequent_wholes(db)),
        ("title", _beginnings_of_titles(db)),
        ("category", _categories(db)),
    ):
        _write(db, kind, sets)
    words = [(word, FrozenBitMap(places)) for word, places in sorted(_words(db).items())]
    _write(db, "letters", _frequent(db, words))
    _write(db, "word", words)
    _write(db, "start", _starts(words))
    db.execute(_INDEX)


def _write(db: apsw.Connection, kind: str, sets: Iterable[tuple[str, FrozenBitMap]]) -> None:
    rows = ((kind, stored(name), places.serialize()) for name, places in sets)
    db.executemany("INSERT INTO sets VALUES (?, ?, ?)", rows)


def _letters(db: apsw.Connection) -> Iterator[tuple[str, FrozenBitMap]]:
    found = _no_places()
    for place, folded in db.execute("SELECT place, folded FROM items ORDER BY place"):
        joined = folded.replace(" ", "")
        for letters in {*joined, *map(str.__add__, joined, joined[1:])}:
            found[letters].append(place)
    return ((letters, FrozenBitMap(places)) for letters, places in found.items())


def _signs(db: apsw.Connection) -> Iterator[tuple[str, FrozenBitMap]]:
    found = _no_places()
    for place, title in db.execute("SELECT place, title FROM items ORDER BY place"):
        for character in set(loaded(title)):
            found[character].append(place)
    return ((sign, FrozenBitMap(places)) for sign, places in found.items() if is_sign(sign))


def is_sign(character: str) -> bool:
    """Whether a character by itself says nothing to a search by words."""
    return not fold(character)


def _frequent(
    db: apsw.Connection, words: Iterable[tuple[str, FrozenBitMap]]
) -> Iterator[tuple[str, FrozenBitMap]]:
    many = _many(db)
    db.execute(_TRIGRAMS)
    letters = [str(term) for (term,) in db.execute(_FREQUENT, (many,))]
    beginnings = Counter[str]()
    for word, places in words:
        beginnings.update({word[:end]: len(places) for end in range(SHORT + 1, len(word) + 1)})
    letters += (beginning for beginning, titles in beginnings.items() if titles >= many)
    for each in letters:
        yield each, _placed(db.execute(_CONTAINING, (f'"{each}"',)))


def _words(db: apsw.Connection) -> Places:
    found = _no_places()
    for place, folded in db.execute("SELECT place, folded FROM items ORDER BY place"):
        for word in set(folded.split()):
            found[word].append(place)
    return found


def _starts(words: Iterable[tuple[str, FrozenBitMap]]) -> Iterator[tuple[str, FrozenBitMap]]:
    found: dict[str, list[FrozenBitMap]] = defaultdict(list)
    for word, places in words:
        for start in _beginnings(word):
            found[start].append(places)
    return ((start, FrozenBitMap.union(*sets)) for start, sets in found.items())


def _frequent_wholes(db: apsw.Connection) -> list[tuple[str, FrozenBitMap]]:
    texts = [str(text) for (text,) in db.execute(_FREQUENT_WHOLES, (_many(db),))]
    return [(text, _placed(db.execute(WHOLE, (text,)))) for text in texts]


def _placed(rows: Iterable[tuple[Any, ...]]) -> FrozenBitMap:
    return FrozenBitMap(array("I", [place for (place,) in rows]))


def _beginnings_of_titles(db: apsw.Connection) -> Iterator[tuple[str, FrozenBitMap]]:
    """In one pass over the texts in order: those with the same beginning stand together."""
    many = _many(db)
    places, previous = array("I"), ""
    since = [0] * (_LONGEST + 1)  # by length: where the texts with the beginning of `previous` begin
    last: tuple[str, int] = ("", 0)
    for text, place in chain(db.execute("SELECT text, place FROM wholes ORDER BY text"), [last]):
        same = _in_common(previous, text)
        for length in range(same + 1, min(len(previous), _LONGEST) + 1):
            if length <= SHORT or len(places) - since[length] >= many:
                yield previous[:length], FrozenBitMap(places[since[length] :])
        for length in range(same + 1, min(len(text), _LONGEST) + 1):
            since[length] = len(places)
        places.append(place)
        previous = text


def _in_common(one: str, other: str) -> int:
    """How many letters two texts have in common at their beginning."""
    at = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        at += 1
    return at


def _many(db: apsw.Connection) -> int:
    """How many places make something frequent."""
    return max(_MANY, db.execute("SELECT count(*) FROM items").get // _SHARE)


def _beginnings(text: str) -> set[str]:
    return {text[:length] for length in range(1, SHORT + 1)}


def _categories(db: apsw.Connection) -> Iterator[tuple[str, FrozenBitMap]]:
    found = _no_places()
    for place, names in db.execute("SELECT place, categories FROM items WHERE categories != '[]'"):
        for name in set(json.loads(names)):
            found[name].append(place)
    return ((name, FrozenBitMap(places)) for name, places in found.items())
