"""The simulated room keeps CyTube's rules: checks and their order, pace, the serial queue, the air, talk."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.channel.simulated import (
    Account,
    Connection,
    FetchFailure,
    Frame,
    Manifest,
    Room,
)
from playlist_adapters.channel.simulated.view import ChannelView
from playlist_core.errors import InvalidInput

START = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
TOO_FAST = "You are adding videos too quickly"
DUPLICATE = "This item is already on the playlist"
NO_RAW_FILES = "You don't have permission to add raw video files"
ACCOUNTS = [Account("admin", 3), Account("bob", 2), Account("carol", 1), Account("dave", 1)]
# What goes on around a test and is not its subject, unless it says so.
AROUND = ("setPlaylistMeta", "drinkCount", "voteskip", "usercount", "addUser", "setUserRank")
# The shape of an answer: the event and what tells one from another.
Told = list[tuple[str, Any]]


@define
class Site:
    """Manifests by title, `TITLE@SECONDS` or `TITLE@SECONDS+DELAY`; `gone` is a 404."""

    fetched: list[str] = field(factory=list)

    def fetch(self, media_id: str, media_type: str) -> Manifest | FetchFailure:
        self.fetched.append(media_id)
        name = media_id.removeprefix("https://s/")
        if name.startswith("gone"):
            return FetchFailure(text="Expected HTTP 200 OK, not 404 Not Found")
        title, _, rest = name.partition("@")
        seconds, _, delay = rest.partition("+")
        return Manifest(
            title=title, seconds=int(seconds or 600), delay=timedelta(seconds=float(delay or 0.01))
        )


@define
class Scene:
    """A room and everybody who has been named in it; who is named for the first time joins."""

    room: Room
    site: Site
    people: dict[str, Connection] = field(factory=dict)

    def __getitem__(self, name: str) -> Connection:
        if name not in self.people:
            self.people[name] = self.room.connect()
            self.room.send(self.people[name], "joinChannel", {"name": "testroom"})
            password = {"pw": "x"} if any(account.name == name for account in ACCOUNTS) else {}
            self.room.send(self.people[name], "login", {"name": name, **password})
            self.people[name].collect()
        return self.people[name]

    def wait(self, seconds: float) -> None:
        self.room.advance(self.room.now + timedelta(seconds=seconds))

    def send(self, name: str, event: str, *args: Any) -> None:
        self.room.send(self[name], event, *args)

    def add(
        self, *names: str, by: str = "bob", pos: str = "end", temp: bool = False, wait: float = 0.1
    ) -> None:
        """Ask for adds at once, then wait."""
        for name in names:
            self.send(by, "queue", {"id": f"https://s/{name}", "type": "cm", "pos": pos, "temp": temp})
        self.wait(wait)

    def fill(self, *names: str, temp: bool = False) -> None:
        """Add by somebody new each, so that nobody's pace counts, and forget the frames."""
        for name in names:
            self.room.register(Account(f"filler{len(self.people)}", 3))
            filler = f"filler{len(self.people)}"
            self.people[filler] = self.room.connect()
            self.room.send(self.people[filler], "joinChannel", {"name": "testroom"})
            self.room.send(self.people[filler], "login", {"name": filler, "pw": "x"})
            self.add(name, by=filler, temp=temp, wait=0.01)
        self.forget()

    def forget(self) -> None:
        for person in self.people.values():
            person.collect()

    def titles(self) -> list[str]:
        return [item.media.title for item in self.room.playlist.items]

    def uids(self) -> list[int]:
        return [item.uid for item in self.room.playlist.items]

    def on_air(self) -> str | None:
        current = self.room.playlist.current
        return current.media.title if current else None

    def told(self, name: str, *, without: Iterable[str] = AROUND) -> Told:
        return [brief(frame) for frame in self[name].collect() if frame.event not in without]


def brief(frame: Frame) -> tuple[str, Any]:
    payload = frame.payload
    match frame.event:
        case "queue":
            return "queue", (payload["item"]["media"]["title"], payload["after"])
        case "queueFail":
            return "queueFail", payload["msg"]
        case "playlist":
            return "playlist", [item["media"]["title"] for item in payload]
        case "changeMedia":
            return "changeMedia", (payload["title"], payload["currentTime"])
        case "mediaUpdate":
            return "mediaUpdate", payload["currentTime"]
        case "errorMsg" | "pm" | "chatMsg":
            return frame.event, payload["msg"]
        case _:
            return frame.event, payload


def new_scene(**kwargs: Any) -> Scene:
    """At START admin (rank 3), bob (2) and carol (1) have been in an empty channel for a while."""
    site = Site()
    room = Room.create(site, now=START - timedelta(seconds=30), accounts=ACCOUNTS, **kwargs)
    scene = Scene(room, site)
    assert [scene[name].rank for name in ("admin", "bob", "carol")] == [3, 2, 1]
    scene.wait(30)
    scene.forget()
    return scene


@pytest.fixture
def scene() -> Scene:
    return new_scene()


# -- adds: what is checked, in which order -------------------------------------------


def test_the_first_item_has_uid_0_and_goes_on_the_air(scene: Scene) -> None:
    scene.add("a@90", temp=True)
    frames = scene["admin"].collect()
    assert [frame.event for frame in frames[-6:]] == [
        *("queue", "setPlaylistMeta", "setCurrent", "changeMedia", "drinkCount", "voteskip"),
    ]
    media = {
        "id": "https://s/a@90",
        "title": "a",
        "seconds": 90,
        "duration": "01:30",
        "type": "cm",
        "meta": {},
    }
    assert [frame.payload for frame in frames[-6:-2]] == [
        {"item": {"media": media, "uid": 0, "temp": True, "queueby": "bob"}, "after": "prepend"},
        {"count": 1, "rawTime": 90, "time": "01:30"},
        0,
        media | {"currentTime": -3, "paused": True},
    ]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({"id": "x", "type": "cm", "pos": "end", "foo": 1}, "Extra key: foo"),
        ({"id": "x", "pos": "end"}, "Missing key: string:type"),
        ({"id": "x", "type": "cm", "pos": 1}, "Expected key pos to be of type string, instead got number"),
        (
            {"id": "x", "type": "cm", "pos": "end", "temp": 1},
            "Expected key temp to be of type boolean,optional, instead got number",
        ),
        ("text", "Missing key: string,boolean:id"),
        (None, "Cannot convert undefined or null to object"),
    ],
)
def test_a_misshapen_add_is_an_error_message_and_no_refusal(scene: Scene, payload: Any, problem: str) -> None:
    scene.send("bob", "queue", payload)
    assert scene.told("bob") == [("errorMsg", f"Unexpected error for message queue: {problem}")]


def test_a_wrong_position_is_dropped_in_silence(scene: Scene) -> None:
    scene.add("a", pos="middle")
    assert (scene.told("bob"), scene.site.fetched) == ([], [])


def test_without_the_permission_to_add_there_is_silence(scene: Scene) -> None:
    scene.add("a", by="carol")
    assert (scene.told("carol"), scene.site.fetched) == ([], [])


def test_without_the_permission_to_add_next_there_is_silence(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"playlistnext": 3})
    scene.told("bob")
    scene.add("a", pos="next")
    scene.add("b", pos="end")
    assert scene.told("bob")[0] == ("queue", ("b", "prepend"))


def test_unlocking_the_list_lets_everybody_add_but_no_custom_manifests(scene: Scene) -> None:
    scene.send("admin", "togglePlaylistLock")
    scene.add("a", by="carol")
    assert scene.told("carol") == [("setPlaylistLocked", False), ("queueFail", NO_RAW_FILES)]


def test_a_refusal_for_the_type_costs_no_token(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"playlistadd": 1, "playlistaddrawfile": 2})
    scene.add(*"abcdefgh", by="carol")
    scene.send("admin", "setPermissions", {"playlistaddrawfile": 1})
    scene.add("i", "j", "k", by="carol")
    assert scene.titles() == ["i", "j", "k"]


def test_who_may_not_keep_items_adds_temp_ones(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"addnontemp": 3})
    scene.add("a", by="bob", temp=False)
    assert [item.temp for item in scene.room.playlist.items] == [True]


def test_a_refusal_goes_to_the_sender_alone(scene: Scene) -> None:
    scene.add("gone")
    assert scene.told("bob") == [("queueFail", "Expected HTTP 200 OK, not 404 Not Found")]
    assert scene.told("admin") == []


def test_messages_of_the_fetch_are_escaped(scene: Scene) -> None:
    scene.send("bob", "queue", {"id": "ftp://s/a", "type": "cm", "pos": "end"})
    scene.send("bob", "queue", {"id": "nothing", "type": "cm", "pos": "end"})
    scene.send("bob", "queue", {"id": "x", "type": "zz", "pos": "end"})
    scene.wait(1)
    assert scene.told("bob") == [
        (
            "queueFail",
            "Unacceptable protocol &quot;ftp:&quot;.  Custom metadata must be retrieved by HTTP or HTTPS",
        ),
        ("queueFail", "Invalid URL &quot;nothing&quot;"),
        ("queueFail", "Unknown media type &#39;zz&#39;"),
    ]


@pytest.mark.parametrize(
    ("media_type", "message"),
    [
        ("yp", "You don't have permission to add playlists"),
        ("tw", "You don't have permission to add live media"),
        ("cu", "You don't have permission to add custom embeds"),
        ("fi", NO_RAW_FILES),
    ],
)
def test_some_types_need_a_permission_of_their_own(scene: Scene, media_type: str, message: str) -> None:
    scene.send(
        "admin", "setPermissions", {"playlistadd": 1, "playlistaddlive": 1 if media_type == "cu" else 2}
    )
    scene["carol"].collect()
    scene.send("carol", "queue", {"id": "x", "type": media_type, "pos": "end"})
    assert scene.told("carol") == [("queueFail", message)]


def test_a_full_list_refuses(scene: Scene) -> None:
    scene = new_scene(max_items=3)
    scene.add(*"abcd")
    assert scene.titles() == ["a", "b", "c"]
    assert scene.told("bob")[-1] == ("queueFail", "Playlist limit reached (3)")


def test_a_full_list_is_noticed_before_a_duplicate() -> None:
    scene = new_scene(max_items=2)
    scene.add("a", "b")
    scene.forget()
    scene.add("b", pos="next")
    assert scene.told("bob") == [("queueFail", "Playlist limit reached (2)")]


def test_the_whole_address_makes_an_id(scene: Scene) -> None:
    scene.add("a", "a?r=1", "a?r=2", "a#1", "a#2", "a")
    assert len(scene.uids()) == 5
    assert scene.told("bob")[-1] == ("queueFail", DUPLICATE)


def test_duplicates_can_be_allowed(scene: Scene) -> None:
    scene.send("admin", "setOptions", {"allow_dupes": True})
    scene.add("a", "a", "a")
    assert scene.titles() == ["a", "a", "a"]


def test_a_duplicate_next_is_deleted_and_inserted_anew_with_the_old_temp_flag(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.fill("c", temp=True)
    scene.add("c", pos="next", temp=False)
    assert scene.told("bob") == [("delete", {"uid": 2}), ("queue", ("c", 0))]
    assert [(item.media.title, item.uid, item.temp) for item in scene.room.playlist.items] == [
        ("a", 0, False),
        ("c", 3, True),
        ("b", 1, False),
    ]


def test_too_long_items_are_refused_to_those_who_may_not(scene: Scene) -> None:
    scene.send("admin", "setOptions", {"maxlength": 100})
    scene.send("admin", "setPermissions", {"exceedmaxlength": 3})
    scene["bob"].collect()
    scene.add("long@101", "short@100")
    message = "Video exceeds the maximum length set by the channel admin: 100 seconds"
    assert scene.told("bob")[0] == ("queueFail", message)
    assert scene.titles() == ["short"]


def test_items_and_time_of_one_user_can_be_limited(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"exceedmaxitems": 3, "exceedmaxdurationperuser": 3})
    scene.send("admin", "setOptions", {"playlist_max_per_user": 2})
    scene.forget()
    scene.add("a@1", "b@1", "c@1")
    assert scene.told("bob")[-1] == ("queueFail", "Channel limit exceeded: maximum number of videos per user")
    scene.send("admin", "setOptions", {"playlist_max_per_user": 0, "playlist_max_duration_per_user": 10})
    scene.add("d@8")
    assert scene.told("bob")[-1] == (
        "queueFail",
        "Channel limit exceeded: maximum total playlist time per user",
    )
    scene.add("d@7")
    assert scene.titles() == ["a", "b", "d"]


def test_live_items_need_a_permission(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"playlistaddlive": 3})
    scene["bob"].collect()
    scene.add("live@0")
    assert scene.told("bob") == [("queueFail", "You don't have permission to add livestreams")]


def test_long_titles_are_cut(scene: Scene) -> None:
    scene.add("x" * 101, "y" * 100)
    assert scene.titles() == ["x" * 97 + "...", "y" * 100]


# -- pace --------------------------------------------------------------------------------


def taken(scene: Scene, by: str = "bob") -> tuple[int, int]:
    events = [frame.event for frame in scene[by].collect()]
    return events.count("queue"), events.count("queueFail")


def at_spacing(count: int, milliseconds: int) -> int:
    scene = new_scene()
    for number in range(count):
        scene.add(f"i{number}", wait=milliseconds / 1000)
    scene.wait(1)
    return taken(scene)[0]


def test_of_200_at_once_10_are_taken_and_190_refused_with_a_word() -> None:
    scene = new_scene()
    scene.add(*(f"i{number}" for number in range(200)), wait=10)
    assert taken(scene) == (10, 190)


def test_505_ms_apart_all_are_taken() -> None:
    assert at_spacing(40, 505) == 40


def test_exactly_500_ms_apart_all_are_taken() -> None:
    assert at_spacing(40, 500) == 40


def test_480_ms_apart_only_every_second_is_taken_after_the_burst() -> None:
    assert at_spacing(40, 480) == 10 + 15


def test_bursts_of_ten_with_five_quiet_seconds_are_all_taken() -> None:
    scene = new_scene()
    for burst in range(6):
        scene.add(*(f"{burst}-{number}" for number in range(10)), wait=5.05)
    assert taken(scene) == (60, 0)


def test_five_seconds_exactly_are_not_quite_quiet_enough() -> None:
    scene = new_scene()
    scene.add(*(f"a{number}" for number in range(10)), wait=5)
    scene.add(*(f"b{number}" for number in range(10)), wait=5)
    assert taken(scene) == (11, 9)


def test_trying_again_every_100_ms_takes_30_items_in_some_ten_seconds() -> None:
    scene = new_scene()
    begun, attempts = scene.room.now, 0
    for number in range(30):
        while not scene.titles() or scene.titles()[-1] != f"i{number}":
            scene.add(f"i{number}", wait=0.1)
            attempts += 1
    assert 10.0 <= (scene.room.now - begun).total_seconds() <= 13.0
    assert 100 <= attempts <= 130


def test_below_rank_2_three_are_taken_and_then_one_a_second() -> None:
    scene = new_scene()
    scene.send("admin", "setPermissions", {"playlistadd": 1, "playlistaddrawfile": 1})
    scene.add(*"abcde", by="carol", wait=0.9)
    scene.add("f", by="carol", wait=0.1)
    scene.add("g", by="carol")
    assert taken(scene, "carol") == (4, 3)
    assert scene.titles() == ["a", "b", "c", "g"]


def test_an_add_that_fails_later_costs_its_token_all_the_same(scene: Scene) -> None:
    scene.add(*(f"gone{number}" for number in range(10)), "a")
    assert scene.titles() == []
    assert scene.told("bob")[0] == ("queueFail", TOO_FAST)


def test_the_pace_is_a_connections_own(scene: Scene) -> None:
    scene.add(*(f"i{number}" for number in range(11)))
    scene.room.disconnect(scene.people.pop("bob"))
    scene.add(*(f"j{number}" for number in range(11)))
    assert len(scene.titles()) == 20


# -- the serial queue ----------------------------------------------------------------------


def test_a_slow_manifest_delays_what_comes_behind_without_reordering_it(scene: Scene) -> None:
    scene.add("a", "slow@60+2", "b", wait=1.9)
    assert scene.titles() == ["a"]
    scene.wait(0.2)
    assert scene.titles() == ["a", "slow", "b"]


def test_a_failing_fetch_frees_the_queue(scene: Scene) -> None:
    scene.add("gone", "a")
    assert scene.titles() == ["a"]


def test_a_delete_waits_its_turn_and_a_jump_does_not(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.add("slow@60+2", wait=0)
    scene.send("bob", "delete", 0)
    scene.send("bob", "jumpTo", 1)
    assert (scene.titles(), scene.on_air()) == (["a", "b"], "b")
    scene.wait(2)
    assert scene.titles() == ["b", "slow"]


def test_a_lock_held_for_over_20_seconds_is_lost_to_the_next_job(scene: Scene) -> None:
    scene.add("slow@60+25", "waiting", wait=20)
    assert scene.titles() == []
    scene.wait(0.5)
    scene.add("late")
    assert scene.titles() == ["waiting", "late"]
    scene.wait(5)
    assert scene.titles() == ["waiting", "late", "slow"]


def test_a_clear_makes_waiting_adds_vanish_and_the_one_being_fetched_come_after_it(scene: Scene) -> None:
    scene.fill("old")
    scene.add("k1@60+2", "lost", wait=0.5)
    scene.send("bob", "clearPlaylist")
    scene.add("k2", "k3", wait=3)
    assert scene.titles() == ["k2", "k3", "k1"]
    assert "queueFail" not in [event for event, _ in scene.told("bob")]


def test_a_shuffle_makes_waiting_adds_vanish_too(scene: Scene) -> None:
    scene.fill("old")
    scene.add("k1@60+2", "lost", wait=0.5)
    scene.send("bob", "shufflePlaylist")
    scene.wait(3)
    assert scene.titles() == ["old", "k1"]


def test_a_clear_says_nothing_about_what_played(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "clearPlaylist")
    scene.wait(1000)
    assert scene.told("bob") == [("playlist", [])]
    assert scene.on_air() is None


def test_adds_accepted_before_the_sender_goes_are_carried_out(scene: Scene) -> None:
    scene.add("a", "b", wait=0)
    scene.room.disconnect(scene["bob"])
    scene.wait(1)
    assert scene.titles() == ["a", "b"]


# -- edits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("delete", ["0"]),
        ("delete", [{"uid": 0}]),
        ("delete", [True]),
        ("delete", [99]),
        ("jumpTo", [99]),
        ("jumpTo", [{"uid": 1}]),
        ("setTemp", [{"uid": 99, "temp": True}]),
        ("moveMedia", [{"from": 99, "after": 0}]),
        ("moveMedia", [{"from": 1, "after": 1}]),
        ("dance", [1]),
    ],
)
def test_what_cannot_be_done_is_dropped_in_silence(scene: Scene, event: str, args: list[Any]) -> None:
    scene.fill("a", "b")
    scene.send("bob", event, *args)
    assert (scene.told("bob"), scene.titles(), scene.on_air()) == ([], ["a", "b"], "a")


@pytest.mark.parametrize(
    ("event", "args"),
    [
        ("delete", [0]),
        ("jumpTo", [1]),
        ("playNext", []),
        ("setTemp", [{"uid": 0, "temp": True}]),
        ("moveMedia", [{"from": 1, "after": "prepend"}]),
        ("clearPlaylist", []),
        ("shufflePlaylist", []),
        ("togglePlaylistLock", []),
    ],
)
def test_without_the_permission_edits_are_dropped_in_silence(
    scene: Scene, event: str, args: list[Any]
) -> None:
    scene.fill("a", "b")
    scene["carol"].collect()
    scene.send("carol", event, *args)
    assert (scene.told("carol"), scene.titles(), scene.on_air()) == ([], ["a", "b"], "a")


@pytest.mark.parametrize(("after", "order"), [("prepend", "cab"), ("append", "abc"), (0, "acb")])
def test_items_can_be_moved(scene: Scene, after: Any, order: str) -> None:
    scene.fill("a", "b", "c")
    scene.send("bob", "moveMedia", {"from": 2, "after": after})
    assert scene.told("bob") == [("moveVideo", {"from": 2, "after": after})]
    assert scene.titles() == list(order)


def test_an_item_moved_behind_one_that_is_gone_is_lost_without_a_word(scene: Scene) -> None:
    scene.fill("a", "b", "c")
    scene.send("bob", "moveMedia", {"from": 1, "after": 99})
    assert scene.told("bob") == []
    assert scene.titles() == ["a", "c"]


def test_next_to_a_playing_item_that_was_lost_nothing_can_be_added(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "moveMedia", {"from": 0, "after": 99})
    scene.add("c", pos="next")
    assert scene.told("bob") == [("queueFail", "Playlist failure")]
    assert scene.on_air() == "a"
    scene.send("bob", "playNext")
    assert scene.on_air() == "b"


def test_deleting_the_playing_item_starts_the_next_and_behind_the_last_the_first(scene: Scene) -> None:
    scene.fill("a", "b", "c")
    scene.send("bob", "jumpTo", 2)
    scene.forget()
    scene.send("bob", "delete", 2)
    assert scene.told("bob") == [("delete", {"uid": 2}), ("setCurrent", 0), ("changeMedia", ("a", -3))]


def test_deleting_the_only_item_says_nothing_about_silence(scene: Scene) -> None:
    scene.fill("a")
    scene.send("bob", "delete", 0)
    scene.wait(1000)
    assert scene.told("bob") == [("delete", {"uid": 0})]


def test_a_jump_away_from_a_temp_item_tells_its_delete_first(scene: Scene) -> None:
    scene.fill("a", temp=True)
    scene.fill("b")
    scene.send("bob", "jumpTo", "1")
    assert scene.told("bob") == [("delete", {"uid": 0}), ("setCurrent", 1), ("changeMedia", ("b", -3))]


def test_a_jump_to_the_playing_temp_item_begins_it_again(scene: Scene) -> None:
    scene.fill("a", temp=True)
    scene.send("bob", "jumpTo", 0)
    assert scene.told("bob") == [("setCurrent", 0), ("changeMedia", ("a", -3))]


def test_a_shuffle_gives_every_item_a_new_uid_and_plays_on(scene: Scene) -> None:
    scene.fill(*"abcdef")
    scene.send("bob", "jumpTo", 3)
    scene.wait(13.5)
    scene.forget()
    scene.send("bob", "shufflePlaylist")
    first = scene.room.playlist.items[0]
    assert scene.told("bob") == [
        ("playlist", scene.titles()),
        ("setCurrent", first.uid),
        ("changeMedia", ("d", 10)),
    ]
    assert sorted(scene.uids()) == list(range(6, 12))
    assert sorted(scene.titles()) == list("abcdef")


def test_who_may_not_see_the_list_gets_only_its_length(scene: Scene) -> None:
    scene.send("admin", "setPermissions", {"seeplaylist": 2})
    scene["carol"].collect()
    scene.add("a", wait=0.02)
    assert [frame.event for frame in scene["carol"].collect()] == [
        *("setPlaylistMeta", "setCurrent", "changeMedia", "drinkCount"),
    ]


def test_the_list_can_be_asked_for_once_a_minute(scene: Scene) -> None:
    scene.fill("a")
    scene.send("bob", "requestPlaylist")
    scene.send("bob", "requestPlaylist")
    given = scene["bob"].collect()
    assert [frame.event for frame in given] == ["setPlaylistMeta", "playlist", "setCurrent", "errorMsg"]
    assert given[-1].payload["code"] == "REQ_PLAYLIST_LIMIT_REACHED"
    scene.wait(60.001)
    scene.forget()
    scene.send("bob", "requestPlaylist")
    assert scene.told("bob")[0] == ("playlist", ["a"])


def test_a_ready_player_is_told_what_is_on_the_air(scene: Scene) -> None:
    scene.fill("a")
    scene.wait(8)
    scene["bob"].collect()
    scene.send("bob", "playerReady")
    assert scene.told("bob") == [("setCurrent", 0), ("changeMedia", ("a", 5))]


# -- on the air ------------------------------------------------------------------------------


def times_of(scene: Scene, event: str, since: datetime) -> list[float]:
    frames = scene["admin"].collect()
    return [(frame.at - since).total_seconds() for frame in frames if frame.event == event]


@pytest.mark.parametrize("seconds", [3, 4, 600])
def test_an_item_occupies_its_length_and_five_seconds(scene: Scene, seconds: int) -> None:
    scene.fill(f"a@{seconds}", "b")
    started = scene.room.playlist.items[0]
    scene.send("admin", "jumpTo", started.uid)
    since = scene.room.now
    scene.wait(seconds + 10)
    assert times_of(scene, "setCurrent", since)[1] == seconds + 5


def test_the_position_is_told_at_the_end_of_the_lead_in_and_every_five_seconds(scene: Scene) -> None:
    scene.add("a", wait=0.01)
    scene["admin"].collect()
    scene.wait(20)
    assert scene.told("admin") == [("mediaUpdate", seconds) for seconds in (0, 5, 10, 15)]


def test_items_that_stay_go_round_in_circles(scene: Scene) -> None:
    scene.fill("a@1", "b@1")
    scene.wait(2)
    scene["admin"].collect()
    scene.wait(15)
    assert [what for event, what in scene.told("admin") if event == "setCurrent"] == [1, 0]


def test_an_item_alone_begins_again(scene: Scene) -> None:
    scene.fill("a@1")
    scene.wait(7)
    assert ("changeMedia", ("a", -3)) in scene.told("admin")


def test_a_temp_item_goes_at_its_end_and_its_successor_starts(scene: Scene) -> None:
    scene.fill("a@1", temp=True)
    scene.fill("b")
    scene.wait(6.5)
    assert scene.told("admin", without=[*AROUND, "mediaUpdate"]) == [
        ("delete", {"uid": 0}),
        ("setCurrent", 1),
        ("changeMedia", ("b", -3)),
    ]


def test_a_live_item_never_ends_and_needs_no_updates(scene: Scene) -> None:
    scene.fill("live@0", "b")
    scene.wait(100_000)
    assert scene.told("admin") == []
    assert scene.on_air() == "live"
    scene.send("bob", "playNext")
    assert scene.on_air() == "b"


def test_one_leap_in_time_tells_the_same_as_many_steps() -> None:
    def run(step: float) -> list[Frame]:
        scene = new_scene()
        scene.add("a@3", "slow@7+2", "c@9", temp=True, wait=0)
        for _ in range(round(60 / step)):
            scene.wait(step)
        return scene["admin"].collect()

    assert run(60) == run(0.25)


def test_time_does_not_go_back(scene: Scene) -> None:
    scene.wait(10)
    scene.room.advance(START)
    assert scene.room.now == START + timedelta(seconds=10)


# -- coming and going ----------------------------------------------------------------------------


def test_until_the_channel_rank_is_known_a_user_is_of_rank_1() -> None:
    scene = new_scene()
    scene.room.register(Account("erin", 2))
    scene.room.doors.rank_delay = timedelta(milliseconds=50)
    erin = scene.room.connect()
    scene.people["erin"] = erin
    scene.room.send(erin, "joinChannel", {"name": "testroom"})
    scene.room.send(erin, "login", {"name": "erin", "pw": "x"})
    erin.collect()
    assert erin.rank == 1
    scene.add("early", by="erin", wait=0.06)
    assert [event for event, _ in scene.told("erin")] == ["rank", "userlist", "playlist"]
    assert erin.rank == 2
    scene.add("late", by="erin")
    assert scene.titles() == ["late"]


def test_nothing_is_done_before_joining(scene: Scene) -> None:
    stranger = scene.room.connect()
    scene.room.send(stranger, "login", {"name": "admin", "pw": "x"})
    scene.room.send(stranger, "queue", {"id": "https://s/a", "type": "cm", "pos": "end"})
    scene.wait(1)
    assert scene.titles() == []


def test_a_login_before_joining_counts(scene: Scene) -> None:
    early = scene.room.connect()
    scene.room.send(early, "login", {"name": "dave", "pw": "x"})
    scene.room.send(early, "joinChannel", {"name": "TestRoom"})
    told = scene.told("admin", without=["usercount"])
    assert [event for event, _ in told] == ["addUser", "chatMsg", "setUserRank"]
    assert told[-1] == ("setUserRank", {"name": "dave", "rank": 1})


@pytest.mark.parametrize(
    ("login", "error"),
    [
        ({"name": "ghost", "pw": "x"}, "Invalid username/password combination"),
        ({"name": "bob"}, "That username is registered."),
        ({"name": "B0B"}, "That username is registered."),
        ({"name": "here"}, "That name is already in use on this channel."),
        (
            {"name": "no name"},
            "Invalid username.  Usernames must be 1-20 characters long and "
            "consist only of characters a-z, A-Z, 0-9, -, or _.",
        ),
    ],
)
def test_a_login_can_fail(scene: Scene, login: dict[str, str], error: str) -> None:
    assert scene["here"].name == "here"
    stranger = scene.room.connect()
    scene.room.send(stranger, "joinChannel", {"name": "testroom"})
    stranger.collect()
    scene.room.send(stranger, "login", login)
    assert [frame.payload for frame in stranger.collect()] == [{"success": False, "error": error}]


def test_accounts_that_look_alike_cannot_both_be(scene: Scene) -> None:
    with pytest.raises(InvalidInput):
        scene.room.register(Account("car0l", 1))
    with pytest.raises(InvalidInput):
        scene.room.register(Account("not a name", 1))


def test_a_second_login_throws_the_first_out(scene: Scene) -> None:
    first = scene["bob"]
    del scene.people["bob"]
    second = scene["bob"]
    assert [brief(frame) for frame in first.collect()][-1] == ("kick", {"reason": "Duplicate login"})
    assert (first.closed, second.closed) == (True, False)
    assert ("userLeave", {"name": "bob"}) in scene.told("admin")


def test_when_the_last_has_left_the_uids_begin_again_at_0(scene: Scene) -> None:
    scene.add("a", "b", "c", temp=False)
    scene.send("bob", "delete", 0)
    scene.wait(10)
    for name in list(scene.people):
        scene.room.disconnect(scene.people.pop(name))
    scene.wait(1000)
    assert scene["bob"].rank == 2
    assert (scene.titles(), scene.uids(), scene.on_air()) == (["b", "c"], [0, 1], "b")
    # What played goes on from where it was put away.
    scene.send("bob", "playerReady")
    assert scene.told("bob") == [("setCurrent", 0), ("changeMedia", ("b", 7))]


def test_a_channel_is_not_put_away_while_an_add_is_under_way(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "delete", 0)
    scene.add("slow@60+3", wait=0)
    for name in list(scene.people):
        scene.room.disconnect(scene.people.pop(name))
    scene.wait(2)
    assert scene.uids() == [1]
    scene.wait(2)
    assert (scene.titles(), scene.uids()) == (["b", "slow"], [0, 1])


def test_a_restart_drops_everybody_and_what_was_under_way(scene: Scene) -> None:
    scene.fill("a", "b")
    scene.send("bob", "delete", 0)
    scene.add("slow@60+3", wait=0)
    scene.room.reload()
    assert all(person.closed for person in scene.people.values())
    scene.wait(10)
    assert (scene.titles(), scene.uids()) == (["b"], [0])


@pytest.mark.parametrize(
    ("name", "event", "payload"),
    [
        ("bob", "setPermissions", {"playlistadd": 0}),
        ("carol", "setOptions", {"allow_dupes": True}),
        ("carol", "assignLeader", {"name": "carol"}),
    ],
)
def test_some_attempts_without_the_rank_end_in_a_kick(
    scene: Scene, name: str, event: str, payload: dict[str, Any]
) -> None:
    culprit = scene[name]
    scene.send(name, event, payload)
    assert culprit.closed
    assert culprit.collect()[-1].event == "kick"


def test_options_for_rank_3_are_passed_over_from_rank_2(scene: Scene) -> None:
    scene.send("bob", "setOptions", {"playlist_max_per_user": 1, "allow_dupes": "yes"})
    assert scene.told("bob") == []


# -- talk ----------------------------------------------------------------------------------------


def whisper(scene: Scene, text: str, *, to: str = "carol", by: str = "bob") -> None:
    scene.send(by, "pm", {"to": to, "msg": text})


def test_a_private_message_comes_to_the_receiver_and_back(scene: Scene) -> None:
    assert scene["carol"].name == "carol"
    whisper(scene, "a < b", to="CAROL")
    message = {
        "username": "bob",
        "msg": "a &lt; b",
        "meta": {},
        "time": round(START.timestamp() * 1000),
        "to": "carol",
    }
    assert [frame.payload for frame in scene["carol"].collect() if frame.event == "pm"] == [message]
    assert [frame.payload for frame in scene["bob"].collect() if frame.event == "pm"] == [message]
    assert [frame for frame in scene["admin"].collect() if frame.event == "pm"] == []


@pytest.mark.parametrize(
    ("to", "complaint"),
    [
        ("BoB", "You can't PM yourself!"),
        ("No One", "PM failed: no one isn't a valid username."),
        ("Nobody", "PM failed: nobody isn't connected to this channel."),
    ],
)
def test_a_private_message_that_cannot_arrive_is_complained_of(scene: Scene, to: str, complaint: str) -> None:
    whisper(scene, "hello", to=to)
    assert scene.told("bob") == [("errorMsg", complaint)]


def test_who_is_not_signed_in_sends_no_private_messages(scene: Scene) -> None:
    nameless = scene.room.connect()
    scene.room.send(nameless, "joinChannel", {"name": "testroom"})
    nameless.collect()
    scene.room.send(nameless, "pm", {"to": "admin", "msg": "hello"})
    assert [brief(frame) for frame in nameless.collect()] == [
        ("errorMsg", "You must be signed in to send PMs")
    ]


def test_of_40_messages_at_once_20_arrive_and_20_are_lost(scene: Scene) -> None:
    assert scene["carol"].name == "carol"
    for number in range(40):
        whisper(scene, f"n{number}")
    assert scene.told("bob") == [("pm", f"n{number}") for number in range(20)] + [("cooldown", 100)] * 20


def test_60_messages_105_ms_apart_all_arrive(scene: Scene) -> None:
    for number in range(60):
        whisper(scene, f"n{number}", to="admin")
        scene.wait(0.105)
    assert len([what for event, what in scene.told("admin") if event == "pm"]) == 60


def test_a_message_is_cut_before_it_is_escaped(scene: Scene) -> None:
    whisper(scene, "&" * 321, to="admin")
    whisper(scene, "x" * 500, to="admin")
    whisper(scene, "🎬" * 200, to="admin")
    texts = [what for event, what in scene.told("admin") if event == "pm"]
    assert texts == ["&amp;" * 320, "x" * 320, "🎬" * 160]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*b* _i_ ~~s~~ `c`", "<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>"),
        ("a_b_c", "a<em>b</em>c"),
        ('it\'s ("so")', 'it\'s ("so")'),
        (
            "see https://s/a_b_c?x=1&y=2 now",
            'see <a href="https://s/a_b_c?x=1&amp;y=2" target="_blank">https://s/a_b_c?x=1&amp;y=2</a> now',
        ),
        ("", ""),
        ("two\nlines", "two\nlines"),
    ],
)
def test_messages_run_through_the_channels_filters(scene: Scene, text: str, html: str) -> None:
    whisper(scene, text, to="admin")
    assert [what for event, what in scene.told("admin") if event == "pm"] == [html]


def test_chat_and_private_messages_share_one_limit(scene: Scene) -> None:
    for number in range(15):
        scene.send("bob", "chatMsg", {"msg": f"c{number}"})
        whisper(scene, f"p{number}", to="admin")
    assert len([event for event, _ in scene.told("bob") if event == "cooldown"]) == 10


def test_who_joins_hears_the_last_fifteen_lines(scene: Scene) -> None:
    for number in range(17):
        scene.send("bob", "chatMsg", {"msg": f"c{number}"})
    scene.send("bob", "chatMsg", {"msg": "   "})
    newcomer = scene.room.connect()
    scene.room.send(newcomer, "joinChannel", {"name": "testroom"})
    lines = [frame.payload["msg"] for frame in newcomer.collect() if frame.event == "chatMsg"]
    assert lines == [f"c{number}" for number in range(2, 17)]


# -- what a client can know -------------------------------------------------------------------------

NAMES = [f"{letter}@{seconds}" for letter, seconds in zip("abcdef", (0, 1, 4, 30, 600, 7), strict=True)]
UIDS = st.integers(0, 12)
ACTIONS = st.one_of(
    st.tuples(
        st.just("queue"),
        st.builds(
            lambda name, pos, temp: {"id": f"https://s/{name}", "type": "cm", "pos": pos, "temp": temp},
            st.sampled_from([*NAMES, "gone", "slow@5+3", "slower@5+30"]),
            st.sampled_from(["end", "next"]),
            st.booleans(),
        ),
    ),
    st.tuples(st.sampled_from(["delete", "jumpTo"]), UIDS),
    st.tuples(
        st.just("setTemp"), st.builds(lambda uid, temp: {"uid": uid, "temp": temp}, UIDS, st.booleans())
    ),
    st.tuples(
        st.just("moveMedia"),
        st.builds(
            lambda uid, after: {"from": uid, "after": after},
            UIDS,
            st.sampled_from(["prepend", "append"]) | UIDS,
        ),
    ),
    st.tuples(st.sampled_from(["playNext", "clearPlaylist", "shufflePlaylist"])),
)


def loses_an_item(scene: Scene, action: tuple[Any, ...]) -> bool:
    """Whether the neighbour of a move is gone or may be gone by its turn: the one case no frame tells."""
    if action[0] != "moveMedia" or isinstance(action[1]["after"], str):
        return False
    return scene.room.orders.pending or action[1]["after"] not in scene.uids()


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(ACTIONS, st.sampled_from([0.0, 0.05, 0.6, 3.0, 11.0])), max_size=40))
def test_whoever_folds_the_frames_knows_what_the_room_holds(
    steps: list[tuple[tuple[Any, ...], float]],
) -> None:
    scene = new_scene()
    view = ChannelView()
    reader = scene["carol"]
    scene.send("carol", "requestPlaylist")
    for action, pause in steps:
        if not loses_an_item(scene, action):
            scene.send("bob", *action)
        scene.wait(pause)
        for frame in reader.collect():
            view.take(frame)
        playlist = scene.room.playlist
        assert [(item.uid, item.temp, item.title) for item in view.items] == [
            (item.uid, item.temp, item.media.title) for item in playlist.items
        ]
        playing = view.playing(scene.room.now)
        assert (playing and playing.uid) == (playlist.current and playlist.current.uid)
        # A live item's position is never counted by the channel itself.
        if playing and playlist.current and playlist.current.media.seconds:
            assert 0 <= playing.position_seconds - playlist.playback.at(scene.room.now) < 1
        assert playlist.count == len(playlist.items)
        assert playlist.raw_time == sum(item.media.seconds for item in playlist.items)
