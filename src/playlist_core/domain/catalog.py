"""Catalogue items and the one definition of what a search finds and in which order."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum, StrEnum

from attrs import evolve, field, frozen

from playlist_core.domain.titles import TitleText, category_key, fold
from playlist_core.errors import Conflict, InvalidInput, Unavailable

MAX_QUERY_LENGTH = 500


@frozen(kw_only=True, cache_hash=True)
class CatalogItem:
    """One title of the MediaCMS catalogue (spec: catalog-refresh 4.1).

    `title` is as the site has it, mostly a file name; `duration_seconds` is None when unknown.
    """

    video_id: str
    title: str
    categories: tuple[str, ...] = ()
    duration_seconds: int | None = None
    thumbnail_url: str | None = None


@frozen(kw_only=True)
class SnapshotInfo:
    """A time-frozen state of the catalogue."""

    snapshot_id: str
    source: str
    created_at: datetime
    item_count: int
    category_count: int


@frozen(kw_only=True)
class SearchPage:
    """One page of a search; `corrected` is the query that answered instead of one that found nothing."""

    snapshot_id: str
    items: tuple[CatalogItem, ...]
    total: int
    corrected: str | None = None


def count_categories(sets: Mapping[tuple[str, ...], int]) -> dict[str, int]:
    """Each category with its number of items, by order number and name, from the sets of categories that
    items have and the number of items with each set."""
    counts = Counter[str]()
    for names, items in sets.items():
        counts.update(dict.fromkeys(names, items))
    return {name: counts[name] for name in sorted(counts, key=category_key)}


def no_snapshot() -> Unavailable:
    """What every question about the catalogue meets before its first snapshot."""
    return Unavailable("There is no catalogue yet: run a refresh first.", code="no_snapshot")


def refresh_in_progress(run_id: str | None = None) -> Conflict:
    """What a second refresh at the same time meets; `details` name the run under way, where it is known."""
    details = {} if run_id is None else {"run_id": run_id}
    return Conflict("The catalogue is being refreshed already.", code="refresh_in_progress", **details)


@frozen
class IndexedItem:
    """An item with its title prepared for searching."""

    item: CatalogItem
    text: TitleText

    @classmethod
    def of(cls, item: CatalogItem) -> "IndexedItem":
        return cls(item, TitleText.of(item.title))


class CategoryMatch(StrEnum):
    """Whether one of the categories asked for is enough."""

    ANY = "any"
    ALL = "all"


class Rank(IntEnum):
    """How well a title fits, best first (CONTRACTS section 2, Catalogue).

    `ACROSS_WORDS` is the weak end of "inside words": the word only appears when words are written together,
    as `star` does in Lost Ark.
    """

    WHOLE_TITLE = 0
    PREFIX = 1
    WHOLE_WORDS = 2
    WORD_STARTS = 3
    INSIDE_WORDS = 4
    ACROSS_WORDS = 5


@frozen
class SearchQuery:
    """What somebody looks for. `matches` and `order` are the only definition of search.

    Each of `words` (folded, as typed, repeated ones too) must occur in the folded title written without
    blanks, so `spiderman`, `spider man` and `der-m` all find Spider-Man; `&` is the word `and`. Each of
    `literals`, the words that fold to nothing (`%`, `???`), must occur in the raw title. `categories` are
    exact names as stored, of which one must be there or, by `match`, all.
    """

    text: str = ""
    words: tuple[str, ...] = field(default=(), kw_only=True)
    literals: tuple[str, ...] = field(default=(), kw_only=True)
    categories: tuple[str, ...] = field(default=(), kw_only=True)
    match: CategoryMatch = field(default=CategoryMatch.ANY, kw_only=True)

    @classmethod
    def parse(cls, text: str, categories: Sequence[str] = (), *, match: str = "any") -> "SearchQuery":
        """Any text is a query, nothing in it is syntax; the empty one matches everything.

        Raises InvalidInput for text over 500 characters or a `match` other than `any` and `all`.
        """
        if len(text) > MAX_QUERY_LENGTH:
            raise InvalidInput.of("q", f"is longer than {MAX_QUERY_LENGTH} characters")
        try:
            category_match = CategoryMatch(match)
        except ValueError as exc:
            raise InvalidInput.of("match", "is either any or all") from exc
        typed = [(word, fold(word).split()) for word in text.split()]
        return cls(
            text,
            words=tuple(word for _, words in typed for word in words),
            literals=tuple(word for word, words in typed if not words),
            categories=tuple(categories),
            match=category_match,
        )

    def respelled(self, words: Iterable[str]) -> "SearchQuery":
        """The same query with other words; its text is what somebody would type for it."""
        words = tuple(words)
        return evolve(self, text=" ".join((*words, *self.literals)), words=words)

    def matches(self, entry: IndexedItem) -> bool:
        joined = entry.text.folded.replace(" ", "")
        return (
            all(word in joined for word in self.words)
            and all(literal in entry.text.raw for literal in self.literals)
            and self.admits(entry.item.categories)
        )

    def admits(self, categories: Collection[str]) -> bool:
        """Whether an item in these categories passes the filter; without a filter every item does."""
        if not self.categories:
            return True
        wanted = all if self.match is CategoryMatch.ALL else any
        return wanted(name in categories for name in self.categories)

    def order(self, entry: IndexedItem) -> tuple[Rank, str, str]:
        """The sort key of a match: rank, natural order, `video_id`; no two items share a place."""
        return self.rank(entry.text), entry.text.natural, entry.item.video_id

    def rank(self, text: TitleText) -> Rank:
        """How well a matching title fits; all the same for a query without words."""
        typed = "".join(self.words)
        if not typed or typed in text.wholes:
            return Rank.WHOLE_TITLE
        if any(whole.startswith(typed) for whole in text.wholes):
            return Rank.PREFIX
        return self.place(text.folded)

    def place(self, folded: str) -> Rank:
        """Where the words stand in a folded title, the worst place counting: `WHOLE_WORDS` or below."""
        padded = f" {folded} "
        worst = Rank.WHOLE_WORDS
        for word in self.words:
            if f" {word} " in padded:
                continue
            if f" {word}" in padded:
                place = Rank.WORD_STARTS
            elif word in padded:
                place = Rank.INSIDE_WORDS
            else:
                place = _place_across(word, padded)
            if place > worst:
                worst = place
        return worst


def _place_across(word: str, padded: str) -> Rank:
    """Where a word stands that only appears when the words of the title are written together."""
    best = Rank.ACROSS_WORDS
    for end in range(1, len(word)):
        part = f" {word[:end]} "
        at = padded.find(part)
        while at >= 0:  # a word of the title is the beginning of it
            best = min(best, _place_of_rest(word[end:], padded[at + len(part) :]))
            if best is Rank.WHOLE_WORDS:
                return best
            at = padded.find(part, at + 1)
    return best


def _place_of_rest(rest: str, following: str) -> Rank:
    """How the words that follow go on with a word of which some are behind us: as a whole, as far, or not."""
    for part in following.split():
        if rest == part:
            return Rank.WHOLE_WORDS
        if not rest.startswith(part):
            return Rank.WORD_STARTS if part.startswith(rest) else Rank.ACROSS_WORDS
        rest = rest[len(part) :]
    return Rank.ACROSS_WORDS
