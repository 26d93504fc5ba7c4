"""A real browser, real demo processes, and who comes to the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.absent import absent
from tests.browser.house import House, open_house
from tests.browser.visitor import Visit, Visitor

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module, not the session: as long as Playwright is started, its event loop runs in this thread."""
    if not CHROMIUM.exists():
        absent(str(CHROMIUM))
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A demo for a module; its tests leave the channel, the demo's own playlists and the sessions alone."""
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    """A demo for a test that changes what others build on."""
    with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """See `Visit`; at the end no page may have had anything to complain about."""
    visitors: list[Visitor] = []

    def come(
        name: str | None = None, *, at: House | None = None, phone: bool = False, clockwork: bool = False
    ) -> Visitor:
        house: House = at or request.getfixturevalue("house")
        context = _context(browser, phone=phone)
        if clockwork:
            context.clock.install()
        visitor = Visitor(context.new_page(), house)
        visitor.watch()
        visitors.append(visitor)
        if name is None:
            visitor.arrive()
        else:
            house.let_in(name, context)
            visitor.page.goto(house.url)
            visitor.recognised(name)
        return visitor

    yield come
    for visitor in visitors:
        visitor.page.context.close()
    assert [trouble for visitor in visitors for trouble in visitor.troubles] == []


def _context(browser: Browser, *, phone: bool) -> BrowserContext:
    if phone:
        context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    else:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    return context
