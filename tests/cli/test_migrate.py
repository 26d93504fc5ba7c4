"""What `migrate` prints, over buckets in memory as the earlier service has left them."""

import json
from argparse import Namespace
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from playlist_app.cli.migrate import migrate
from playlist_app.config import Settings
from playlist_core.services.migrating import Migrating
from tests.unit.legacy_world import WRITTEN, OldHouse, old_playlist

Call = Callable[..., str]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def house() -> OldHouse:
    return OldHouse()


@pytest.fixture
def call(house: OldHouse, capsys: pytest.CaptureFixture[str]) -> Call:
    to_apply: list[bool] = []

    @asynccontextmanager
    async def opened(_: Settings, *, apply: bool) -> AsyncGenerator[Migrating, None]:
        to_apply.append(apply)
        yield house.process()

    def call(*, apply: bool = False, include_private: bool = False, as_json: bool = False) -> str:
        args = Namespace(
            config=None, data_dir=None, json=as_json, apply=apply, include_private=include_private
        )
        assert migrate(args, opened) == 0
        assert to_apply.pop() is apply  # without which nothing may be made
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return call


def test_without_apply_it_says_line_by_line_what_would_be_done(house: OldHouse, call: Call) -> None:
    anyio.run(house.fill, WRITTEN)
    assert call() == (
        "keep     access list admins, 2 names\n"
        "keep     access list blessed, 4 names\n"
        "carry    block of 192.0.2.66\n"
        "carry    playlist “Friday Night” of Bob, 3 items\n"
        "rename   playlist “friday night” of dora_x, 1 item, to “friday night 2”\n"
        "leave    playlist “Secret Stash” of Bob, 2 items, private\n"
        "leave    playlist “Only Alice” of Alice, 0 items, private\n"
        "leave    playlist “Friday Night (fork)” of dora_x, 3 items, private\n"
        f"cannot   playlist “{'N' * 150}” of Bob, 1 item: name: is longer than 100 characters\n"
        "cannot   playlist “Tab�here” of Bob, 1 item: name: contains a control character\n"
        "leave    index of playlists: it lists what was not carried\n"
        "3 private playlists left out; --include-private carries them, too, and then everybody who signs in"
        " can read them.\n"
        "There is no catalogue yet: what is carried has titles and lengths only if kryten-playlist refresh"
        " comes first.\n"
        "3 changes to make; nothing is changed without --apply.\n"
    )
    assert anyio.run(house.living) == {}


def test_with_apply_it_says_what_was_done_and_then_that_nothing_is_left(house: OldHouse, call: Call) -> None:
    anyio.run(house.know, "a")
    anyio.run(house.hold, old_playlist("p1"), old_playlist("p2", "Mine", visibility="private"))
    assert call(apply=True, include_private=True) == (
        "carried  playlist “Night” of Bob, 2 items\n"
        "carried  playlist “Mine” of Bob, 2 items, private\n"
        "removed  index of playlists\n"
        "Playlists that were private can be read by everybody who signs in, once they are carried.\n"
        "Done: 3 changes.\n"
    )
    assert call(apply=True) == "Nothing to do.\n"


def test_for_programs_it_prints_the_same_as_json(house: OldHouse, call: Call) -> None:
    anyio.run(house.hold, old_playlist("p1"), old_playlist("p2"))
    told = json.loads(call(as_json=True))
    assert (told["applied"], told["changes"], told["has_catalogue"]) == (False, 3, False)
    assert told["findings"][1] == {
        "kind": "playlist",
        "fate": "renamed",
        "name": "Night",
        "new_name": "Night 2",
        "owner": "Bob",
        "private": False,
        "count": 2,
        "why": [],
        "key": "ns/default/playlists/p2",
    }
