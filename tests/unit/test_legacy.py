"""Documents of the earlier service, read as values of ours."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_core.domain.legacy import (
    OldPlaylist,
    in_turn,
    is_written_by_the_old,
    names_for,
    read_block,
    read_index,
    read_names,
    read_playlist,
)
from playlist_core.domain.limits import Block, BlockReason
from playlist_core.domain.playlists import Playlist, PlaylistItem, name_key
from playlist_core.errors import InvalidInput
from tests.unit.legacy_world import OVER_OURS, WRITTEN, old_playlist

STORED = WRITTEN["kryten_playlist_playlists"]
OVER = OVER_OURS["kryten_playlist_playlists"]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
CREATED = datetime(2025, 12, 18, 12, 34, 56, 1, UTC)
UPDATED = datetime(2025, 12, 19, 12, 34, 56, 1, UTC)


def read(playlist_id: str = "p1", name: str = "Night", **more: Any) -> OldPlaylist:
    return read_playlist(playlist_id, old_playlist(playlist_id, name, **more), {})


def test_a_recorded_playlist_says_everything_itself() -> None:
    plain = STORED["ns/default/playlists/AMQwZLbF90M46HMU"]
    assert read_playlist("AMQwZLbF90M46HMU", plain, {}) == OldPlaylist(
        playlist_id="AMQwZLbF90M46HMU",
        name="Friday Night (fork)",
        private=True,
        owner="dora_x",
        items=(PlaylistItem("mc_1"), PlaylistItem("mc_2"), PlaylistItem("mc_1")),
        created_by="dora_x",
        created_at=datetime(2026, 11, 20, 15, 55, 44, 735431, UTC),
        updated_at=datetime(2026, 11, 20, 15, 55, 44, 735431, UTC),
        version=1,
        was_ours=False,
        notes=("that it began as a copy of one of Bob is not kept",),
    )


def test_what_was_written_over_ours_is_the_next_version_and_not_private() -> None:
    plain = OVER["ns/default/playlists/x1f00000000000aa"]
    old = read_playlist("x1f00000000000aa", plain, {})
    assert (old.was_ours, old.private, old.version, old.owner) == (True, False, 4, "Bob")
    assert old.items[0] == PlaylistItem("mc_1", "One.[2008].mp4", 600)
    assert is_written_by_the_old(plain)
    assert not is_written_by_the_old({key: plain[key] for key in plain if key != "visibility"})


def test_the_index_says_what_the_playlist_does_not() -> None:
    listed = {
        "name": "Night",
        "owner": "Bob",
        "visibility": "public",
        "created_at": "2025-12-18T12:34:56.000001",
    }
    old = read_playlist("p1", {"items": []}, listed)
    assert (old.name, old.owner, old.created_by, old.private) == ("Night", "Bob", "Bob", False)
    assert (old.created_at, old.updated_at) == (CREATED, None)
    assert read_playlist("p1", {"name": "Day"}, listed).name == "Day"


def test_ours_has_the_same_under_the_name_it_is_given() -> None:
    items = (PlaylistItem("a", "Film a.mp4", 600),)
    assert read(version=3, created_by="Erin").renewed("Night 2", items, now=NOW) == Playlist(
        playlist_id="p1",
        name="Night 2",
        version=3,
        items=items,
        created_by="Erin",
        created_at=CREATED,
        updated_by="Bob",
        updated_at=UPDATED,
    )


@pytest.mark.parametrize(
    ("created", "updated", "expected"),
    [
        (None, "2025-12-19T12:34:56.000001+00:00", (UPDATED, UPDATED)),
        ("2025-12-18T14:34:56.000001+02:00", "never", (CREATED, CREATED)),
        ("0001-01-01T00:00:00+05:00", 7, (NOW, NOW)),
    ],
)
def test_dates_are_kept_where_they_are_known(created: Any, updated: Any, expected: Any) -> None:
    ours = read(created_at=created, updated_at=updated).renewed("Night", (), now=NOW)
    assert (ours.created_at, ours.updated_at) == expected


@pytest.mark.parametrize(
    ("said", "private"),
    [("shared", False), ("public", False), ("private", True), ("other", True), (None, True)],
)
def test_only_what_others_could_see_is_not_private(said: str | None, private: bool) -> None:
    assert read(visibility=said).private is private


def test_places_without_a_title_are_told_and_left_out() -> None:
    items = [
        {"video_id": " a ", "title": "A.mp4", "duration_seconds": 600},
        {"video_id": ""},
        {"video_id": 7, "title": None, "duration_seconds": 1.5},
        "b",
        {"video_id": "c", "title": 7, "duration_seconds": -1},
    ]
    old = read(items=items)
    assert old.items == (PlaylistItem("a", "A.mp4", 600), PlaylistItem("7"), PlaylistItem("c", "7"))
    assert old.notes == ("nothing is named at place 2, 4, which is left out",)


def test_what_is_no_text_in_utf_8_is_shown_with_marks_but_never_becomes_another_title() -> None:
    old = read(owner="Bo\ud800b", items=[{"video_id": "a\ud800"}])
    assert old.owner == "Bo?b"
    with pytest.raises(InvalidInput, match="control character"):
        old.check()


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        ([], "document: is no JSON object"),
        ({"playlist_id": "p2", "name": "x"}, "playlist_id: is not the one it is stored under"),
        ({"items": []}, "name: is missing or no text"),
        ({"name": "x", "items": {"video_id": "a"}}, "items: is no array"),
    ],
)
def test_what_cannot_be_understood_says_why(plain: Any, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_playlist("p1", plain, {})
    assert refused.value.message == reason


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [*STORED["ns/default/playlists/AMQwZLbF90M46HMU"], "version", "updated_by", "blocked_until", "reason"]
)


@given(st.dictionaries(FIELDS, ANYTHING) | ANYTHING)
def test_whatever_it_is_it_is_read_or_refused(plain: Any) -> None:
    for read_as in (
        lambda: read_playlist("p1", plain, {}).check(),
        lambda: read_index(plain),
        lambda: read_names(plain, "name"),
        lambda: read_block("192.0.2.1", plain),
    ):
        try:
            read_as()
        except InvalidInput as refused:
            assert refused.message


def test_the_index_lists_by_id() -> None:
    assert list(read_index(STORED["ns/default/playlists/index"])) == [
        "01Xv2WpTcqPdTnzG",
        "P0Hs8-XpVVM1Z8hW",
        "QYrScz0-2jsoTXPE",
        "Gj64CHnrX9Nxcfim",
        "63f_ZQFZ5stHImeT",
        "cZA5lqQ7OccGGkV1",
        "AMQwZLbF90M46HMU",
    ]
    assert read_index({"playlists": {"p1": {"name": "x"}, "p2": "?"}}) == {"p1": {"name": "x"}}
    assert read_index({"playlists": None}) == {}


def chosen(*old: OldPlaylist, living: tuple[str, ...] = ()) -> dict[str, str]:
    reserved = {name_key(each.name) for each in old}
    return dict(names_for(in_turn(old), living=dict.fromkeys(living, "ours"), reserved=reserved))


def test_of_two_with_one_name_the_older_keeps_it() -> None:
    later = read("p1", "night", created_at="2026-01-01T00:00:00")
    undated = read("p0", "NIGHT", created_at=None)
    assert chosen(later, read("p2", "Night"), undated) == {"p2": "Night", "p1": "night 2", "p0": "NIGHT 3"}


def test_a_private_one_gives_way_to_one_that_others_could_see() -> None:
    private = read("p1", "Night", visibility="private", created_at="2020-01-01T00:00:00")
    assert chosen(private, read("p2", "Night")) == {"p2": "Night", "p1": "Night 2"}


def test_one_that_has_its_name_in_ours_keeps_it() -> None:
    over = read("p2", "Night", updated_by="Erin", version=2, created_at="2026-01-01T00:00:00")
    assert chosen(read("p1", "Night"), over) == {"p2": "Night", "p1": "Night 2"}


def test_nobody_gets_a_name_that_another_one_has_or_will_have() -> None:
    olds = (read("p1", "Night"), read("p2", "night"), read("p3", "Night 2"))
    assert chosen(*olds, living=("night 3",)) == {"p1": "Night", "p2": "night 4", "p3": "Night 2"}


@pytest.mark.parametrize(
    "plain", [["Erin", " Frank ", ""], {"blessed": ["Erin", "Frank"], "admins": ["Bob"]}]
)
def test_an_access_list_is_read_in_all_its_shapes(plain: Any) -> None:
    assert read_names(plain, "blessed") == ("Erin", "Frank")


def test_a_recorded_block_gets_what_ours_say_besides() -> None:
    plain = WRITTEN["kryten_playlist_auth"]["ns/default/ipblock/192.0.2.66"]
    assert read_block("192.0.2.66", plain) == Block(
        ip="192.0.2.66",
        source="192.0.2.66",
        blocked_until=datetime(2026, 11, 23, 15, 55, 44, 762008, UTC),
        reason=BlockReason.OTP_UNSOLICITED,
        created_at=datetime(2026, 11, 20, 15, 55, 44, 762008, UTC),
    )
    assert read_block("192.0.2.66", {**plain, "reason": "spam"}).reason is BlockReason.ADMIN_ACTION
