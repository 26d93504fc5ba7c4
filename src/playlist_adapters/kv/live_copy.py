"""One bucket as one watch keeps it: a copy in this process, and what its watchers hear."""

import logging
from typing import Final

import anyio
from attrs import Factory, define, field
from nats.js import JetStreamContext
from nats.js.api import StreamInfo
from nats.js.kv import KeyValue

from playlist_adapters.bus import Bus
from playlist_adapters.kv.feed import Feed
from playlist_adapters.kv.freshness import Freshness
from playlist_adapters.kv.reading import BucketState, life_of, reading
from playlist_adapters.nats_errors import asking
from playlist_core.errors import Unavailable

log = logging.getLogger("kryten_playlist.store")

# A watch can fall silent for 20 s after an outage, or for good with its stream: it is looked after.
_LOOK_EVERY: Final = 10.0
_TRY_AGAIN_AFTER: Final = 1.0
# A watch that has heard nothing for so long, of what it should have heard, is deaf.
_DEAF_AFTER: Final = 0.8
# Asking the store itself takes less.
_A_GLANCE_WAITS: Final = 0.2


@define(eq=False)
class LiveCopy:
    """A bucket followed by `run`; what it holds counts only when `is_current`.

    Without `with_values` it holds the keys and their revisions.
    """

    bus: Bus
    bucket: KeyValue
    stream: str
    _js: JetStreamContext = field(alias="js", kw_only=True)
    with_values: bool = field(kw_only=True)
    _patience: float = field(alias="patience", kw_only=True)
    state: BucketState = field(factory=BucketState, init=False)
    feed: Feed = field(factory=Feed, init=False)
    # Whether it was, at some moment of the last second, what the bucket was.
    freshness: Freshness = field(
        default=Factory(lambda self: Freshness(self._was_current), takes_self=True), init=False
    )
    # The life of the stream that `state` is of; None while nobody knows.
    _life: str | None = field(default=None, init=False)
    _running: bool = field(default=False, init=False)
    _trouble: str = field(default="", init=False)
    _moved: anyio.Event = field(factory=anyio.Event, init=False)
    _attempt: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)

    async def run(self) -> None:
        """Follow the bucket until cancelled: through outages, deaf watches and a bucket made anew."""
        self._running = True
        try:
            with self.bus.on_reconnect(self.read_again):
                while True:
                    with anyio.CancelScope() as self._attempt:
                        await self._attempt_to_follow()
        finally:
            self._running, self._life = False, None
            self._has_moved()
            self.feed.end(Unavailable("The store is closed.", dependency="nats"))

    def read_again(self) -> None:
        """Trust nothing of the copy until the bucket was read once more."""
        self._life = None
        self._attempt.cancel()

    async def look(self) -> StreamInfo:
        """The stream as it is now; raises Unavailable."""
        self.bus.require_connection()
        with asking(self.what), anyio.fail_after(self._patience):
            return await self._js.stream_info(self.stream)

    async def is_current(self, *, within: float) -> bool:
        """Whether the copy has become, within these seconds, as new as the bucket was at the call.

        Raises Unavailable when NATS cannot be asked.
        """
        with anyio.move_on_after(within):
            while True:
                state = self.state
                asked_at = state.reached
                info = await self.look()
                await self._hear(info)
                if not self._running:
                    break
                if state is self.state and state.is_whole(info.state.last_seq, asked_at=asked_at):
                    return True
        return False

    @property
    def what(self) -> str:
        return f"bucket {self.stream.removeprefix('KV_')}"

    async def _hear(self, info: StreamInfo) -> None:
        """Return when the copy has reached what was seen, or is not followed any more."""
        while self._running and not (
            self._life == life_of(info) and self.state.reached >= info.state.last_seq
        ):
            if self._life not in (None, life_of(info)):
                self.read_again()
            reached, life = self.state.reached, self._life
            with anyio.move_on_after(_DEAF_AFTER) as silence:
                await self._moved.wait()
            # What is just being read is better left in peace.
            if silence.cancelled_caught and life is not None and self.state.reached == reached:
                self.read_again()

    async def _was_current(self) -> bool:
        try:
            return await self.is_current(within=_A_GLANCE_WAITS)
        except Unavailable:
            return False

    async def _attempt_to_follow(self) -> None:
        try:
            await self._follow()
        except Unavailable as exc:
            self._complain(exc)
            await anyio.sleep(_TRY_AGAIN_AFTER)

    async def _follow(self) -> None:
        prefix = "" if self.with_values else None
        async with reading(self.bucket, self.what, self.look, prefix=prefix) as done:
            self._begin(done.state, done.life)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._take_from, done.watcher)
                tasks.start_soon(self._look_after)

    def _begin(self, state: BucketState, life: str) -> None:
        if self._attempt.cancel_called:
            return
        self.state, self._life = state, life
        self._trouble = ""
        # At the first time nobody watches yet: a watch opens behind the barrier only.
        self.feed.begin_again(state.entries.values())
        self._has_moved()

    async def _take_from(self, watcher: KeyValue.KeyWatcher) -> None:
        async for update in watcher:
            if update is None:
                continue
            if news := self.state.take(update):
                self.feed.tell(news)
            self._has_moved()

    async def _look_after(self) -> None:
        """What was in the bucket at one look must have been heard of at the next."""
        seen = 0
        while True:
            await anyio.sleep(_LOOK_EVERY)
            if self.bus.connected:
                seen = await self._look_for(seen)

    async def _look_for(self, seen: int) -> int:
        try:
            info = await self.look()
        except Unavailable as exc:
            self._complain(exc)
            self.read_again()
            return seen
        if self._life != life_of(info) or self.state.reached < seen:
            self.read_again()
        return info.state.last_seq

    def _complain(self, trouble: Unavailable) -> None:
        """Once for each kind: it is tried again every second."""
        if trouble.message != self._trouble:
            log.warning("Not following the %s: %s", self.what, trouble.message)
        self._trouble = trouble.message

    def _has_moved(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()
