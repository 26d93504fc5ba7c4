"""The ready rows of a search say the same as the shape that the API promises."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_app.shapes.catalog import search_answer
from playlist_app.shapes.codec import wire
from playlist_app.shapes.rows import Rows
from playlist_core.domain.catalog import CatalogItem, SearchPage
from playlist_core.domain.manifest import ManifestTemplate

MANIFESTS = ManifestTemplate("https://videos.example/{video_id}.json")
ROWS = Rows(MANIFESTS)

_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
_ITEMS = st.builds(
    CatalogItem,
    video_id=st.sampled_from(["a", "b_-1", "no id"]) | _TEXTS,
    title=st.sampled_from(["Dark.Star.[1974].mkv", "Cygnus S01E02"]) | _TEXTS,
    categories=st.lists(_TEXTS, max_size=3).map(tuple),
    duration_seconds=st.none() | st.integers(0, 2**31 - 1),
    thumbnail_url=st.none() | _TEXTS,
)


@given(st.lists(_ITEMS, max_size=4), st.none() | _TEXTS, _TEXTS)
@settings(deadline=None)
def test_ready_rows_are_what_the_shape_would_give(
    items: list[CatalogItem], corrected: str | None, text: str
) -> None:
    page = SearchPage(snapshot_id="s", items=tuple(items), total=len(items), corrected=corrected)
    assert ROWS.answer(page, text) == orjson.dumps(wire.unstructure(search_answer(page, text, MANIFESTS)))
