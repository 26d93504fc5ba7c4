"""The channel ports over the simulated channel: the shared contract, and what only a simulation can show."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import pytest
from anyio.lowlevel import checkpoint
from attrs import define

from playlist_adapters.channel.simulated import (
    BOT,
    Account,
    FetchFailure,
    Manifest,
    ReceivedPM,
    SentCommand,
    SimulatedChannel,
    demo_channel,
    simulated_channel,
)
from playlist_adapters.channel.simulated.gateway import PATIENCE
from playlist_adapters.testing.channel_plays_suite import PlayContract
from playlist_adapters.testing.channel_suite import ChannelContract
from playlist_adapters.testing.time import ManualClock
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import NowPlaying, Position, QueueItem, Refusal
from playlist_core.errors import (
    ChannelUnavailable,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PlaylistError,
    QueueRefused,
)
from playlist_core.ports import ChannelUser, PMSender, QueueGateway, UserDirectory


class AddressedManifests:
    """Manifests whose address says what they are."""

    def fetch(self, media_id: str, media_type: str) -> Manifest | FetchFailure:
        parts = urlsplit(media_id)
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        delay = timedelta(seconds=float(asked["slow"]) or 0.02)
        if asked["broken"] == "True":
            return FetchFailure(text="Expected HTTP 200 OK, not 404 Not Found", delay=delay)
        title = parts.path.removeprefix("/").removesuffix(".json")
        return Manifest(title=title, seconds=int(asked["seconds"]), delay=delay)


@define
class SimulatedStage:
    """The suite's hands on a `SimulatedChannel`."""

    channel: SimulatedChannel
    clock: ManualClock
    bot: str = BOT
    add_takes: float = PATIENCE.total_seconds()

    @property
    def gateway(self) -> SimulatedChannel:
        return self.channel

    @property
    def pms(self) -> SimulatedChannel:
        return self.channel

    @property
    def users(self) -> SimulatedChannel:
        return self.channel

    @property
    def plays(self) -> SimulatedChannel:
        return self.channel

    def manifest(self, slug: str, *, seconds: int = 600, slow: float = 0, broken: bool = False) -> str:
        return f"https://media.example/{slug}.json?seconds={seconds}&slow={slow}&broken={broken}"

    async def join(self, name: str, rank: float) -> None:
        self.channel.join(name, rank)

    async def leave(self, name: str) -> None:
        self.channel.leave(name)

    async def send_as(self, name: str, event: str, payload: Any = None) -> None:
        self.channel.as_user(name).send(event, payload)

    async def messages_to(self, name: str) -> Sequence[str]:
        return [message.html for message in self.channel.inbox(name)]

    async def disconnect(self) -> None:
        self.channel.disconnect()

    async def reconnect(self) -> None:
        self.channel.reconnect()


class TestSimulatedChannel(ChannelContract, PlayContract):
    @pytest.fixture
    def stage(self, clock: ManualClock) -> SimulatedStage:
        channel = simulated_channel(clock, AddressedManifests())
        channel.reconnect()
        return SimulatedStage(channel, clock)


# -- what only a simulation can show ------------------------------------------------------

pytestmark = pytest.mark.anyio
END, NEXT = Position.END, Position.NEXT


@pytest.fixture
def channel(clock: ManualClock) -> SimulatedChannel:
    """The bot, and bob of rank 2."""
    channel = simulated_channel(clock, AddressedManifests())
    channel.reconnect()
    channel.join("bob", 2)
    return channel


def url(slug: str, *, seconds: int = 600, slow: float = 0) -> str:
    return f"https://media.example/{slug}.json?seconds={seconds}&slow={slow}&broken=False"


async def now(channel: SimulatedChannel) -> int:
    return (await channel.snapshot()).generation


def listed(channel: SimulatedChannel) -> list[str]:
    return [item.title for item in channel.queue]


async def refusal_of(channel: SimulatedChannel, slug: str) -> tuple[str, str]:
    with pytest.raises(QueueRefused) as refusal:
        await channel.add(url(slug), position=END, temp=False)
    return refusal.value.reason, refusal.value.message


def test_it_plays_the_three_roles(channel: SimulatedChannel) -> None:
    roles: tuple[QueueGateway, PMSender, UserDirectory] = (channel, channel, channel)
    assert roles == (channel,) * 3


async def test_the_first_uid_is_0_and_works_as_any_other(channel: SimulatedChannel) -> None:
    first = await channel.add(url("a"), position=END, temp=False)
    second = await channel.add(url("b"), position=END, temp=False)
    assert (first.uid, second.uid) == (0, 1)
    await channel.move(0, after=1, generation=await now(channel))
    await channel.set_temp(0, temp=True, generation=await now(channel))
    await channel.jump(1, generation=await now(channel))
    assert listed(channel) == ["b"]
    await channel.add(url("c"), position=END, temp=False)
    channel.room.reload()
    channel.reconnect()
    await channel.jump(1, generation=await now(channel))
    await channel.move(1, after=0, generation=await now(channel))
    await channel.remove(0, generation=await now(channel))
    assert listed(channel) == ["c"]


async def test_an_add_takes_as_long_as_its_manifest(channel: SimulatedChannel, clock: ManualClock) -> None:
    before = clock.monotonic()
    await channel.add(url("a", slow=2.5), position=END, temp=False)
    assert clock.monotonic() - before == pytest.approx(2.5)


async def test_what_happens_while_nobody_asks_happens_at_its_time(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    for slug in "abc":
        await channel.add(url(slug, seconds=20), position=END, temp=slug == "a")
    clock.advance(25 + 25 + 10)
    snapshot = await channel.snapshot()
    assert [item.title for item in snapshot.items] == ["b", "c"]
    assert snapshot.playing is not None
    assert snapshot.playing.uid == 2
    # c began 25 seconds after b, and that one 25 after a's first frame.
    assert snapshot.playing.position_seconds == pytest.approx(7, abs=0.1)
    assert channel.now_playing == NowPlaying(uid=2, position_seconds=7.0)


async def test_silence_is_unknown_after_eight_seconds(channel: SimulatedChannel, clock: ManualClock) -> None:
    channel.refuse_next("silent")
    before = clock.monotonic()
    with pytest.raises(OutcomeUnknown):
        await channel.add(url("a"), position=END, temp=False)
    assert clock.monotonic() - before == pytest.approx(8)
    clock.advance(60)
    assert listed(channel) == []


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        ("too_fast", ("too_fast", "You are adding videos too quickly")),
        ("already_on_playlist", ("already_on_playlist", "This item is already on the playlist")),
        ("list_full", ("list_full", "Playlist limit reached (4000)")),
        ("no_permission", ("no_permission", "You don't have permission to add raw video files")),
        ("bad_manifest", ("bad_manifest", "Expected HTTP 200 OK, not 404 Not Found")),
        ("refused", ("refused", "Playlist failure")),
        ("Response size exceeds 100KB", ("bad_manifest", "Response size exceeds 100KB")),
        ('title must be "more"', ("bad_manifest", 'title must be "more"')),
    ],
)
async def test_adds_can_be_made_to_fail_for_a_reason(
    channel: SimulatedChannel, reason: str, given: tuple[str, str]
) -> None:
    channel.refuse_next(reason, count=2)
    assert await refusal_of(channel, "a") == given
    assert await refusal_of(channel, "b") == given
    await channel.add(url("c"), position=END, temp=False)
    assert listed(channel) == ["c"]


async def test_a_failure_can_be_meant_for_one_item(channel: SimulatedChannel) -> None:
    channel.refuse_next("bad_manifest", media_id=url("b"))
    await channel.add(url("a"), position=END, temp=False)
    assert (await refusal_of(channel, "b"))[0] == "bad_manifest"


async def test_failures_are_the_bots_alone(channel: SimulatedChannel, clock: ManualClock) -> None:
    channel.refuse_next("bad_manifest")
    channel.as_user("bob").add(url("theirs"))
    clock.advance(1)
    assert listed(channel) == ["theirs"]
    assert (await refusal_of(channel, "ours"))[0] == "bad_manifest"


async def test_a_manifest_can_be_made_slow(channel: SimulatedChannel, clock: ManualClock) -> None:
    channel.refuse_next("slow 9")
    with pytest.raises(OutcomeUnknown):
        await channel.add(url("a"), position=END, temp=False)
    clock.advance(1.1)
    assert listed(channel) == ["a"]


@pytest.mark.parametrize(("reason", "count"), [("", 1), ("slow x", 1), ("slow -1", 1), ("silent", 0)])
def test_a_failure_that_makes_no_sense_is_refused(channel: SimulatedChannel, reason: str, count: int) -> None:
    with pytest.raises(InvalidInput):
        channel.refuse_next(reason, count)


async def test_thirty_adds_tried_again_every_100_ms_take_some_eleven_seconds(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    before, attempts = clock.monotonic(), 0
    for number in range(30):
        while True:
            attempts += 1
            try:
                await channel.add(url(f"i{number}"), position=END, temp=False)
            except QueueRefused as refusal:
                assert refusal.reason == Refusal.TOO_FAST
                await clock.sleep(0.1)
            else:
                break
    assert listed(channel) == [f"i{number}" for number in range(30)]
    assert 10.0 <= clock.monotonic() - before <= 11.5
    assert 100 <= attempts <= 140


async def test_the_same_item_added_by_somebody_else_just_before_is_not_taken_for_ours(
    channel: SimulatedChannel,
) -> None:
    channel.as_user("bob").add(url("same", slow=2.0))
    with pytest.raises(QueueRefused) as refusal:
        await channel.add(url("same", slow=2.0), position=END, temp=False)
    assert refusal.value.reason == Refusal.DUPLICATE


@asynccontextmanager
async def under_way(
    channel: SimulatedChannel, clock: ManualClock, command: Callable[[], Awaitable[object]]
) -> AsyncIterator[list[object]]:
    """A command that has been sent; then eight seconds pass, and its result or failure is in the list."""
    result: list[object] = []

    async def attempt() -> None:
        try:
            result.append(await command())
        except PlaylistError as failure:
            result.append(type(failure))

    clock.frozen_sleep = True
    sent = len(channel.commands())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(attempt)
        while len(channel.commands()) == sent:
            await checkpoint()
        yield result
        while not result:
            clock.advance(0.5)
            await checkpoint()
            await checkpoint()


async def test_an_item_that_somebody_else_removes_first_counts_as_removed(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    playing = await channel.add(url("playing"), position=END, temp=True)
    other = await channel.add(url("other"), position=END, temp=False)
    bob = channel.as_user("bob")
    # Our delete waits behind the slow add, a jump does not: the temp item goes at once.
    bob.add(url("slow", slow=3.0))
    era = await now(channel)
    async with under_way(channel, clock, lambda: channel.remove(playing.uid, generation=era)) as result:
        bob.send("jumpTo", other.uid)
    assert (result, listed(channel)) == ([None], ["other", "slow"])


async def test_an_item_that_vanishes_under_a_command_leaves_the_outcome_unknown(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    playing = await channel.add(url("playing"), position=END, temp=True)
    other = await channel.add(url("other"), position=END, temp=False)
    bob = channel.as_user("bob")
    bob.add(url("slow", slow=3.0))
    began = clock.monotonic()
    era = await now(channel)
    async with under_way(
        channel, clock, lambda: channel.move(playing.uid, after=other.uid, generation=era)
    ) as result:
        bob.send("jumpTo", other.uid)
    assert (result, listed(channel)) == ([OutcomeUnknown], ["other", "slow"])
    assert clock.monotonic() - began == pytest.approx(8, abs=0.5)


async def test_a_clear_that_swallows_an_add_leaves_the_outcome_unknown(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    bob = channel.as_user("bob")
    bob.add(url("slow", slow=6.0))
    add = partial(channel.add, url("swallowed"), position=END, temp=False)
    async with under_way(channel, clock, add) as result:
        bob.clear()
    assert (result, listed(channel)) == ([OutcomeUnknown], ["slow"])


async def test_a_connection_lost_under_way_leaves_the_outcome_unknown_and_the_add_comes(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    add = partial(channel.add, url("a", slow=2.0), position=END, temp=False)
    async with under_way(channel, clock, add) as result:
        channel.disconnect()
    assert (result, listed(channel), channel.connected) == ([OutcomeUnknown], ["a"], False)


async def test_a_command_is_not_sent_before_the_one_ahead_was_answered(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    async def add(slug: str, slow: float) -> None:
        await channel.add(url(slug, slow=slow), position=END, temp=False)

    began = clock.now()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(add, "a", 2.0)
        tasks.start_soon(add, "b", 1.0)
        tasks.start_soon(add, "c", 1.0)
    assert [(command.at - began).total_seconds() for command in channel.commands()] == [0, 2, 3]


async def test_a_private_message_does_not_wait_for_a_slow_add(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    clock.frozen_sleep = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: channel.add(url("a", slow=5.0), position=END, temp=False))
        await checkpoint()
        await channel.send(Username("bob"), "hello")
        assert listed(channel) == []
        clock.advance(5)
    assert listed(channel) == ["a"]


async def test_a_flood_of_messages_goes_out_ten_a_second(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    before = clock.monotonic()
    for number in range(40):
        await channel.send(Username("bob"), f"n{number}")
    assert clock.monotonic() - before == pytest.approx(2.0, abs=0.1)
    assert [message.text for message in channel.inbox("BOB")] == [f"n{number}" for number in range(40)]


async def test_a_message_is_read_without_its_markup(channel: SimulatedChannel, clock: ManualClock) -> None:
    await channel.send(Username("bob"), "<3 & *you* at https://s/a_b")
    assert channel.inbox("bob") == (
        ReceivedPM(
            at=clock.now(),
            sender=BOT,
            text="<3 & you at https://s/a_b",
            html="&lt;3 &amp; <strong>you</strong> at "
            '<a href="https://s/a_b" target="_blank">https://s/a_b</a>',
        ),
    )


async def test_the_last_hundred_messages_are_kept_also_for_who_has_left(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    for number in range(101):
        await channel.send(Username("bob"), f"n{number}")
    channel.leave("bob")
    assert [message.text for message in channel.inbox("bob")] == [f"n{number}" for number in range(1, 101)]
    assert channel.inbox("nobody") == ()


async def test_the_commands_are_kept_without_what_a_message_said(
    channel: SimulatedChannel, clock: ManualClock
) -> None:
    began = clock.now()
    item = await channel.add(url("a"), position=NEXT, temp=True)
    await channel.remove(item.uid, generation=await now(channel))
    await channel.send(Username("bob"), "secret")
    later = began + timedelta(seconds=0.02)
    assert channel.commands() == (
        SentCommand(
            at=began,
            command="queue",
            details=(("id", url("a")), ("type", "cm"), ("pos", "next"), ("temp", True)),
        ),
        SentCommand(at=later, command="delete", details=(("uid", 0),)),
        SentCommand(at=later, command="pm", details=(("to", "bob"),)),
    )


async def test_a_second_login_with_the_bots_account_takes_the_channel_away(channel: SimulatedChannel) -> None:
    thief = channel.room.connect()
    channel.room.send(thief, "joinChannel", {"name": "testroom"})
    channel.room.send(thief, "login", {"name": BOT, "pw": "x"})
    with pytest.raises(ChannelUnavailable):
        await channel.snapshot()
    channel.reconnect()
    assert (await channel.snapshot()).items == ()


async def test_after_a_restart_of_the_channel_the_uids_begin_again(channel: SimulatedChannel) -> None:
    for slug in "abc":
        await channel.add(url(slug), position=END, temp=False)
    await channel.remove(0, generation=await now(channel))
    before = await channel.snapshot()
    channel.room.reload()
    with pytest.raises(ChannelUnavailable):
        await channel.snapshot()
    channel.reconnect()
    after = await channel.snapshot()
    assert [(item.uid, item.title) for item in before.items] == [(1, "b"), (2, "c")]
    assert [(item.uid, item.title) for item in after.items] == [(0, "b"), (1, "c")]
    assert after.generation > before.generation


async def test_the_channel_can_be_looked_at_while_the_bot_is_away(channel: SimulatedChannel) -> None:
    await channel.add(url("a"), position=END, temp=False)
    channel.disconnect()
    assert listed(channel) == ["a"]
    assert channel.now_playing == NowPlaying(uid=0, position_seconds=-3.0)
    assert channel.users == (ChannelUser(Username("bob"), 2),)


async def test_the_playing_item_can_be_skipped(channel: SimulatedChannel) -> None:
    for slug in "ab":
        await channel.add(url(slug), position=END, temp=True)
    channel.skip()
    assert listed(channel) == ["b"]
    channel.skip()
    assert (listed(channel), channel.now_playing) == ([], None)
    channel.skip()


@pytest.mark.parametrize("name", ["", "no name", "x" * 21, "é", "b0b", "kryten_bot", BOT])
def test_names_that_cannot_join_are_refused(channel: SimulatedChannel, name: str) -> None:
    channel.room.register(Account("Kryten-Bot", 1))
    before = channel.users
    with pytest.raises(InvalidInput):
        channel.join(name)
    assert channel.users == before


def test_a_guest_cannot_take_a_registered_name(channel: SimulatedChannel) -> None:
    with pytest.raises(InvalidInput, match="registered"):
        channel.join("BOB", 0)


def test_who_joins_again_takes_the_place_of_the_first(channel: SimulatedChannel) -> None:
    channel.join("BOB", 1)
    assert channel.users == (ChannelUser(Username(BOT), 3), ChannelUser(Username("BOB"), 1))


def test_who_comes_back_has_the_rank_of_before(channel: SimulatedChannel) -> None:
    channel.leave("bob")
    channel.join("bob")
    channel.join("dora")
    assert channel.users[1:] == (ChannelUser(Username("bob"), 2), ChannelUser(Username("dora"), 1))


def test_nobody_can_act_who_is_not_there(channel: SimulatedChannel) -> None:
    channel.leave("bob")
    for act in (channel.leave, channel.as_user):
        with pytest.raises(NotFound):
            act("bob")


def test_others_talk_to_the_bot_and_to_each_other(channel: SimulatedChannel) -> None:
    alice = channel.join("alice", 1)
    alice.whisper("bob", "psst")
    alice.whisper(BOT, "!like")
    assert [(message.sender, message.text) for message in channel.inbox("bob")] == [("alice", "psst")]
    assert channel.inbox("alice") == ()


# -- the demo -----------------------------------------------------------------------------------

TITLES = {"https://s/1": ("One", 60), "https://s/2": ("Two", 90)}


async def test_the_demo_has_the_bot_three_people_and_the_catalogues_titles(clock: ManualClock) -> None:
    channel = demo_channel(clock, TITLES.get, queue=["https://s/2"])
    assert [(user.name.spelling, user.rank) for user in channel.users] == [
        (BOT, 3),
        ("alice", 3),
        ("bob", 2),
        ("carol", 1),
    ]
    two = QueueItem(0, "https://s/2", media_type="cm", title="Two", seconds=90, temp=False, queueby=BOT)
    snapshot = await channel.snapshot()
    assert snapshot.items == channel.queue == (two,)
    assert snapshot.playing == channel.now_playing == NowPlaying(uid=0, position_seconds=-3.0)
    one = await channel.add("https://s/1", position=END, temp=False)
    assert (one.uid, one.title, one.seconds) == (1, "One", 60)
    with pytest.raises(QueueRefused) as refusal:
        await channel.add("https://s/3", position=END, temp=False)
    assert refusal.value.reason == Refusal.BAD_MANIFEST


def test_a_demo_queue_of_unknown_titles_is_refused(clock: ManualClock) -> None:
    with pytest.raises(InvalidInput):
        demo_channel(clock, TITLES.get, queue=["https://s/3"])
