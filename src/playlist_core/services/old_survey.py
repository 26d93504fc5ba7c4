"""What stands under `playlists/` of a bucket that the earlier service may have written to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import cattrs
from attrs import evolve, frozen

from playlist_core.domain.identity import encode_segment
from playlist_core.domain.legacy import (
    Fields,
    OldPlaylist,
    in_turn,
    is_written_by_the_old,
    read_index,
    read_playlist,
)
from playlist_core.domain.playlists import Playlist, Record, name_key
from playlist_core.errors import InvalidInput
from playlist_core.ports import Entry
from playlist_core.services.codec import stored
from playlist_core.services.documents import Documents
from playlist_core.services.old_documents import Fate, Finding, Kind, parsed

_INDEX: Final = "index"
_NOT_LISTED: Final = "the earlier service does not list it any more"
_NOTHING_STORED: Final = "it is listed, but there is no document"


@frozen
class Found:
    """An old playlist that ours can hold, and where it stands."""

    entry: Entry
    old: OldPlaylist

    def finding(self, fate: Fate, *, new_name: str | None = None, why: tuple[str, ...] = ()) -> Finding:
        """What is told of it."""
        old = self.old
        return Finding(
            kind=Kind.PLAYLIST,
            fate=fate,
            key=self.entry.key,
            name=old.name,
            owner=old.owner,
            private=old.private,
            count=len(old.items),
            new_name=new_name,
            why=(*old.notes, *why) if fate in (Fate.CARRIED, Fate.RENAMED) else why,
        )


@frozen(kw_only=True)
class Survey:
    """Everything under `playlists/` by what it is; `found` in the order in which they get their names.

    `living` are the ids of our playlists by `name_key`; `missing` is listed by the index and nowhere stored.
    """

    index: Entry | None
    listed: Mapping[str, Fields]
    found: Sequence[Found]
    refused: Sequence[Finding]
    missing: Sequence[Finding]
    living: Mapping[str, str]

    @property
    def names(self) -> set[str]:
        """The keys of all names, old and new."""
        return {*self.living, *(name_key(each.old.name) for each in self.found)}


async def survey(records: Documents[Record]) -> Survey:
    """Read it all."""
    prefix = records.key() + "/"
    entries = await records.store.entries(prefix)
    index = next((entry for entry in entries if entry.key == prefix + _INDEX), None)
    listed, refused = _listed(index)
    found: list[Found] = []
    living: dict[str, str] = {}
    for entry in entries:
        seen = None if entry is index else look(records, entry, listed)
        match seen:
            case Found():
                found.append(seen)
            case Finding():
                refused.append(seen)
            case Playlist():
                living[name_key(seen.name)] = seen.playlist_id
            case _:
                pass
        # Decoding a large one takes a while; others want their turn.
        await records.clock.sleep(0)
    turns = {old.playlist_id: turn for turn, old in enumerate(in_turn(each.old for each in found))}
    return Survey(
        index=None if refused and refused[0].kind is Kind.INDEX else index,
        listed=listed,
        found=sorted(found, key=lambda each: turns[each.old.playlist_id]),
        refused=refused,
        missing=list(_missing(prefix, {entry.key for entry in entries}, listed)),
        living=living,
    )


def look(records: Documents[Record], entry: Entry, listed: Mapping[str, Fields]) -> Found | Record | Finding:
    """What an entry is: an old playlist, a record of ours, or something that cannot be carried."""
    stored_as = entry.key.removeprefix(records.key() + "/")
    old: OldPlaylist | None = None
    known = listed.get(stored_as)
    try:
        plain = parsed(entry.value)
        ours = _as_ours(plain, stored_as)
        if ours is not None and not is_written_by_the_old(plain):
            return ours
        old = read_playlist(stored_as if ours is None else ours.playlist_id, plain, known or {})
        if listed and known is None:
            old = evolve(old, notes=(*old.notes, _NOT_LISTED))
        old.check()
    except InvalidInput as exc:
        if old is not None:
            return Found(entry, old).finding(Fate.REFUSED, why=(exc.message,))
        return _unread(entry.key, stored_as, known or {}, exc.message)
    return Found(entry, old)


def _as_ours(plain: object, stored_as: str) -> Record | None:
    try:
        record = stored.structure(plain, Record)
        return record if encode_segment(record.playlist_id) == stored_as else None
    except (InvalidInput, ValueError, TypeError, KeyError, cattrs.BaseValidationError):
        return None


def _listed(index: Entry | None) -> tuple[Mapping[str, Fields], list[Finding]]:
    """What the index lists, and why it cannot be read."""
    if index is None:
        return {}, []
    try:
        return read_index(parsed(index.value)), []
    except InvalidInput as exc:
        return {}, [
            Finding(kind=Kind.INDEX, fate=Fate.REFUSED, key=index.key, name=_INDEX, why=(exc.message,))
        ]


def _missing(prefix: str, keys: set[str], listed: Mapping[str, Fields]) -> Iterator[Finding]:
    for playlist_id, entry in listed.items():
        if not {prefix + playlist_id, prefix + _encoded(playlist_id)} & keys:
            yield _unread(prefix + playlist_id, playlist_id, entry, _NOTHING_STORED)


def _encoded(playlist_id: str) -> str:
    try:
        return encode_segment(playlist_id)
    except InvalidInput:
        return ""


def _unread(key: str, playlist_id: str, known: Fields, why: str) -> Finding:
    """Told by what the index says of it, for want of anything else."""
    name, owner, count = known.get("name"), known.get("owner"), known.get("item_count")
    return Finding(
        kind=Kind.PLAYLIST,
        fate=Fate.REFUSED,
        key=key,
        name=name if isinstance(name, str) else playlist_id,
        owner=owner if isinstance(owner, str) else "",
        count=count if type(count) is int else None,
        why=(why,),
    )
