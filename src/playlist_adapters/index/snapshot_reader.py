"""One finished snapshot file, opened for searching."""

import json
from array import array
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

import apsw
from attrs import define, field

from playlist_adapters.index.finding import Finding
from playlist_adapters.index.place_sets import PlaceSets
from playlist_adapters.index.recent import Recent
from playlist_adapters.index.snapshot_writer import APPLICATION_ID, LAYOUT_VERSION
from playlist_adapters.index.texts import loaded, stored
from playlist_core.domain.catalog import (
    CatalogItem,
    SearchPage,
    SearchQuery,
    SnapshotInfo,
    count_categories,
    no_snapshot,
)
from playlist_core.domain.search import Vocabulary, answer
from playlist_core.errors import Unavailable

_KEPT_ITEMS = 8_000
# What reading a file raises that was written by nobody, or in part: in SQLite, in texts, in sets of places.
_DAMAGE = (apsw.Error, ValueError, IndexError, TypeError)
_ITEM = "SELECT place, video_id, title, categories, duration_seconds, thumbnail_url FROM items"
_CATEGORY_SETS = "SELECT categories, count(*) FROM items GROUP BY categories"


@define(eq=False, kw_only=True)
class SnapshotReader:
    """One snapshot, opened for reading; the file may lose its name meanwhile.

    Reads take well under a millisecond and are meant for the event loop. In memory it keeps the folded
    titles, their words, and the items and sets used lately. Damage that shows while reading is Unavailable
    with code `index_unreadable`.
    """

    info: SnapshotInfo
    categories: dict[str, int]
    _db: apsw.Connection = field(alias="db")
    _finding: Finding = field(alias="finding")
    _kept: Recent[int, CatalogItem] = field(factory=lambda: Recent(_KEPT_ITEMS), init=False)
    _category_names: dict[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]], init=False)
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
            except _DAMAGE as exc:
                raise _unreadable() from exc
            on_failure.pop_all()
        return reader

    @classmethod
    def _load(cls, db: apsw.Connection) -> "SnapshotReader":
        if db.pragma("application_id") != APPLICATION_ID:
            raise ValueError("another program's file")
        if db.pragma("user_version") != LAYOUT_VERSION:
            raise Unavailable(
                "The catalogue index was made by another version: run a refresh to build it anew.",
                code="index_unreadable",
            )
        snapshot_id, source, created_at, item_count, category_count = db.execute("SELECT * FROM snapshot").get
        info = SnapshotInfo(
            snapshot_id=loaded(snapshot_id),
            source=loaded(source),
            created_at=datetime.fromisoformat(created_at),
            item_count=item_count,
            category_count=category_count,
        )
        folded = [words for (words,) in db.execute("SELECT folded FROM items ORDER BY place")]
        if len(folded) != item_count:
            raise ValueError("items are missing")
        sets = {tuple(json.loads(names)): items for names, items in db.execute(_CATEGORY_SETS)}
        return cls(
            info=info,
            categories=count_categories(sets),
            db=db,
            finding=Finding(PlaceSets.of(db), folded),
        )

    def close(self) -> None:
        self._db.close()

    def search(self, query: SearchQuery, *, limit: int, offset: int) -> SearchPage:
        try:
            return answer(query, partial(self._find, limit=limit, offset=offset), self._words)
        except _DAMAGE as exc:
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
        except _DAMAGE as exc:
            raise _unreadable() from exc
        return {item.video_id: item for _, item in items}

    def items_from(self, place: int, *, limit: int) -> list[CatalogItem]:
        """Up to `limit` items in natural order, from this place on; none behind the last."""
        places = range(place, min(place + limit, self.info.item_count))
        if not places:
            return []
        try:
            return [item for _, item in self._items("place IN carray(?) ORDER BY place", _array(places))]
        except apsw.ConnectionClosedError as exc:
            raise Unavailable("This snapshot is no longer kept: begin again.", code="snapshot_gone") from exc
        except _DAMAGE as exc:
            raise _unreadable() from exc

    def _words(self) -> Vocabulary:
        if self._vocabulary is None:
            counts = dict(self._db.execute("SELECT word, titles FROM vocabulary"))
            self._vocabulary = Vocabulary.of_counts(counts)
        return self._vocabulary

    def _find(self, query: SearchQuery, *, limit: int, offset: int) -> SearchPage:
        found = self._finding.matching(query)
        places = self._finding.page(query, found, limit=limit, offset=offset)
        return SearchPage(snapshot_id=self.info.snapshot_id, items=self._items_at(places), total=len(found))

    def _items_at(self, places: Sequence[int]) -> tuple[CatalogItem, ...]:
        missing = [place for place in places if self._kept.get(place) is None]
        if missing:
            for place, item in self._items("place IN carray(?)", _array(missing)):
                self._kept.put(place, item)
        # Memory for two pages and more: what was put there just now has not been forgotten.
        return tuple(item for item in map(self._kept.get, places) if item is not None)

    def _items(self, condition: str, binding: object) -> Iterator[tuple[int, CatalogItem]]:
        rows = self._db.execute(f"{_ITEM} WHERE {condition}", (binding,))
        for place, video_id, title, categories, seconds, thumbnail in rows:
            yield (
                place,
                CatalogItem(
                    video_id=loaded(video_id),
                    title=loaded(title),
                    categories=self._names(categories),
                    duration_seconds=seconds,
                    thumbnail_url=None if thumbnail is None else loaded(thumbnail),
                ),
            )

    def _names(self, categories: str) -> tuple[str, ...]:
        """Items with the same categories share them."""
        names = self._category_names.get(categories)
        if names is None:
            names = self._category_names[categories] = tuple(json.loads(categories))
        return names


def _array(places: Sequence[int]) -> object:
    return apsw.carray(array("q", places))


def _unreadable() -> Unavailable:
    return Unavailable(
        "The catalogue index is damaged or not ours: run a refresh to build it anew.", code="index_unreadable"
    )
