"""A room with people in it, and what they are told, as short as it can be said."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field

from playlist_adapters.channel.simulated import (
    Account,
    Connection,
    FetchFailure,
    Frame,
    Manifest,
    Room,
)

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
