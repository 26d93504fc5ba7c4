"""Many commands at once, a service that stops, and a bug: nobody is left without an answer."""

import json
from typing import Any

import anyio
import pytest
from attrs import define, evolve, field

from playlist_app.commands.desk import MOST_AT_ONCE
from playlist_app.commands.orders import Command, Order
from playlist_app.shapes.replies import Begun
from tests.unit.command_world import CommandWorld, open_commands
from tests.unit.test_commands import refused, well

pytestmark = pytest.mark.anyio

SLOW = "kryten.playlist.cmd.slow"


@define(eq=False)
class Slow:
    """A command that ends when the test says so, or with a bug."""

    under_way: int = 0
    enough: int = 1
    reached: anyio.Event = field(factory=anyio.Event)
    ended: anyio.Event = field(factory=anyio.Event)
    bug: BaseException | None = None

    async def carry_out(self, order: Order[Any]) -> Begun:
        self.under_way += 1
        if self.under_way == self.enough:
            self.reached.set()
        await self.ended.wait()
        if self.bug is not None:
            raise self.bug
        return Begun("slow")

    def among(self, commands: dict[str, Command]) -> dict[str, Command]:
        slow = evolve(commands["status"], name="slow", reply=Begun, carry_out=self.carry_out)
        return commands | {"slow": slow}


async def test_a_command_that_takes_its_time_holds_up_no_other() -> None:
    slow = Slow()
    async with open_commands(commands=slow.among) as world:
        waiting = world.bus.send(SLOW, b"{}")
        await slow.reached.wait()
        assert well(await world.ask("status"))["service"] == "playlist"
        assert waiting.replies == []
        slow.ended.set()
        assert well(await waiting.answer()) == {"run_id": "slow"}


async def test_more_at_once_than_it_can_are_told_so_and_later_ones_are_not() -> None:
    slow = Slow(enough=MOST_AT_ONCE)
    async with open_commands(commands=slow.among) as world:
        waiting = [world.bus.send(SLOW, b"{}") for _ in range(MOST_AT_ONCE)]
        await slow.reached.wait()
        reply = await world.ask("slow", correlation_id="one more")
        assert (refused(reply)[0], reply["correlation_id"]) == ("busy", "one more")
        assert slow.under_way == MOST_AT_ONCE
        slow.ended.set()
        for sent in waiting:
            assert well(await sent.answer()) == {"run_id": "slow"}
        assert well(await world.ask("slow")) == {"run_id": "slow"}


async def test_who_waits_when_the_service_stops_gets_what_is_done_in_time() -> None:
    slow = Slow()
    async with open_commands(commands=slow.among) as world:
        waiting = world.bus.send(SLOW, b"{}")
        await slow.reached.wait()
        slow.ended.set()
    assert well(await waiting.answer()) == {"run_id": "slow"}


async def test_who_waits_too_long_when_the_service_stops_is_told() -> None:
    slow = Slow()
    with anyio.fail_after(30):
        async with open_commands(commands=slow.among) as world:
            world.door.desk.grace_seconds = 0.01
            waiting = world.bus.send(SLOW, b'{"correlation_id":"id"}')
            await slow.reached.wait()
    reply = await waiting.answer()
    assert (refused(reply)[0], reply["correlation_id"]) == ("interrupted", "id")


async def test_a_bug_is_answered_without_its_secrets_and_then_ends_the_service() -> None:
    slow = Slow(bug=ZeroDivisionError("the secret ingredient is K7M2-PQ9X"))
    slow.ended.set()
    worlds: list[CommandWorld] = []
    with pytest.raises(ZeroDivisionError):
        async with open_commands(commands=slow.among) as world:
            worlds.append(world)
            sent = world.bus.send(SLOW, b'{"correlation_id":"id"}')
            await anyio.sleep_forever()
    reply = await sent.answer()
    assert (refused(reply)[0], reply["correlation_id"]) == ("internal", "id")
    assert "K7M2" not in json.dumps(reply)
    assert worlds[0].metrics.commands_so_far() == {"slow": {"ok": 0, "error": 1}}
