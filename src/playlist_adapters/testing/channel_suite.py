"""The contract of the channel ports as tests: whoever writes an adapter inherits them and gives a stage.

    pytest.register_assert_rewrite("playlist_adapters.testing.channel_suite")  # before the import

    class TestMyChannel(ChannelContract):
        @pytest.fixture
        async def stage(self): ...

`stage` is a `ChannelStage` around an adapter whose bot has just joined an empty channel with CyTube's
default permissions, as a user of rank 2 or more; nobody else is in it. On a clock that moves when
somebody sleeps on it the whole suite takes no time.
"""
# ruff: noqa: S101 - a suite asserts

import pytest

from playlist_adapters.testing.channel_stage import (
    END,
    NEXT,
    ChannelStage,
    allow,
    era,
    eventually,
    fill,
    on_air,
    titles,
    together,
    unchanged,
)
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import QueueItem, Refusal
from playlist_core.errors import (
    ChannelUnavailable,
    InvalidInput,
    OutcomeUnknown,
    PlaylistError,
    QueueRefused,
    Undeliverable,
)
from playlist_core.ports import ChannelUser


class QueueContract:
    """The duties of `QueueGateway`."""

    pytestmark = pytest.mark.anyio

    async def test_an_empty_channel_plays_nothing(self, stage: ChannelStage) -> None:
        snapshot = await stage.gateway.snapshot()
        assert (snapshot.items, snapshot.playing, snapshot.current_index) == ((), None, None)

    async def test_a_bot_of_rank_2_or_more_can_do_everything(self, stage: ChannelStage) -> None:
        given = (await stage.gateway.snapshot()).capabilities
        assert given.rank >= 2
        assert given.can_add and given.can_add_next and given.can_add_permanent
        assert given.can_move and given.can_delete and given.can_jump and given.can_set_temp
        assert not given.allow_dupes
        assert given.max_items == 4000

    async def test_an_add_returns_the_item_as_the_channel_took_it(self, stage: ChannelStage) -> None:
        url = stage.manifest("film", seconds=90)
        item = await stage.gateway.add(url, position=END, temp=True)
        assert item == QueueItem(
            item.uid, url, media_type="cm", title="film", seconds=90, temp=True, queueby=stage.bot
        )
        assert (await stage.gateway.snapshot()).items == (item,)

    async def test_the_first_item_goes_on_the_air_with_a_lead_in(self, stage: ChannelStage) -> None:
        (item,) = await fill(stage, "film")
        playing = (await stage.gateway.snapshot()).playing
        assert playing is not None
        assert playing.uid == item.uid
        assert -3 <= playing.position_seconds <= 0
        assert not playing.paused

    async def test_the_position_goes_on_with_the_clock(self, stage: ChannelStage) -> None:
        await fill(stage, "film")
        await stage.clock.sleep(7)
        playing = (await stage.gateway.snapshot()).playing
        assert playing is not None
        assert 3.0 <= playing.position_seconds <= 5.0

    async def test_items_at_the_end_keep_the_order_of_adding(self, stage: ChannelStage) -> None:
        items = await fill(stage, "a", "b", "c")
        assert (await stage.gateway.snapshot()).items == tuple(items)

    async def test_items_added_next_come_out_reversed_behind_the_playing_one(
        self, stage: ChannelStage
    ) -> None:
        await fill(stage, "playing", "last")
        for slug in ("a", "b", "c"):
            await stage.gateway.add(stage.manifest(slug), position=NEXT, temp=False)
        assert await titles(stage) == ["playing", "c", "b", "a", "last"]

    async def test_adds_begun_together_come_in_that_order(self, stage: ChannelStage) -> None:
        slugs = ["a", "b", "c", "d"]
        await together([lambda slug=slug: fill(stage, slug) for slug in slugs])
        assert await titles(stage) == slugs

    async def test_a_second_of_the_same_at_the_end_is_refused(self, stage: ChannelStage) -> None:
        await fill(stage, "playing", "a")
        async with unchanged(stage):
            with pytest.raises(QueueRefused) as refusal:
                await fill(stage, "a")
        assert refusal.value.reason == Refusal.DUPLICATE

    async def test_a_second_of_the_same_next_replaces_the_first_and_keeps_its_temp_flag(
        self, stage: ChannelStage
    ) -> None:
        await fill(stage, "playing", "between")
        (old,) = await fill(stage, "again", temp=True)
        new = await stage.gateway.add(old.media_id, position=NEXT, temp=False)
        assert new.uid != old.uid
        assert await titles(stage) == ["playing", "again", "between"]
        # The event that confirms the add already has the old flag.
        assert new.temp

    async def test_the_playing_item_cannot_be_added_again(self, stage: ChannelStage) -> None:
        (playing, _) = await fill(stage, "playing", "a")
        async with unchanged(stage):
            with pytest.raises(QueueRefused) as refusal:
                await stage.gateway.add(playing.media_id, position=NEXT, temp=False)
        assert refusal.value.reason == Refusal.DUPLICATE

    async def test_a_manifest_that_is_not_there_is_refused_in_the_channels_words(
        self, stage: ChannelStage
    ) -> None:
        async with unchanged(stage):
            with pytest.raises(QueueRefused) as refusal:
                await stage.gateway.add(stage.manifest("gone", broken=True), position=END, temp=False)
        assert refusal.value.reason == Refusal.BAD_MANIFEST
        assert refusal.value.message == "Expected HTTP 200 OK, not 404 Not Found"

    async def test_what_is_no_address_is_refused_with_the_message_unescaped(
        self, stage: ChannelStage
    ) -> None:
        with pytest.raises(QueueRefused) as refusal:
            await stage.gateway.add("no address", position=END, temp=False)
        assert (refusal.value.reason, refusal.value.message) == (
            Refusal.BAD_MANIFEST,
            'Invalid URL "no address"',
        )

    async def test_more_than_ten_at_once_is_too_fast_and_soon_allowed_again(
        self, stage: ChannelStage
    ) -> None:
        await fill(stage, *"abcdefghij")
        with pytest.raises(QueueRefused) as refusal:
            await fill(stage, "k")
        assert refusal.value.reason == Refusal.TOO_FAST
        await stage.clock.sleep(0.6)
        await fill(stage, "k")
        assert await titles(stage) == list("abcdefghijk")

    async def test_an_add_without_an_answer_is_unknown_and_may_still_come(self, stage: ChannelStage) -> None:
        slow = stage.manifest("slow", slow=stage.add_takes + 1)
        with pytest.raises(OutcomeUnknown):
            await stage.gateway.add(slow, position=END, temp=False)
        assert await titles(stage) == []
        snapshot = await eventually(stage, lambda snapshot: bool(snapshot.items))
        assert [item.title for item in snapshot.items] == ["slow"]

    async def test_an_item_can_be_put_behind_another_and_to_the_front(self, stage: ChannelStage) -> None:
        a, b, _, d = await fill(stage, "a", "b", "c", "d")
        now = await era(stage)
        await stage.gateway.move(b.uid, after=d.uid, generation=now)
        assert await titles(stage) == ["a", "c", "d", "b"]
        await stage.gateway.move(d.uid, after=a.uid, generation=now)
        assert await titles(stage) == ["a", "d", "c", "b"]
        await stage.gateway.move(b.uid, after=None, generation=now)
        assert await titles(stage) == ["b", "a", "d", "c"]
        assert await on_air(stage) == "a"

    async def test_an_item_cannot_stand_behind_itself(self, stage: ChannelStage) -> None:
        (item,) = await fill(stage, "a")
        now = await era(stage)
        with pytest.raises(InvalidInput):
            await stage.gateway.move(item.uid, after=item.uid, generation=now)

    async def test_an_item_can_be_removed(self, stage: ChannelStage) -> None:
        _, b, _ = await fill(stage, "a", "b", "c")
        now = await era(stage)
        await stage.gateway.remove(b.uid, generation=now)
        assert await titles(stage) == ["a", "c"]

    async def test_removing_the_playing_item_starts_the_next(self, stage: ChannelStage) -> None:
        a, _ = await fill(stage, "a", "b")
        now = await era(stage)
        await stage.gateway.remove(a.uid, generation=now)
        assert await on_air(stage) == "b"

    async def test_removing_the_only_item_leaves_nothing_playing(self, stage: ChannelStage) -> None:
        (item,) = await fill(stage, "a")
        now = await era(stage)
        await stage.gateway.remove(item.uid, generation=now)
        assert (await stage.gateway.snapshot()).playing is None

    async def test_the_temp_flag_can_be_changed(self, stage: ChannelStage) -> None:
        a, b = await fill(stage, "a", "b")
        now = await era(stage)
        await stage.gateway.set_temp(b.uid, temp=True, generation=now)
        assert [item.temp for item in (await stage.gateway.snapshot()).items] == [False, True]
        await stage.gateway.set_temp(b.uid, temp=False, generation=now)
        assert (await stage.gateway.snapshot()).items == (a, b)

    async def test_a_jump_puts_an_item_on_the_air(self, stage: ChannelStage) -> None:
        _, _, c = await fill(stage, "a", "b", "c")
        now = await era(stage)
        await stage.gateway.jump(c.uid, generation=now)
        assert (await titles(stage), await on_air(stage)) == (["a", "b", "c"], "c")

    async def test_a_jump_away_from_a_temp_item_deletes_it(self, stage: ChannelStage) -> None:
        a, _, c = await fill(stage, "a", "b", "c")
        now = await era(stage)
        await stage.gateway.set_temp(a.uid, temp=True, generation=now)
        await stage.gateway.jump(c.uid, generation=now)
        assert (await titles(stage), await on_air(stage)) == (["b", "c"], "c")

    async def test_commands_about_an_item_that_is_gone_change_nothing(self, stage: ChannelStage) -> None:
        a, b = await fill(stage, "a", "b")
        gone = a.uid + b.uid + 1000
        now = await era(stage)
        async with unchanged(stage):
            for command in (
                stage.gateway.move(gone, after=a.uid, generation=now),
                stage.gateway.move(b.uid, after=gone, generation=now),
                stage.gateway.remove(gone, generation=now),
                stage.gateway.set_temp(gone, temp=True, generation=now),
                stage.gateway.jump(gone, generation=now),
            ):
                with pytest.raises(OutcomeUnknown):
                    await command

    async def test_what_the_bot_may_not_do_is_refused(self, stage: ChannelStage) -> None:
        a, b = await fill(stage, "a", "b")
        nodes = ("add", "next", "move", "delete", "jump")
        await allow(stage, {f"playlist{node}": 200 for node in nodes} | {"settemp": 200})
        now = await era(stage)
        async with unchanged(stage):
            for command in (
                stage.gateway.add(stage.manifest("c"), position=END, temp=False),
                stage.gateway.move(b.uid, after=None, generation=now),
                stage.gateway.remove(a.uid, generation=now),
                stage.gateway.set_temp(a.uid, temp=True, generation=now),
                stage.gateway.jump(b.uid, generation=now),
            ):
                with pytest.raises(QueueRefused) as refusal:
                    await command
                assert refusal.value.reason == Refusal.NO_PERMISSION
        given = (await stage.gateway.snapshot()).capabilities
        assert not (given.can_add or given.can_add_next or given.can_move)
        assert not (given.can_delete or given.can_jump or given.can_set_temp)
        assert given.can_add_permanent

    async def test_without_the_right_to_custom_manifests_adding_is_refused(self, stage: ChannelStage) -> None:
        await allow(stage, {"playlistaddrawfile": 200})
        assert not (await stage.gateway.snapshot()).capabilities.can_add
        with pytest.raises(QueueRefused) as refusal:
            await fill(stage, "a")
        assert refusal.value.reason == Refusal.NO_PERMISSION

    async def test_without_the_right_to_keep_items_an_add_comes_back_temp(self, stage: ChannelStage) -> None:
        await allow(stage, {"addnontemp": 200})
        assert not (await stage.gateway.snapshot()).capabilities.can_add_permanent
        (item,) = await fill(stage, "a")
        assert item.temp

    async def test_what_others_add_is_seen_and_not_taken_for_ours(self, stage: ChannelStage) -> None:
        await stage.join("bob", 2)
        theirs = stage.manifest("theirs", slow=2.0)
        await stage.send_as("bob", "queue", {"id": theirs, "type": "cm", "pos": "end", "temp": True})
        (ours,) = await fill(stage, "ours")
        assert (ours.title, ours.queueby) == ("ours", stage.bot)
        items = (await stage.gateway.snapshot()).items
        assert [(item.title, item.queueby, item.temp) for item in items] == [
            ("theirs", "bob", True),
            ("ours", stage.bot, False),
        ]

    async def test_a_shuffle_by_somebody_begins_another_generation(self, stage: ChannelStage) -> None:
        await fill(stage, "a", "b", "c")
        before = await stage.gateway.snapshot()
        await stage.join("bob", 2)
        await stage.send_as("bob", "shufflePlaylist")
        after = await eventually(stage, lambda snapshot: snapshot.generation != before.generation)
        assert {item.title for item in after.items} == {"a", "b", "c"}
        assert {item.uid for item in after.items}.isdisjoint(item.uid for item in before.items)
        assert after.items[0].title == await on_air(stage) == "a"

    async def test_a_command_of_an_older_generation_is_never_sent(self, stage: ChannelStage) -> None:
        await stage.join("bob", 2)
        items = await fill(stage, "a", "b", "c")
        old = await era(stage)
        await stage.send_as("bob", "shufflePlaylist")
        snapshot = await eventually(stage, lambda seen: seen.generation != old)
        known = {item.uid for item in snapshot.items} | {item.uid for item in items}
        async with unchanged(stage):
            for uid in known:
                with pytest.raises(OutcomeUnknown):
                    await stage.gateway.remove(uid, generation=old)

    async def test_a_clear_by_somebody_begins_another_generation(self, stage: ChannelStage) -> None:
        await fill(stage, "a", "b")
        before = await stage.gateway.snapshot()
        await stage.join("bob", 2)
        await stage.send_as("bob", "clearPlaylist")
        after = await eventually(stage, lambda snapshot: snapshot.generation != before.generation)
        assert (after.items, after.playing) == ((), None)

    async def test_a_channel_that_is_away_is_said_to_be_and_nothing_is_sent(
        self, stage: ChannelStage
    ) -> None:
        # Somebody stays, so that the channel is not put away meanwhile.
        await stage.join("bob", 2)
        a, b = await fill(stage, "a", "b")
        now = await era(stage)
        await stage.disconnect()
        for command in (
            stage.gateway.snapshot(),
            stage.gateway.add(stage.manifest("c"), position=END, temp=False),
            stage.gateway.move(b.uid, after=None, generation=now),
            stage.gateway.remove(a.uid, generation=now),
            stage.gateway.set_temp(a.uid, temp=True, generation=now),
            stage.gateway.jump(b.uid, generation=now),
        ):
            with pytest.raises(ChannelUnavailable):
                await command
        await stage.clock.sleep(1)
        await stage.reconnect()
        assert (await titles(stage), await on_air(stage)) == (["a", "b"], "a")

    async def test_coming_back_begins_another_generation(self, stage: ChannelStage) -> None:
        await fill(stage, "a")
        before = await stage.gateway.snapshot()
        await stage.disconnect()
        await stage.reconnect()
        assert (await stage.gateway.snapshot()).generation != before.generation


class PMContract:
    """The duties of `PMSender`."""

    pytestmark = pytest.mark.anyio

    async def test_a_message_arrives_escaped_as_html(self, stage: ChannelStage) -> None:
        await stage.join("alice", 1)
        await stage.pms.send(Username("alice"), "Your code: K7M2-PQ9X <b>&</b> 'quotes'")
        assert list(await stage.messages_to("alice")) == [
            "Your code: K7M2-PQ9X &lt;b&gt;&amp;&lt;/b&gt; 'quotes'"
        ]

    async def test_case_does_not_matter_in_a_name(self, stage: ChannelStage) -> None:
        await stage.join("alice", 1)
        await stage.pms.send(Username("ALICE"), "hello")
        assert list(await stage.messages_to("alice")) == ["hello"]

    async def test_somebody_absent_cannot_be_told(self, stage: ChannelStage) -> None:
        with pytest.raises(Undeliverable):
            await stage.pms.send(Username("nobodyhere"), "hello")

    async def test_the_bot_cannot_tell_itself(self, stage: ChannelStage) -> None:
        with pytest.raises(Undeliverable):
            await stage.pms.send(Username(stage.bot), "hello")

    async def test_what_would_be_cut_off_is_not_sent(self, stage: ChannelStage) -> None:
        await stage.join("alice", 1)
        await stage.pms.send(Username("alice"), "x" * 320)
        for text in ("x" * 321, "🎬" * 161, "two\nlines", "", "  "):
            with pytest.raises(InvalidInput):
                await stage.pms.send(Username("alice"), text)
        assert list(await stage.messages_to("alice")) == ["x" * 320]

    async def test_a_flood_is_slowed_down_and_nothing_is_lost(self, stage: ChannelStage) -> None:
        await stage.join("alice", 1)
        await together(
            [lambda n=n: stage.pms.send(Username("alice"), f"n{n}") for n in range(30)],
        )
        assert list(await stage.messages_to("alice")) == [f"n{n}" for n in range(30)]

    async def test_a_channel_that_is_away_takes_no_message(self, stage: ChannelStage) -> None:
        await stage.join("alice", 1)
        await stage.disconnect()
        with pytest.raises(ChannelUnavailable):
            await stage.pms.send(Username("alice"), "hello")
        await stage.reconnect()
        assert list(await stage.messages_to("alice")) == []


class UserContract:
    """The duties of `UserDirectory`."""

    pytestmark = pytest.mark.anyio

    async def test_users_are_known_by_any_spelling_with_their_own_and_their_rank(
        self, stage: ChannelStage
    ) -> None:
        await stage.join("Alice", 2)
        assert await stage.users.present(Username("aLICE")) == ChannelUser(Username("Alice"), 2)

    async def test_guests_are_users_too(self, stage: ChannelStage) -> None:
        await stage.join("guesting", 0)
        assert await stage.users.present(Username("guesting")) == ChannelUser(Username("guesting"), 0)

    async def test_nobody_is_there_before_joining_and_after_leaving(self, stage: ChannelStage) -> None:
        assert await stage.users.present(Username("alice")) is None
        await stage.join("alice", 1)
        await stage.leave("alice")
        assert await stage.users.present(Username("alice")) is None

    async def test_who_was_there_before_the_bot_is_known(self, stage: ChannelStage) -> None:
        await stage.join("alice", 3)
        await stage.disconnect()
        await stage.join("bob", 1)
        await stage.reconnect()
        known = [await stage.users.present(Username(name)) for name in ("alice", "bob")]
        assert known == [ChannelUser(Username("alice"), 3), ChannelUser(Username("bob"), 1)]

    async def test_the_bot_itself_is_there(self, stage: ChannelStage) -> None:
        user = await stage.users.present(Username(stage.bot))
        assert user is not None
        assert user.rank >= 2

    async def test_a_channel_that_is_away_is_not_taken_for_an_empty_one(self, stage: ChannelStage) -> None:
        await stage.disconnect()
        with pytest.raises(PlaylistError) as failure:
            await stage.users.present(Username("alice"))
        assert isinstance(failure.value, ChannelUnavailable)


class ChannelContract(QueueContract, PMContract, UserContract):
    """All three ports, as one adapter plays them for one bot."""
