"""The adapter over the recorded restart of a robot (tests/data/cytube/robot-restart.json)."""

import pytest
from anyio.streams.memory import MemoryObjectReceiveStream
from attrs import evolve

from playlist_core.errors import OutcomeUnknown
from tests.peers import tape
from tests.peers.channels import away, back, opened
from tests.peers.cytube.recorded import load
from tests.peers.nats_server import NatsServer
from tests.peers.scene import ADD_TAKES, ALL_RIGHTS, K1, Scene

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio


async def test_the_recorded_restart_is_an_absence_a_new_generation_and_no_play(own_nats: NatsServer) -> None:
    recorded = load("robot-restart.json")
    killed, started = (
        next(at for at, event in enumerate(recorded["events"]) if sign in event["subject"])
        for sign in ("killed", "lifecycle")
    )
    assert killed < started
    first, join = recorded["events"][:started], tape.in_full(recorded["events"][started:])
    lists = [event["data"] for event in join if event["subject"].endswith(".playlist")]
    stats = [said["system.stats says of cytube"] for said in recorded["asked every half second"]]
    joined = next(each for each in stats if not isinstance(each, str))

    async with (
        tape.running(own_nats.url) as robot,
        opened(own_nats, add_takes=ADD_TAKES) as channel,
        channel.plays() as plays,
    ):
        scene = Scene(own_nats, robot, channel, {"events": first})
        await scene.happens()
        await scene.shows(evolve(K1, uid=56), playing=56)
        assert (await anext(plays)).title == "First"
        old = await scene.era()

        await robot.vanish()
        await away(channel)

        robot.answers["system.stats"]["data"]["connections"]["cytube"] = joined
        robot.answers["state.playlist"]["data"]["playlist"] = lists[-1]["payload"]
        await robot.keep_current(first[-3]["data"]["payload"] | {"uid": 0})
        await robot.play(join)
        await robot.appear()
        seen = await back(channel)
        assert (seen.items, seen.capabilities) == ((K1,), ALL_RIGHTS)
        assert seen.playing is not None
        assert (seen.playing.uid, seen.generation > old) == (0, True)
        with pytest.raises(OutcomeUnknown):
            await channel.remove(0, generation=old)
        assert robot.told == []
        assert isinstance(plays, MemoryObjectReceiveStream)
        assert plays.statistics().current_buffer_used == 0
