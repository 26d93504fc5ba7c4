"""The plays of the simulated channel, whose time has to be looked after."""

from collections import deque
from collections.abc import Callable
from zlib import crc32

from attrs import Factory, define

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.starts import Starts, play_of
from playlist_adapters.channel.simulated.room import Room
from playlist_core.ports import Clock, Play

# The room stands still while nobody asks it anything; what plays is looked at this often, in seconds.
_LOOK_EVERY = 1.0


@define(eq=False)
class SimulatedPlays:
    """Every start that the bot is shown, in order; waiting for the next lets the room's time go on."""

    room: Room
    clock: Clock
    catch_up: Callable[[], None]
    _starts: Starts = Factory(Starts)
    _waiting: deque[Play] = Factory(deque[Play])

    def hear(self, frame: Frame) -> None:
        """The next frame that the bot is shown."""
        if self._starts.take(frame):
            play_id = f"{frame.at.isoformat()}-{crc32(frame.payload['id'].encode()):08x}"
            self._waiting.append(play_of(frame, play_id, frame.at))

    def __aiter__(self) -> "SimulatedPlays":
        return self

    async def __anext__(self) -> Play:
        self.catch_up()
        while not self._waiting:
            due = self.room.next_due()
            wait = _LOOK_EVERY if due is None else (due - self.clock.now()).total_seconds()
            await self.clock.sleep(min(max(wait, 0.0), _LOOK_EVERY))
            self.catch_up()
        return self._waiting.popleft()
