"""Plays: what is ours is counted, each once, whatever the channel and the store are doing."""

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from random import Random
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import define, evolve, field, fields

from playlist_adapters.channel.simulated import demo_channel
from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_adapters.testing.time import EPOCH, ManualClock, SeededRandomness
from playlist_app.compose import Parts, compose
from playlist_app.config import Settings
from playlist_app.server import bind
from playlist_app.supervisor import serve
from playlist_app.tasks import background
from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.domain.plays import ItemCounts, TitlePlay
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown, Unavailable
from playlist_core.ports import Buckets, Play
from playlist_core.services.namespace import Namespace
from playlist_core.services.play_ledger import PlayLedger
from playlist_core.services.plays import PLAYS_HELD, PlayCount
from tests.unit.cinema import cinema

pytestmark = pytest.mark.anyio

MANIFESTS = ManifestTemplate()
AWAY = Unavailable("the store is away")
DAY = 24 * 3600


def play(video_id: str = "a", number: int = 1, *, seconds: int = 60) -> Play:
    return Play(
        play_id=f"{video_id}-{number}",
        at=EPOCH + timedelta(seconds=number),
        media_id=MANIFESTS.url(video_id),
        media_type="cm",
        title=f"Film {video_id}.mp4",
        seconds=seconds,
    )


def noted(heard: Play) -> TitlePlay:
    """A play as it is written down at the beginning of a test."""
    return TitlePlay(
        play_id=heard.play_id,
        video_id=MANIFESTS.video_id(heard.media_id) or "",
        title=heard.title,
        seconds=heard.seconds,
        at=heard.at,
        heard_at=EPOCH,
    )


@define(eq=False)
class ScriptedFeed:
    """A `PlayFeed` whose listeners all hear what is told; with `away` it takes so many tries to be heard."""

    away: int = 0
    _listeners: list[Any] = field(factory=list, init=False)

    @asynccontextmanager
    async def plays(self) -> AsyncGenerator[AsyncIterator[Play], None]:
        if self.away:
            self.away -= 1
            raise ChannelUnavailable("the channel is away")
        told, heard = anyio.create_memory_object_stream[Play](10_000)
        with told, heard:
            self._listeners.append(told)
            try:
                yield heard
            finally:
                self._listeners.remove(told)

    async def listened_to(self, by: int = 1) -> None:
        while len(self._listeners) < by:
            await checkpoint()

    def tell(self, *plays: Play) -> None:
        for each in plays:
            for listener in self._listeners:
                listener.send_nowait(each)

    def break_off(self) -> None:
        """The channel goes away under those who listen."""
        for listener in self._listeners:
            listener.close()


@define(eq=False)
class Channel:
    """A feed and the store that counts of any number of replicas are kept in."""

    kv: MemoryKV = field(factory=MemoryKV)
    feed: ScriptedFeed = field(factory=ScriptedFeed)
    clock: ManualClock = field(factory=ManualClock)

    def ledger(self, name: str = "one") -> PlayLedger:
        randomness = SeededRandomness(Random(name))
        return PlayLedger.over(Namespace(self.kv, "default", clock=self.clock, randomness=randomness))

    def count(self, name: str = "one") -> PlayCount:
        return PlayCount(self.feed, self.ledger(name), manifests=MANIFESTS, clock=self.clock)

    async def counted(self, video_id: str = "a") -> int:
        seen = await self.ledger("look").items.get(video_id)
        return 0 if seen is None else seen.value.play_count

    async def until(self, condition: Callable[[], Any]) -> None:
        with anyio.fail_after(20):
            while not await condition():
                await checkpoint()

    async def all_marked(self, number: int) -> bool:
        seen = await self.ledger("look").plays.all()
        return len(seen) == number and all(each.value.counted for each in seen)


@asynccontextmanager
async def listening(channel: Channel, *names: str) -> AsyncGenerator[None, None]:
    async with background() as tasks:
        for name in names or ("one",):
            tasks.start_soon(channel.count(name).run)
        await channel.feed.listened_to(len(names) or 1)
        yield


@pytest.fixture
def channel() -> Channel:
    return Channel()


async def stored(kv: MemoryKV) -> dict[str, Any]:
    """What is in the store, by key, without the operations that wrote it."""
    found = {entry.key: json.loads(entry.value) for entry in await kv.entries()}
    return {key.removeprefix("ns/default/"): {**value, "ops": ...} for key, value in found.items()}


async def test_a_title_that_starts_is_counted_and_its_play_written_down(channel: Channel) -> None:
    async with listening(channel):
        channel.feed.tell(play("a"))
        await channel.until(lambda: channel.all_marked(1))
    assert await stored(channel.kv) == {
        "items/a": {
            "video_id": "a",
            "play_count": 1,
            "last_played_at": "2026-11-20T23:00:01.000000Z",
            "duration_seconds": 60,
            "queue_count": 0,
            "last_queued_at": None,
            "counting": ["a-1"],
            "schema_version": 1,
            "ops": ...,
        },
        "plays/a-1": {
            "play_id": "a-1",
            "video_id": "a",
            "title": "Film a.mp4",
            "seconds": 60,
            "at": "2026-11-20T23:00:01.000000Z",
            "heard_at": "2026-11-20T23:00:00.000000Z",
            "counted": True,
            "schema_version": 1,
            "ops": ...,
        },
    }


async def test_other_media_are_heard_and_not_counted(channel: Channel) -> None:
    others = [
        evolve(play("a"), media_id="dQw4w9WgXcQ", media_type="yt"),
        evolve(play("a"), media_id="https://elsewhere.example/a.json"),
        evolve(play("a"), media_id=MANIFESTS.url("no token")),
    ]
    async with listening(channel):
        channel.feed.tell(*others, play("b"))
        await channel.until(lambda: channel.all_marked(1))
    assert set(await stored(channel.kv)) == {"items/b", "plays/b-1"}


async def test_what_every_replica_hears_counts_once(channel: Channel) -> None:
    plays = [play(video_id, number) for video_id in "abc" for number in range(20)]
    async with listening(channel, "one", "two", "three"):
        channel.feed.tell(*plays)
        await channel.until(lambda: channel.all_marked(60))
    assert [await channel.counted(video_id) for video_id in "abc"] == [20, 20, 20]


async def test_what_is_told_again_counts_once(channel: Channel) -> None:
    async with listening(channel):
        channel.feed.tell(*[play("a")] * 5, play("b"))
        await channel.until(lambda: channel.all_marked(2))
    assert await channel.counted() == 1


async def test_the_latest_play_is_the_last_one_in_whatever_order_they_are_counted(channel: Channel) -> None:
    ledger = channel.ledger()
    for number, seconds in ((2, 70), (3, 0), (1, 60)):
        await ledger.record(noted(play("a", number, seconds=seconds)))
    seen = await ledger.items.get("a")
    assert seen is not None
    assert evolve(seen.value, counting=()) == ItemCounts(
        video_id="a", play_count=3, last_played_at=play("a", 3).at, duration_seconds=70
    )


async def test_a_title_names_only_the_plays_that_may_not_know_yet_that_they_are_counted(
    channel: Channel,
) -> None:
    ledger = channel.ledger()
    for number in range(40):
        await ledger.record(noted(play("a", number)))
        seen = await ledger.items.get("a")
        assert seen is not None
        assert seen.value.counting == (f"a-{number}",)


async def test_what_is_counted_beside_plays_and_what_a_later_version_adds_is_kept(channel: Channel) -> None:
    before = {
        "video_id": "a",
        "play_count": 7,
        "queue_count": 3,
        "last_queued_at": "2026-01-01T00:00:00.000000Z",
        "mood": {"rating": [1, 2]},
        "schema_version": 1,
        "ops": ["earlier"],
    }
    await channel.kv.create("ns/default/items/a", json.dumps(before).encode())
    await channel.ledger().record(noted(play("a")))
    after = (await stored(channel.kv))["items/a"]
    assert after == {
        **before,
        "play_count": 8,
        "last_played_at": "2026-11-20T23:00:01.000000Z",
        "duration_seconds": 60,
        "counting": ["a-1"],
        "ops": ...,
    }


async def test_plays_heard_while_the_store_is_away_are_counted_when_it_is_back(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    tries = 0

    async def away(_operation: str, _key: str) -> None:
        nonlocal tries
        tries += 1
        await checkpoint()

    channel.kv.before_operation, channel.kv.fail_with = away, AWAY
    async with listening(channel):
        for number in range(50):
            channel.feed.tell(play("a", number))
        while tries < 10:
            await checkpoint()
        channel.kv.fail_with = None
        await channel.until(lambda: channel.all_marked(50))
    assert await channel.counted() == 50
    assert [record.message for record in caplog.records] == ["Plays wait to be counted: the store is away"]


async def test_a_play_of_which_nobody_knows_whether_it_is_written_down_is_written_down_again(
    channel: Channel,
) -> None:
    channel.kv.next_writes = [Lost() for _ in range(12)]
    async with listening(channel):
        channel.feed.tell(play("a"))
        await channel.until(lambda: channel.all_marked(1))
    assert await channel.counted() == 1


async def test_so_many_plays_wait_and_no_more(channel: Channel, caplog: pytest.LogCaptureFixture) -> None:
    channel.clock.frozen_sleep = True
    channel.kv.fail_with = AWAY
    async with listening(channel):
        channel.feed.tell(*(play("a", number) for number in range(PLAYS_HELD + 2)))
        while not any(record.levelno == logging.ERROR for record in caplog.records):
            await checkpoint()
        channel.kv.fail_with = None
        while await channel.counted() < PLAYS_HELD:
            channel.clock.advance(60)
            await checkpoint()
        channel.feed.tell(play("b"))
        await channel.until(lambda: channel.all_marked(PLAYS_HELD + 1))
    lost = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert lost == ["A play of a is lost: the store has been away for too long."] * 2


async def test_a_channel_that_was_away_is_listened_to_again(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    channel.feed.away = 3
    async with listening(channel):
        channel.feed.tell(play("a", 1))
        await channel.until(lambda: channel.all_marked(1))
        channel.feed.break_off()
        while channel.feed._listeners:
            await checkpoint()
        await channel.feed.listened_to()
        channel.feed.tell(play("a", 2))
        await channel.until(lambda: channel.all_marked(2))
    assert [record.message for record in caplog.records] == ["Plays are not heard: the channel is away"]


@pytest.mark.parametrize("lasting", [False, True], ids=["for a moment", "lasting"])
@pytest.mark.parametrize("fate", [Lost(), Landed(), Late()], ids=["lost", "landed", "late"])
@pytest.mark.parametrize("ordinary", range(3), ids=["the play", "the title", "the mark"])
@pytest.mark.parametrize("existing", [False, True], ids=["first", "later"])
async def test_a_play_whose_writes_are_not_answered_counts_once(
    channel: Channel, fate: Lost | Landed | Late, ordinary: int, lasting: bool, existing: bool
) -> None:
    if existing:
        await channel.ledger("before").record(noted(play("a", 0)))
    writes = 0

    async def script(operation: str, _: str) -> None:
        nonlocal writes
        if operation in ("create", "update"):
            if writes == ordinary or (lasting and writes > ordinary):
                channel.kv.next_writes = [fate]
            writes += 1

    channel.kv.before_operation = script
    ledger = channel.ledger()
    with suppress(OutcomeUnknown):
        await ledger.record(noted(play("a")))
    channel.kv.before_operation = None
    await ledger.record(noted(play("a")))  # as whoever holds it does
    await channel.ledger("two").sweep()
    channel.kv.deliver_late()
    await channel.ledger("two").sweep()
    assert await channel.counted() == 1 + existing
    assert await channel.all_marked(1 + existing)


@pytest.mark.parametrize("operations", range(8))
async def test_who_dies_in_the_middle_has_counted_it_or_leaves_it_to_others(
    channel: Channel, operations: int
) -> None:
    left = operations
    with anyio.CancelScope() as scope:

        async def die(_operation: str, _key: str) -> None:
            nonlocal left
            if left == 0:
                scope.cancel()
            left -= 1
            await checkpoint()

        channel.kv.before_operation = die
        await channel.ledger().record(noted(play("a")))
    channel.kv.before_operation = None
    other = channel.ledger("two")
    await other.sweep()
    await other.record(noted(play("a")))
    assert await channel.counted() == 1
    assert await channel.all_marked(1)


async def test_plays_are_kept_for_thirty_five_days(channel: Channel) -> None:
    ledger = channel.ledger()
    await ledger.record(noted(play("a", 1)))
    channel.clock.advance(DAY)
    await ledger.record(evolve(noted(play("a", 2)), heard_at=channel.clock.now()))
    channel.clock.advance(34 * DAY)
    await ledger.sweep()
    assert len(await ledger.plays.all()) == 2
    channel.clock.advance(1)
    await ledger.sweep()
    assert [seen.value.play_id for seen in await ledger.plays.all()] == ["a-2"]
    await ledger.record(noted(play("a", 3)))
    assert await channel.counted() == 3


async def test_a_play_that_nobody_counted_counts_however_old_it_is(channel: Channel) -> None:
    ledger = channel.ledger()
    await ledger.plays.create("a-1", value=noted(play("a")))
    channel.clock.advance(100 * DAY)
    await ledger.sweep()
    assert await channel.counted() == 1
    await ledger.sweep()
    assert (await channel.counted(), list(await ledger.plays.all())) == (1, [])


async def test_a_clock_of_the_channel_that_is_years_behind_makes_no_play_count_again(
    channel: Channel,
) -> None:
    early = evolve(noted(play("a")), at=EPOCH - timedelta(days=20_000))
    for _ in range(2):
        await channel.ledger().record(early)
        await channel.ledger().sweep()
    assert await channel.counted() == 1


async def test_counts_that_cannot_be_read_stay_as_they_are_and_hold_up_no_other_title(
    channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    await channel.kv.create("ns/default/items/a", b"{")
    async with listening(channel):
        channel.feed.tell(play("a"), play("b"))
        await channel.until(lambda: _counted(channel, "b"))
    await channel.ledger().sweep()
    entry = await channel.kv.get("ns/default/items/a")
    assert entry is not None
    assert entry.value == b"{"
    assert await channel.counted("b") == 1
    (told,) = caplog.records
    assert told.message == (
        "the stored document ns/default/items/a cannot be read; it was left as it is"
        " (kryten-playlist migrate carries over what version 0.3 wrote)"
    )


async def _counted(channel: Channel, video_id: str) -> bool:
    return await channel.counted(video_id) > 0


async def test_a_sweep_that_cannot_reach_the_store_says_so(channel: Channel) -> None:
    ledger = channel.ledger()
    await ledger.plays.create("a-1", value=noted(play("a")))

    async def away(_operation: str, key: str) -> None:
        channel.kv.fail_with = AWAY if "/items/" in key else None

    channel.kv.before_operation = away
    with pytest.raises(Unavailable):
        await ledger.sweep()


async def test_a_service_that_has_a_feed_counts_into_the_bucket_of_statistics(channel: Channel) -> None:
    others = {each.name: MemoryKV() for each in fields(Buckets)}
    async with background() as tasks:
        parts = Parts(
            clock=channel.clock,
            randomness=SeededRandomness(),
            buckets=Buckets(**{**others, "analytics": channel.kv}),
            index=MemoryIndex(),
            source=None,
            spawn=tasks.start_soon,
        )
        house = demo_channel(channel.clock, lambda _: None)
        assert compose(Settings(), parts, house).plays is None
        plays = compose(Settings(), parts, house, feed=channel.feed).plays
        assert plays is not None
        tasks.start_soon(plays.run)
        await channel.feed.listened_to()
        channel.feed.tell(play("a"))
        await channel.until(lambda: channel.all_marked(1))
    assert set(await stored(channel.kv)) == {"items/a", "plays/a-1"}


async def test_the_service_counts_while_it_serves_and_tidies_up(channel: Channel) -> None:
    async with cinema() as house:
        services = evolve(house.services, plays=channel.count())
        await channel.ledger("died").plays.create("b-1", value=noted(play("b")))
        with bind("127.0.0.1", 0) as bound, anyio.fail_after(20):
            async with background() as tasks:
                tasks.start_soon(lambda: serve(services, bound, ready=lambda: None))
                await channel.feed.listened_to()
                channel.feed.tell(play("a"))
                await channel.until(lambda: channel.all_marked(2))
    assert [await channel.counted(video_id) for video_id in "ab"] == [1, 1]
