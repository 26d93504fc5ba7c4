"""A robot that does only what was recorded (tests/data/cytube), on a real nats-server and in less time."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import nats
from attrs import define, field, frozen
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_adapters.channel.simulated import BOT
from playlist_core.domain.identity import Username
from tests.peers.cytube.recorded import CHANNEL, DOMAIN, LEFT_OUT, load

# A recorded second takes so many here.
PACE = 0.05
# How long the robot holds an add before it says that it has seen nothing of it.
HOLDS_AN_ADD = 8.0
BUCKET = f"kryten_{CHANNEL}_playlist"
ANSWERS_AN_ADD = ("queue", "queueFail")
PATIENCE = 20
_marks = count()


@frozen
class Said:
    """Something that is to be published, `after` recorded seconds; subject None is the reply to a command."""

    after: float
    subject: str | None
    body: Any


@define(eq=False)
class Tape:
    """Says to a question what `answers` has for it, and to each command the next part of what was put in.

    What is said as bytes is said as it is.
    `asked` names the questions and `told` the commands that came, oldest first.
    """

    answers: dict[str, Any]
    _client: Client
    _silent: Any
    asked: list[str] = field(factory=list[str], init=False)
    told: list[str] = field(factory=list[str], init=False)
    _parts: deque[list[Said]] = field(factory=deque[list[Said]], init=False)
    _speaking: asyncio.Lock = field(factory=asyncio.Lock, init=False)
    _ears: list[Subscription] = field(factory=list[Subscription], init=False)

    @property
    def over(self) -> bool:
        """Whether all that was put in has been asked for."""
        return not self._parts

    # -- hands ------------------------------------------------------------------

    def put_in(self, step: Mapping[str, Any]) -> None:
        """Let the next commands have the replies of a step, and each the events that followed it."""
        replies = step["reply"] if isinstance(step["reply"], list) else [step["reply"]]
        for reply, events in zip(replies, _shares(_events(step), len(replies)), strict=True):
            self._parts.append(self._part(reply, events))

    async def play(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Let happen what nobody asked for."""
        await self._say([_event(event) for event in events if event["data"]], None)

    async def tell(self, name: str, payload: Any) -> None:
        """An event that was not recorded, behind all that is being said."""
        await self._say([_event(event(name, payload))], None)

    async def babble(self, data: bytes) -> None:
        """Something on the subject of the channel's events."""
        await self._client.publish(f"kryten.events.cytube.{CHANNEL}.babble", data)

    async def heard_by(self, channel: KrytenChannel) -> None:
        """Return when a channel has heard all that was told so far, which a new user is the sign of."""
        mark = f"mark_{next(_marks)}"
        async with asyncio.timeout(PATIENCE):
            while await channel.present(Username(mark)) is None:
                # Again and again, because to whoever asks us we say nothing of it.
                await self.tell("addUser", {"name": mark, "rank": 0})
                await asyncio.sleep(0.01)

    async def was_told(self, times: int) -> None:
        """Return when so many commands have come."""
        async with asyncio.timeout(PATIENCE):
            while len(self.told) < times:  # noqa: ASYNC110 - a test's patience
                await asyncio.sleep(0.005)

    async def appear(self) -> None:
        """Hear questions and commands, as the two parts of the robot do of which one takes its time."""
        about = f"kryten.user_level.{DOMAIN}.{CHANNEL}"
        self._ears = [
            await self._client.subscribe("kryten.robot.command", cb=self._hear_question),
            await self._client.subscribe("kryten.robot.command", cb=self._hear_command),
            await self._client.subscribe(about, cb=self._tell_name),
        ]
        await self._client.flush()

    async def vanish(self) -> None:
        """As a robot that was killed: nobody answers any more."""
        for ear in self._ears:
            await ear.unsubscribe()
        await self._client.flush()

    async def keep_current(self, current: Any) -> None:
        """Put into the robot's bucket what it says to be playing."""
        bucket = await self._client.jetstream().key_value(BUCKET)
        await bucket.put("current", json.dumps(current).encode())

    # -- what it does -------------------------------------------------------------

    def _part(self, reply: Any, events: list[Said]) -> list[Said]:
        """The reply comes just before its event, or after all the time in which the robot waits for one."""
        late = isinstance(reply, str) or reply == self._silent
        answer = [said for said in events if said.body["event_name"] in ANSWERS_AN_ADD] or events
        after = HOLDS_AN_ADD if late else answer[0].after if answer else 0.0
        said = Said(after, None, self._silent if late else reply)
        return sorted([said, *events], key=lambda each: each.after)

    async def _hear_question(self, message: Msg) -> None:
        request = json.loads(message.data)
        if request["command"] in self.answers and "service" not in request:
            self.asked.append(request["command"])
            await message.respond(_encoded(self.answers[request["command"]]))

    async def _hear_command(self, message: Msg) -> None:
        request = json.loads(message.data)
        if request["meta"].get("domain") != DOMAIN or request["meta"].get("channel") != CHANNEL:
            return
        if request.get("service") == "system":
            self.asked.append(request["command"])
            await message.respond(_encoded(self.answers[request["command"]]))
        else:
            self.told.append(request["command"])
            await self._say(self._parts.popleft(), message)

    async def _tell_name(self, message: Msg) -> None:
        await message.respond(json.dumps({"success": True, "rank": 1, "username": BOT}).encode())

    async def _say(self, part: list[Said], command: Msg | None) -> None:
        passed = 0.0
        async with self._speaking:
            for said in part:
                await asyncio.sleep((said.after - passed) * PACE)
                passed = max(passed, said.after)
                data = _encoded(said.body)
                if said.subject is not None:
                    await self._client.publish(said.subject, data)
                    self.answers["system.stats"]["data"]["events"]["last_event_time"] = said.body["timestamp"]
                elif command is not None:
                    await command.respond(data)
            await self._client.flush()


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def event(name: str, payload: Any) -> dict[str, Any]:
    """An event as the recordings have them, of this moment."""
    now = datetime.now(UTC).isoformat()
    data = {"event_name": name, "payload": payload, "channel": CHANNEL, "domain": DOMAIN, "timestamp": now}
    return {"after_ms": 0, "subject": f"kryten.events.cytube.{CHANNEL}.{name.lower()}", "data": data}


def _event(event: Mapping[str, Any]) -> Said:
    return Said(event["after_ms"] / 1000, event["subject"], event["data"])


def _events(step: Mapping[str, Any]) -> list[Said]:
    return [_event(event) for event in step["events"]]


def _shares(events: list[Said], count: int) -> list[list[Said]]:
    """Each command's events; where there were several commands, a part begins with the answer to the next."""
    if count == 1:
        return [events]
    starts = [at for at, said in enumerate(events) if said.body["event_name"] in ANSWERS_AN_ADD]
    parts = [events[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]
    return [[Said(said.after - part[0].after, said.subject, said.body) for said in part] for part in parts]


def in_full(events: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Without those whose payload the recording does not give."""
    return [event for event in events if not event["data"] or event["data"].get("payload") != LEFT_OUT]


@asynccontextmanager
async def running(url: str) -> AsyncGenerator[Tape, None]:
    """A robot that has just joined the recorded channel, ready for its first step."""
    steps = {step["step"]: step["reply"] for step in load("kryten-events.json")}
    answers = {name: reply for name, reply in steps.items() if name.startswith(("system.", "state."))}
    async with await nats.connect(url) as client:
        await client.jetstream().create_key_value(bucket=BUCKET)
        tape = Tape(answers, client, steps["bad pos"])
        await tape.appear()
        yield tape
