"""Playlists of the earlier service, put in their own place as ours."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from attrs import define

from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.legacy import names_for
from playlist_core.domain.playlists import (
    MAX_BYTES,
    Playlist,
    PlaylistItem,
    Record,
    check_name,
    name_key,
    suggest_name,
)
from playlist_core.errors import Conflict, InvalidInput, OutcomeUnknown, TooLarge, Unavailable
from playlist_core.ports import CatalogIndex, Clock, Entry
from playlist_core.services.catalog import known_items
from playlist_core.services.documents import Documents, Stored, encode
from playlist_core.services.names import PlaylistNames
from playlist_core.services.old_documents import (
    STILL_CHANGING,
    UNREADABLE,
    Fate,
    Finding,
    Kind,
    Tell,
    overtaken,
)
from playlist_core.services.old_survey import Found, Survey, look, survey

_STILL_LISTS: Final = "it lists what was not carried"
_NOT_REMOVED: Final = "it could not be removed, or has just changed: run this again"
_JUST_DELETED: Final = "the earlier service has just deleted it"
_TAKEN_ID: Final = "another playlist has its id"


@define(eq=False)
class OldPlaylists:
    """One old document after the other becomes a record of ours, under the same key and by compare-and-set.

    The name is claimed first, as for any playlist (DESIGN decision 2). Whoever dies in between leaves a claim
    that leads to an old document; nobody takes it over, because what cannot be read is never fenced, and the
    next run finds it its own.
    """

    records: Documents[Record]
    names: PlaylistNames
    titles: CatalogIndex
    clock: Clock

    async def run(self, tell: Tell, *, apply: bool, include_private: bool) -> None:
        """Tell of each old playlist, in the order in which they get their names, and last of the index."""
        seen = await survey(self.records)
        wanted = [each.old for each in seen.found if include_private or not each.old.private]
        names = names_for(wanted, living=seen.living, reserved=seen.names)
        whole = not seen.refused
        for each in seen.found:
            name = names.get(each.old.playlist_id)
            if name is None:
                finding = each.finding(Fate.LEFT)
            else:
                finding = await (self._carry(each, name, seen) if apply else self._foresee(each, name))
            whole = whole and finding.changes
            tell(finding)
        for finding in (*seen.refused, *seen.missing):
            tell(finding)
        if seen.index is not None:
            tell(await self._finish(seen.index, whole=whole, apply=apply))

    async def _foresee(self, found: Found, name: str) -> Finding:
        try:
            await self._prepared(found, name)
        except InvalidInput as exc:
            return found.finding(Fate.REFUSED, why=(exc.message,))
        return _done(found, name)

    async def _carry(self, found: Found, name: str, seen: Survey) -> Finding:
        unavailable: set[str] = set()
        async for _ in self.records.attempts():
            try:
                playlist = await self._prepared(found, name)
                with overtaken():
                    return await self._put(found, playlist)
            except InvalidInput as exc:
                return found.finding(Fate.REFUSED, why=(exc.message,))
            if await self._is_claimed_by_another(playlist):
                unavailable |= {name_key(name), *seen.names}
                name = suggest_name(check_name(found.old.name), unavailable)
            match await self._again(found, seen):
                case Found(old=now) as again:
                    name = name if now.name == found.old.name else check_name(now.name)
                    found = again
                case Playlist(name=theirs):  # ours after all, or carried by somebody else
                    return _done(found, theirs)
                case Finding() as finding:
                    return finding
                case _:
                    return found.finding(Fate.LEFT, why=(_JUST_DELETED,))
        return found.finding(Fate.LEFT, why=(STILL_CHANGING,))

    async def _prepared(self, found: Found, name: str) -> Playlist:
        """The playlist to be; InvalidInput, or TooLarge, when it cannot be."""
        items = await self._described(found.old.items)
        playlist = found.old.renewed(name, items, now=self.clock.now())
        if len(encode(playlist)) > MAX_BYTES:
            raise TooLarge(f"it is larger than {MAX_BYTES // 1024} KiB", limit=f"{MAX_BYTES} bytes")
        await self._check_name_fits(name)
        if self._moves(found):
            await self._standing_in(playlist)
        return playlist

    async def _described(self, items: tuple[PlaylistItem, ...]) -> tuple[PlaylistItem, ...]:
        """The items with what the catalogue says of them, as far as there is one that can be read."""
        known: Mapping[str, CatalogItem] = {}
        with suppress(Unavailable):
            known = await known_items(self.titles, {item.video_id for item in items})
        described = {
            video_id: PlaylistItem(video_id, item.title, item.duration_seconds)
            for video_id, item in known.items()
        }
        return tuple(described.get(item.video_id, item) for item in items)

    async def _check_name_fits(self, name: str) -> None:
        """A few characters can become very many when they are folded; the store knows its longest key."""
        claims = self.names.claims
        try:
            await claims.store.get(claims.key(name_key(name)))
        except InvalidInput as exc:
            raise InvalidInput.of("name", "is too long for a key of the store") from exc

    def _moves(self, found: Found) -> bool:
        """Whether ours has another key: the earlier service did not encode ids."""
        return self.records.key(found.old.playlist_id) != found.entry.key

    async def _standing_in(self, playlist: Playlist) -> Playlist | None:
        """The same playlist where it moves to, as a run has left it that was broken off.

        InvalidInput when something else stands there.
        """
        try:
            seen = await self.records.get(playlist.playlist_id)
        except Unavailable as exc:
            if exc.code != UNREADABLE:
                raise
            raise InvalidInput(_TAKEN_ID) from exc
        if seen is None or not isinstance(seen.value, Playlist):
            return None
        there = seen.value
        if (there.version, there.items, there.created_by) == (
            playlist.version,
            playlist.items,
            playlist.created_by,
        ):
            return there
        raise InvalidInput(_TAKEN_ID)

    async def _put(self, found: Found, playlist: Playlist) -> Finding:
        if not self._moves(found):
            # What stands there has no claim in our sense, so this is a rename from nothing.
            await self.names.rename(Stored(playlist, found.entry.revision), playlist, playlist)
            return _done(found, playlist.name)
        there = await self._standing_in(playlist)
        if there is None:
            await self.names.revive(playlist)
        removed = await self._remove(found.entry)
        return _done(found, (there or playlist).name, why=() if removed else (_NOT_REMOVED,))

    async def _is_claimed_by_another(self, playlist: Playlist) -> bool:
        try:
            held = await self.names.claims.get(name_key(playlist.name))
        except Unavailable as exc:
            if exc.code != UNREADABLE:
                raise
            return True
        return held is not None and held.value.playlist_id != playlist.playlist_id

    async def _again(self, found: Found, seen: Survey) -> Found | Record | Finding | None:
        entry = await self.records.store.get(found.entry.key)
        return None if entry is None else look(self.records, entry, seen.listed)

    async def _remove(self, entry: Entry) -> bool:
        """Whether exactly this is known to be gone."""
        try:
            await self.records.store.delete(entry.key, revision=entry.revision)
        except (Conflict, OutcomeUnknown):
            return False
        return True

    async def _finish(self, index: Entry, *, whole: bool, apply: bool) -> Finding:
        """The index is not needed once everything is carried; until then the earlier service lists by it."""
        why: tuple[str, ...] = ()
        if not whole:
            why = (_STILL_LISTS,)
        elif apply and not await self._remove(index):
            why = (_NOT_REMOVED,)
        fate = Fate.LEFT if why else Fate.REMOVED
        return Finding(kind=Kind.INDEX, fate=fate, key=index.key, name="index", why=why)


def _done(found: Found, name: str, *, why: tuple[str, ...] = ()) -> Finding:
    if name == check_name(found.old.name):
        return found.finding(Fate.CARRIED, why=why)
    return found.finding(Fate.RENAMED, new_name=name, why=why)
