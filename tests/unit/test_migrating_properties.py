"""Any old data, beside any of ours: nothing disappears, nothing is done twice, what is told happens."""

import json
from collections.abc import Mapping
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.kv.keys import check_key
from playlist_core.domain.playlists import Playlist, name_key
from playlist_core.errors import InvalidInput, NameTaken
from playlist_core.services.migrating import Migration
from playlist_core.services.old_documents import Fate, Finding
from tests.unit.legacy_world import INDEX, PLAYLISTS, OldHouse, new_playlist, old_playlist

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MOMENTS = st.sampled_from(
    [
        "2025-12-18T12:34:56.000001+00:00",
        "2025-12-18T12:34:56",
        "2025-12-18T12:34:56+05:30",
        "0001-01-01T00:00:00+05:00",
        "yesterday",
        None,
    ]
)
NAMES = st.sampled_from(
    ["Night", "night", " NIGHT", "Night 2", "Ｎight", "Tab\there", "", "x" * 101, "\ufdfa" * 90]
)
USERS = st.sampled_from(["Bob", "dora_x", "not a CyTube name", "\ud800", "", None])
ITEMS = st.fixed_dictionaries(
    {"video_id": st.sampled_from(["a", " b ", "", "Ünknown id", 7, None, "x" * 151])},
    optional={"title": st.text(max_size=3) | st.none(), "duration_seconds": st.integers(-1, 9) | st.none()},
)


def _is_key(playlist_id: str) -> bool:
    try:
        check_key(PLAYLISTS + playlist_id)
    except InvalidInput:
        return False
    return playlist_id != "index"


IDS = st.text("aB1-_=/.", min_size=1, max_size=4).filter(_is_key)


OLD = st.fixed_dictionaries(
    {"name": NAMES | st.text("aN t2", max_size=3), "items": st.lists(ITEMS, max_size=4)},
    optional={
        "visibility": st.sampled_from(["shared", "public", "private", "other"]),
        "owner": USERS,
        "created_by": USERS,
        "created_at": MOMENTS,
        "updated_at": MOMENTS,
        "version": st.integers(-1, 4),
        "forked_from": st.none() | st.fixed_dictionaries({"owner": USERS}),
        "schema_version": st.integers(1, 2),
    },
)
OVER_OURS = st.builds(
    lambda name, items, version: old_playlist("", name, items=items, version=version, updated_by="Erin"),
    NAMES,
    st.lists(ITEMS, max_size=3),
    st.integers(1, 4),
)


@st.composite
def documents(draw: st.DrawFn) -> Mapping[str, Any]:
    """What stands under `playlists/`, by id: mostly what the earlier service may have written."""
    found = draw(st.dictionaries(IDS, OLD | OVER_OURS | ANYTHING, max_size=6))
    says_its_id = draw(st.booleans())
    return {
        playlist_id: {**plain, "playlist_id": playlist_id}
        if isinstance(plain, dict) and (says_its_id or "playlist_id" in plain)
        else plain
        for playlist_id, plain in found.items()
    }


@settings(max_examples=150, deadline=None)
@given(
    old=documents(),
    listed=st.none() | st.lists(IDS, max_size=3) | ANYTHING,
    ours=st.lists(st.sampled_from(["Night", "Night 2", "Day"]), unique=True),
    include_private=st.booleans(),
)
def test_nothing_disappears_and_nothing_is_done_twice(
    old: Mapping[str, Any], listed: Any, ours: list[str], include_private: bool
) -> None:
    anyio.run(_migrate, old, listed, ours, include_private)


async def _migrate(old: Mapping[str, Any], listed: Any, ours: list[str], include_private: bool) -> None:
    house = OldHouse()
    for number, name in enumerate(ours):
        await house.process().playlists.names.create(new_playlist(f"ours{number}", name))
    of_ours = await house.living()
    await _fill(house, old, listed)
    before = await house.revisions()
    foreseen = await house.migrate(apply=False, include_private=include_private)
    assert await house.revisions() == before

    done = await house.migrate(include_private=include_private)
    assert done.findings == foreseen.findings
    living, told = await house.living(), {finding.key: finding for finding in done.findings}
    for playlist_id, plain in old.items():
        await _is_in_the_result_or_stays(house, playlist_id, plain, told, living)
    assert {key: living[key] for key in of_ours} == of_ours
    # What was written over ours and is refused can be read, but is not among those whose names are their own.
    refused = [told[PLAYLISTS + key] for key in old if not told[PLAYLISTS + key].changes]
    carried = {key: living[key] for key in living if PLAYLISTS + key not in {each.key for each in refused}}
    await _every_name_is_claimed_once(house, carried)

    after = await house.revisions()
    again = await house.migrate(include_private=include_private)
    assert (again.changes, await house.revisions()) == (0, after)
    assert {finding.key for finding in again.findings} >= _standing(done)


@settings(max_examples=50, deadline=None)
@given(old=documents())
def test_private_ones_carried_later_get_the_names_they_would_have_got_at_once(old: Mapping[str, Any]) -> None:
    anyio.run(_at_once_and_later, old)


async def _at_once_and_later(old: Mapping[str, Any]) -> None:
    at_once, later = OldHouse(), OldHouse()
    for house in (at_once, later):
        await _fill(house, old, {"playlists": {}})
    await at_once.migrate(include_private=True)
    await later.migrate()
    await later.migrate(include_private=True)
    assert await later.contents() == await at_once.contents()


async def _fill(house: OldHouse, old: Mapping[str, Any], listed: Any) -> None:
    for playlist_id, plain in old.items():
        await house.put(house.playlists, PLAYLISTS + playlist_id, plain)
    if isinstance(listed, list) and all(isinstance(each, str) for each in listed):
        listed = {"playlists": {each: {"name": "Listed", "visibility": "shared"} for each in listed}}
    if listed is not None:
        await house.put(house.playlists, INDEX, listed)


async def _is_in_the_result_or_stays(
    house: OldHouse,
    playlist_id: str,
    plain: Any,
    told: Mapping[str, Finding],
    living: Mapping[str, Playlist],
) -> None:
    finding = told[PLAYLISTS + playlist_id]
    if finding.changes:
        named = [str(item.get("video_id") or "").strip() for item in plain.get("items") or ()]
        assert [item.video_id for item in living[playlist_id].items] == list(filter(None, named))
        assert living[playlist_id].name == (finding.new_name or living[playlist_id].name)
    else:
        entry = await house.playlists.get(PLAYLISTS + playlist_id)
        assert json.loads(entry.value) == plain


async def _every_name_is_claimed_once(house: OldHouse, living: Mapping[str, Playlist]) -> None:
    names = house.process().playlists.names
    assert len({name_key(each.name) for each in living.values()}) == len(living)
    for playlist in living.values():
        try:
            await names.create(new_playlist("another", playlist.name))
        except NameTaken as taken:
            assert taken.details["playlist_id"] == playlist.playlist_id
        else:
            raise AssertionError(f"nobody has claimed {playlist.name!r}")


def _standing(migration: Migration) -> set[str]:
    """The keys of what was told and is still there."""
    listed_only = "it is listed, but there is no document"
    return {
        finding.key
        for finding in migration.findings
        if not finding.changes and finding.fate is not Fate.KEPT and finding.why != (listed_only,)
    }
