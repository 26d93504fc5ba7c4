"""Saved playlists: create, read, save, delete, and get back what was."""

from collections.abc import Sequence
from typing import Final

from attrs import Factory, define, field

from playlist_core.domain.identity import Actor
from playlist_core.domain.playlists import (
    DELETED_KEPT,
    MAX_BYTES,
    Playlist,
    PlaylistItem,
    Record,
    check_items,
    check_name,
    edited,
    name_key,
    suggest_name,
)
from playlist_core.domain.summaries import Summary
from playlist_core.errors import Conflict, NameTaken, NotFound, StaleVersion, TooLarge, Unavailable
from playlist_core.ports import CatalogIndex, Clock, Randomness
from playlist_core.services.catalog import known_items
from playlist_core.services.documents import Documents, Stored, encode
from playlist_core.services.history import Buried, PlaylistHistory
from playlist_core.services.names import PlaylistNames
from playlist_core.services.summaries import PlaylistSummaries

_GONE: Final = "There is no playlist with this id."


@define(eq=False)
class Playlists:
    """The use-cases of saved playlists (PRD GH-006, GH-007); who may call which is the door's question.

    Every method may raise Unavailable (nothing changed) and every edit OutcomeUnknown (read again).
    """

    records: Documents[Record]
    names: PlaylistNames
    history: PlaylistHistory
    index: CatalogIndex
    clock: Clock
    randomness: Randomness
    summaries: PlaylistSummaries = field(
        default=Factory(lambda self: PlaylistSummaries(self.records), takes_self=True), init=False
    )

    async def create(self, actor: Actor, name: str, items: Sequence[PlaylistItem]) -> Playlist:
        """A new playlist, version 1. Raises InvalidInput, TooLarge, NameTaken."""
        now = self.clock.now()
        playlist = Playlist(
            playlist_id=self.randomness.identifier(),
            name=check_name(name),
            version=1,
            items=await self._described(items),
            created_by=actor.username.spelling,
            created_at=now,
            updated_by=actor.username.spelling,
            updated_at=now,
        )
        _check_size(playlist)
        try:
            await self.names.create(playlist)
        except NameTaken as exc:
            raise await self._with_suggestion(exc, playlist.name) from exc
        return playlist

    async def get(self, playlist_id: str) -> Playlist:
        """Raises NotFound, also for a deleted one."""
        return _living(await self._read(playlist_id))

    async def find(self, name: str) -> Playlist:
        """The living playlist of this name, whatever its case; raises NotFound."""
        playlist = await self.names.find(name.strip())
        if playlist is None:
            raise NotFound(f"There is no playlist called “{name}”.", code="playlist_not_found")
        return playlist

    async def listed(self) -> Sequence[Summary]:
        """Every living playlist in short, by name; the very same sequence while nothing has changed."""
        return await self.summaries.living()

    async def all(self) -> Sequence[Playlist]:
        """Every living playlist with its items, by name: reads them all, which takes its time."""
        living = [seen.value for seen in await self.records.all() if isinstance(seen.value, Playlist)]
        return sorted(living, key=lambda playlist: (name_key(playlist.name), playlist.playlist_id))

    async def save(
        self,
        actor: Actor,
        playlist_id: str,
        *,
        name: str | None,
        items: Sequence[PlaylistItem],
        if_version: int | None = None,
    ) -> Playlist:
        """The next version, with `name` None under the name it has; the one before stays restorable.

        With `if_version` the edit counts only on top of that version: StaleVersion otherwise.
        Without it the edit goes over whatever is current. Raises InvalidInput, TooLarge, NameTaken, NotFound.
        """
        new_name = None if name is None else check_name(name)
        async for _ in self.records.attempts():
            seen = await self._read(playlist_id)
            before = _living(seen)
            _check_version(before, if_version)
            described = await self._described(items, before.items)
            after = edited(
                before,
                name=new_name or before.name,
                items=described,
                by=actor.username.spelling,
                at=self.clock.now(),
            )
            _check_size(after)
            try:
                await self._replace(seen, before, after)
            except NameTaken as exc:
                raise await self._with_suggestion(exc, after.name) from exc
            except Conflict:
                continue
            await self.history.trim(after)
            return after
        raise Unavailable("too many people are saving this playlist; nothing was changed, try again")

    async def delete(self, actor: Actor, playlist_id: str, *, if_version: int | None = None) -> None:
        """Into the bin, for 30 days. Raises NotFound, StaleVersion."""
        async for _ in self.records.attempts():
            seen = await self._read(playlist_id)
            playlist = _living(seen)
            _check_version(playlist, if_version)
            try:
                await self.history.bury(playlist, by=actor.username.spelling, at=self.clock.now())
                await self.names.remove(seen, playlist)
            except Conflict:
                continue
            return
        raise Unavailable("too many people are saving this playlist; nothing was changed, try again")

    async def deleted(self) -> Sequence[Buried]:
        """What can be restored, latest first; an entry counts only while its playlist does not live."""
        living = {short.playlist_id for short in await self.listed()}
        bin_ = [
            seen.value
            for seen in await self.history.buried()
            if seen.value.playlist.playlist_id not in living and self._is_kept(seen.value)
        ]
        return sorted(bin_, key=lambda buried: buried.deleted_at, reverse=True)

    async def versions(self, playlist_id: str) -> Sequence[Playlist]:
        """The saved states that can be restored, latest first, the current one included."""
        seen = await self.records.find(playlist_id)
        if seen is not None and isinstance(seen.value, Playlist):
            current = seen.value
        else:
            current = (await self._buried(playlist_id)).value.playlist
        return [current, *await self.history.versions(current)]

    async def restore(self, actor: Actor, playlist_id: str, version: int) -> Playlist:
        """Bring the items of an earlier version back as the next version; a deleted playlist lives again.

        A living playlist keeps its present name. Raises NotFound (`version_not_found`), NameTaken.
        """
        seen = await self.records.find(playlist_id)
        if seen is not None and isinstance(seen.value, Playlist):
            wanted = await self._version(seen.value, version)
            return await self.save(actor, playlist_id, name=None, items=wanted.items)
        grave = await self._buried(playlist_id)
        buried = grave.value.playlist
        wanted = await self._version(buried, version)
        revived = edited(
            buried,
            name=buried.name,
            items=wanted.items,
            by=actor.username.spelling,
            at=self.clock.now(),
        )
        await self.history.keep(buried)
        try:
            await self.names.revive(revived)
        except NameTaken as exc:
            suggestion = suggest_name(revived.name, await self.summaries.names())
            message = f"{exc.message} Rename that one, for example to “{suggestion}”, then restore this one."
            raise NameTaken(message, **{**exc.details, "suggestion": suggestion}) from exc
        await self.history.unbury(grave)
        return revived

    async def sweep(self) -> None:
        """Drop dead claims, old voids, and what was deleted more than 30 days ago."""
        standing = await self.summaries.standing()
        await self.names.sweep(standing)
        living = {seen.value.playlist_id for seen in standing if isinstance(seen.value, Summary)}
        await self.history.sweep(older_than=self.clock.now() - DELETED_KEPT, living=living)

    async def _replace(self, seen: Stored[Record], before: Playlist, after: Playlist) -> None:
        await self.history.keep(before)
        if name_key(before.name) == name_key(after.name):
            await self.records.update(after.playlist_id, value=after, seen=seen)
        else:
            await self.names.rename(seen, before, after)

    async def _read(self, playlist_id: str) -> Stored[Record]:
        seen = await self.records.find(playlist_id)
        if seen is None:
            raise NotFound(_GONE, code="playlist_not_found")
        return seen

    async def _buried(self, playlist_id: str) -> Stored[Buried]:
        seen = await self.history.find(playlist_id)
        if seen is None or not self._is_kept(seen.value):
            raise NotFound(_GONE, code="playlist_not_found")
        return seen

    def _is_kept(self, buried: Buried) -> bool:
        return buried.deleted_at > self.clock.now() - DELETED_KEPT

    async def _version(self, current: Playlist, version: int) -> Playlist:
        for state in [current, *await self.history.versions(current)]:
            if state.version == version:
                return state
        raise NotFound(f"Version {version} of this playlist is no longer kept.", code="version_not_found")

    async def _described(
        self, items: Sequence[PlaylistItem], before: Sequence[PlaylistItem] = ()
    ) -> tuple[PlaylistItem, ...]:
        """The items with what the catalogue says of them, or said when they were first saved."""
        check_items(tuple(items))
        known = await known_items(self.index, {item.video_id for item in items})
        described = {item.video_id: item for item in (*items, *before)} | {
            video_id: PlaylistItem(video_id, item.title, item.duration_seconds)
            for video_id, item in known.items()
        }
        return tuple(described[item.video_id] for item in items)

    async def _with_suggestion(self, exc: NameTaken, name: str) -> NameTaken:
        suggestion = suggest_name(name, await self.summaries.names())
        message = f"{exc.message} Choose another name, for example “{suggestion}”."
        return NameTaken(message, **{**exc.details, "suggestion": suggestion})


def _living(seen: Stored[Record]) -> Playlist:
    if not isinstance(seen.value, Playlist):
        raise NotFound(_GONE, code="playlist_not_found")
    return seen.value


def _check_version(playlist: Playlist, if_version: int | None) -> None:
    if if_version is not None and if_version != playlist.version:
        raise StaleVersion(
            f"{playlist.updated_by} saved this playlist in between; load it again or save over it.",
            current_version=playlist.version,
        )


def _check_size(playlist: Playlist) -> None:
    # `fence` and the operation ids may still grow; they are small against the room below 1 MiB.
    if len(encode(playlist)) > MAX_BYTES:
        raise TooLarge(f"this playlist is larger than {MAX_BYTES // 1024} KiB", limit=f"{MAX_BYTES} bytes")
