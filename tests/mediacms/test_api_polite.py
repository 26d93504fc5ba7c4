"""What fails for the moment is tried again, gently; what stays away is told."""

import logging
from itertools import pairwise

import anyio
import pytest
from aiohttp import web
from anyio.lowlevel import checkpoint
from attrs import define, field

from playlist_adapters.mediacms.api.address import SiteAddress
from playlist_adapters.mediacms.api.client import open_client
from playlist_adapters.mediacms.api.retries import Manners
from playlist_adapters.testing.time import EPOCH, ManualClock, SeededRandomness
from playlist_core.errors import Unavailable
from tests.mediacms.api_world import (
    AS_EDITOR,
    MANAGE,
    MEDIA,
    SEARCH,
    catalogue,
    failure,
    films,
    read,
    source_at,
)
from tests.mediacms.double import doubled
from tests.mediacms.double_mischief import Rule, drop, fail, hang
from tests.mediacms.double_site import Site, Version

pytestmark = pytest.mark.anyio


def _site(*rules: Rule) -> Site:
    return Site.of(Version.V1_9, films(40), page_size=10, rules=list(rules))


@pytest.mark.parametrize(
    ("rule", "requests"),
    [
        (Rule(MEDIA, fail(500), page=2, times=2), 10),
        (Rule(MEDIA, fail(502), page=1, times=4), 12),
        (Rule(SEARCH, fail(429), page=3, times=1), 9),
        (Rule(MEDIA, drop, page=3, times=2), 10),
    ],
)
async def test_what_fails_for_the_moment_is_asked_for_again(rule: Rule, requests: int) -> None:
    site = _site(rule)
    assert await read(site) == films(40)
    assert len(site.asked) == requests


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (Rule(MEDIA, fail(500), times=None), "answered 500"),
        (Rule(MEDIA, fail(503), times=None), "answered 503"),
        (Rule(MEDIA, drop, times=None), "broke off its answer"),
    ],
)
async def test_what_stays_away_is_given_up_after_five_tries(rule: Rule, problem: str) -> None:
    site = _site(rule)
    error = await failure(site)
    assert error.code == "source_unreachable"
    assert error.message.startswith(f"The site {problem} at 127.0.0.1:")
    assert error.message.endswith(f"{MEDIA}?page=1, 5 times; try again later.")
    assert len(site.asked) == 5


async def test_an_answer_that_does_not_come_is_waited_for_only_so_long() -> None:
    site = _site(Rule(SEARCH, hang, page=2, times=1))
    assert await read(site, manners=Manners(timeout_seconds=0.3)) == films(40)
    error = await failure(_site(Rule(MEDIA, hang, times=None)), manners=Manners(timeout_seconds=0.05))
    assert error.message.startswith("The site did not answer within 0.05 s at 127.0.0.1:")


async def test_a_site_that_is_not_there_is_told(clock: ManualClock) -> None:
    async with doubled() as double:
        address = double.mount(_site())
    refused = r"could not be connected to \(connection refused\) at 127\.0\.0\.1:"
    with pytest.raises(Unavailable, match=refused) as caught:
        await catalogue(source_at(address, clock=clock))
    assert caught.value.code == "source_unreachable"
    assert 7.5 <= clock.monotonic() <= 15


async def test_a_name_that_leads_nowhere_is_told_with_the_name(clock: ManualClock) -> None:
    with pytest.raises(Unavailable, match=r"leads nowhere .* at no-such-host\.invalid/") as caught:
        await catalogue(source_at("https://no-such-host.invalid", clock=clock))
    assert caught.value.code == "source_unreachable"


@pytest.mark.parametrize(
    ("retry_after", "low", "high"),
    [
        ("7", 7, 7),
        ("0", 0.5, 1),
        ("-5", 0.5, 1),
        ("soon", 0.5, 1),
        ("100000000000000000000", 120, 120),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0.5, 1),
        ("Fri, 20 Nov 2026 23:00:30 +99999999999999999999", 0.5, 1),
        ("Fri, 20 Nov 2026 23:00:30 GMT", 30, 30),
        ("Fri, 20 Nov 2026 23:00:30 -0000", 30, 30),
        ("Fri, 20 Nov 2026 22:00:00 GMT", 0.5, 1),
        ("Fri, 20 Nov 2099 22:00:00 GMT", 120, 120),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_a_site_that_says_when_to_come_back_is_left_alone_until_then(
    clock: ManualClock, retry_after: str, low: float, high: float, status: int
) -> None:
    assert clock.now() == EPOCH
    assert await read(_site(Rule(MEDIA, fail(status, Retry_After=retry_after))), clock=clock) == films(40)
    assert low <= clock.monotonic() <= high


async def test_pauses_grow_and_differ(clock: ManualClock) -> None:
    moments: list[float] = []

    async def note(_: web.Request) -> web.Response:
        moments.append(clock.monotonic())
        return web.Response(status=500)

    await failure(_site(Rule(MEDIA, note, times=None)), clock=clock)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert [0.5 * 2**at <= pause <= 2**at for at, pause in enumerate(pauses)] == [True] * 4
    assert len({pause / 2**at for at, pause in enumerate(pauses)}) == 4


async def test_while_one_request_is_told_to_wait_no_other_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = ManualClock(frozen_sleep=True)
    busy, calm = _site(Rule(MEDIA, fail(503, Retry_After="30"))), _site()
    async with doubled() as double:
        address = SiteAddress.parse(double.mount(busy))
        opened = open_client(address, None, manners=Manners(), clock=clock, randomness=SeededRandomness())
        async with opened as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.get, MEDIA, {"page": "1"})
            while not caplog.records:
                await checkpoint()
            tasks.start_soon(client.get, MEDIA, {"page": "2"})
            assert await catalogue(source_at(double.mount(calm))) == films(40)  # time enough for the other
            assert [asked.parameters["page"] for asked in busy.asked] == ["1"]
            clock.advance(30)
    assert sorted(asked.parameters["page"] for asked in busy.asked) == ["1", "1", "2"]


@define
class _Gate:
    """Lets requests through as soon as as many wait as may, and knows the most that ever waited."""

    expected: int
    waiting: int = 0
    most: int = 0
    event: anyio.Event = field(factory=anyio.Event)

    async def act(self, _: web.Request) -> None:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting >= self.expected:
            self.event.set()
        await self.event.wait()
        await checkpoint()
        self.waiting -= 1


@pytest.mark.parametrize("at_once", [1, 4])
async def test_no_more_is_asked_at_once_than_agreed(at_once: int) -> None:
    gate = _Gate(at_once)
    site = Site.of(Version.V1_9, films(40), page_size=2)
    site.rules += [Rule(MEDIA, gate.act, page=page) for page in range(2, 21)]
    assert await read(site, manners=Manners(at_once=at_once)) == films(40)
    assert gate.most == at_once


async def test_nor_is_it_when_several_searches_go_on_side_by_side() -> None:
    gate = _Gate(4)
    site = Site.of(Version.V1_9, films(60), page_size=3, user=lambda at: f"user{at % 5}")
    site.searches_stop_words = True
    site.rules += [Rule(SEARCH, gate.act, page=page, times=None) for page in range(2, 5)]
    assert await read(site) == films(60)
    assert gate.most == 4


async def test_cookies_are_not_kept() -> None:
    async def bake(_: web.Request) -> web.Response:
        return web.Response(status=500, headers={"Set-Cookie": "sessionid=abc; Path=/"})

    site = _site(Rule(MANAGE, bake))
    async with doubled() as double:
        address = double.mount(site).replace("127.0.0.1", "localhost")  # an address has no cookies anyway
        await catalogue(source_at(address, AS_EDITOR))
    assert [asked for asked in site.asked if "Cookie" in asked.headers] == []


async def test_an_answer_that_does_not_end_is_not_read_to_the_end() -> None:
    site = _site(Rule(MEDIA, edit=lambda body: {**body, "padding": "x" * 200_000}))
    error = await failure(site, manners=Manners(largest_answer_bytes=100_000))
    assert (error.code, error.message) == (
        "source_unreadable",
        f"{MEDIA}?page=1: is longer than 100,000 bytes; no answer of MediaCMS is",
    )
