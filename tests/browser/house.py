"""A demo process of the tests' own, and what happens in it behind the back of the page."""

import json
import os
import re
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from attrs import define, field
from playwright.sync_api import BrowserContext

READY_WITHIN = 20.0
API = "/api/v1"


@define(eq=False)
class House:
    """A demo, and whoever has signed in to it without the page; `open` until it is being ended."""

    url: str
    open: bool = field(default=True, init=False)
    _people: dict[str, tuple[OpenerDirector, CookieJar]] = field(factory=dict, init=False)

    def let_in(self, name: str, context: BrowserContext) -> None:
        """Give a browser a session of `name`."""
        _, jar = self._person(name)
        cookies = [(cookie.name, cookie.value or "") for cookie in jar]
        context.add_cookies([{"name": key, "value": value, "url": self.url} for key, value in cookies])

    def save_many(self, by: str, name: str, count: int, *, words: str = "") -> None:
        """A playlist of the first `count` titles that `words` find."""
        person, _ = self._person(by)
        found = self._call(person, f"{API}/catalog/search?{urlencode({'q': words, 'limit': count})}")["items"]
        items = [{"video_id": item["video_id"]} for item in found]
        assert len(items) == count
        self._call(person, f"{API}/playlists", {"name": name, "items": items})

    def channel(self) -> Any:
        """What the simulated channel says about itself."""
        return self._call(build_opener(), "/demo/channel?commands=false")

    def stir(self, action: str) -> None:
        """Let something happen in the channel."""
        self._call(build_opener(), "/demo/channel", {"action": action})

    def code(self, name: str) -> str:
        """The code in the last message to `name`."""
        messages = [message["text"] for message in self.channel()["pms"] if message["to"] == name]
        return re.findall(r"\b[2-9A-Z]{8}\b", messages[-1])[0]

    def _person(self, name: str) -> tuple[OpenerDirector, CookieJar]:
        """Codes are rationed, so each person asks for one only."""
        if name not in self._people:
            jar = CookieJar()
            person = build_opener(HTTPCookieProcessor(jar))
            self._call(person, f"{API}/auth/otp/request", {"username": name})
            self._call(person, f"{API}/auth/otp/verify", {"username": name, "otp": self.code(name)})
            self._people[name] = (person, jar)
        return self._people[name]

    def _call(self, person: OpenerDirector, path: str, body: object = None) -> Any:
        """GET, or POST with a body; anything but a success raises."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json"})
        with person.open(request, timeout=READY_WITHIN) as answer:
            return json.load(answer)


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """A demo with its data below `folder`, ended with the block."""
    command = [sys.executable, "-m", "playlist_app", "demo", "--port", "0", "--json", "--data-dir"]
    with subprocess.Popen([*command, str(folder / "demo")], stdout=subprocess.PIPE) as process:
        house = House(_address(process))
        try:
            yield house
        finally:
            house.open = False
            process.terminate()
            process.communicate(timeout=READY_WITHIN)


def _address(process: subprocess.Popen[bytes]) -> str:
    """What the process prints when it is ready."""
    assert process.stdout is not None
    deadline, printed = time.monotonic() + READY_WITHIN, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < deadline and process.poll() is None:
            if not selector.select(timeout=0.5):
                continue
            printed += os.read(process.stdout.fileno(), 4096)
            if printed.rstrip().endswith(b"}"):
                return json.loads(printed)["url"]
    raise AssertionError(f"the demo was not ready in time; it printed {printed!r}")
