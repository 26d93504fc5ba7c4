"""Carrying over what the earlier service has stored: what becomes of each document."""

import json
from datetime import UTC, datetime

import pytest

from playlist_adapters.index.memory import MemoryIndex
from playlist_core.domain.identity import ClientAddress
from playlist_core.domain.login import LoginRules
from playlist_core.domain.playlists import MAX_ITEMS, Playlist, PlaylistItem
from playlist_core.errors import Unavailable
from playlist_core.services.blocks import Blocks
from playlist_core.services.documents import encode
from playlist_core.services.namespace import Namespace
from playlist_core.services.old_documents import Fate, Finding, Kind
from tests.unit.legacy_world import (
    INDEX,
    OVER_OURS,
    PLAYLISTS,
    WRITTEN,
    OldHouse,
    index_of,
    new_playlist,
    old_playlist,
    told,
)

pytestmark = pytest.mark.anyio

FORKED = "that it began as a copy of one of Bob is not kept"
STILL_LISTS = "it lists what was not carried"


async def test_what_version_0_3_2_wrote_is_carried_and_the_rest_is_told() -> None:
    house = await OldHouse().fill(WRITTEN)
    migration = await house.migrate()
    assert told(migration) == [
        ("kept", "admins", ""),
        ("kept", "blessed", ""),
        ("carried", "192.0.2.66", ""),
        ("carried", "Friday Night", ""),
        ("renamed", "friday night", "friday night 2"),
        ("left", "Secret Stash", ""),
        ("left", "Only Alice", ""),
        ("left", "Friday Night (fork)", ""),
        ("refused", "N" * 150, "name: is longer than 100 characters"),
        ("refused", "Tab\there", "name: contains a control character"),
        ("left", "index", STILL_LISTS),
    ]
    living = await house.living()
    assert living["01Xv2WpTcqPdTnzG"] == Playlist(
        playlist_id="01Xv2WpTcqPdTnzG",
        name="Friday Night",
        version=1,
        items=(PlaylistItem("mc_2"), PlaylistItem("mc_1"), PlaylistItem("Ünknown id")),
        created_by="Bob",
        created_at=datetime(2026, 11, 20, 15, 55, 44, 712806, UTC),
        updated_by="Bob",
        updated_at=datetime(2026, 11, 20, 15, 55, 44, 739605, UTC),
    )
    assert {each.name for each in living.values()} == {"Friday Night", "friday night 2"}


async def test_private_playlists_are_listed_with_their_owner_and_carried_only_when_asked() -> None:
    house = await OldHouse().fill(WRITTEN)
    left = [each for each in (await house.migrate()).findings if each.private]
    assert [(each.fate, each.name, each.owner, each.count) for each in left] == [
        (Fate.LEFT, "Secret Stash", "Bob", 2),
        (Fate.LEFT, "Only Alice", "Alice", 0),
        (Fate.LEFT, "Friday Night (fork)", "dora_x", 3),
    ]
    migration = await house.migrate(include_private=True)
    carried = [each for each in migration.findings if each.changes]
    assert [(each.private, each.name, each.why) for each in carried] == [
        (True, "Secret Stash", ()),
        (True, "Only Alice", ()),
        (True, "Friday Night (fork)", (FORKED,)),
    ]
    assert (await house.living())["AMQwZLbF90M46HMU"].created_by == "dora_x"


@pytest.mark.parametrize("include_private", [False, True])
async def test_a_dry_run_changes_nothing_and_tells_what_the_real_one_does(include_private: bool) -> None:
    house = await OldHouse().fill(WRITTEN)
    await house.fill(OVER_OURS)
    before = await house.revisions()
    foreseen = await house.migrate(apply=False, include_private=include_private)
    assert await house.revisions() == before
    done = await house.migrate(include_private=include_private)
    assert (done.findings, done.changes) == (foreseen.findings, foreseen.changes)
    assert (foreseen.applied, done.applied) == (False, True)


async def test_a_second_run_finds_nothing_to_do() -> None:
    house = await OldHouse().fill(WRITTEN)
    await house.migrate(include_private=True)
    before = await house.revisions()
    assert (await house.migrate(include_private=True)).changes == 0
    assert await house.revisions() == before


async def test_the_index_goes_when_everything_it_lists_is_carried() -> None:
    house = await OldHouse().hold(old_playlist("p1", "One"), old_playlist("p2", "Two", visibility="private"))
    assert told(await house.migrate())[-1] == ("left", "index", STILL_LISTS)
    assert told(await house.migrate(include_private=True)) == [
        ("carried", "Two", ""),
        ("removed", "index", ""),
    ]
    assert await house.playlists.get(INDEX) is None
    assert list((await house.migrate()).findings) == []


async def test_what_is_listed_and_nowhere_stored_is_told_once_more_before_the_index_goes() -> None:
    house = await OldHouse().hold(old_playlist("p1"), listed=False)
    lost = old_playlist("p2", "Lost", owner="dora_x")
    await house.put(house.playlists, INDEX, index_of(old_playlist("p1"), lost))
    assert told(await house.migrate()) == [
        ("carried", "Night", ""),
        ("refused", "Lost", "it is listed, but there is no document"),
        ("removed", "index", ""),
    ]


async def test_a_playlist_that_the_index_has_lost_is_found() -> None:
    house = await OldHouse().hold(old_playlist("p1", "One"), old_playlist("p2", "Two"))
    await house.put(house.playlists, INDEX, index_of(old_playlist("p1", "One")))
    assert told(await house.migrate()) == [
        ("carried", "One", ""),
        ("carried", "Two", "the earlier service does not list it any more"),
        ("removed", "index", ""),
    ]


async def test_what_is_no_document_at_all_is_told_and_stays() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    await house.put(house.playlists, PLAYLISTS + "p2", b"\xff not JSON")
    await house.put(house.playlists, PLAYLISTS + "p3", {"playlist_id": "o1", "name": "Other"})
    await house.put(house.playlists, PLAYLISTS + "p4", encode(new_playlist("o1")))
    assert told(await house.migrate()) == [
        ("carried", "Night", ""),
        ("refused", "p2", "document: is no JSON"),
        ("refused", "p3", "playlist_id: is not the one it is stored under"),
        ("refused", "p4", "playlist_id: is not the one it is stored under"),
        ("left", "index", STILL_LISTS),
    ]
    assert (await house.playlists.get(PLAYLISTS + "p2")).value == b"\xff not JSON"


async def test_an_index_that_cannot_be_read_stays_and_hinders_nothing() -> None:
    house = await OldHouse().hold(old_playlist("p1"), listed=False)
    await house.put(house.playlists, INDEX, [])
    assert told(await house.migrate()) == [
        ("carried", "Night", ""),
        ("refused", "index", "document: is no JSON object"),
    ]


async def test_a_playlist_beyond_our_limits_is_told_and_stays_whole() -> None:
    many = old_playlist("p1", "Many", items=[{"video_id": "a"}] * (MAX_ITEMS + 1))
    large = old_playlist("p2", "Large", items=[{"video_id": "a" * 150}] * 4_800)
    house = await OldHouse().hold(many, large)
    before = await house.revisions()
    assert told(await house.migrate())[:2] == [
        ("refused", "Large", "it is larger than 900 KiB"),
        ("refused", "Many", "a playlist holds at most 5000 items"),
    ]
    assert await house.revisions() == before


async def test_a_name_that_one_of_ours_has_stays_with_it() -> None:
    house = OldHouse()
    night = new_playlist("o1", "night")
    await house.process().playlists.names.create(night)
    await house.hold(old_playlist("p1"), old_playlist("p2", "Night 2"))
    assert told(await house.migrate())[:2] == [("renamed", "Night", "Night 3"), ("carried", "Night 2", "")]
    assert (await house.living())["o1"] == night


async def test_ids_that_were_no_keys_of_ours_move_to_one() -> None:
    odd = [old_playlist("a=b", "One"), old_playlist("my/list", "Two"), old_playlist(".x", "Three")]
    house = await OldHouse().hold(*odd)
    assert told(await house.migrate())[-1] == ("removed", "index", "")
    keys = [key for key, _, _ in await house.revisions() if key.startswith(PLAYLISTS)]
    assert keys == [PLAYLISTS + "=2Ex", PLAYLISTS + "a=3Db", PLAYLISTS + "my=2Flist"]
    assert {key: each.name for key, each in (await house.living()).items()} == {
        "a=b": "One",
        "my/list": "Two",
        ".x": "Three",
    }
    assert list((await house.migrate()).findings) == []


@pytest.mark.parametrize("there", [encode(new_playlist("a=b", "Other")), b"not JSON"])
async def test_an_odd_id_whose_place_is_taken_stays(there: bytes) -> None:
    house = await OldHouse().hold(old_playlist("a=b", "One"), listed=False)
    await house.put(house.playlists, PLAYLISTS + "a=3Db", there)
    before = await house.revisions()
    for apply in (False, True):
        assert told(await house.migrate(apply=apply))[0] == ("refused", "One", "another playlist has its id")
    assert await house.revisions() == before


async def test_titles_and_lengths_come_from_the_catalogue() -> None:
    house = await OldHouse().hold(old_playlist("p1"))
    assert not (await house.migrate(apply=False)).has_catalogue
    await house.know("a")
    assert (await house.migrate()).has_catalogue
    assert (await house.living())["p1"].items == (PlaylistItem("a", "Film a.mp4", 600), PlaylistItem("b"))


async def test_a_catalogue_that_cannot_be_read_hinders_nothing() -> None:
    class Damaged(MemoryIndex):
        async def state(self) -> None:
            raise Unavailable("The index is damaged.", code="index_unreadable")

    house = await OldHouse(index=Damaged()).hold(old_playlist("p1"))
    migration = await house.migrate()
    assert (migration.changes, migration.has_catalogue) == (2, False)


async def test_what_the_earlier_service_wrote_over_ours_gets_its_name_and_a_new_version() -> None:
    house = await OldHouse().fill(OVER_OURS)
    assert told(await house.migrate()) == [
        ("carried", "Saturday Night", ""),
        ("carried", "Sunday", ""),
        ("removed", "index", ""),
    ]
    living = await house.living()
    renamed = living["x1f00000000000aa"]
    assert (renamed.name, renamed.version, renamed.updated_by) == ("Saturday Night", 4, "Bob")
    assert renamed.items[0] == PlaylistItem("mc_1", "One.[2008].mp4", 600)
    assert living["x1f00000000000bb"].items == (PlaylistItem("mc_9"),)
    claims = house.process().playlists.names.claims
    assert {each.value.name for each in await claims.all()} == {"Saturday Night", "Sunday"}


@pytest.mark.parametrize(
    ("stored", "becomes"),
    [
        ({"blessed": ["Erin", " Frank "]}, ["Erin", "Frank"]),
        (["Erin", "", "  ", 7, None], ["Erin", "7"]),
        ([], []),
    ],
)
async def test_an_access_list_in_another_shape_becomes_an_array_of_names(
    stored: object, becomes: object
) -> None:
    house = OldHouse()
    await house.put(house.buckets.acl, "ns/default/blessed", stored)
    await house.migrate()
    assert json.loads((await house.buckets.acl.get("ns/default/blessed")).value) == becomes


async def test_an_access_list_that_is_none_is_told_and_stays() -> None:
    house = OldHouse()
    await house.put(house.buckets.acl, "ns/default/admins", {"blessed": ["Erin"]})
    before = await house.revisions()
    (finding,) = (await house.migrate()).findings
    assert finding == Finding(
        kind=Kind.ACCESS_LIST,
        fate=Fate.REFUSED,
        key="ns/default/admins",
        name="admins",
        why=("admins: is neither an array of names nor an object with one",),
    )
    assert await house.revisions() == before


async def test_a_blocked_address_stays_blocked_until_the_same_moment() -> None:
    house = await OldHouse().fill(WRITTEN)
    auth = Namespace(
        house.buckets.auth, "default", clock=house.clock, randomness=house.process().blocks.blocks.randomness
    )
    blocks = Blocks.over(auth, rules=LoginRules())
    address = ClientAddress.parse("192.0.2.66")
    with pytest.raises(Unavailable):
        await blocks.rest(address)
    await house.migrate()
    assert await blocks.rest(address) == 233_745
    assert not [each for each in (await house.migrate()).findings if each.kind is Kind.ADDRESS_BLOCK]


async def test_a_block_that_cannot_be_read_is_told_and_stays() -> None:
    house = OldHouse()
    await house.put(house.buckets.auth, "ns/default/ipblock/testclient", {"blocked_until": "soon"})
    await house.put(house.buckets.auth, "ns/default/ipblock/192.0.2.1", {"blocked_until": "soon"})
    assert told(await house.migrate()) == [
        ("refused", "192.0.2.1", "blocked_until: is missing or no time"),
        ("refused", "testclient", "ip: not an IPv4 or IPv6 address"),
    ]
