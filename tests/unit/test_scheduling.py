"""Scheduled refreshes: when they are due, by whom, and what a failure changes."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import timedelta

import anyio
import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.config import CatalogSettings, Settings
from playlist_app.tasks import background
from playlist_app.wiring import wire_memory
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import TellProgress, ignore_progress
from playlist_core.domain.schedule import back_off, jittered, soon, until_due
from playlist_core.errors import InvalidInput, PlaylistError, Unavailable
from playlist_core.services.scheduling import ScheduledRefreshes
from tests.unit.cinema import catalogue
from tests.unit.replicas import Replica, replica

pytestmark = pytest.mark.anyio

HOUR = 3_600.0
AWAY = Unavailable("The site cannot be reached.")
BROKEN = InvalidInput.of("source", "is no export")

fractions = st.floats(0, 1, exclude_max=True)
intervals = st.floats(60, 365 * 24 * HOUR)


@given(intervals, fractions)
def test_an_interval_is_moved_by_a_tenth_at_most(seconds: float, fraction: float) -> None:
    assert 0.9 * seconds <= jittered(seconds, fraction) <= 1.1 * seconds
    assert jittered(100, 0) == 90
    assert jittered(100, 0.5) == 100


@given(intervals, fractions)
def test_after_a_start_it_is_soon_but_not_at_the_same_moment_everywhere(
    every: float, fraction: float
) -> None:
    assert 0 <= soon(every, fraction) <= min(60, every / 10)
    assert soon(HOUR, 0.5) == 30


def test_a_catalogue_is_due_when_it_is_old_enough_or_not_there() -> None:
    assert [until_due(100, age) for age in (None, 0, 30, 99.5, 100, 1e9)] == [0, 100, 70, 0.5, 0, 0]
    assert until_due(100, -50) == 100


@given(intervals, st.integers(1, 10_000), fractions)
def test_what_cannot_be_reached_is_tried_again_ever_later_up_to_the_interval(
    every: float, failures: int, fraction: float
) -> None:
    wait = back_off(every, failures, fraction)
    assert 0.9 * 60 <= wait <= 1.1 * every
    assert back_off(every, failures + 1, fraction) >= wait
    assert [back_off(HOUR, n, 0.5) for n in (1, 2, 3, 6, 7, 99)] == [60, 120, 240, 1920, HOUR, HOUR]


@define(eq=False)
class Loaded(SeededRandomness):
    """Chance whose jitter is written down; after the last one, that again and again."""

    fractions: list[float] = field(kw_only=True)

    def fraction(self) -> float:
        return self.fractions.pop(0) if len(self.fractions) > 1 else self.fractions[0]


@define(eq=False)
class Site:
    """A source that notes when it is read and gives what is written down for each time, then nothing more."""

    clock: ManualClock
    answers: Sequence[PlaylistError | str]
    takes: float = 0.0
    name: str = "site"
    read_at: list[float] = field(factory=list)
    exhausted: anyio.Event = field(factory=anyio.Event)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        self.read_at.append(self.clock.monotonic())
        if len(self.read_at) > len(self.answers):
            self.exhausted.set()
            await anyio.sleep_forever()
        answer = self.answers[len(self.read_at) - 1]
        self.clock.current += timedelta(seconds=self.takes)
        if isinstance(answer, PlaylistError):
            raise answer
        for item in catalogue(answer):
            yield item


@define(eq=False)
class Plan:
    """A schedule of every hour over a site, with a catalogue that is `age` old, or none."""

    site: Site
    schedule: ScheduledRefreshes
    here: Replica

    async def times(self) -> list[float]:
        """After how many seconds the site is read, the last time without an answer."""
        began = self.site.clock.monotonic()
        async with background() as tasks:
            tasks.start_soon(self.schedule.run)
            with anyio.fail_after(20):
                await self.site.exhausted.wait()
        return [round(moment - began, 3) for moment in self.site.read_at]


Make = Callable[..., Awaitable[Plan]]


@pytest.fixture
async def plan(clock: ManualClock) -> AsyncGenerator[Make, None]:
    async with background() as tasks:

        async def make(
            *answers: PlaylistError | str,
            age: float | None = None,
            fractions: Sequence[float] = (0.5,),
            takes: float = 0.0,
        ) -> Plan:
            here = replica(MemoryKV(), tasks.start_soon, clock=clock)
            if age is not None:
                await here.refresh("abcdefghij")
                clock.advance(age)
            site = Site(clock, answers, takes)
            here.refreshing.source = site
            schedule = ScheduledRefreshes(
                here.refreshing,
                every=timedelta(hours=1),
                clock=clock,
                randomness=Loaded(fractions=list(fractions)),
            )
            return Plan(site, schedule, here)

        yield make


async def test_a_fresh_catalogue_is_left_alone_after_a_start_until_it_is_old_enough(plan: Make) -> None:
    made = await plan("abcdefghijk", "abcdefghijkl", age=1_000)
    assert await made.times() == [2_600, 6_200, 9_800]


async def test_an_old_catalogue_is_refreshed_soon_after_a_start(plan: Make) -> None:
    assert await (await plan("abcdefghij", age=10 * HOUR)).times() == [30, 3_630]


async def test_a_first_catalogue_is_read_soon_after_a_start(plan: Make) -> None:
    assert await (await plan("abcdefghij", fractions=[0.25])).times() == [15, 15 + 0.95 * HOUR]


async def test_every_interval_has_a_length_of_its_own(plan: Make) -> None:
    made = await plan("abcdefghij", "abcdefghij", "abcdefghij", age=0, fractions=[0.0, 0.75, 0.5, 0.25])
    assert await made.times() == [0.9 * HOUR, 1.95 * HOUR, 2.95 * HOUR, 3.9 * HOUR]


async def test_between_two_refreshes_there_is_the_interval_however_long_they_take(plan: Make) -> None:
    made = await plan("abcdefghij", "abcdefghij", age=HOUR, takes=2 * HOUR)
    assert await made.times() == [30, 30 + 3 * HOUR, 30 + 6 * HOUR]


async def test_a_site_that_is_away_is_asked_again_ever_later_and_then_as_usual(
    plan: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = await plan(AWAY, AWAY, AWAY, "abcdefghij", AWAY, age=HOUR)
    asked = [30, 90, 210, 450, 450 + HOUR, 510 + HOUR]
    with caplog.at_level(logging.INFO, "kryten_playlist.refresh"):
        assert await made.times() == asked
    failed = ("WARNING", "the scheduled refresh failed: The site cannot be reached.")
    found = ("INFO", "the scheduled refresh found 10 titles")
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [failed, failed, failed, found, failed]


async def test_what_is_wrong_with_the_source_is_tried_again_at_the_next_interval(
    plan: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = await plan(BROKEN, "ab", "abcdefghij", age=HOUR)
    assert await made.times() == [30, 30 + HOUR, 30 + 2 * HOUR, 30 + 3 * HOUR]
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == "the scheduled refresh failed: source: is no export"
    assert said[1].startswith("the scheduled refresh failed: The catalogue would lose 8 of its 10 titles")
    assert len(said) == 2
    assert (await made.here.has())[1] == "abcdefghij"


async def test_whoever_refreshes_in_between_does_so_for_the_schedule(plan: Make, clock: ManualClock) -> None:
    clock.frozen_sleep = True
    made = await plan("abcdefghij", age=0)
    by_hand = made.here.source
    async with background() as tasks:
        tasks.start_soon(made.schedule.run)
        await anyio.wait_all_tasks_blocked()
        clock.advance(HOUR - 60)
        made.here.refreshing.source = by_hand
        await made.here.refresh("abcdefghijk")
        made.here.refreshing.source = made.site
        for seconds, reads in ((60, 0), (HOUR - 61, 0), (1, 1)):
            clock.advance(seconds)
            await anyio.wait_all_tasks_blocked()
            assert len(made.site.read_at) == reads


async def test_a_refresh_under_way_elsewhere_is_no_failure_and_may_come_to_nothing(
    plan: Make, caplog: pytest.LogCaptureFixture
) -> None:
    made = await plan(age=HOUR)
    await made.here.refreshing.leases.take("a run that dies with its process")
    assert await made.times() == [90]
    assert caplog.records == []


async def test_without_a_source_it_is_said_once_and_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(catalog=CatalogSettings(refresh_every=timedelta(minutes=5)))
    async with wire_memory(settings, None) as services:
        assert services.schedule is not None
        await services.schedule.run()
    assert [record.getMessage() for record in caplog.records] == [
        "catalog.refresh_every is set, but no catalog.source to read: nothing is refreshed"
    ]


async def test_nothing_is_scheduled_unless_the_settings_say_so() -> None:
    async with wire_memory(Settings(), None) as services:
        assert services.schedule is None
    settings = Settings(catalog=CatalogSettings(refresh_every=timedelta(hours=6)))
    async with wire_memory(settings, None) as services:
        assert services.schedule is not None
        assert services.schedule.every == timedelta(hours=6)
