"""A bucket read from its stream: what it held at some revision, and the watcher that hears what follows."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import anyio
from attrs import define, field
from nats.js.api import ConsumerInfo, StreamInfo
from nats.js.kv import KeyValue

from playlist_adapters.kv.keys import is_key
from playlist_adapters.kv.watcher import Held, Unread
from playlist_adapters.nats_errors import FAILURES, asking
from playlist_core.errors import Unavailable
from playlist_core.ports import Changed, Entry

# NATS matches whole words between dots, and our keys are one word: a bucket is watched as a whole.
EVERYTHING: Final = ">"
_TAKES: Final = 30.0
_SILENCE: Final = 1.0
_AT_ONCE: Final = 32

Look = Callable[[], Awaitable[StreamInfo]]
"""The stream as it is now; raises Unavailable."""


@define(eq=False)
class BucketState:
    """What a bucket held when it had come to the revision `reached`; `deleted` has the keys it once held.

    A value that is replaced before it is sent is never sent. So a key may be missing or old until the next
    value comes, and `gap` is the last revision before which something was left out. Values are held of the
    keys under `prefix` (None: of none), of all others the revisions. What can be no key of
    ours is passed over.
    """

    prefix: str | None = ""
    entries: dict[str, Held] = field(factory=dict[str, Held], init=False)
    deleted: dict[str, int] = field(factory=dict[str, int], init=False)
    reached: int = field(default=0, init=False)
    gap: int = field(default=0, init=False)

    def take(self, update: KeyValue.Entry) -> Changed | Unread | None:
        """Take one message of the stream; None when it is no news, which a repaired watch repeats."""
        key, revision = update.key, update.revision or 0
        if revision <= self.reached:
            return None
        if revision > self.reached + 1:
            self.gap = revision
        self.reached = revision
        if not is_key(key):
            return None  # somebody else's: NATS takes keys that its own clients do not
        if update.operation is not None:
            self.entries.pop(key, None)
            self.deleted[key] = revision
            return Changed(key, None, revision)
        self.deleted.pop(key, None)
        if self.prefix is None or not key.startswith(self.prefix):
            self.entries[key] = unread = Unread(key, revision)
            return unread
        value = update.value or b""
        self.entries[key] = Entry(key, value, revision)
        return Changed(key, value, revision)

    def pass_over(self, last: int) -> None:
        """The messages up to this one were removed from the stream and will never come."""
        self.reached = self.gap = max(self.reached, last)

    def is_whole(self, last: int, *, asked_at: int) -> bool:
        """Whether nothing is missing, or older than it was when the stream was asked for its `last` revision.

        `asked_at` was `reached` then. What had replaced a value that was never sent was stored by then, too:
        if nothing was left out since, it has come.
        """
        return self.reached >= last and self.gap <= asked_at


def life_of(info: StreamInfo) -> str:
    """When the stream was made, which another one of the same name was not."""
    return "" if info.created is None else info.created.isoformat()


@define(eq=False)
class Reading:
    """A bucket that was read: its state as new as the call, its life, and what follows in `watcher`."""

    state: BucketState
    watcher: KeyValue.KeyWatcher
    life: str = field(default="", init=False)

    async def read(self, look: Look) -> None:
        info = await look()
        self.life = life_of(info)
        asked_at = 0
        while True:
            await self._take_until(info.state.last_seq)
            if self.state.is_whole(info.state.last_seq, asked_at=asked_at):
                return
            asked_at, info = self.state.reached, await look()
            if life_of(info) != self.life:
                raise Unavailable("The bucket was made anew while it was being read.", dependency="nats")

    async def _take_until(self, last: int) -> None:
        """nats-py's None, "all was told", can overtake what is still on its way: the revision decides.

        Only messages that were removed never come; the server knows what it has sent instead.
        """
        while self.state.reached < last:
            with anyio.move_on_after(_SILENCE) as silence:
                update = await anext(self.watcher)
                if update is not None:
                    self.state.take(update)
            if silence.cancelled_caught and await self._has_heard_all():
                self.state.pass_over(last)

    async def _has_heard_all(self) -> bool:
        # nats-py has no word for this, and says that it is None.
        subscription: Any = self.watcher._sub
        info: ConsumerInfo = await subscription.consumer_info()
        sent = 0 if info.delivered is None else info.delivered.stream_seq
        return info.num_pending == 0 and sent <= self.state.reached


@asynccontextmanager
async def reading(
    bucket: KeyValue, what: str, look: Look, *, prefix: str | None
) -> AsyncGenerator[Reading, None]:
    """Read the bucket, with the values of the keys under `prefix` (None: of none); raises Unavailable."""
    # Shielded: abandoned half-way it would leave a subscription that mends itself for ever.
    with asking(what), anyio.fail_after(_TAKES, shield=True):
        watcher = await bucket.watch(EVERYTHING, meta_only=prefix is None)
    try:
        done = Reading(BucketState(prefix), watcher)
        with asking(what), anyio.fail_after(_TAKES):
            await done.read(look)
        yield done
    finally:
        with anyio.CancelScope(shield=True), suppress(*FAILURES):
            await watcher.stop()


async def read_each(
    get: Callable[[str], Awaitable[Entry | None]], keys: Sequence[str]
) -> Mapping[str, Entry]:
    """The entries of these keys as they are now, in no order; raises Unavailable."""
    found: dict[str, Entry] = {}
    failures: list[Unavailable] = []
    waiting = iter(keys)

    async def ask() -> None:
        try:
            for key in waiting:
                if entry := await get(key):
                    found[key] = entry
                if failures:
                    return
        except Unavailable as exc:
            failures.append(exc)

    # Some at a time: nearly all that one costs is the way there and back.
    async with anyio.create_task_group() as tasks:
        for _ in range(min(_AT_ONCE, len(keys))):
            tasks.start_soon(ask)
    if failures:
        raise failures[0]
    return found
