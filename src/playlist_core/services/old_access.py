"""Access lists and address blocks of the earlier service, rewritten in place where ours cannot read them."""

from collections.abc import Sequence
from typing import Final

import cattrs
from attrs import define, evolve

from playlist_core.domain.legacy import read_block, read_names
from playlist_core.domain.limits import Block
from playlist_core.errors import InvalidInput
from playlist_core.ports import Entry
from playlist_core.services.access import Names
from playlist_core.services.codec import stored
from playlist_core.services.documents import Documents, Stored
from playlist_core.services.old_documents import STILL_CHANGING, Fate, Finding, Kind, Tell, overtaken, parsed

_ROLES: Final = ("admins", "blessed")


@define(eq=False)
class OldLists:
    """Who is an admin or blessed: an array of names is what both services read and write.

    Rewritten is only what the earlier one tolerated besides: an object around the array, blanks around names.
    """

    lists: Documents[Names]

    async def run(self, tell: Tell, *, apply: bool) -> None:
        """Tell of each list there is."""
        for role in _ROLES:
            finding = await self._carry(role, apply=apply)
            if finding is not None:
                tell(finding)

    async def _carry(self, role: str, *, apply: bool) -> Finding | None:
        key = self.lists.key(role)
        finding: Finding | None = None
        async for _ in self.lists.attempts():
            entry = await self.lists.store.get(key)
            if entry is None:
                return None
            try:
                plain = parsed(entry.value)
                names = read_names(plain, role)
            except InvalidInput as exc:
                return Finding(
                    kind=Kind.ACCESS_LIST, fate=Fate.REFUSED, key=key, name=role, why=(exc.message,)
                )
            fate = Fate.KEPT if plain == list(names) else Fate.CARRIED
            finding = Finding(kind=Kind.ACCESS_LIST, fate=fate, key=key, name=role, count=len(names))
            if not apply or not finding.changes:
                return finding
            with overtaken():
                await self.lists.update(role, value=Names(names), seen=Stored(Names(), entry.revision))
                return finding
        return finding and evolve(finding, fate=Fate.LEFT, why=(STILL_CHANGING,))


@define(eq=False)
class OldBlocks:
    """Blocked addresses: under the same keys, without the fields that say what a block covers."""

    blocks: Documents[Block]

    async def run(self, tell: Tell, *, apply: bool) -> None:
        """Tell of each block that ours cannot read yet, by address."""
        for entry in await self._entries():
            finding = await self._carry(entry, apply=apply)
            if finding is not None:
                tell(finding)

    async def _entries(self) -> Sequence[Entry]:
        return await self.blocks.store.entries(self._prefix)

    @property
    def _prefix(self) -> str:
        return self.blocks.key() + "/"

    async def _carry(self, entry: Entry, *, apply: bool) -> Finding | None:
        address = entry.key.removeprefix(self._prefix)
        latest: Entry | None = entry
        finding: Finding | None = None
        async for _ in self.blocks.attempts():
            if latest is None or _is_ours(latest):
                return None
            fate, why = Fate.CARRIED, ()
            try:
                block = read_block(address, parsed(latest.value))
            except InvalidInput as exc:
                block, fate, why = None, Fate.REFUSED, (exc.message,)
            finding = Finding(kind=Kind.ADDRESS_BLOCK, fate=fate, key=entry.key, name=address, why=why)
            if block is None or not apply:
                return finding
            with overtaken():
                await self.blocks.update(address, value=block, seen=Stored(block, latest.revision))
                return finding
            latest = await self.blocks.store.get(entry.key)
        return finding and evolve(finding, fate=Fate.LEFT, why=(STILL_CHANGING,))


def _is_ours(entry: Entry) -> bool:
    try:
        stored.structure(parsed(entry.value), Block)
    except (InvalidInput, ValueError, TypeError, KeyError, cattrs.BaseValidationError):
        return False
    return True
