"""The recorded channel at each step: what stood in it, and how to let the step happen to the adapter."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from attrs import define, evolve, field

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_adapters.channel.simulated import BOT
from playlist_core.domain.queue import Capabilities, Position, QueueItem, Refusal
from playlist_core.errors import QueueRefused
from tests.peers.cytube.recorded import manifest
from tests.peers.nats_server import NatsServer
from tests.peers.tape import Tape

# More than the slowest recorded add took, at the tape's pace.
ADD_TAKES = 1.0
END, NEXT = Position.END, Position.NEXT
ALL_RIGHTS = Capabilities(
    rank=3,
    can_add=True,
    can_add_next=True,
    can_move=True,
    can_delete=True,
    can_jump=True,
    can_set_temp=True,
    can_add_permanent=True,
    allow_dupes=False,
    max_items=4000,
)


def item(uid: int, url: str, title: str, seconds: int, *, temp: bool = False, by: str = BOT) -> QueueItem:
    media_id = manifest(url)
    return QueueItem(uid, media_id, media_type="cm", title=title, seconds=seconds, temp=temp, queueby=by)


K1 = item(0, "k1.json?dur=600&title=First", "First", 600)
K2 = item(1, "k2.json?dur=5&title=Second", "Second", 5)
K3 = item(2, "k3.json?dur=1408&title=Show.S01E04.mkv", "Show.S01E04.mkv", 1408)
K4 = item(4, "k4.json?dur=60", "Title k4", 60, temp=True)
SLOW = item(5, "slow.json?delay=9&dur=60", "Title slow", 60)
FOREIGN = item(6, "foreign.json?dur=77&title=Foreign", "Foreign", 77, temp=True, by="moddy")
P = [item(7 + n, f"p{n}.json?dur=60", f"Title p{n}", 60) for n in range(12)]
BEFORE_SHUFFLE = (K4, P[6], P[2], P[5], P[0], K2, SLOW, P[7], K1, P[4], P[9], P[3], P[8], P[1], FOREIGN)
NEW_UIDS = (27, *range(17, 27), *range(28, 32))
SHUFFLED = tuple(evolve(old, uid=uid) for old, uid in zip(BEFORE_SHUFFLE, NEW_UIDS, strict=True))


@define(eq=False)
class Scene:
    """The step that is being played, and how to let it happen to the adapter."""

    nats: NatsServer
    tape: Tape
    channel: KrytenChannel
    step: Mapping[str, Any] = field(factory=dict[str, Any])

    async def happens(self) -> None:
        """Let come what nobody asked the robot for, and return when it has been heard."""
        await self.tape.play(self.step["events"])
        await self.tape.heard_by(self.channel)

    async def shows(self, *items: QueueItem, playing: int | None) -> None:
        seen = await self.channel.snapshot()
        assert (seen.items, seen.playing and seen.playing.uid) == (items, playing)

    async def era(self) -> int:
        return (await self.channel.snapshot()).generation

    async def adds(self, wanted: QueueItem, position: Position = END) -> None:
        self.tape.put_in(self.step)
        assert await self.channel.add(wanted.media_id, position=position, temp=wanted.temp) == wanted

    async def refuses(self, media_id: str, reason: Refusal, message: str) -> None:
        before = (await self.channel.snapshot()).items
        self.tape.put_in(self.step)
        with pytest.raises(QueueRefused) as refusal:
            await self.channel.add(media_id, position=END, temp=False)
        assert (refusal.value.reason, refusal.value.message) == (reason, message)
        assert (await self.channel.snapshot()).items == before


Happen = Callable[[Scene], Awaitable[None]]
STEPS: dict[str, Happen] = {}


def step(name: str) -> Callable[[Happen], Happen]:
    """What to do, and what then to find, at the recorded step of that name."""

    def take(happen: Happen) -> Happen:
        STEPS[name] = happen
        return happen

    return take
