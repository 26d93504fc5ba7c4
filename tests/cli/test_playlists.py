"""`playlists list` and `playlists show`, asked of the service or read from the data directory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from playlist_adapters.kv.datadir import lock_data_dir
from playlist_app.cli.naming import nearest
from playlist_app.config import Settings
from playlist_app.wiring import wire_files
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import PlaylistItem
from tests.cli.service_world import Answer, CommandLine, Fields, ScriptedService, refused

ID = "cli-f2a74de452e6b438"
WHEN = "2026-11-20T23:00:00.000000Z"
UNKNOWN = refused("playlist_not_found", "There is no playlist.")


def summary(number: int, name: str = "") -> Fields:
    return {
        "playlist_id": f"p{number}",
        "name": name or f"Night {number}",
        "item_count": number,
        "duration_seconds": 3600 * number,
        "unknown_durations": 0,
        "updated_at": WHEN,
        "updated_by": "bob",
        "version": 1,
        "deleted_at": None,
        "deleted_by": None,
    }


def item(number: int, **changes: Any) -> Fields:
    whole = {
        "video_id": f"v{number}",
        "title": f"Film.{number}.mkv",
        "display_title": f"Film {number}",
        "duration_seconds": 60,
        "available": True,
        "unavailable_reason": None,
        "season": None,
        "episode": None,
    }
    return {**whole, **changes}


def playlist(items: Sequence[Fields], *, of: int | None = None, version: int = 3) -> Fields:
    """An answer of `playlists_show` with these items, `of` so many."""
    shown = {
        "playlist_id": "p1",
        "name": "Night",
        "version": version,
        "items": list(items),
        "duration_seconds": 5525,
        "unknown_durations": 1,
        "created_by": "alice",
        "created_at": WHEN,
        "updated_by": "bob",
        "updated_at": WHEN,
    }
    return {"playlist": shown, "item_count": len(items) if of is None else of}


def listing(*pages: Answer) -> ScriptedService:
    return ScriptedService({"playlists_list": list(pages)})


def showing(*pages: Answer) -> ScriptedService:
    return ScriptedService(
        {"playlists_show": list(pages), "playlists_list": [{"playlists": [summary(1, "Night")], "total": 1}]}
    )


# Asked of the service


def test_the_playlists_are_listed_with_id_items_and_length(type_: CommandLine) -> None:
    rows = [summary(1), summary(12, "B\x1b[31mad")]
    world = listing({"playlists": rows, "total": 2})
    code, out, err = type_(world.reach, "playlists", "list")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "p1                    1    1:00:00  Night 1",
        "p12                  12   12:00:00  B\ufffd[31mad",
        "2 playlists.",
    ]
    assert type_.json(world.reach, "playlists", "list") == (0, {"playlists": rows, "total": 2}, "")
    assert type_(listing({"playlists": [], "total": 0}).reach, "playlists", "list")[1] == "0 playlists.\n"


def test_many_playlists_come_in_pages_and_none_twice(type_: CommandLine) -> None:
    rows = [summary(number) for number in range(1_100)]
    # One that was saved meanwhile has pushed the last of the first page into the second.
    pages = (rows[:500], rows[499:999], rows[999:])
    world = listing(*({"playlists": page, "total": 1_101} for page in pages))
    code, told, _ = type_.json(world.reach, "playlists", "list")
    assert (code, told) == (0, {"playlists": rows, "total": 1_100})
    assert [page["offset"] for page in world.told("playlists_list")] == [0, 500, 1_000]
    emptied = listing({"playlists": rows[:2], "total": 900}, {"playlists": [], "total": 2})
    assert type_.json(emptied.reach, "playlists", "list")[1]["total"] == 2


def test_a_playlist_is_shown_item_by_item(type_: CommandLine) -> None:
    gone = item(2, available=False, unavailable_reason="This title is gone.", duration_seconds=None)
    world = showing(playlist([item(1), gone]))
    code, out, err = type_(world.reach, "playlists", "show", "Night")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Night  (p1, version 3)",
        "    1.      1:00  Film 1",
        "    2.         ?  Film 2  (This title is gone.)",
        "2 items, 1:32:05, 1 of unknown length. Saved by bob, 2026-11-20 23:00 UTC.",
    ]
    page = {"playlist_id": None, "playlist_name": "Night", "limit": 500, "offset": 0}
    assert world.told("playlists_show") == [page]
    assert type_.json(world.reach, "playlists", "show", "Night") == (0, playlist([item(1), gone]), "")


def test_a_long_playlist_comes_in_pages_of_one_version(type_: CommandLine) -> None:
    items = [item(number) for number in range(900)]
    old = [item(number, title="old") for number in range(500)]
    world = showing(
        playlist(old, of=900, version=2),
        playlist(items[500:], of=900),
        playlist(items[:500], of=900),
        playlist(items[500:], of=900),
    )
    assert type_.json(world.reach, "playlists", "show", "Night") == (0, playlist(items), "")
    pages = [(page["playlist_id"], page["offset"]) for page in world.told("playlists_show")]
    assert pages == [(None, 0), ("p1", 500), (None, 0), ("p1", 500)]


def test_a_playlist_that_does_not_hold_still_is_not_shown_in_halves(type_: CommandLine) -> None:
    world = showing(playlist([item(1)], of=2), playlist([], of=2))
    code, out, err = type_(world.reach, "playlists", "show", "Night")
    assert (code, out) == (1, "")
    assert err.startswith("kryten-playlist: This playlist is being saved again and again; try once more.")


def test_one_is_found_by_its_id_and_else_the_nearest_are_named(type_: CommandLine) -> None:
    assert type_(showing(UNKNOWN, playlist([item(1)])).reach, "playlists", "show", "p1")[0] == 0
    code, out, err = type_(showing(UNKNOWN).reach, "playlists", "show", "Nigth")
    assert (code, out) == (1, "")
    expected = "kryten-playlist: There is no playlist called “Nigth”; the nearest is “Night”."
    assert err == f"{expected} (correlation id {ID})\n"


# Read from the data directory


@pytest.fixture
def kept(type_: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data directory with one playlist, and no service anywhere."""
    monkeypatch.delenv("KRYTEN_PLAYLIST_NATS_URL")
    directory = tmp_path / "d"

    async def save() -> None:
        async with wire_files(Settings(data_dir=directory)) as library:
            actor = Actor(Username("bob"), Role.BLESSED)
            await library.playlists.create(actor, "Friday night", [PlaylistItem("v1"), PlaylistItem("v1")])

    anyio.run(save)
    return directory


NOBODY = ScriptedService({})


def test_without_a_service_the_data_directory_is_read(type_: CommandLine, kept: Path) -> None:
    data = ("--data-dir", str(kept))
    code, out, err = type_(NOBODY.reach, "playlists", "list", *data)
    assert (code, out.splitlines()[0][16:], err) == (0, "      2       0:00  Friday night", "")
    code, told, _ = type_.json(NOBODY.reach, "playlists", "list", *data)
    (row,) = told["playlists"]
    assert (code, told["total"], row["name"], row["item_count"]) == (0, 1, "Friday night", 2)
    for name in ("friday NIGHT", row["playlist_id"]):
        code, told, _ = type_.json(NOBODY.reach, "playlists", "show", name, *data)
        shown = told["playlist"]
        assert (code, told["item_count"], shown["name"]) == (0, 2, "Friday night")
        assert [each["available"] for each in shown["items"]] == [False, False]
    code, _, err = type_(NOBODY.reach, "playlists", "show", "Fridy", "night", *data)
    expected = "kryten-playlist: There is no playlist called “Fridy night”; the nearest is “Friday night”.\n"
    assert (code, err, NOBODY.asked) == (1, expected, [])


def test_where_there_is_neither_service_nor_data_it_says_so(type_: CommandLine, kept: Path) -> None:
    elsewhere = kept.parent / "nowhere"
    code, out, err = type_(NOBODY.reach, "playlists", "list", "--data-dir", str(elsewhere))
    assert (code, out) == (1, "")
    assert err.startswith(f"kryten-playlist: There is nothing in {elsewhere}; with nats_url in the settings")
    assert not elsewhere.exists()


def test_a_directory_in_use_is_left_alone(type_: CommandLine, kept: Path) -> None:
    with lock_data_dir(kept):
        code, _, err = type_(NOBODY.reach, "playlists", "list", "--data-dir", str(kept))
    assert (code, f"{kept} is in use by process" in err) == (1, True)


# The nearest


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("fri", ["Friday", "Friday 2", "Good Friday"]),
        ("FRIDAY 3", ["Friday 2", "Friday", "Good Friday"]),
        ("Mnoday", ["Monday", "Monday, late, with all that was left over"]),
        ("Kung Fu", ["KUNG\u00a0FU"]),
        ("", []),
        (" \u200b ", []),
        ("xyz", []),
    ],
)
def test_the_nearest_names_are_those_people_mean(typed: str, near: list[str]) -> None:
    names = ["Good Friday", "Friday 2", "Friday", "KUNG\u00a0FU", "Monday"]
    assert nearest(typed, [*names, "Monday, late, with all that was left over"]) == near
