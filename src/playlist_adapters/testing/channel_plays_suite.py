"""The contract of `PlayFeed` as tests; inherited like `channel_suite.ChannelContract`, which says how."""
# ruff: noqa: S101 - a suite asserts

from collections.abc import AsyncIterator

import anyio
import pytest

from playlist_adapters.testing.channel_stage import END, ChannelStage, era, eventually, fill, on_air
from playlist_core.domain.queue import QueueSnapshot
from playlist_core.ports import Play

PATIENCE = 20


async def heard(plays: AsyncIterator[Play], count: int) -> list[str]:
    """The titles of the next plays."""
    with anyio.fail_after(PATIENCE):
        return [(await anext(plays)).title for _ in range(count)]


def something_plays(snapshot: QueueSnapshot) -> bool:
    return snapshot.playing is not None


class PlayContract:
    """The duties of `PlayFeed`."""

    pytestmark = pytest.mark.anyio

    async def test_the_first_item_of_a_list_is_a_play(self, stage: ChannelStage) -> None:
        async with stage.plays.plays() as plays:
            (item,) = await fill(stage, "film")
            with anyio.fail_after(PATIENCE):
                play = await anext(plays)
        assert play == Play(
            play_id=play.play_id,
            at=play.at,
            media_id=item.media_id,
            media_type="cm",
            title="film",
            seconds=600,
        )
        assert abs((stage.clock.now() - play.at).total_seconds()) < PATIENCE

    async def test_what_waits_is_none_and_what_is_jumped_to_is_one(self, stage: ChannelStage) -> None:
        async with stage.plays.plays() as plays:
            _, b, _ = await fill(stage, "a", "b", "c")
            await stage.gateway.jump(b.uid, generation=await era(stage))
            await stage.join("bob", 2)
            await stage.send_as("bob", "playNext")
            assert await heard(plays, 3) == ["a", "b", "c"]

    async def test_what_follows_the_end_of_an_item_is_one(self, stage: ChannelStage) -> None:
        async with stage.plays.plays() as plays:
            await stage.gateway.add(stage.manifest("short", seconds=1), position=END, temp=True)
            await fill(stage, "long")
            assert await heard(plays, 2) == ["short", "long"]

    async def test_what_a_shuffle_puts_on_the_air_is_one(self, stage: ChannelStage) -> None:
        await stage.join("bob", 2)
        async with stage.plays.plays() as plays:
            await fill(stage, "a", "b", "c", "d")
            assert await heard(plays, 1) == ["a"]
            old = await era(stage)
            await stage.send_as("bob", "shufflePlaylist")
            await eventually(stage, lambda seen: seen.generation != old and something_plays(seen))
            first = await on_air(stage)
            if first != "a":  # which would be the same item again within its lead-in
                assert await heard(plays, 1) == [first]

    async def test_a_join_is_none(self, stage: ChannelStage) -> None:
        await stage.join("bob", 2)
        async with stage.plays.plays() as plays:
            await fill(stage, "a", "b")
            await stage.disconnect()
            await stage.reconnect()
            await stage.clock.sleep(2)
            snapshot = await eventually(stage, something_plays)
            await stage.gateway.jump(snapshot.items[1].uid, generation=snapshot.generation)
            assert await heard(plays, 2) == ["a", "b"]

    async def test_everybody_hears_of_a_play_by_the_same_id(self, stage: ChannelStage) -> None:
        async with stage.plays.plays() as one, stage.plays.plays() as other:
            _, b = await fill(stage, "a", "b")
            await stage.gateway.jump(b.uid, generation=await era(stage))
            with anyio.fail_after(PATIENCE):
                first = [await anext(one), await anext(one)]
                second = [await anext(other), await anext(other)]
        assert first == second
        assert first[0].play_id != first[1].play_id
