"""Searching one finished snapshot file: SQLite finds long words, lists in memory the rest."""

import json
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import apsw
from attrs import define, field

from playlist_adapters.index.snapshot_builder import APPLICATION_ID, LAYOUT_VERSION, loaded, stored
from playlist_core.domain.catalog import (
    CatalogItem,
    CategoryMatch,
    Rank,
    SearchPage,
    SearchQuery,
    SnapshotInfo,
    count_categories,
    no_snapshot,
)
from playlist_core.domain.search import Vocabulary, answer
from playlist_core.errors import Unavailable

# Shorter words have no trigram.
_TRIGRAM = 3
_AFTER_EVERY_LETTER = "\U0010ffff"  # no character, so in no folded text

_ITEM = "SELECT place, video_id, title, duration_seconds, thumbnail_url FROM items"
_MATCHING = "SELECT rowid FROM joined WHERE joined MATCH ? ORDER BY rowid"
_WHOLE = "SELECT place FROM wholes WHERE text = ? ORDER BY place"
_PREFIX = "SELECT DISTINCT place FROM wholes WHERE text > ? AND text < ? ORDER BY place"
# Bytes, so that it is exact for every title; UTF-8 finds characters only where characters begin.
_PLACES = "SELECT place FROM items WHERE true"
_AND_CONTAINS = " AND instr(CAST(title AS BLOB), ?)"


@define(eq=False, kw_only=True)
class SnapshotReader:
    """One snapshot, opened for reading; the file may lose its name meanwhile.

    Reads take well under a millisecond and are meant for the event loop. In memory it keeps the folded
    titles, with and without blanks, and a number for the set of categories of each item. Damage that
    shows while reading is Unavailable with code `index_unreadable`.
    """

    info: SnapshotInfo
    categories: dict[str, int]
    _db: apsw.Connection = field(alias="db")
    _folded: Sequence[str] = field(alias="folded")
    _joined: Sequence[str] = field(alias="joined")
    _category_sets: Sequence[tuple[str, ...]] = field(alias="category_sets")
    _category_set_at: Sequence[int] = field(alias="category_set_at")
    _sets_with: dict[str, set[int]] = field(alias="sets_with")
    _vocabulary: Vocabulary | None = field(default=None, init=False)

    @classmethod
    def open(cls, path: Path) -> "SnapshotReader":
        """Load the file at `path`; blocking. Unavailable if it is missing (`no_snapshot`) or not readable."""
        if not path.exists():
            raise no_snapshot()
        # Immutable: a snapshot is only ever replaced as a whole, so it needs no locks and no journal.
        uri = f"{path.absolute().as_uri()}?immutable=1"
        with ExitStack() as on_failure:
            try:
                db = apsw.Connection(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
                on_failure.callback(db.close)
                reader = cls._load(db)
            except (apsw.Error, ValueError, TypeError) as exc:
                raise _unreadable() from exc
            on_failure.pop_all()
        return reader

    @classmethod
    def _load(cls, db: apsw.Connection) -> "SnapshotReader":
        if (db.pragma("application_id"), db.pragma("user_version")) != (APPLICATION_ID, LAYOUT_VERSION):
            raise ValueError("another program's file, or another version's")
        snapshot_id, source, created_at, item_count, category_count = db.execute("SELECT * FROM snapshot").get
        info = SnapshotInfo(
            snapshot_id=loaded(snapshot_id),
            source=loaded(source),
            created_at=datetime.fromisoformat(created_at),
            item_count=item_count,
            category_count=category_count,
        )
        folded: list[str] = []
        numbers: dict[str, int] = {}
        set_at = array("L")
        for words, categories in db.execute("SELECT folded, categories FROM items ORDER BY place"):
            folded.append(words)
            set_at.append(numbers.setdefault(categories, len(numbers)))
        if len(folded) != item_count:
            raise ValueError("items are missing")
        sets = [tuple(json.loads(categories)) for categories in numbers]
        counts = Counter(set_at)
        return cls(
            info=info,
            categories=count_categories({names: counts[number] for number, names in enumerate(sets)}),
            db=db,
            folded=folded,
            joined=[words.replace(" ", "") for words in folded],
            category_sets=sets,
            category_set_at=set_at,
            sets_with=_sets_with(sets),
        )

    def close(self) -> None:
        self._db.close()

    def search(self, query: SearchQuery, *, limit: int, offset: int) -> SearchPage:
        try:
            return answer(query, partial(self._find, limit=limit, offset=offset), self._words)
        except (apsw.Error, UnicodeDecodeError) as exc:
            raise _unreadable() from exc

    def get_many(self, video_ids: Collection[str]) -> dict[str, CatalogItem]:
        """Those of the ids that are in the snapshot."""
        # An array of texts ends each at a NUL, and BLOBs are no texts: those few are asked for one by one.
        keys = [stored(video_id) for video_id in video_ids]
        plain = tuple(key for key in keys if isinstance(key, str) and "\0" not in key)
        try:
            items = list(self._items("video_id IN carray(?)", apsw.carray(plain))) if plain else []
            for key in set(keys).difference(plain):
                items += self._items("video_id = ?", key)
        except (apsw.Error, UnicodeDecodeError) as exc:
            raise _unreadable() from exc
        return {item.video_id: item for _, item in items}

    def _words(self) -> Vocabulary:
        if self._vocabulary is None:
            counts = dict(self._db.execute("SELECT word, titles FROM vocabulary"))
            self._vocabulary = Vocabulary.of_counts(counts)
        return self._vocabulary

    def _find(self, query: SearchQuery, *, limit: int, offset: int) -> SearchPage:
        places = self._matching(query)
        if query.words:
            end = min(offset + limit, len(places))
            page = list(islice(self._best_first(query, places), end))[offset:]
        else:
            page = list(places[offset : offset + limit])
        return SearchPage(snapshot_id=self.info.snapshot_id, items=self._items_at(page), total=len(places))

    def _matching(self, query: SearchQuery) -> Sequence[int]:
        """The places of all matches, ascending: `SearchQuery.matches` in other words."""
        phrases = {word for word in query.words if len(word) >= _TRIGRAM}
        places: Sequence[int] = range(len(self._joined))
        if phrases:
            # Folded words have no quotation marks; quoted, nothing in them is syntax.
            expression = " AND ".join(f'"{word}"' for word in phrases)
            places = [place for (place,) in self._db.execute(_MATCHING, (expression,))]
        joined = self._joined
        for word in set(query.words).difference(phrases):
            places = [place for place in places if word in joined[place]]
        if query.categories:
            admitted, set_at = self._admitted(query), self._category_set_at
            places = [place for place in places if set_at[place] in admitted]
        if query.literals:
            containing = self._containing(dict.fromkeys(query.literals))
            places = [place for place in places if place in containing]
        return places

    def _containing(self, literals: Collection[str]) -> set[int]:
        """Where the raw title contains all of these: one pass, however many there are."""
        keys = [literal.encode(errors="surrogatepass") for literal in literals]
        return {place for (place,) in self._db.execute(_PLACES + _AND_CONTAINS * len(keys), keys)}

    def _admitted(self, query: SearchQuery) -> set[int]:
        """The category sets that pass the filter: `SearchQuery.admits` in other words."""
        of_each = [self._sets_with.get(name, set[int]()) for name in query.categories]
        return set.intersection(*of_each) if query.match is CategoryMatch.ALL else set.union(*of_each)

    def _best_first(self, query: SearchQuery, places: Sequence[int]) -> Iterator[int]:
        """The matches by `SearchQuery.rank`, and ascending within a rank; no more is ranked than is taken."""
        matching = set(places)
        typed = "".join(query.words)
        taken: set[int] = set()
        for sql, bindings in ((_WHOLE, (typed,)), (_PREFIX, (typed, typed + _AFTER_EVERY_LETTER))):
            for (place,) in self._db.execute(sql, bindings):
                if place in matching and place not in taken:
                    taken.add(place)
                    yield place
        later: dict[Rank, list[int]] = {rank: [] for rank in Rank}
        for place in places:
            if place not in taken:
                rank = query.place(self._folded[place])
                if rank is Rank.WHOLE_WORDS:
                    yield place
                else:
                    later[rank].append(place)
        for rank in Rank:
            yield from later[rank]

    def _items_at(self, places: Sequence[int]) -> tuple[CatalogItem, ...]:
        if not places:
            return ()
        items = dict(self._items("place IN carray(?)", apsw.carray(array("q", places))))
        return tuple(items[place] for place in places)

    def _items(self, condition: str, binding: object) -> Iterator[tuple[int, CatalogItem]]:
        rows = self._db.execute(f"{_ITEM} WHERE {condition}", (binding,))
        for place, video_id, title, seconds, thumbnail in rows:
            yield (
                place,
                CatalogItem(
                    video_id=loaded(video_id),
                    title=loaded(title),
                    categories=self._category_sets[self._category_set_at[place]],
                    duration_seconds=seconds,
                    thumbnail_url=None if thumbnail is None else loaded(thumbnail),
                ),
            )


def _sets_with(sets: Iterable[tuple[str, ...]]) -> dict[str, set[int]]:
    """For each category the numbers of the sets that contain it."""
    numbers: dict[str, set[int]] = {}
    for number, names in enumerate(sets):
        for name in names:
            numbers.setdefault(name, set()).add(number)
    return numbers


def _unreadable() -> Unavailable:
    return Unavailable(
        "The catalogue index is damaged or not ours: run a refresh to build it anew.", code="index_unreadable"
    )
