"""Typed documents over a bucket: the only conflict retry, and unknown outcomes settled."""

import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Generic, TypeVar, cast

import anyio
import cattrs
from attrs import define, field, frozen

from playlist_core.domain.identity import store_key
from playlist_core.errors import Conflict, InvalidInput, OutcomeUnknown, Unavailable
from playlist_core.ports import Clock, Entry, KVStore, Randomness
from playlist_core.services.codec import stored

log = logging.getLogger("kryten_playlist.store")

SCHEMA_VERSION: Final = 1
OPS_KEPT: Final = 32
ATTEMPTS: Final = 40
_LONGEST_PAUSE: Final = 0.25
_SETTLING: Final = 5
# Documents looked up with each request: sessions and access lists.
_SMALL: Final = 4_096
_LATELY: Final = 1_000

# Around what only tidies up after a change that has happened: failing, it must not deny the change.
LEFT_TO_THE_SWEEP: Final = suppress(Conflict, Unavailable, OutcomeUnknown)

T = TypeVar("T")


@frozen
class Stored(Generic[T]):
    """A document as read; a conditional write replaces exactly this one.

    `ops` are the ids of the operations that wrote it, the latest last.
    """

    value: T
    revision: int
    ops: tuple[str, ...] = ()


@define(eq=False)
class Documents(Generic[T]):
    """The documents of one kind in one bucket, under `prefix` (plain segments of the key).

    JSON objects carry `schema_version` and `ops`, the last 32 operation ids, beside the fields of `kind`;
    a `kind` that is written as a JSON array (the access lists other Kryten tools share) carries neither,
    so only changes that may be applied twice are allowed there (DESIGN decision 1).
    """

    store: KVStore
    prefix: tuple[str, ...]
    kind: type[T] = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    _lately: dict[str, tuple[Entry, Stored[T]]] = field(
        factory=dict[str, tuple[Entry, "Stored[T]"]], init=False
    )
    _turns: dict[str, tuple[anyio.Lock, int]] = field(factory=dict[str, tuple[anyio.Lock, int]], init=False)

    def key(self, *segments: str) -> str:
        """The store key of a document; each segment is encoded."""
        return store_key(*self.prefix, *segments)

    async def get(self, *segments: str) -> Stored[T] | None:
        """The document with its revision, or None when there is none."""
        entry = await self.store.get(self.key(*segments))
        return None if entry is None else self._known(entry)

    async def glance(self, *segments: str) -> Stored[T] | None:
        """What `get` would have answered at some moment of the last second (`KVStore.glance`)."""
        entry = await self.store.glance(self.key(*segments))
        return None if entry is None else self._known(entry)

    async def find(self, *segments: str) -> Stored[T] | None:
        """Like `get`, for segments from outside: what cannot be a key is simply not there."""
        try:
            return await self.get(*segments)
        except InvalidInput:
            return None

    async def all(self, *segments: str) -> Sequence[Stored[T]]:
        """Every document whose key continues `segments`, by key.

        One that cannot be read is left out and logged: it must not take the others along.
        """
        found: list[Stored[T]] = []
        for entry in await self.store.entries(self.key(*segments) + "/"):
            try:
                found.append(self.decode(entry))
            except Unavailable as exc:
                log.error("%s", exc.message)
            # Decoding a large one takes a while; others want their turn.
            await self.clock.sleep(0)
        return found

    async def create(self, *segments: str, value: T) -> Stored[T]:
        """Store a new document; Conflict when the key exists."""
        return await self._write(self.key(*segments), value, before=None, op=self.randomness.identifier())

    async def update(self, *segments: str, value: T, seen: Stored[T]) -> Stored[T]:
        """Replace the document that was read, without retry; Conflict when it has changed since."""
        return await self._write(self.key(*segments), value, before=seen, op=self.randomness.identifier())

    async def delete(self, *segments: str, seen: Stored[T]) -> None:
        """Remove the document that was read; Conflict when it has changed since or is gone."""
        key = self.key(*segments)
        for _ in range(_SETTLING):
            try:
                return await self.store.delete(key, revision=seen.revision)
            except OutcomeUnknown:
                entry = await self.store.get(key)
                if entry is None:
                    return None
                if entry.revision != seen.revision:
                    raise Conflict("the document has changed since it was read") from None
        raise OutcomeUnknown("it may or may not have been deleted; read again")

    async def modify(self, *segments: str, change: Callable[[T | None], T | None]) -> T | None:
        """Apply a pure function to the current value, again on conflict, and return what stands then.

        `change` gets None when there is no document; returning None or an equal value writes nothing.
        What it raises ends the operation. Raises Unavailable when contention does not end.
        """
        op = self.randomness.identifier()
        async with self._turn(self.key(*segments)):
            async for _ in self.attempts():
                seen = await self.get(*segments)
                if seen is not None and op in seen.ops:
                    return seen.value
                before = None if seen is None else seen.value
                after = change(before)
                if after is None or after == before:
                    return before
                try:
                    return (await self._write(self.key(*segments), after, before=seen, op=op)).value
                except Conflict:
                    continue
        raise Unavailable("the store is too busy for this change; nothing was changed, try again")

    async def attempts(self) -> AsyncIterator[int]:
        """The numbers of the tries, with growing, jittered pauses between them; at most `ATTEMPTS`."""
        for number in range(ATTEMPTS):
            if number:
                await self.clock.sleep(self.randomness.fraction() * min(_LONGEST_PAUSE, 0.001 * 2**number))
            yield number

    @asynccontextmanager
    async def _turn(self, key: str) -> AsyncGenerator[None, None]:
        """One change of a key at a time in this process: contention is left to other processes."""
        lock, waiting = self._turns.get(key, (anyio.Lock(), 0))
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            _, waiting = self._turns.pop(key)
            if waiting > 1:
                self._turns[key] = (lock, waiting - 1)

    async def _write(self, key: str, value: T, *, before: Stored[T] | None, op: str) -> Stored[T]:
        """One conditional write; repeated as it is only while nothing else can have happened.

        After a lost answer: own id in `ops` means done, an unchanged revision means the same write again
        (whichever copy lands first, the other conflicts), anything else is somebody else's change.
        """
        ops = ((*before.ops, op) if before else (op,))[-OPS_KEPT:]
        data = encode(value, ops)
        in_doubt = False
        for _ in range(_SETTLING):
            try:
                if before is None:
                    revision = await self.store.create(key, data)
                else:
                    revision = await self.store.update(key, data, revision=before.revision)
                return Stored(value, revision, ops)
            except OutcomeUnknown:
                in_doubt = True
            except Conflict:
                if not in_doubt:
                    raise
            landed = await self._landed(key, data, before, op)
            if landed is not None:
                return Stored(value, landed, ops)
        raise OutcomeUnknown("the write may or may not have happened; read again before repeating it")

    async def _landed(self, key: str, data: bytes, before: Stored[T] | None, op: str) -> int | None:
        """The revision of our write if it landed, None if it may be repeated; raises for anything else."""
        entry = await self.store.get(key)
        if entry is None:
            if before is None:
                return None
            raise OutcomeUnknown("the document is gone; the change may have happened before")
        found = self.decode(entry)
        if op in found.ops or (not found.ops and entry.value == data):
            return entry.revision
        if before is not None and entry.revision == before.revision:
            return None
        last = before.ops[-1:] if before else ()
        if len(found.ops) == OPS_KEPT and not set(last) & set(found.ops):
            raise OutcomeUnknown("too many changes since; ours may be among them")
        raise Conflict("somebody else changed the document first")

    def _known(self, entry: Entry) -> Stored[T]:
        """What the entry says; a small one that was read lately and has not changed is not decoded again."""
        lately = self._lately.get(entry.key)
        if lately is not None and lately[0] == entry:
            return lately[1]
        found = self.decode(entry)
        if len(entry.value) <= _SMALL:
            if len(self._lately) >= _LATELY:
                self._lately.clear()
            self._lately[entry.key] = (entry, found)
        return found

    def decode(self, entry: Entry) -> Stored[T]:
        """The document that an entry holds; Unavailable `store_unreadable` where it cannot be read."""
        try:
            plain: Any = json.loads(entry.value)
            if b"\\ud" in entry.value.lower():
                json.dumps(plain, ensure_ascii=False).encode()  # half a sign can be read, but never written
            is_object = isinstance(plain, dict)
            ops = tuple(cast("dict[str, list[str]]", plain).get("ops", ())) if is_object else ()
            return Stored(stored.structure(plain, self.kind), entry.revision, ops)
        except (ValueError, TypeError, KeyError, RecursionError, cattrs.BaseValidationError) as exc:
            raise Unavailable(
                f"the stored document {entry.key} cannot be read; it was left as it is"
                " (kryten-playlist migrate carries over what version 0.3 wrote)",
                code="store_unreadable",
                key=entry.key,
            ) from exc


def encode(value: Any, ops: tuple[str, ...] = ()) -> bytes:
    """A value as its bucket holds it: compact UTF-8 JSON."""
    plain: Any = stored.unstructure(value)
    if isinstance(plain, dict):
        plain = {**cast("dict[str, Any]", plain), "schema_version": SCHEMA_VERSION, "ops": ops}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
