"""`KVStore` in a JetStream bucket: writes that say when their fate is unknown, and one live copy."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from attrs import define, field
from nats.js.errors import APIError, BucketNotFoundError, KeyNotFoundError, NotFoundError
from nats.js.kv import KeyValue

from playlist_adapters.bus import Bus
from playlist_adapters.kv.keys import (
    already_exists,
    check_key,
    check_prefix,
    check_revision,
    check_value,
    stale_revision,
)
from playlist_adapters.kv.live_copy import LiveCopy
from playlist_adapters.kv.nats_bucket import bound
from playlist_adapters.kv.reading import life_of, read_each, reading
from playlist_adapters.kv.watcher import Held, Watcher
from playlist_adapters.nats_errors import NO_MESSAGE, asking, is_wrong_revision, writing
from playlist_core.errors import Conflict, TooLarge, Unavailable
from playlist_core.ports import Entry

T = TypeVar("T")

# A message is a value with its headers, and the server hangs up on one that is too large.
_HEADERS: Final = 512
_BARRIER: Final = 1.0


@define(eq=False)
class JetStreamKV:
    """One bucket; made by `bind_bucket`, and followed by `follow` as long as it is used.

    Reads and writes ask the server, with `patience` seconds for its answer. Nothing is sent while the
    connection is down; a write that was sent and not answered raises OutcomeUnknown.
    """

    name: str
    _bus: Bus = field(alias="bus", kw_only=True)
    _bucket: KeyValue = field(alias="bucket", kw_only=True)
    _copy: LiveCopy = field(alias="copy", kw_only=True)
    _patience: float = field(alias="patience", kw_only=True)

    @property
    def copied(self) -> bool:
        """Whether its values are held in this process, and not its keys alone."""
        return self._copy.with_values

    async def follow(self) -> None:
        """Keep the copy that `entries` and `watch` answer from; runs until cancelled, then watches end."""
        await self._copy.run()

    async def get(self, key: str) -> Entry | None:
        check_key(key)
        self._bus.require_connection()
        with asking(self._copy.what), anyio.fail_after(self._patience):
            try:
                found = await self._bucket.get(key)
            except KeyNotFoundError as exc:
                if _is_deleted(exc) or _was_never_stored(exc):
                    return None
                # The stream itself is not found: taken for "nothing there", lists would be overwritten.
                raise BucketNotFoundError from exc
        return Entry(key, found.value or b"", found.revision or 0)

    async def glance(self, key: str) -> Entry | None:
        check_key(key)
        await checkpoint_if_cancelled()
        if not self._copy.with_values or not await self._copy.freshness.known():
            return await self.get(key)
        held = self._copy.state.entries.get(key)
        return held if isinstance(held, Entry) else None

    async def create(self, key: str, value: bytes) -> int:
        check_key(key)
        self._check_size(value)
        return await self._write(lambda: self._bucket.create(key, value), refusal=already_exists())

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        check_key(key)
        self._check_size(value)
        self._check_entry(key, revision)
        return await self._write(
            lambda: self._bucket.update(key, value, last=revision), refusal=stale_revision()
        )

    async def delete(self, key: str, *, revision: int) -> None:
        check_key(key)
        self._check_entry(key, revision)
        await self._write(lambda: self._bucket.delete(key, last=revision), refusal=stale_revision())

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        check_prefix(prefix)
        if await self._copy.is_current(within=_BARRIER):
            return await self._with_values(_under(prefix, self._copy.state.entries))
        read = prefix if self._copy.with_values else None
        async with reading(self._bucket, self._copy.what, self._copy.look, prefix=read) as done:
            held = _under(prefix, done.state.entries)
        return await self._with_values(held)

    @asynccontextmanager
    async def watch(self) -> AsyncGenerator[Watcher, None]:
        await self._barrier()
        with self._copy.feed.watcher(self._barrier, self._read_each) as watcher:
            watcher.begin(self._copy.state.entries.values())
            yield watcher

    async def incarnation(self) -> str:
        return life_of(await self._copy.look())

    async def _barrier(self) -> None:
        if not await self._copy.is_current(within=self._patience):
            raise Unavailable(
                f"The {self._copy.what} is not being followed yet: try again.", dependency="nats"
            )

    async def _with_values(self, held: Sequence[Held]) -> Sequence[Entry]:
        entries = [each for each in held if isinstance(each, Entry)]
        if len(entries) == len(held):
            return entries
        found = await self._read_each([each.key for each in held])
        return [found[each.key] for each in held if each.key in found]

    async def _read_each(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        return await read_each(self.get, keys)

    def _check_size(self, value: bytes) -> None:
        check_value(value)
        limit = self._bus.max_payload - _HEADERS
        if len(value) > limit:
            raise TooLarge("The value is larger than NATS takes.", limit=limit, size=len(value))

    def _check_entry(self, key: str, revision: int) -> None:
        """To the server a deletion is a message like others, whose revision it would take for an entry's."""
        check_revision(revision)
        if self._copy.state.deleted.get(key) == revision:
            raise stale_revision()

    async def _write(self, operation: Callable[[], Awaitable[T]], *, refusal: Conflict) -> T:
        await checkpoint_if_cancelled()
        self._bus.require_connection()
        # Seen through once it is sent: abandoned, it could still land, behind the reads that follow.
        with writing(self._copy.what), anyio.fail_after(self._patience, shield=True):
            try:
                return await operation()
            except KeyNotFoundError as exc:
                # A create that was refused, looked for the entry in its way, and found it purged.
                raise refusal from exc
            except APIError as exc:
                if is_wrong_revision(exc):
                    raise refusal from exc
                raise


async def bind_bucket(
    bus: Bus,
    name: str,
    *,
    copied: bool = True,
    patience: float = 5,
    replicas: int = 1,
    history: int = 1,
    max_bytes: int | None = None,
) -> JetStreamKV:
    """The bucket of that name, made where it is missing; whoever binds it runs its `follow` beside.

    `copied`: its values are held in memory, so that listings and glances ask for none of them. Otherwise the
    keys are, and values are read when somebody wants them. The other options are those of `bound`.
    """
    bucket = await bound(bus, name, replicas=replicas, history=history, max_bytes=max_bytes)
    copy = LiveCopy(bus, bucket, f"KV_{name}", js=bus.jetstream(), with_values=copied, patience=patience)
    return JetStreamKV(name, bus=bus, bucket=bucket, copy=copy, patience=patience)


def _under(prefix: str, held: Mapping[str, Held]) -> Sequence[Held]:
    return [held[key] for key in sorted(key for key in held if key.startswith(prefix))]


def _is_deleted(exc: KeyNotFoundError) -> bool:
    return exc.entry is not None


def _was_never_stored(exc: KeyNotFoundError) -> bool:
    """nats-py says the same of a missing message and of a missing stream; the server does not."""
    cause = exc.__context__
    return isinstance(cause, NotFoundError) and cause.err_code == NO_MESSAGE
