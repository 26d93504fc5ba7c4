"""What a query finds in one snapshot and in which order: `SearchQuery` in terms of sets of places."""

from collections.abc import Iterator, Sequence

from attrs import define
from pyroaring import FrozenBitMap

from playlist_adapters.index.place_sets import NOWHERE, PlaceSets
from playlist_core.domain.catalog import CategoryMatch, Rank, SearchQuery

# So few are looked at one by one sooner than their sets are put together.
_FEW = 16

_Tier = Sequence[int] | FrozenBitMap


@define(eq=False)
class Finding:
    """Places ascend in natural order, so what is ascending is sorted; `folded` are the titles by place."""

    sets: PlaceSets
    folded: Sequence[str]

    def matching(self, query: SearchQuery) -> FrozenBitMap:
        """The places of all matches: `SearchQuery.matches` in other words."""
        found: list[FrozenBitMap] = []
        if query.words:
            found.append(self.sets.containing(set(query.words)))
        if query.categories:
            found.append(self._admitted(query))
        if query.literals:
            found += self.sets.of_signs(query.literals)
        if not found:
            return FrozenBitMap(range(len(self.folded)))
        places = found[0] if len(found) == 1 else FrozenBitMap.intersection(*found)
        longer = [literal for literal in query.literals if len(literal) > 1]
        return self.sets.containing_literally(longer, places) if longer and places else places

    def _admitted(self, query: SearchQuery) -> FrozenBitMap:
        """The items that pass the filter: `SearchQuery.admits` in other words."""
        of_each = [self.sets.category(name) for name in query.categories]
        if len(of_each) == 1:
            return of_each[0]
        combine = FrozenBitMap.intersection if query.match is CategoryMatch.ALL else FrozenBitMap.union
        return combine(*of_each)

    def page(self, query: SearchQuery, found: FrozenBitMap, *, limit: int, offset: int) -> list[int]:
        """Of the matches `found` those from `offset` on, at most `limit`, by `SearchQuery.order`.

        No more is ranked than the page needs.
        """
        page: list[int] = []
        for tier in self._tiers(query, found, offset + limit):
            if offset >= len(tier):
                offset -= len(tier)
                continue
            page.extend(tier[offset : offset + limit - len(page)])
            if len(page) == limit:
                break
            offset = 0
        return page

    def _tiers(self, query: SearchQuery, found: FrozenBitMap, enough: int) -> Iterator[_Tier]:
        """The matches rank by rank, each rank ascending; behind the first `enough` they may be wanting."""
        if not query.words or len(found) < 2:
            yield found
            return
        typed = "".join(query.words)
        whole = self.sets.whole_title(typed) & found
        yield whole
        prefix = (self.sets.beginning(typed) & found) - whole
        yield prefix
        rest = found - whole - prefix
        if len(rest) <= _FEW:
            yield sorted(rest, key=lambda place: query.place(self.folded[place]))
        else:
            yield from self._by_place(set(query.words), rest, enough)

    def _by_place(self, words: set[str], rest: FrozenBitMap, enough: int) -> Iterator[_Tier]:
        """By where the words stand, as `SearchQuery.place` says: the worst place of them counts."""
        across = {word: self._across(word, rest) for word in words}
        whole = FrozenBitMap.intersection(rest, *(self.sets.word(w) | across[w][0] for w in words))
        yield whole
        rest -= whole
        starts = {word: self.sets.start(word) | across[word][0] | across[word][1] for word in words}
        start = FrozenBitMap.intersection(rest, *starts.values())
        yield start
        rest -= start
        yield from self._inside(starts, rest, enough)

    def _across(self, word: str, rest: FrozenBitMap) -> tuple[FrozenBitMap, FrozenBitMap]:
        """Where the word only appears when words are written together, and is whole, or a start, even so."""
        placed: dict[Rank, list[int]] = {Rank.WHOLE_WORDS: [], Rank.WORD_STARTS: []}
        alone = SearchQuery(words=(word,))
        for place in self.sets.parted(word) & rest:
            title = self.folded[place]
            if word not in title:
                rank = alone.place(title)
                if rank in placed:
                    placed[rank].append(place)
        return FrozenBitMap(placed[Rank.WHOLE_WORDS]), FrozenBitMap(placed[Rank.WORD_STARTS])

    def _inside(
        self, starts: dict[str, FrozenBitMap], rest: FrozenBitMap, enough: int
    ) -> tuple[_Tier, _Tier]:
        """The others: first where each word stands inside one word of the title, or better; then the rest."""
        longer = [(word, at_start) for word, at_start in starts.items() if len(word) > 1]
        if not longer:
            return rest, NOWHERE
        inside: list[int] = []
        beyond: list[int] = []
        for place in rest:
            title = self.folded[place]
            for word, at_start in longer:
                if word not in title and place not in at_start:
                    beyond.append(place)
                    break
            else:
                inside.append(place)
                if len(inside) == enough:
                    break
        return inside, beyond
