"""The adapter over a robot that says and tells what was recorded of the real one (tests/data/cytube)."""

from contextlib import AsyncExitStack
from datetime import datetime

import anyio
import pytest
from attrs import evolve

from playlist_adapters.channel.kryten import Place
from playlist_adapters.channel.simulated import BOT
from playlist_core.domain.identity import Username
from playlist_core.domain.queue import QueueItem, Refusal
from playlist_core.errors import OutcomeUnknown, QueueRefused, Undeliverable
from playlist_core.ports import ChannelUser
from tests.peers import tape
from tests.peers.channels import PATIENCE, opened
from tests.peers.cytube.recorded import CHANNEL, DOMAIN, SHUFFLE, load, manifest
from tests.peers.nats_server import NatsServer
from tests.peers.scene import (
    ADD_TAKES,
    ALL_RIGHTS,
    END,
    FOREIGN,
    K1,
    K2,
    K3,
    K4,
    NEXT,
    SHUFFLED,
    SLOW,
    STEPS,
    P,
    Scene,
    step,
)

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio

REFUSED = {
    "duplicate end": (K2.media_id, Refusal.DUPLICATE),
    "manifest 404": (manifest("gone.json?status=404"), Refusal.BAD_MANIFEST),
    "manifest not json": (manifest("txt.json?ct=text/plain"), Refusal.BAD_MANIFEST),
}


@step("system.channels")
async def _(scene: Scene) -> None:
    assert scene.channel.place == Place(DOMAIN, CHANNEL)


@step("system.stats")
@step("system.ping")
async def _(scene: Scene) -> None:
    """That the robot is in CyTube, and hears commands, it has to be asked."""
    assert scene.step["step"] in scene.tape.asked


@step("state.playlist")
async def _(scene: Scene) -> None:
    await scene.shows(playing=None)


@step("state.userlist")
async def _(scene: Scene) -> None:
    assert await scene.channel.present(Username(BOT)) == ChannelUser(Username(BOT), 3)


@step("state.options")
@step("state.permissions")
async def _(scene: Scene) -> None:
    """Empty: the robot knows neither, so what counts is CyTube's own defaults."""
    assert scene.step["reply"]["data"] in ({"options": {}}, {"permissions": {}})
    assert (await scene.channel.snapshot()).capabilities == ALL_RIGHTS


@step("clear")
async def _(scene: Scene) -> None:
    before = await scene.era()
    await scene.happens()
    assert await scene.era() != before
    await scene.shows(playing=None)


@step("first add on an empty list")
async def _(scene: Scene) -> None:
    await scene.adds(K1)
    await scene.shows(K1, playing=0)


@step("second add")
async def _(scene: Scene) -> None:
    await scene.adds(K2)
    await scene.shows(K1, K2, playing=0)


@step("third add next")
async def _(scene: Scene) -> None:
    await scene.adds(K3, NEXT)
    await scene.shows(K1, K3, K2, playing=0)


@step("temp add")
async def _(scene: Scene) -> None:
    await scene.adds(evolve(K4, uid=3))
    await scene.shows(K1, K3, K2, evolve(K4, uid=3), playing=0)


@step("duplicate end")
@step("manifest 404")
@step("manifest not json")
async def _(scene: Scene) -> None:
    media_id, reason = REFUSED[scene.step["step"]]
    await scene.refuses(media_id, reason, scene.step["reply"]["data"]["error"])


@step("duplicate next")
async def _(scene: Scene) -> None:
    """The old item goes, a new one comes; it keeps the temp flag of the old one, whatever was asked for."""
    scene.tape.put_in(scene.step)
    assert await scene.channel.add(K4.media_id, position=NEXT, temp=False) == K4
    await scene.shows(K1, K4, K3, K2, playing=0)


@step("bad pos")
async def _(scene: Scene) -> None:
    """We never send one; but silence, and the robot's "success" after it, mean that nobody knows."""
    scene.tape.put_in(scene.step)
    with pytest.raises(OutcomeUnknown):
        await scene.channel.add(manifest("k9.json?dur=60"), position=END, temp=False)


@step("slow manifest 9 s, client waits 8 s")
async def _(scene: Scene) -> None:
    await scene.adds(SLOW)
    await scene.shows(K1, K4, K3, K2, SLOW, playing=0)


@step("move behind a uid")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    await scene.channel.move(1, after=0, generation=await scene.era())
    await scene.shows(K1, K2, K4, K3, SLOW, playing=0)


@step("move to the end")
async def _(scene: Scene) -> None:
    """Others say "append"; we name the item in front."""
    await scene.happens()
    await scene.shows(K1, K2, K4, SLOW, K3, playing=0)


@step("set temp")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    await scene.channel.set_temp(2, temp=True, generation=await scene.era())
    await scene.shows(K1, K2, K4, SLOW, evolve(K3, temp=True), playing=0)


@step("delete")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    await scene.channel.remove(2, generation=await scene.era())
    await scene.shows(K1, K2, K4, SLOW, playing=0)


@step("delete unknown uid")
async def _(scene: Scene) -> None:
    """The robot would call silence a success, so it is not even asked."""
    now, told = await scene.era(), list(scene.tape.told)
    with pytest.raises(OutcomeUnknown):
        await scene.channel.remove(99999, generation=now)
    assert scene.tape.told == told


@step("pm to an absent user")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    with pytest.raises(Undeliverable):
        await scene.channel.send(Username("nobodyhere"), "hello")


@step("alice joins")
async def _(scene: Scene) -> None:
    await scene.happens()
    assert await scene.channel.present(Username("alice")) == ChannelUser(Username("alice"), 1)


@step("pm to alice")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    await scene.channel.send(Username("alice"), "Your code: K7M2-PQ9X <b>&</b> 'quotes'")


@step("chat")
@step("a user's pm to the bot")
async def _(scene: Scene) -> None:
    await scene.happens()
    await scene.shows(K1, K2, K4, SLOW, playing=0)


@step("jump with a string uid")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    await scene.channel.jump(1, generation=await scene.era())
    await scene.shows(K1, K2, K4, SLOW, playing=1)


@step("end of an item")
async def _(scene: Scene) -> None:
    assert await scene.channel.present(Username("alice")) is None
    await scene.happens()
    await scene.shows(K1, K2, K4, SLOW, playing=4)


@step("someone else adds")
async def _(scene: Scene) -> None:
    await scene.happens()
    await scene.shows(K1, K2, K4, SLOW, FOREIGN, playing=4)


@step("twelve adds at once")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    given: dict[int, QueueItem | QueueRefused] = {}

    async def add(n: int) -> None:
        try:
            given[n] = await scene.channel.add(P[n].media_id, position=END, temp=False)
        except QueueRefused as refusal:
            given[n] = refusal

    async with anyio.create_task_group() as tasks:
        for n in range(12):
            tasks.start_soon(add, n)
    assert [given[n] for n in range(10)] == P[:10]
    assert [getattr(given[n], "reason", None) for n in (10, 11)] == [Refusal.TOO_FAST] * 2
    await scene.shows(K1, K2, K4, SLOW, FOREIGN, *P[:10], playing=4)


@step(SHUFFLE)
async def _(scene: Scene) -> None:
    old = await scene.era()
    await scene.happens()
    await scene.shows(*SHUFFLED, playing=27)
    told = list(scene.tape.told)
    with pytest.raises(OutcomeUnknown):
        await scene.channel.remove(17, generation=old)
    assert scene.tape.told == told


@step("delete the playing item")
async def _(scene: Scene) -> None:
    scene.tape.put_in(scene.step)
    await scene.channel.remove(27, generation=await scene.era())
    await scene.shows(*SHUFFLED[1:], playing=17)


@step("clear by a user of rank 2")
async def _(scene: Scene) -> None:
    old = await scene.era()
    await scene.happens()
    await scene.shows(playing=None)
    assert await scene.era() != old


@step("KV after clear")
async def _(scene: Scene) -> None:
    """Whoever comes now finds an empty list, and in the robot's bucket still what played before."""
    await scene.tape.keep_current(scene.step["reply"]["current"])
    async with opened(scene.nats, add_takes=ADD_TAKES) as latecomer:
        seen = await latecomer.snapshot()
    assert (seen.items, seen.playing) == ((), None)


async def test_every_recorded_step_is_what_the_ports_say_it_was(own_nats: NatsServer) -> None:
    recorded = load("kryten-events.json")
    assert [each["step"] for each in recorded] == sorted(STEPS, key=[each["step"] for each in recorded].index)

    async with AsyncExitStack() as stack:
        robot = await stack.enter_async_context(tape.running(own_nats.url))
        channel = await stack.enter_async_context(opened(own_nats, add_takes=ADD_TAKES))
        plays = await stack.enter_async_context(channel.plays())
        scene = Scene(own_nats, robot, channel)
        for scene.step in recorded:
            await STEPS[scene.step["step"]](scene)
        assert robot.over
        with anyio.fail_after(PATIENCE):
            started = [await anext(plays) for _ in range(4)]
    assert [(play.title, play.at) for play in started] == [
        ("First", datetime.fromisoformat("2026-11-20T09:46:33.133448+00:00")),
        ("Second", datetime.fromisoformat("2026-11-20T09:47:26.109532+00:00")),
        ("Title k4", datetime.fromisoformat("2026-11-20T09:47:36.115413+00:00")),
        ("Title p6", datetime.fromisoformat("2026-11-20T09:47:45.814797+00:00")),
    ]
