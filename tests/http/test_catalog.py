"""The catalogue over HTTP: searching, categories, single titles, refreshing."""

from datetime import timedelta
from typing import Any

import anyio.lowlevel
import pytest
from falcon.testing import Result

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.source import FakeSource
from playlist_app.shapes.catalog import refresh_state_view
from playlist_app.shapes.codec import wire
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import RefreshLease, RefreshState
from playlist_core.errors import Unavailable
from tests.http.house import ADMIN, NIGHT, NOW, SITE, SOULS, TITLES, VIEWER, House, open_house, refusal

pytestmark = pytest.mark.anyio

IDLE = {
    "state": "idle",
    "phase": "idle",
    "step": None,
    "run_id": None,
    "done": 0,
    "expected": None,
    "estimate_seconds": None,
    "elsewhere": None,
}
NIGHT_VIEW = {
    "video_id": "night1968",
    "title": "Night.of.the.Living.Dead.[1968].mp4",
    "display_title": "Night of the Living Dead (1968)",
    "categories": ["2.Horror", "Movies"],
    "duration_seconds": 5760,
    "thumbnail_url": "https://media.example/night.jpg",
    "manifest_url": f"{SITE}/night1968.json?format=json",
    "available": True,
    "unavailable_reason": None,
    "season": None,
    "episode": None,
}
EPISODE_VIEW = {
    "video_id": "outpost02",
    "title": "Cygnus.Outpost.S01E02.mkv",
    "display_title": "Cygnus Outpost S01E02",
    "categories": ["Cygnus Outpost"],
    "duration_seconds": 1502,
    "thumbnail_url": None,
    "manifest_url": f"{SITE}/outpost02.json?format=json",
    "available": True,
    "unavailable_reason": None,
    "season": 1,
    "episode": 2,
}
GROMIT_VIEW = {
    "video_id": "gromit_01",
    "title": "Wallace & Gromit - A Grand Day Out.avi",
    "display_title": "Wallace & Gromit - A Grand Day Out",
    "categories": [],
    "duration_seconds": None,
    "thumbnail_url": None,
    "manifest_url": f"{SITE}/gromit_01.json?format=json",
    "available": True,
    "unavailable_reason": None,
    "season": None,
    "episode": None,
}


async def search(house: House, query: str) -> Result:
    return await house.call("GET", "catalog/search", by=VIEWER, query=query)


async def refreshed(house: House) -> dict[str, Any]:
    """The state of the refresh once it has ended."""
    while (state := await house.call("GET", "catalog/refresh", by=ADMIN)).json["state"] != "idle":
        await anyio.lowlevel.checkpoint()
    return state.json


def ids(answer: Result) -> list[str]:
    return [item["video_id"] for item in answer.json["items"]]


@pytest.mark.parametrize(
    ("query", "view"),
    [
        ("q=living+DEAD", NIGHT_VIEW),
        ("q=outpost+s01e02", EPISODE_VIEW),
        ("q=wallace+gromit", GROMIT_VIEW),
    ],
    ids=["a film", "an episode", "neither category nor duration"],
)
async def test_a_search_answers_with_whole_titles(house: House, query: str, view: dict[str, Any]) -> None:
    snapshot = await house.services.library.catalog.snapshot()
    answer = await search(house, query)
    assert (answer.status_code, answer.json) == (
        200,
        {"snapshot_id": snapshot.snapshot_id, "items": [view], "total": 1, "corrected": None},
    )


async def test_a_mistyped_word_is_corrected_and_the_answer_says_so(house: House) -> None:
    answer = await search(house, "q=livng")
    assert (ids(answer), answer.json["corrected"]) == (["night1968"], {"from": "livng", "to": "living"})


async def test_pages_cover_everything_once_and_count_exactly(house: House) -> None:
    pages = [await search(house, f"limit=2&offset={offset}") for offset in range(0, 10, 2)]
    assert [page.json["total"] for page in pages] == [7] * 5
    found = [each for page in pages for each in ids(page)]
    assert sorted(found) == sorted(item.video_id for item in TITLES)
    assert ids(await search(house, "limit=200")) == found
    assert ids(await search(house, "offset=1000000")) == []


async def test_categories_are_any_of_those_given_or_all(house: House) -> None:
    both = "category=2.Horror&category=Movies"
    assert sorted(ids(await search(house, both))) == ["genrl1926", "night1968", "souls1962"]
    assert sorted(ids(await search(house, f"{both}&match=all"))) == ["night1968", "souls1962"]
    assert ids(await search(house, "category=2.horror")) == []


async def test_a_snapshot_that_is_gone_is_answered_from_the_current_one(house: House) -> None:
    snapshot = await house.services.library.catalog.snapshot()
    answer = await search(house, "q=souls&snapshot_id=long-gone")
    assert (answer.json["snapshot_id"], ids(answer)) == (snapshot.snapshot_id, ["souls1962"])


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        ("limit=0", "limit", "must be from 1 to 200"),
        ("limit=201", "limit", "must be from 1 to 200"),
        ("offset=1000001", "offset", "must be from 0 to 1000000"),
        ("limit=", "limit", "must be a whole number"),
        ("q=a&q=b", "q", "is given more than once"),
        ("match=some", "match", "expected one of any, all"),
        ("q=" + "a" * 501, "q", "is longer than 500 characters"),
    ],
)
async def test_parameters_out_of_bounds_are_refused_by_name(
    house: House, query: str, field: str, problem: str
) -> None:
    assert refusal(await search(house, query)) == (422, "invalid", {"field": field, "problem": problem})


async def test_an_unknown_parameter_is_named(house: House) -> None:
    details = {"field": "page", "problem": "is no parameter here", "unknown": ["page", "size"]}
    assert refusal(await search(house, "q=a&size=5&page=2")) == (422, "invalid", details)


async def test_a_query_of_500_characters_is_answered(house: House) -> None:
    answer = await search(house, "q=" + "a" * 500)
    assert (answer.status_code, answer.json["total"]) == (200, 0)


async def test_categories_come_in_natural_order_with_their_counts(house: House) -> None:
    snapshot = await house.services.library.catalog.snapshot()
    answer = await house.call("GET", "catalog/categories", by=VIEWER)
    assert answer.json == {
        "snapshot_id": snapshot.snapshot_id,
        "categories": ["2.Horror", "Cygnus Outpost", "Movies"],
        "counts": {"2.Horror": 2, "Cygnus Outpost": 3, "Movies": 3},
        "labels": {"2.Horror": "Horror", "Cygnus Outpost": "Cygnus Outpost", "Movies": "Movies"},
    }


async def test_a_title_is_found_by_its_id_and_only_exactly(house: House) -> None:
    assert (await house.call("GET", "catalog/items/night1968", by=VIEWER)).json == NIGHT_VIEW
    for other in ("NIGHT1968", "night196", "night1968%20", "..", "%00"):
        answer = await house.call("GET", f"catalog/items/{other}", by=VIEWER)
        assert refusal(answer) == (404, "item_not_found", {})


async def test_before_the_first_refresh_the_catalogue_says_so() -> None:
    async with open_house(with_catalog=False) as house:
        for path in ("catalog/search", "catalog/categories", "catalog/items/night1968"):
            answer = await house.call("GET", path, by=VIEWER)
            assert refusal(answer) == (503, "no_snapshot", {})


async def test_without_a_source_there_is_nothing_to_refresh_from() -> None:
    async with open_house(with_catalog=False) as house:
        answer = await house.call("POST", "catalog/refresh", by=ADMIN)
        assert refusal(answer) == (503, "no_source", {})
        state = await house.call("GET", "catalog/refresh", by=ADMIN)
        assert state.json == {**IDLE, "last_report": None, "last_error": None}


async def test_a_refresh_runs_beside_the_answer_and_is_reported(house: House) -> None:
    begun = await house.call("POST", "catalog/refresh", {"allow_shrink": False}, by=ADMIN)
    assert (begun.status_code, begun.json.keys()) == (202, {"run_id"})
    second = await house.call("POST", "catalog/refresh", by=ADMIN)
    assert refusal(second) == (409, "refresh_in_progress", {"run_id": begun.json["run_id"]})
    running = await house.call("GET", "catalog/refresh", by=ADMIN)
    assert (running.json["state"], running.json["run_id"]) == ("running", begun.json["run_id"])
    assert running.json["elsewhere"] is None
    state = await refreshed(house)
    snapshot = await house.services.library.catalog.snapshot()
    assert state == {
        **IDLE,
        "last_report": {
            "run_id": begun.json["run_id"],
            "source": "fake",
            "started_at": NOW,
            "finished_at": NOW,
            "snapshot_id": snapshot.snapshot_id,
            "item_count": 7,
            "new": 0,
            "changed": 0,
            "gone": 0,
            "duplicates": 0,
            "without_duration": 1,
            "shared": True,
        },
        "last_error": None,
    }


async def test_how_far_a_refresh_is_can_be_asked_in_each_phase(house: House) -> None:
    heard: list[dict[str, Any]] = []
    refreshing = house.services.library.refreshing

    def look(state: RefreshState) -> None:
        house.clock.advance(1.2)
        heard.append(wire.unstructure(refresh_state_view(state)))

    refreshing.listen(look)
    run_id = (await house.call("POST", "catalog/refresh", by=ADMIN)).json["run_id"]
    after = await refreshed(house)
    rest = {"state": "running", "run_id": run_id, "elsewhere": None}
    told = [
        {"phase": "reading", "step": None, "done": 0, "expected": None, "estimate_seconds": None},
        {"phase": "reading", "step": "titles", "done": 0, "expected": 7, "estimate_seconds": None},
        {"phase": "reading", "step": "titles", "done": 7, "expected": 7, "estimate_seconds": 0},
        {"phase": "building", "step": "index", "done": 0, "expected": None, "estimate_seconds": None},
        {"phase": "sharing", "step": "parts", "done": 0, "expected": 7, "estimate_seconds": None},
        {"phase": "sharing", "step": "parts", "done": 7, "expected": 7, "estimate_seconds": 0},
    ]
    before = {name: heard[0][name] for name in ("last_report", "last_error")}
    assert heard == [*({**each, **rest, **before} for each in told), after]


async def test_a_refresh_of_another_replica_is_told_and_respected(house: House) -> None:
    leases = house.services.library.refreshing.leases
    lease = RefreshLease(
        holder="the-other-machine:7", run_id="r2", expires_at=house.clock.now() + timedelta(seconds=60)
    )
    await leases.leases.create("refresh", value=lease)
    state = (await house.call("GET", "catalog/refresh", by=ADMIN)).json
    assert (state["state"], state["phase"], state["run_id"]) == ("running", "idle", None)
    assert state["elsewhere"] == {"run_id": "r2", "holder": "the-other-machine:7"}
    refused = await house.call("POST", "catalog/refresh", by=ADMIN)
    assert refusal(refused) == (409, "refresh_in_progress", {"run_id": "r2"})
    house.clock.advance(60)
    assert (await house.call("GET", "catalog/refresh", by=ADMIN)).json["state"] == "idle"
    assert (await house.call("POST", "catalog/refresh", by=ADMIN)).status_code == 202


async def test_a_catalogue_that_shrinks_too_much_is_kept_unless_allowed() -> None:
    source = FakeSource(TITLES)
    async with open_house(source=source) as house:
        source.items = (NIGHT, SOULS)
        await house.call("POST", "catalog/refresh", by=ADMIN)
        state = await refreshed(house)
        assert (state["last_error"]["code"], state["last_error"]["details"]) == (
            "would_shrink",
            {"from": 7, "to": 2, "gone": 5},
        )
        assert '"allow_shrink": true' in state["last_error"]["message"]
        snapshot = await house.services.library.catalog.snapshot()
        assert state["last_report"]["snapshot_id"] == snapshot.snapshot_id
        assert (await search(house, "")).json["total"] == 7
        await house.call("POST", "catalog/refresh", {"allow_shrink": True}, by=ADMIN)
        state = await refreshed(house)
        assert (state["last_error"], state["last_report"]["gone"]) == (None, 5)
        assert (await search(house, "")).json["total"] == 2


async def test_a_source_that_breaks_leaves_the_catalogue_and_the_reason() -> None:
    source = FakeSource(TITLES)
    async with open_house(source=source) as house:
        source.fail_after = 3
        source.failure = Unavailable("the media site is away")
        await house.call("POST", "catalog/refresh", by=ADMIN)
        state = await refreshed(house)
        assert state["last_error"] == {
            "code": "store_unavailable",
            "message": "the media site is away",
            "details": {},
        }
        assert (await search(house, "")).json["total"] == 7


async def test_the_last_report_is_told_after_a_restart_too(house: House) -> None:
    refreshing = house.services.library.refreshing
    before = (await house.call("GET", "catalog/refresh", by=ADMIN)).json
    refreshing.progress.state = RefreshState()
    store = refreshing.reports.store
    assert isinstance(store, MemoryKV)
    store.fail_with = Unavailable("the store is away")
    away = await house.call("GET", "catalog/refresh", by=ADMIN)
    assert (away.status_code, away.json["last_report"], away.json["last_error"]) == (200, None, None)
    store.fail_with = None
    assert (await house.call("GET", "catalog/refresh", by=ADMIN)).json == before


async def test_an_id_that_is_no_mediacms_title_is_found_but_not_available() -> None:
    odd = CatalogItem(video_id="no such/title", title="Odd")
    async with open_house(source=FakeSource([odd])) as house:
        (item,) = (await search(house, "q=odd")).json["items"]
        assert (item["available"], item["unavailable_reason"]) == (
            False,
            "This id cannot be a MediaCMS title.",
        )
