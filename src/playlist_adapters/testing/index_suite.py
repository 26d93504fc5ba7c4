"""The contract of `CatalogIndex` as tests: whoever writes an adapter inherits them and gives the fixture.

    pytest.register_assert_rewrite("playlist_adapters.testing.index_suite")  # before the import

    class TestMyIndex(IndexContract):
        @pytest.fixture
        def index(self): ...

The fixture `index` is an index that never had a snapshot. `by_definition` says what the core finds.
"""
# ruff: noqa: S101 - a suite asserts

from collections.abc import Sequence
from contextlib import aclosing

import anyio
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.catalog import CatalogItem, IndexedItem, SearchPage, SearchQuery, SnapshotInfo
from playlist_core.domain.search import Vocabulary, answer
from playlist_core.errors import Conflict, PlaylistError, Unavailable
from playlist_core.ports import CatalogIndex

# Nothing of this is syntax, whatever it may be to SQL, FTS5, LIKE, a shell or a terminal.
HOSTILE_TEXTS = [
    "'; DROP TABLE items; --",
    '"',
    '""" OR "" = "',
    "title:star",
    "star AND (wars OR NOT trek)",
    "NEAR(star wars, 3)",
    "star*",
    "^star",
    "-star + wars",
    "{star} : [wars]",
    "%",
    "_",
    "%%% ___",
    "\\",
    "???",
    "\0",
    "star\0wars",
    "\ud800",
    "\udfff\ud800 x",
    "🎃",
    "👩‍👩‍👧‍👦 star",
    "\u202estar\u202c",
    "\u200fشبح",
    "<script>alert(1)</script>",
    "$(reboot) `id`",
    "\r\n\t\v\x1b[31m",
    "İıſßﬀK",
    "à la carte",
    "x" * 500,
    "a " * 250,
    "% " * 250,
    " ".join(map(chr, range(0x2190, 0x2190 + 250))),
    "abc " * 125,
]
# Where two of them meet, generated queries find something.
_PIECES = st.sampled_from([
    "star", "Wars", "trek", "Spider-Man", "WALL·E", "a", "of", "The", "V.I.P.", "&", "and", "don't", "%", "?",
    "[1977]", "2", "10", ".mp4", "720p", "Amélie", "étoile", "ガ", "カ", "Дракула", "🎃", "\0", "\ud800", "∕",
])  # fmt: skip
_ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates too
_TITLES = st.lists(_PIECES | _ANY_TEXT, max_size=5).flatmap(
    lambda parts: st.sampled_from([" ", ".", "", "_", "-"]).map(lambda gap: gap.join(parts))
)
_CATEGORY = st.sampled_from(["Movies", "2.Horror", "10.TV", "Anime アニメ", "%", "\ud800", ""])
_ITEMS = st.lists(
    st.builds(
        CatalogItem,
        video_id=st.sampled_from([f"v{n}" for n in range(30)]) | _ANY_TEXT,
        title=_TITLES,
        categories=st.lists(_CATEGORY, unique=True, max_size=3).map(tuple),
        duration_seconds=st.none() | st.integers(0, 100_000),
        thumbnail_url=st.none() | _ANY_TEXT,
    ),
    max_size=25,
)
_QUERIES = st.builds(
    lambda text, categories, match: SearchQuery.parse(text[:500], categories, match=match),
    st.lists(_PIECES | _ANY_TEXT, max_size=3).map(" ".join) | _TITLES,
    st.lists(_CATEGORY, max_size=2),
    st.sampled_from(["any", "all"]),
)


def movie(video_id: str, title: str, *categories: str, seconds: int | None = 5400) -> CatalogItem:
    return CatalogItem(video_id=video_id, title=title, categories=categories, duration_seconds=seconds)


FOUR_CHRISTMASES = movie("four", "Four.Christmases.[2008].mp4", "Movies", "Holiday & Christmas")
SPIDER_MAN = movie("spider", "Spider-Man.[2002].mp4", "Movies")
WALL_E = movie("wall", "WALL-E.[2008].mp4", "Movies", "Cartoons")
VIP = movie("vip", "V.I.P. S01E01 Beats Working at a Hot Dog Stand.mkv", "TV", seconds=None)
DARK_STAR = movie("dark", "Dark.Star.[1974].mp4", "Movies", "3. Sci-Fi")
LOST_ARK = movie("lost", "Raiders.of.the.Lost.Ark.[1981].mp4", "Movies")
MUSTARD = movie("mustard", "Mustard Bath.avi", "10.Drama")
STAR_10 = movie("part10", "Star Part 10.avi", "TV")
STAR_2 = movie("part2", "Star Part 2.avi", "TV")
STAR = movie("star", "Star!.[1968].mp4", "Movies")
STARSHIP = movie("troopers", "The.Starship.[1997].mp4", "3. Sci-Fi")
SAMPLE = (
    FOUR_CHRISTMASES, SPIDER_MAN, WALL_E, VIP, DARK_STAR, LOST_ARK, MUSTARD, STAR_10, STAR_2, STAR, STARSHIP
)  # fmt: skip


async def refresh(index: CatalogIndex, items: Sequence[CatalogItem], snapshot_id: str = "s1") -> None:
    async with index.rebuild(snapshot_id, source="the test", created_at=EPOCH) as writer:
        await writer.add(items)


async def all_of(index: CatalogIndex) -> list[CatalogItem]:
    """Everything that the index hands out, in the order it does."""
    async with aclosing(index.items()) as batches:
        return [item async for batch in batches for item in batch]


async def found(index: CatalogIndex, text: str, *categories: str, match: str = "any") -> list[CatalogItem]:
    """All that a query finds, in order; the total is checked on the way."""
    query = SearchQuery.parse(text, categories, match=match)
    page = await index.search(query, limit=200, offset=0)
    assert page.total == len(page.items)
    return list(page.items)


def by_definition(
    entries: Sequence[IndexedItem], query: SearchQuery, *, limit: int, offset: int, snapshot_id: str
) -> SearchPage:
    """What the core's own functions say a search over these items must answer."""

    def find(query: SearchQuery) -> SearchPage:
        matches = sorted((entry for entry in entries if query.matches(entry)), key=query.order)
        page = tuple(entry.item for entry in matches[offset : offset + limit])
        return SearchPage(snapshot_id=snapshot_id, items=page, total=len(matches))

    return answer(query, find, lambda: Vocabulary.of(entry.text.shown for entry in entries))


@pytest.mark.anyio
class IndexContract:
    """What every adapter does, whatever it stands on."""

    async def test_before_the_first_snapshot_every_read_says_so(self, index: CatalogIndex) -> None:
        page = index.search(SearchQuery(), limit=1, offset=0)
        for read in (page, index.get_many(["a"]), index.categories(), all_of(index)):
            with pytest.raises(Unavailable) as failure:
                await read
            assert failure.value.code == "no_snapshot"
        assert await index.state() is None

    async def test_a_rebuild_is_seen_as_a_whole_when_it_ends(self, index: CatalogIndex) -> None:
        await refresh(index, [STAR], "old")
        async with index.rebuild("new", source="here", created_at=EPOCH) as writer:
            await writer.add([DARK_STAR])
            await writer.add([MUSTARD])
            assert writer.count() == 2
            assert await found(index, "") == [STAR]

        assert await found(index, "") == [DARK_STAR, MUSTARD]
        assert await index.state() == SnapshotInfo(
            snapshot_id="new", source="here", created_at=EPOCH, item_count=2, category_count=3
        )

    async def test_a_rebuild_that_fails_leaves_what_was_there(self, index: CatalogIndex) -> None:
        await refresh(index, [STAR], "old")
        before = await index.state()
        with pytest.raises(PlaylistError):
            async with index.rebuild("new", source="here", created_at=EPOCH) as writer:
                await writer.add([MUSTARD])
                raise PlaylistError("the source broke off")

        assert await index.state() == before
        assert await found(index, "") == [STAR]

    async def test_a_first_rebuild_that_fails_leaves_no_snapshot(self, index: CatalogIndex) -> None:
        with pytest.raises(PlaylistError):
            async with index.rebuild("new", source="here", created_at=EPOCH) as writer:
                await writer.add([MUSTARD])
                raise PlaylistError("the source broke off")

        assert await index.state() is None

    async def test_a_rebuild_that_is_cancelled_leaves_what_was_there(self, index: CatalogIndex) -> None:
        await refresh(index, [STAR])
        with anyio.CancelScope() as scope:
            async with index.rebuild("new", source="here", created_at=EPOCH) as writer:
                await writer.add([MUSTARD])
                scope.cancel()
                await anyio.sleep_forever()

        assert await found(index, "") == [STAR]
        await refresh(index, [DARK_STAR], "later")
        assert await found(index, "") == [DARK_STAR]

    async def test_a_second_rebuild_at_the_same_time_is_refused(self, index: CatalogIndex) -> None:
        async with index.rebuild("one", source="here", created_at=EPOCH) as writer:
            await writer.add([STAR])
            with pytest.raises(Conflict) as refusal:
                await refresh(index, [MUSTARD], "two")
            assert refusal.value.code == "refresh_in_progress"

        assert await found(index, "") == [STAR]
        await refresh(index, [MUSTARD], "three")
        assert await found(index, "") == [MUSTARD]

    async def test_of_two_items_with_one_id_the_later_wins(self, index: CatalogIndex) -> None:
        later = evolve(STAR, title="Something.Else.mkv", categories=("TV",), duration_seconds=None)
        async with index.rebuild("s", source="here", created_at=EPOCH) as writer:
            await writer.add([STAR, MUSTARD])
            await writer.add([later, VIP, later])
            assert writer.count() == 3

        assert await index.get_many(["star"]) == {"star": later}
        assert await found(index, "something else") == [later]
        assert await found(index, "star") == [MUSTARD]
        assert await index.categories() == {"10.Drama": 1, "TV": 2}

    async def test_an_empty_snapshot_is_a_snapshot(self, index: CatalogIndex) -> None:
        await refresh(index, [], "empty")

        assert await index.search(SearchQuery.parse("star"), limit=50, offset=0) == SearchPage(
            snapshot_id="empty", items=(), total=0
        )
        assert await index.categories() == {}
        assert await index.get_many(["star"]) == {}

    async def test_everything_about_an_item_comes_back(self, index: CatalogIndex) -> None:
        items = [
            movie("a", "No length", seconds=None),
            movie("b", "Zero length", "Movies", seconds=0),
            CatalogItem(
                video_id="nul\0 and \ud800",
                title="\ud800\0",
                categories=("b", "\udfff", "a"),
                thumbnail_url="\ud9ab",
            ),
            CatalogItem(video_id="", title="", categories=("",), duration_seconds=1, thumbnail_url=""),
        ]
        await refresh(index, items)

        assert await index.get_many([item.video_id for item in items]) == {i.video_id: i for i in items}
        assert set(await found(index, "")) == set(items)

    async def test_ids_that_are_not_there_are_left_out(self, index: CatalogIndex) -> None:
        await refresh(index, SAMPLE)

        asked = ["star", "nobody", "star", "star\0", "STAR", "\ud800", "", "' OR 1=1 --", "vip"]
        assert await index.get_many(asked) == {"star": STAR, "vip": VIP}
        assert await index.get_many([]) == {}

    async def test_categories_come_in_natural_order_with_their_numbers_of_items(
        self, index: CatalogIndex
    ) -> None:
        await refresh(index, SAMPLE)

        assert list((await index.categories()).items()) == [
            ("3. Sci-Fi", 2),
            ("10.Drama", 1),
            ("Cartoons", 1),
            ("Holiday & Christmas", 1),
            ("Movies", 6),
            ("TV", 3),
        ]

    async def test_the_best_match_comes_first(self, index: CatalogIndex) -> None:
        await refresh(index, SAMPLE)

        assert await found(index, "star") == [
            STAR,  # the whole title
            STAR_2,  # it begins with the word; 2 before 10
            STAR_10,
            DARK_STAR,  # a whole word
            STARSHIP,  # a word begins with it
            MUSTARD,  # inside a word
            LOST_ARK,  # only when words are written together
        ]

    async def test_what_follows_a_prefix_may_be_of_any_script(self, index: CatalogIndex) -> None:
        japanese, cyrillic = movie("j", "Star ガメラ"), movie("c", "Starд")
        await refresh(index, [DARK_STAR, cyrillic, japanese])

        assert await found(index, "star") == [japanese, cyrillic, DARK_STAR]

    async def test_items_of_one_title_are_ordered_by_their_ids(self, index: CatalogIndex) -> None:
        ids = ["\uffff", "b", "\ud800", "a", "\ue000", "\U0001f383", ""]
        await refresh(index, [movie(video_id, "Star") for video_id in ids])

        assert [item.video_id for item in await found(index, "star")] == sorted(ids)

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("four christmases", FOUR_CHRISTMASES),
            ("CHRISTMASES four", FOUR_CHRISTMASES),
            ("ristma fou", FOUR_CHRISTMASES),
            ("Four.Christmases.[2008].mp4", FOUR_CHRISTMASES),
            ("four christmases 2008", FOUR_CHRISTMASES),
            ("fourchristmases", FOUR_CHRISTMASES),
            ("spiderman", SPIDER_MAN),
            ("spider man", SPIDER_MAN),
            ("Spider–Man", SPIDER_MAN),
            ("walle", WALL_E),
            ("wall e", WALL_E),
            ("vip", VIP),
            ("V.I.P.", VIP),
            ("v i p", VIP),
            ("ｖｉｐ", VIP),
        ],
    )
    async def test_a_title_is_found_however_it_is_typed(
        self, index: CatalogIndex, typed: str, expected: CatalogItem
    ) -> None:
        await refresh(index, SAMPLE)

        assert (await found(index, typed))[0] == expected

    async def test_short_words_are_found_inside_words_too(self, index: CatalogIndex) -> None:
        await refresh(index, SAMPLE)

        assert await found(index, "!") == [STAR]
        assert await found(index, "k") == [DARK_STAR, LOST_ARK, VIP]
        assert await found(index, "e w") == [WALL_E, VIP]

    async def test_an_empty_query_lists_everything_in_natural_order(self, index: CatalogIndex) -> None:
        await refresh(index, SAMPLE)

        everything = [item.video_id for item in await found(index, " ")]
        assert everything[:5] == ["dark", "four", "mustard", "lost", "spider"]
        assert everything[5:] == ["star", "part2", "part10", "troopers", "vip", "wall"]

    async def test_categories_filter_by_any_or_by_all(self, index: CatalogIndex) -> None:
        await refresh(index, SAMPLE)

        assert await found(index, "", "Cartoons", "3. Sci-Fi") == [DARK_STAR, STARSHIP, WALL_E]
        assert await found(index, "", "Movies", "3. Sci-Fi", match="all") == [DARK_STAR]
        assert await found(index, "star", "3. Sci-Fi") == [DARK_STAR, STARSHIP]
        assert await found(index, "", "Movies", "Movies", match="all") == await found(index, "", "Movies")
        assert await found(index, "", "Movies", "nothing", match="all") == []
        for unknown in ("movies", "Movie", "Sci-Fi", "%", "", "\ud800"):
            assert await found(index, "star", unknown) == []

    async def test_pages_neither_repeat_nor_miss_an_item(self, index: CatalogIndex) -> None:
        items = [movie(f"v{n:03}", f"Star Show {n % 7}.avi", "TV") for n in range(50)]
        await refresh(index, [*items, *SAMPLE])
        for text in ("", "star", "s", "w", "star 3", "tar"):
            query = SearchQuery.parse(text)
            whole = await index.search(query, limit=200, offset=0)
            assert len(whole.items) == whole.total
            for size in (1, 7, 50):
                pages = [
                    await index.search(query, limit=size, offset=at)
                    for at in range(0, whole.total + size, size)
                ]
                assert {page.total for page in pages} == {whole.total}
                assert tuple(item for page in pages for item in page.items) == whole.items

    async def test_behind_the_last_page_there_is_nothing_but_the_total(self, index: CatalogIndex) -> None:
        await refresh(index, SAMPLE)
        for offset in (11, 1_000_000, 2**70):
            for text in ("", "a"):
                page = await index.search(SearchQuery.parse(text), limit=50, offset=offset)
                assert page == SearchPage(snapshot_id="s1", items=(), total=11)

    async def test_the_snapshot_before_stays_readable_by_its_id(self, index: CatalogIndex) -> None:
        async def page(snapshot_id: str | None) -> SearchPage:
            return await index.search(SearchQuery.parse("t"), limit=50, offset=0, snapshot_id=snapshot_id)

        await refresh(index, [STAR], "one")
        await refresh(index, [MUSTARD], "two")
        one = SearchPage(snapshot_id="one", items=(STAR,), total=1)
        two = SearchPage(snapshot_id="two", items=(MUSTARD,), total=1)
        assert [await page("one"), await page("two"), await page(None)] == [one, two, two]

        await refresh(index, [LOST_ARK], "three")
        three = SearchPage(snapshot_id="three", items=(LOST_ARK,), total=1)
        assert [await page("one"), await page("two"), await page("\ud800")] == [three, two, three]

    async def test_the_current_snapshot_is_meant_when_both_have_one_id(self, index: CatalogIndex) -> None:
        await refresh(index, [STAR], "same")
        await refresh(index, [MUSTARD], "same")

        page = await index.search(SearchQuery(), limit=50, offset=0, snapshot_id="same")
        assert page.items == (MUSTARD,)

    async def test_everything_is_handed_out_in_natural_order_and_in_batches(
        self, index: CatalogIndex
    ) -> None:
        items = [movie(f"v{n}", f"Part {n}", "TV", seconds=None) for n in range(1200)]
        await refresh(index, [*reversed(items), movie("0", "About \ud800\0")])

        async with aclosing(index.items()) as batches:
            handed_out = [list(batch) async for batch in batches]
        assert all(0 < len(batch) <= 500 for batch in handed_out)
        assert [item for batch in handed_out for item in batch] == [movie("0", "About \ud800\0"), *items]

    @pytest.mark.parametrize("count", [0, 1, 499, 500, 501])
    async def test_nothing_is_missing_at_the_end(self, index: CatalogIndex, count: int) -> None:
        items = [movie(f"v{n:04}", "Star") for n in range(count)]
        await refresh(index, items)

        assert await all_of(index) == items

    async def test_a_snapshot_is_handed_out_whole_though_another_takes_its_place(
        self, index: CatalogIndex
    ) -> None:
        items = [movie(f"v{n:04}", "Star") for n in range(501)]
        await refresh(index, items, "old")
        async with aclosing(index.items()) as batches:
            begun = list(await anext(batches))
            await refresh(index, [MUSTARD], "new")
            rest = [item async for batch in batches for item in batch]

        assert begun + rest == items
        assert await all_of(index) == [MUSTARD]

    async def test_of_a_snapshot_that_is_kept_no_longer_nobody_gets_half(self, index: CatalogIndex) -> None:
        items = [movie(f"v{n:04}", "Star") for n in range(501)]
        await refresh(index, items, "old")
        async with aclosing(index.items()) as batches:
            begun = list(await anext(batches))
            await refresh(index, [MUSTARD], "newer")
            await refresh(index, [STAR], "newest")
            try:
                rest = [item async for batch in batches for item in batch]
            except Unavailable as failure:
                assert failure.code == "snapshot_gone"
                return

        assert begun + rest == items

    @pytest.mark.parametrize(
        ("typed", "corrected"),
        [
            ("four chrismases", "four christmases"),  # missing
            ("four chriztmases", "four christmases"),  # wrong
            ("four chrisstmases", "four christmases"),  # doubled
            ("four chritsmases", "four christmases"),  # swapped
            ("fuor christmasse", "four christmases"),  # a slip in two words
        ],
    )
    async def test_a_slip_of_the_finger_is_corrected_and_said(
        self, index: CatalogIndex, typed: str, corrected: str
    ) -> None:
        await refresh(index, SAMPLE)

        page = await index.search(SearchQuery.parse(typed), limit=50, offset=0)
        assert page == SearchPage(snapshot_id="s1", items=(FOUR_CHRISTMASES,), total=1, corrected=corrected)

    async def test_what_matches_is_never_corrected(self, index: CatalogIndex) -> None:
        await refresh(index, [movie("a", "Stan"), movie("b", "Star"), movie("c", "Star 2")])

        page = await index.search(SearchQuery.parse("stan"), limit=50, offset=0)
        assert [page.total, page.corrected] == [1, None]

    async def test_a_word_that_matches_in_other_categories_is_not_corrected(
        self, index: CatalogIndex
    ) -> None:
        await refresh(index, [movie("a", "Stan", "TV"), movie("b", "Star", "Movies")])

        page = await index.search(SearchQuery.parse("stan", ["Movies"]), limit=50, offset=0)
        assert page == SearchPage(snapshot_id="s1", items=(), total=0)

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=ascii)
    async def test_nothing_in_a_query_is_syntax(self, index: CatalogIndex, text: str) -> None:
        items = [*SAMPLE, movie("itself", f"x {text} y", text, seconds=None)]
        await refresh(index, items)

        entries = [IndexedItem.of(item) for item in items]
        for query in (SearchQuery.parse(text), SearchQuery.parse("", [text])):
            page = await index.search(query, limit=50, offset=0)
            assert page == by_definition(entries, query, limit=50, offset=0, snapshot_id="s1")
            assert items[-1] in page.items

    @given(items=_ITEMS, queries=st.lists(_QUERIES, min_size=1, max_size=6), offset=st.integers(0, 4))
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    async def test_every_search_answers_by_the_definition(
        self, index: CatalogIndex, items: list[CatalogItem], queries: list[SearchQuery], offset: int
    ) -> None:
        await refresh(index, items)
        distinct = {item.video_id: item for item in items}

        entries = [IndexedItem.of(item) for item in distinct.values()]
        assert await index.get_many(list(distinct)) == distinct
        for query in queries:
            page = await index.search(query, limit=5, offset=offset)
            assert page == by_definition(entries, query, limit=5, offset=offset, snapshot_id="s1")
