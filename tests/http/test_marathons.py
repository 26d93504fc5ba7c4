"""Marathon previews over HTTP: the four kinds of sources, patterns, seeds, and what is refused."""

from typing import Any

import pytest
from falcon.testing import Result

from tests.http.house import BLESSED, NIGHT, OUTPOST, House, refusal

pytestmark = pytest.mark.anyio

HORROR = {"type": "category", "category": "2.Horror"}


async def preview(house: House, *sources: Any, **order: Any) -> Result:
    return await house.call("POST", "marathons/preview", {"sources": list(sources), **order}, by=BLESSED)


def items(*ids: str) -> dict[str, Any]:
    return {"type": "items", "items": [{"video_id": each} for each in ids]}


def order_of(answer: Result) -> list[str]:
    return [f"{item['source']} {item['video_id']}" for item in answer.json["items"]]


async def test_a_preview_names_source_episode_and_offset_of_each_item_and_stores_nothing(
    house: House,
) -> None:
    playlist_id = await house.save("Outpost", *reversed(OUTPOST))
    before = await house.stored()
    answer = await preview(
        house,
        {"type": "playlist", "playlist_id": playlist_id},
        {"type": "search", "q": "living"},
        items("gromit_01", "gone"),
        method="interleave",
        interleave_pattern="A2B1",
    )
    assert (answer.status_code, answer.json) == (
        200,
        {
            "items": [
                {
                    "video_id": "outpost01",
                    "title": "Cygnus.Outpost.S01E01.mkv",
                    "display_title": "Cygnus Outpost S01E01",
                    "source": "A",
                    "season": 1,
                    "episode": 1,
                    "duration_seconds": 1501,
                    "starts_at_offset_seconds": 0,
                },
                {
                    "video_id": "outpost02",
                    "title": "Cygnus.Outpost.S01E02.mkv",
                    "display_title": "Cygnus Outpost S01E02",
                    "source": "A",
                    "season": 1,
                    "episode": 2,
                    "duration_seconds": 1502,
                    "starts_at_offset_seconds": 1501,
                },
                {
                    "video_id": "night1968",
                    "title": "Night.of.the.Living.Dead.[1968].mp4",
                    "display_title": "Night of the Living Dead (1968)",
                    "source": "B",
                    "season": None,
                    "episode": None,
                    "duration_seconds": 5760,
                    "starts_at_offset_seconds": 3003,
                },
                {
                    "video_id": "outpost03",
                    "title": "Cygnus.Outpost.S01E03.mkv",
                    "display_title": "Cygnus Outpost S01E03",
                    "source": "A",
                    "season": 1,
                    "episode": 3,
                    "duration_seconds": 1503,
                    "starts_at_offset_seconds": 8763,
                },
            ],
            "warnings": [
                {
                    "code": "source_unused",
                    "message": "Source C (items) is left out: the pattern never names it.",
                    "source": "C",
                    "name": "items",
                }
            ],
            "seed": None,
            "total_duration_seconds": 10266,
            "unknown_durations": 0,
        },
    )
    assert await house.stored() == before


async def test_without_more_words_sources_follow_each_other(house: House) -> None:
    answer = await preview(house, HORROR, items("gone", "outpost02", "outpost01"))
    assert order_of(answer) == ["A souls1962", "A night1968", "B gone", "B outpost01", "B outpost02"]
    assert (answer.json["seed"], answer.json["unknown_durations"]) == (None, 1)


async def test_episodes_keep_the_order_of_their_source_on_request(house: House) -> None:
    answer = await preview(house, items("outpost02", "outpost01"), preserve_episode_order=False)
    assert order_of(answer) == ["A outpost02", "A outpost01"]


@pytest.mark.parametrize("pattern", [None, "", " \t"])
async def test_a_blank_pattern_takes_one_of_each_in_turn(house: House, pattern: str | None) -> None:
    answer = await preview(
        house, HORROR, items("gromit_01", "genrl1926"), method="interleave", interleave_pattern=pattern
    )
    assert order_of(answer) == ["A souls1962", "B gromit_01", "A night1968", "B genrl1926"]


async def test_a_seed_repeats_a_shuffle_and_a_missing_one_is_made_and_named(house: House) -> None:
    sources = (HORROR, items("gromit_01", "genrl1926", "x", "y", "z"))
    first = await preview(house, *sources, method="shuffle", shuffle_seed="kr0w4")
    second = await preview(house, *sources, method="shuffle", shuffle_seed="kr0w4")
    other = await preview(house, *sources, method="shuffle", shuffle_seed="kr0w5")
    assert first.json == second.json
    assert first.json["seed"] == "kr0w4"
    assert order_of(other) != order_of(first)
    assert sorted(order_of(other)) == sorted(order_of(first))
    made = await preview(house, *sources, method="shuffle")
    again = await preview(house, *sources, method="shuffle", shuffle_seed=made.json["seed"])
    assert again.json == made.json


@pytest.mark.parametrize(
    ("pattern", "position", "token"),
    [
        ("A2?B", 2, "?"),
        ("2A", 0, "2"),
        ("A-1", 2, "1"),
        ("A 1", 2, "1"),
        ("A0", 1, "A0"),
        ("A C", 2, "C"),
        ("---", 0, "-"),
        ("A\N{FULLWIDTH DIGIT TWO}", 1, "\N{FULLWIDTH DIGIT TWO}"),
        ("A\x00", 1, "\x00"),
        ("A1000000001", 1, "A1000000001"),
    ],
)
async def test_a_bad_pattern_is_refused_at_its_character(
    house: House, pattern: str, position: int, token: str
) -> None:
    answer = await preview(house, HORROR, items("gromit_01"), method="interleave", interleave_pattern=pattern)
    details = {"position": position, "token": token, "examples": ["A B", "A2B1", "A,A,B"]}
    assert refusal(answer) == (400, "bad_pattern", details)


@pytest.mark.parametrize("pattern", ["a2b", "A2 B1", "A,A,B", "A|A-B", "A1000000000B"])
async def test_patterns_are_read_in_any_case_and_with_any_separator(house: House, pattern: str) -> None:
    answer = await preview(house, HORROR, items("gromit_01"), method="interleave", interleave_pattern=pattern)
    assert order_of(answer) == ["A souls1962", "A night1968", "B gromit_01"]


async def test_one_to_26_sources_are_combined_and_no_more(house: House) -> None:
    assert refusal(await preview(house)) == (400, "too_few_sources", {})
    most = await preview(house, *[items("gromit_01")] * 26)
    assert order_of(most) == [f"{label} gromit_01" for label in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    over = await preview(house, *[items("gromit_01")] * 27)
    details = {"field": "sources", "problem": "has more than 26 items"}
    assert refusal(over) == (422, "invalid", details)


async def test_too_many_sources_are_refused_before_any_is_gathered(house: House) -> None:
    over = await preview(house, *[{"type": "playlist", "playlist_id": "none"}] * 27)
    assert refusal(over)[:2] == (422, "invalid")


async def test_a_marathon_holds_what_a_playlist_could(house: House) -> None:
    half = items(*["gromit_01"] * 2500)
    assert (await preview(house, half, half)).status_code == 200
    over = await preview(house, half, half, items("gromit_01"))
    assert refusal(over) == (413, "too_large", {"limit": "5000 items"})
    one = await preview(house, items(*["gromit_01"] * 5001))
    assert refusal(one) == (413, "too_large", {"limit": "5000 items"})


async def test_a_playlist_that_is_gone_is_named_as_such(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    await house.call("DELETE", f"playlists/{playlist_id}", by=BLESSED)
    answer = await preview(house, {"type": "playlist", "playlist_id": playlist_id})
    assert refusal(answer) == (404, "playlist_not_found", {})


async def test_an_empty_source_and_repeated_items_are_warned_of(house: House) -> None:
    empty = await house.save("Empty")
    answer = await preview(house, {"type": "playlist", "playlist_id": empty}, items("gromit_01", "gromit_01"))
    assert answer.json["warnings"] == [
        {
            "code": "source_empty",
            "message": "Source A (Empty) has no items.",
            "source": "A",
            "name": "Empty",
        },
        {
            "code": "duplicate_items",
            "message": "Items that occur more than once: 1.",
            "count": 1,
            "video_ids": ["gromit_01"],
        },
    ]


@pytest.mark.parametrize(
    ("source", "field", "problem"),
    [
        ({"type": "film"}, "sources[0].type", "must be one of playlist, category, search, items"),
        ("film", "sources[0].type", "must be one of playlist, category, search, items"),
        ({"type": "playlist"}, "sources[0].playlist_id", "is missing"),
        ({"type": "playlist", "playlist_id": "a", "q": "b"}, "sources[0].q", "is an unknown field"),
        ({"type": "items", "items": [{"id": "a"}]}, "sources[0].items[0].video_id", "is missing"),
        ({"type": "search", "q": "a" * 501}, "q", "is longer than 500 characters"),
    ],
    ids=["kind", "no object", "missing", "unknown", "inner", "long"],
)
async def test_a_wrong_source_is_named(house: House, source: Any, field: str, problem: str) -> None:
    assert refusal(await preview(house, source)) == (422, "invalid", {"field": field, "problem": problem})


async def test_a_search_source_may_be_narrowed_to_a_category(house: House) -> None:
    narrowed = await preview(house, {"type": "search", "q": "of", "category": "2.Horror"})
    assert order_of(narrowed) == ["A souls1962", "A night1968"]
