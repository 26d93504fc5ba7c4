"""A command and the event that answers it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
from attrs import define, field, frozen

from playlist_adapters.channel.cytube.answers import Expectation, Match, T
from playlist_adapters.channel.cytube.refusals import refused
from playlist_adapters.channel.kryten.following import Following
from playlist_adapters.channel.kryten.line import Line, Order
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown, PlaylistError


@frozen
class Moment:
    """When a command was thought of: it is sent as long as the channel has been there since.

    `generation` is that of the uids it names; None for a command that names none.
    """

    interruptions: int
    generation: int | None = field(default=None)


@define(eq=False)
class Asking:
    """Sends commands in their turn.

    A command counts as done when the channel's own event says so and the robot has replied: only the reply
    can tell that the event was the answer to another service's command of the same words.
    """

    following: Following
    _line: Line = field(alias="line")

    def moment(self, generation: int | None = None) -> Moment:
        """This one."""
        return Moment(self.following.interruptions, generation)

    async def ask(
        self, command: str, args: Mapping[str, Any], match: Match[T], *, moment: Moment, within: float
    ) -> T:
        """Send a command and wait `within` seconds for its answer, which is returned or raised.

        OutcomeUnknown when none comes, or when the uids are void; ChannelUnavailable when it was not sent.
        """
        with self._expecting(match) as expectation:
            order = await self._line.give(command, args, check=lambda: self._check(moment))
            with anyio.move_on_after(within):
                await self._answered(expectation, order, moment)
        if isinstance(expectation.answer, PlaylistError):
            raise expectation.answer
        if expectation.answer is not None:
            return expectation.answer
        raise order.failure or OutcomeUnknown("The channel did not answer; it may have happened. Look again.")

    async def overhear(self, match: Match[T], *, within: float) -> T | None:
        """The first event that matches in the next seconds."""
        with self._expecting(match) as expectation, anyio.move_on_after(within):
            while expectation.answer is None:
                await self.following.changed()
        if isinstance(expectation.answer, PlaylistError):
            raise expectation.answer
        return expectation.answer

    @contextmanager
    def _expecting(self, match: Match[T]) -> Iterator[Expectation[T]]:
        expectation = Expectation(match)
        self.following.ears.expected.append(expectation)
        try:
            yield expectation
        finally:
            self.following.ears.expected.remove(expectation)

    async def _check(self, moment: Moment) -> None:
        """What was true when the command was thought of must be so when its turn has come."""
        await self.following.still_online()
        if moment.generation not in (None, self.following.view.generation):
            raise OutcomeUnknown("The list has been numbered anew since; nothing was sent, look again.")
        if moment.interruptions != self.following.interruptions:
            raise ChannelUnavailable("The channel was away in between; nothing was sent.")

    async def _answered(self, expectation: Expectation[Any], order: Order, moment: Moment) -> None:
        """Return when there is an answer, or there will be none."""
        while order.failure is None and not self._is_past(moment):
            if order.reply is not None and order.reply.queue_fail is not None:
                expectation.answer = refused(order.reply.queue_fail)
            elif order.reply is not None and order.reply.error is not None:
                order.failure = ChannelUnavailable(f"The robot did not do it: {order.reply.error}")
            if expectation.answer is not None and order.over:
                return
            await self.following.changed()

    def _is_past(self, moment: Moment) -> bool:
        following = self.following
        return moment.interruptions != following.interruptions or moment.generation not in (
            None,
            following.view.generation,
        )
