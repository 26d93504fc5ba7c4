"""Somebody at the page: what they do there, and everything the browser had to complain about on the way."""

from typing import Protocol

from attrs import define, field
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Response, expect

from tests.browser.house import House

# Nobody is signed in when the page first asks who is; the browser notes every 401 in its console.
NOBODY_YET = (401, "/api/v1/auth/session")


# Playwright leaves marks on the objects whose methods it calls, so this one has no slots.
@define(eq=False, slots=False)
class Visitor:
    """A person at a page; `expected` are the refusals (status, path) that the person asks for."""

    page: Page
    house: House
    troubles: list[str] = field(factory=list[str])
    expected: set[tuple[int, str]] = field(factory=set[tuple[int, str]])

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self._complain(f"uncaught: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        refused = any(message.location["url"].startswith(self.house.url + path) for _, path in self.expected)
        if message.type in ("error", "warning") and not refused:
            self._complain(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A question that a newer one has overtaken is called off; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self._complain(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        path = response.url.removeprefix(self.house.url).partition("?")[0]
        if response.status >= 400 and (response.status, path) not in self.expected:
            self._complain(f"{response.status}: {response.request.method} {path}")

    def _complain(self, trouble: str) -> None:
        # A house of the test's own may end before the page does, and nobody answers the page then.
        if self.house.open:
            self.troubles.append(trouble)

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def later(self, seconds: int) -> None:
        """Put the page's clock forward; it has to have come with clockwork."""
        self.page.clock.fast_forward(seconds * 1000)

    def tab(self, name: str) -> None:
        """On a phone the tab; at a desk everything is there anyway."""
        link = self.page.get_by_role("navigation").get_by_role("link", name=name)
        if link.is_visible():
            link.click()

    def arrive(self) -> None:
        """At the door, where the page does not know anybody yet."""
        self.expected.add(NOBODY_YET)
        self.page.goto(self.house.url)
        self.find("#signin").wait_for()

    def sign_in(self, name: str) -> None:
        """As people do: ask for a code, read it in the messages, enter it."""
        self.page.get_by_label("Your name in the channel").fill(name)
        self.button("Send me a code").click()
        expect(self.find("#sent-note")).to_contain_text(name)
        self.button(f"Fill in {self.house.code(name)}").click()
        self.button("Sign in").click()
        self.recognised(name)

    def recognised(self, name: str) -> None:
        expect(self.find("#who-name")).to_have_text(name)

    def add(self, words: str, count: int) -> list[str]:
        """Type `words` and add the first `count` results."""
        self.tab("Search")
        self.page.get_by_label("Search titles").press_sequentially(words, delay=20)
        expect(self.find("#results .title").first).to_contain_text(words, ignore_case=True)
        titles = self.find("#results .title").all_inner_texts()[:count]
        for title in titles:
            self.button(f"Add {title}").click()
        return titles

    def working_list(self) -> list[str]:
        return self.find("#list .title").all_inner_texts()

    def press(self, label: str, title: str) -> None:
        """One of the buttons that move a title of the working playlist; they are behind its three dots."""
        button = self.button(f"{label}: {title}")
        if not button.is_visible():
            self.find("#list .open-tools").filter(has_text=title).locator(".more").click()
        button.click()

    def drag(self, handle: Locator, target: Locator, *, touch: bool) -> None:
        """From the middle of `handle` a little past the middle of `target`, which is further down."""
        (x, start), (_, end) = _centre(handle), _centre(target)
        places = [start + (end + 12 - start) * step / 6 for step in range(7)]
        if not touch:
            self.page.mouse.move(x, start)
            self.page.mouse.down()
            for y in places:
                self.page.mouse.move(x, y)
            self.page.mouse.up()
            return
        finger = self.page.context.new_cdp_session(self.page)
        for index, y in enumerate(places):
            kind = "touchStart" if index == 0 else "touchMove"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def save(self, name: str) -> None:
        self.tab("Playlist")
        self.page.get_by_label("Name of the playlist").fill(name)
        self.button("Save").click()
        expect(self.find("#toasts")).to_contain_text(f"Saved “{name}”")
        expect(self.find("#dirty")).to_be_hidden()

    def open_saved(self, name: str, count: int) -> list[str]:
        """Open a saved playlist of `count` titles."""
        self.tab("Saved")
        self.button(f"Open {name}").click()
        expect(self.find("#list > li")).to_have_count(count)
        return self.working_list()

    def mix(self, *names: str) -> None:
        """The marathon dialog for these playlists."""
        self.tab("Saved")
        for name in names:
            self.button(f"Use in a marathon: {name}").click()
        self.find("#mix").click()

    def apply(self, name: str) -> None:
        """A saved playlist, to the end of the run."""
        self.button(f"Apply {name}").click()
        self.button("Apply now").click()
        expect(self.find("#apply")).to_contain_text("Done.", timeout=30_000)


class Visit(Protocol):
    """`visit(name)` is signed in, `visit()` stands at the door; `at` is another demo than the module's.

    At a desk, or on a phone. With `clockwork` the page's clock can be put forward.
    """

    def __call__(
        self,
        name: str | None = None,
        *,
        at: House | None = None,
        phone: bool = False,
        clockwork: bool = False,
    ) -> Visitor: ...


def _centre(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
