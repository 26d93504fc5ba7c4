"""One bucket as one watch keeps it: a copy in this process, and what its watchers hear."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio
from attrs import define, field
from nats.js import JetStreamContext
from nats.js.api import StreamInfo
from nats.js.kv import KeyValue

from playlist_adapters.bus import Bus
from playlist_adapters.kv.feed import Feed
from playlist_adapters.nats_errors import FAILURES, asking
from playlist_core.errors import Unavailable
from playlist_core.ports import Changed, Entry

log = logging.getLogger("kryten_playlist.store")

# NATS matches whole words between dots, and our keys are one word: the bucket is watched as a whole.
EVERYTHING: Final = ">"
# A watch can fall silent for 20 s after an outage, or for good with its stream: it is looked after.
_LOOK_EVERY: Final = 10.0
_READING_TAKES: Final = 30.0
_TRY_AGAIN_AFTER: Final = 1.0
_SILENCE: Final = 1.0


@define(eq=False)
class BucketState:
    """What a bucket held when it had come to the revision `reached`; `deleted` has the keys it once held."""

    entries: dict[str, Entry] = field(factory=dict[str, Entry])
    deleted: dict[str, int] = field(factory=dict[str, int])
    reached: int = 0

    def take(self, update: KeyValue.Entry) -> Changed | None:
        """Take one message of the stream; None when it is no news, which a repaired watch repeats."""
        revision = update.revision or 0
        if revision <= self.reached:
            return None
        self.reached = revision
        if update.operation is not None:
            self.entries.pop(update.key, None)
            self.deleted[update.key] = revision
            return Changed(update.key, None, revision)
        value = update.value or b""
        self.deleted.pop(update.key, None)
        self.entries[update.key] = Entry(update.key, value, revision)
        return Changed(update.key, value, revision)


@define(eq=False)
class LiveCopy:
    """A bucket followed by `run`; what it holds counts only behind the barrier `has_reached`."""

    bus: Bus
    bucket: KeyValue
    stream: str
    _js: JetStreamContext = field(alias="js", kw_only=True)
    state: BucketState = field(factory=BucketState, init=False)
    feed: Feed = field(factory=Feed, init=False)
    # The life of the stream that `state` is of; None while nobody knows.
    _life: str | None = field(default=None, init=False)
    _running: bool = field(default=False, init=False)
    _trouble: str = field(default="", init=False)
    _moved: anyio.Event = field(factory=anyio.Event, init=False)
    _due: anyio.Event = field(factory=anyio.Event, init=False)

    async def run(self) -> None:
        """Follow the bucket until cancelled: through outages, deaf watches and a bucket made anew."""
        self._running = True
        try:
            with self.bus.on_reconnect(self.read_again):
                while True:
                    self._due = anyio.Event()
                    try:
                        await self._follow()
                    except Unavailable as exc:
                        self._complain(exc)
                        with anyio.move_on_after(_TRY_AGAIN_AFTER):
                            await self._due.wait()
        finally:
            self._running, self._life = False, None
            self.feed.end(Unavailable("The store is closed.", dependency="nats"))

    def read_again(self) -> None:
        """Trust nothing of the copy until the bucket was read once more."""
        self._life = None
        self._due.set()

    async def has_reached(self, info: StreamInfo, *, within: float) -> bool:
        """Whether the copy is, within these seconds, as new as the stream was at that look."""
        if not self._running:
            return False
        reached, life = self.state.reached, self._life
        with anyio.move_on_after(within):
            while self._life != life_of(info) or self.state.reached < info.state.last_seq:
                await self._moved.wait()
            return True
        # Deaf, or of another life; what only lags, or is just being read, is better left in peace.
        if life is not None and (self.state.reached, self._life) == (reached, life):
            self.read_again()
        return False

    async def _follow(self) -> None:
        info = await self._info()
        async with reading(self.bucket, self._what, until=info.state.last_seq) as (state, watcher):
            self._begin(state, life_of(info))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._take_from, watcher)
                await self._while_it_hears()
                tasks.cancel_scope.cancel()

    def _begin(self, state: BucketState, life: str) -> None:
        if self._due.is_set():
            return
        self.state, self._life = state, life
        self._trouble = ""
        # At the first time nobody watches yet: a watch opens behind the barrier only.
        self.feed.begin_again(state.entries.values())
        self._has_moved()

    async def _take_from(self, watcher: KeyValue.KeyWatcher) -> None:
        async for update in watcher:
            if update is not None and (change := self.state.take(update)):
                self.feed.tell(change)
                self._has_moved()

    async def _while_it_hears(self) -> None:
        """Return when the bucket has to be read again."""
        seen = 0
        while not self._due.is_set():
            with anyio.move_on_after(_LOOK_EVERY):
                await self._due.wait()
            if self.bus.connected and not self._due.is_set():
                seen = await self._look(seen)

    async def _look(self, seen: int) -> int:
        """The last revision in the bucket; the one of the look before must have been heard of by now."""
        try:
            info = await self._info()
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
            log.warning("Not following the %s: %s", self._what, trouble.message)
        self._trouble = trouble.message

    async def _info(self) -> StreamInfo:
        self.bus.require_connection()
        with asking(self._what):
            return await self._js.stream_info(self.stream)

    @property
    def _what(self) -> str:
        return f"bucket {self.stream.removeprefix('KV_')}"

    def _has_moved(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()


def life_of(info: StreamInfo) -> str:
    """When the stream was made, which another one of the same name was not."""
    return "" if info.created is None else info.created.isoformat()


@asynccontextmanager
async def reading(
    bucket: KeyValue, what: str, *, until: int
) -> AsyncGenerator[tuple[BucketState, KeyValue.KeyWatcher], None]:
    """The bucket at the revision `until` or later, and the watcher that hears what comes after."""
    state = BucketState()
    # Shielded: abandoned half-way it would leave a subscription that mends itself for ever.
    with asking(what), anyio.fail_after(_READING_TAKES, shield=True):
        watcher = await bucket.watch(EVERYTHING)
    try:
        with asking(what), anyio.fail_after(_READING_TAKES):
            await _read(state, watcher, until)
        yield state, watcher
    finally:
        with anyio.CancelScope(shield=True), suppress(*FAILURES):
            await watcher.stop()


async def _read(state: BucketState, watcher: KeyValue.KeyWatcher, until: int) -> None:
    """nats-py's None, "all was told", can overtake what is still on its way: the revision decides.

    Only a last message that was purged never comes; then, after the None, silence has to do.
    """
    while state.reached < until:
        if (update := await anext(watcher)) is None:
            break
        state.take(update)
    while state.reached < until:
        update = None
        with anyio.move_on_after(_SILENCE):
            update = await anext(watcher)
        if update is None:
            state.reached = until
        else:
            state.take(update)
