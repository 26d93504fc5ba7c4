"""The robot's commands: it carries out one after the other, so no more than one of ours is ever under way."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import anyio
from attrs import define, field

from playlist_adapters.channel.kryten.following import Following
from playlist_adapters.channel.kryten.robot import Reply
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown
from playlist_core.ports import Spawn

# The robot holds an add for 8 s; what is silent for longer will not be answered.
_REPLY_TAKES: Final = 12.0


@define(eq=False)
class Order:
    """A command at the robot: `reply` is what it said, `failure` that it was not and will not be sent.

    `over` is true when nothing more will be said of it.
    """

    reply: Reply | None = field(default=None, init=False)
    failure: ChannelUnavailable | None = field(default=None, init=False)
    over: bool = field(default=False, init=False)


@define(eq=False)
class Line:
    """Whoever gives an order waits for the one before to be through; first come, first served."""

    following: Following
    spawn: Spawn
    _free: anyio.Semaphore = field(factory=lambda: anyio.Semaphore(1), init=False)

    async def give(
        self, command: str, args: Mapping[str, Any], *, check: Callable[[], Awaitable[None]]
    ) -> Order:
        """Send a command when its turn has come, if `check` does not raise then; the reply comes later."""
        await self._free.acquire()
        try:
            await check()
        except BaseException:
            self._free.release()
            raise
        order = Order()

        async def carry() -> None:
            try:
                await self._carry(order, command, args)
            finally:
                self._free.release()
                order.over = True
                self.following.ears.tell()

        self.spawn(carry)
        return order

    async def _carry(self, order: Order, command: str, args: Mapping[str, Any]) -> None:
        place = self.following.place
        if place is None:
            order.failure = ChannelUnavailable("The robot has not been found yet.")
            return
        # A robot that was killed never replies; the next one says that it is through with all commands.
        with anyio.CancelScope() as waiting, self.following.when_through(waiting.cancel):
            try:
                order.reply = await self.following.robot.order(place, command, args, timeout=_REPLY_TAKES)
            except ChannelUnavailable as exc:
                order.failure = exc
                self.following.doubt()
            except OutcomeUnknown:
                self.following.doubt()
