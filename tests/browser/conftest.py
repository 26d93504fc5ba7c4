"""A real demo process, a real browser, and somebody who uses the page."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY_WITHIN = 20.0
# Nobody is signed in when the page first asks who is; the browser notes every 401 in its console.
AT_FIRST = (401, "/api/v1/auth/session")


# Playwright leaves marks on the objects whose methods it calls, so this one has no slots.
@define(eq=False, slots=False)
class Visitor:
    """A person at a page, and everything the browser had to complain about on the way."""

    page: Page
    url: str
    troubles: list[str] = field(factory=list[str])
    expected: set[tuple[int, str]] = field(factory=lambda: {AT_FIRST})

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        refused = any(message.location["url"].startswith(self.url + path) for _, path in self.expected)
        if message.type in ("error", "warning") and not refused:
            self.troubles.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A question that a newer one has overtaken is called off; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        path = response.url.removeprefix(self.url).partition("?")[0]
        if response.status >= 400 and (response.status, path) not in self.expected:
            self.troubles.append(f"{response.status}: {response.request.method} {path}")

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def tab(self, name: str) -> None:
        """On a phone the tab; at a desk everything is there anyway."""
        link = self.page.get_by_role("navigation").get_by_role("link", name=name)
        if link.is_visible():
            link.click()

    def sign_in(self, name: str) -> None:
        self.page.goto(self.url)
        self.page.get_by_label("Your name in the channel").fill(name)
        self.page.get_by_role("button", name="Send me a code").click()
        self.page.get_by_role("button", name="Fill in").click()
        self.page.get_by_role("button", name="Sign in").click()
        self.find("#who-name").get_by_text(name).wait_for()

    def open_saved(self, name: str) -> None:
        self.tab("Saved")
        self.page.get_by_role("button", name=f"Open {name}").click()

    def save_many(self, name: str, count: int) -> None:
        """A playlist of `count` titles, made without the page."""
        api, root = self.page.context.request, f"{self.url}/api/v1"
        found = api.get(f"{root}/catalog/search?limit={count}").json()["items"]
        items = [{"video_id": item["video_id"]} for item in found]
        assert api.post(f"{root}/playlists", data={"name": name, "items": items}).ok

    def channel(self) -> Any:
        """What the simulated channel says about itself."""
        return self.page.context.request.get(f"{self.url}/demo/channel").json()

    def stir(self, action: str) -> None:
        """Let something happen in the channel, behind the page's back."""
        answer = self.page.context.request.post(f"{self.url}/demo/channel", data={"action": action})
        assert answer.ok


Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{CHROMIUM} is missing, and CI has to have it")
        pytest.skip(f"{CHROMIUM} is missing")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[str]:
    """The address of a demo of its own."""
    command = [sys.executable, "-m", "playlist_app", "demo", "--port", "0", "--json", "--data-dir"]
    with subprocess.Popen([*command, str(tmp_path / "demo")], stdout=subprocess.PIPE) as process:
        try:
            yield _address(process)
        finally:
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


@pytest.fixture
def visit(browser: Browser, demo: str) -> Iterator[Visit]:
    """`visit(name)` signs in at a desk, `visit(name, phone=True)` on a phone, `visit()` stays at the door.

    At the end no page may have had anything to complain about.
    """
    visitors: list[Visitor] = []

    def come(name: str | None = None, *, phone: bool = False) -> Visitor:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = browser.new_context(viewport=size, has_touch=phone, is_mobile=phone)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        visitor = Visitor(context.new_page(), demo)
        visitor.watch()
        visitors.append(visitor)
        if name is None:
            visitor.page.goto(demo)
        else:
            visitor.sign_in(name)
        return visitor

    yield come
    for visitor in visitors:
        visitor.page.context.close()
    assert [trouble for visitor in visitors for trouble in visitor.troubles] == []
