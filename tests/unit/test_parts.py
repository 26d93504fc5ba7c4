"""Parts of a snapshot: whatever the titles are, they come back as they were, and no part is too large."""

import json
import zlib
from base64 import b64encode
from random import Random

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from playlist_core.domain.catalog import CatalogItem
from playlist_core.errors import TooLarge, Unavailable
from playlist_core.services.documents import OPS_KEPT, encode
from playlist_core.services.parts import PART_BYTES, Packing, SnapshotPart, Unpacking

_TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates too
_ITEMS = st.lists(
    st.builds(
        CatalogItem,
        video_id=_TEXTS,
        title=_TEXTS | st.text(min_size=100, max_size=300),
        categories=st.lists(_TEXTS, max_size=3).map(tuple),
        duration_seconds=st.none() | st.integers(0, 2**31),
        thumbnail_url=st.none() | _TEXTS,
    ),
    max_size=40,
)
OPS = ("0123456789abcdef0123",) * OPS_KEPT


def packed(
    items: list[CatalogItem], part_bytes: int = PART_BYTES, *, at_a_time: int = 7
) -> tuple[list[str], str]:
    packing = Packing(part_bytes)
    parts = [
        part
        for start in range(0, len(items), at_a_time)
        for part in packing.add(items[start : start + at_a_time])
    ]
    return [*parts, packing.rest()], packing.digest


def stored_bytes(part: str) -> int:
    return len(encode(SnapshotPart(snapshot_id="2025-12-18T12:34:56Z-7f3a9c", number=1000, items=part), OPS))


@given(items=_ITEMS, part_bytes=st.integers(8_000, 20_000))
def test_what_is_packed_comes_back_and_no_part_is_too_large(
    items: list[CatalogItem], part_bytes: int
) -> None:
    parts, digest = packed(items, part_bytes)
    assert all(stored_bytes(part) <= part_bytes for part in parts)
    unpacking = Unpacking()
    assert [item for part in parts for batch in unpacking.items(part) for item in batch] == items
    assert unpacking.digest == digest


def test_parts_are_as_few_as_their_size_allows() -> None:
    random = Random(1)
    items = [
        CatalogItem(video_id=f"{random.getrandbits(64):016x}", title=random.randbytes(400).hex())
        for _ in range(5_000)
    ]
    parts, _ = packed(items)
    sizes = [stored_bytes(part) for part in parts]
    assert len(sizes) > 3
    assert all(PART_BYTES * 0.99 < size <= PART_BYTES for size in sizes[:-1])


def test_a_catalogue_of_nothing_is_a_part() -> None:
    (part,), digest = packed([])
    unpacking = Unpacking()
    assert (list(unpacking.items(part)), unpacking.digest) == ([], digest)


def test_the_digest_tells_any_two_catalogues_apart() -> None:
    one = CatalogItem(video_id="a", title="A", categories=("x",))
    others = [
        [],
        [one],
        [one, one],
        [evolve(one, title="B")],
        [evolve(one, categories=())],
        [evolve(one, duration_seconds=0)],
        [evolve(one, thumbnail_url="")],
    ]
    assert len({packed(items)[1] for items in others}) == len(others)


def test_a_title_that_fits_into_no_part_is_named() -> None:
    large = CatalogItem(video_id="whale", title=Random(1).randbytes(8_000).hex())
    with pytest.raises(TooLarge, match="whale"):
        packed([large], 8_000)


def test_compression_makes_room_for_much_that_repeats_itself() -> None:
    items = [CatalogItem(video_id=f"v{number}", title="The same again" * 20) for number in range(1_000)]
    assert len(packed(items, 20_000)[0]) == 1


GOOD = zlib.compress(json.dumps({"video_id": "a", "title": "A", "categories": []}).encode() + b"\n")


@pytest.mark.parametrize(
    "text",
    [
        "no base64!",
        b64encode(b"not compressed").decode(),
        b64encode(GOOD[:-3]).decode(),
        b64encode(GOOD + b"more").decode(),
        b64encode(zlib.compress(b'{"video_id": "a", "title": "A"}')).decode(),
        b64encode(zlib.compress(b"[]\n")).decode(),
        b64encode(zlib.compress(b'{"video_id": 1, "title": "A"}\n')).decode(),
        b64encode(zlib.compress(b'{"title": "A"}\n')).decode(),
        b64encode(zlib.compress(b"\xff\n")).decode(),
        b64encode(zlib.compress(b"\n")).decode(),
        "",
    ],
)
def test_what_is_no_part_is_never_half_a_part(text: str) -> None:
    with pytest.raises(Unavailable) as caught:
        list(Unpacking().items(text))
    assert caught.value.code == "store_unreadable"


def test_a_part_of_somebody_else_may_say_more() -> None:
    line = b'{"video_id": "a", "title": "A", "categories": ["x"], "rating": 5}\n'
    part = b64encode(zlib.compress(line)).decode()
    assert list(Unpacking().items(part)) == [[CatalogItem(video_id="a", title="A", categories=("x",))]]
