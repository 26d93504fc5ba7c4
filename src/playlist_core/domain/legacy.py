"""What the earlier service (0.3) has stored: its documents as values of ours, and why some can have none.

All of it is JSON. A playlist names an `owner` and a `visibility`, but neither a number for its saves nor who
made the last one. An index document repeats what the list of playlists shows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from attrs import field, frozen

from playlist_core.domain.identity import ClientAddress
from playlist_core.domain.limits import Block, BlockReason
from playlist_core.domain.playlists import (
    Playlist,
    PlaylistItem,
    check_items,
    check_name,
    name_key,
    suggest_name,
)
from playlist_core.errors import InvalidInput

Fields = Mapping[str, object]

_SEEN_BY_OTHERS: Final = ("shared", "public")
_NOBODY: Final = "unknown"
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@frozen(kw_only=True)
class OldPlaylist:
    """A playlist as the earlier service kept it, with limits of its own for names and items.

    `private` is what only its owner could see. `was_ours` marks one that had been carried already, and was
    written over by the earlier service; everybody could read it by then, so it is not private.
    `notes` tell what of it has no place in ours.
    """

    playlist_id: str
    name: str
    private: bool
    owner: str
    items: tuple[PlaylistItem, ...] = field(repr=False)
    created_by: str
    created_at: datetime | None
    updated_at: datetime | None
    version: int
    was_ours: bool
    notes: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises InvalidInput, or TooLarge, with the reason why it cannot be carried as it is."""
        check_name(self.name)
        check_items(self.items)

    def renewed(self, name: str, items: tuple[PlaylistItem, ...], *, now: datetime) -> Playlist:
        """The same as ours; `now` stands in for dates that nobody knows."""
        created_at = self.created_at or self.updated_at or now
        return Playlist(
            playlist_id=self.playlist_id,
            name=name,
            version=self.version,
            items=items,
            created_by=self.created_by,
            created_at=created_at,
            updated_by=self.owner,  # nobody else could save it
            updated_at=self.updated_at or created_at,
        )


def is_written_by_the_old(plain: object) -> bool:
    """Whether what reads as a playlist of ours comes from the earlier service all the same.

    It keeps fields it does not know, and always writes a visibility, which ours have not.
    """
    return isinstance(plain, dict) and "visibility" in plain


def read_playlist(playlist_id: str, plain: object, listed: Fields) -> OldPlaylist:
    """The playlist stored under that id; what it does not say itself is taken from the index, `listed`.

    Raises InvalidInput with the reason for what cannot be understood.
    """
    own = _fields(plain)
    if own.get("playlist_id", playlist_id) != playlist_id:
        raise InvalidInput.of("playlist_id", "is not the one it is stored under")
    said = {**listed, **own}
    name = said.get("name")
    if not isinstance(name, str):
        raise InvalidInput.of("name", "is missing or no text")
    items, gaps = _items(said.get("items"))
    created_by = _text(said.get("created_by")) or _text(said.get("owner")) or _NOBODY
    was_ours = "updated_by" in own
    return OldPlaylist(
        playlist_id=playlist_id,
        name=name,
        private=not was_ours and said.get("visibility") not in _SEEN_BY_OTHERS,
        owner=_text(said.get("owner")) or created_by,
        items=items,
        created_by=created_by,
        created_at=_moment(said.get("created_at")),
        updated_at=_moment(said.get("updated_at")),
        version=_counter(said.get("version")) + was_ours,
        was_ours=was_ours,
        notes=(*gaps, *_origin(said.get("forked_from"))),
    )


def read_index(plain: object) -> Mapping[str, Fields]:
    """What the earlier service lists, by playlist id; raises InvalidInput for what is no index."""
    listed = _fields(_fields(plain).get("playlists") or {})
    return {
        playlist_id: cast("Fields", entry) for playlist_id, entry in listed.items() if isinstance(entry, dict)
    }


def in_turn(playlists: Iterable[OldPlaylist]) -> Sequence[OldPlaylist]:
    """The order in which they get names: first those that have one in ours, last the private ones; by age."""
    return sorted(
        playlists,
        key=lambda old: (not old.was_ours, old.private, old.created_at or _LAST, old.playlist_id),
    )


def names_for(
    playlists: Sequence[OldPlaylist], *, living: Mapping[str, str], reserved: Iterable[str]
) -> Mapping[str, str]:
    """A name for each, by playlist id: its own, or one near it when an earlier one or one of ours has that.

    `living` are the ids of our playlists by `name_key`. Nobody gets a substitute that is in `reserved`: the
    keys of all old names.
    """
    holders, unavailable = dict(living), {*living, *reserved}
    chosen: dict[str, str] = {}
    for old in playlists:
        name = check_name(old.name)
        if holders.get(name_key(name), old.playlist_id) != old.playlist_id:
            name = suggest_name(name, unavailable)
        chosen[old.playlist_id] = name
        holders[name_key(name)] = old.playlist_id
        unavailable.add(name_key(name))
    return chosen


def read_names(plain: object, role: str) -> tuple[str, ...]:
    """The names of an access list: a bare array, or one under `role` in an object; blanks around names go.

    Raises InvalidInput for anything else.
    """
    array = cast("Fields", plain).get(role) if isinstance(plain, dict) else plain
    if not isinstance(array, list):
        raise InvalidInput.of(role, "is neither an array of names nor an object with one")
    names = [_text(each).strip() for each in cast("list[object]", array)]
    return tuple(filter(None, names))


def read_block(address: str, plain: object) -> Block:
    """The block of an address; raises InvalidInput for what is none."""
    said, ip = _fields(plain), ClientAddress.parse(address)
    until = _moment(said.get("blocked_until"))
    if until is None:
        raise InvalidInput.of("blocked_until", "is missing or no time")
    known = [reason for reason in BlockReason if reason.value == said.get("reason")]
    return Block(
        ip=str(ip),
        source=ip.source,
        blocked_until=until,
        reason=known[0] if known else BlockReason.ADMIN_ACTION,
        created_at=_moment(said.get("created_at")) or until,
    )


def _fields(plain: object) -> Fields:
    if not isinstance(plain, dict):
        raise InvalidInput.of("document", "is no JSON object")
    return cast("Fields", plain)


def _items(plain: object) -> tuple[tuple[PlaylistItem, ...], tuple[str, ...]]:
    """The items, and a note about places without a title, which the earlier service passed over as well."""
    if plain is None:
        return (), ()
    if not isinstance(plain, list):
        raise InvalidInput.of("items", "is no array")
    found = [_item(each) for each in cast("list[object]", plain)]
    items = tuple(item for item in found if item is not None)
    gaps = ", ".join(str(place) for place, item in enumerate(found, start=1) if item is None)
    return items, (f"nothing is named at place {gaps}, which is left out",) if gaps else ()


def _item(plain: object) -> PlaylistItem | None:
    if not isinstance(plain, dict):
        return None
    said = cast("Fields", plain)
    named = said.get("video_id")
    # As it stands: an id that is no text in UTF-8 shall be refused, not changed.
    video_id = named.strip() if isinstance(named, str) else _text(named)
    if not video_id:
        return None
    duration = said.get("duration_seconds")
    return PlaylistItem(
        video_id,
        _text(said.get("title")) or None,
        duration if type(duration) is int and duration >= 0 else None,
    )


def _origin(plain: object) -> Iterator[str]:
    if isinstance(plain, dict):
        owner = _text(cast("Fields", plain).get("owner")) or _NOBODY
        yield f"that it began as a copy of one of {owner} is not kept"


def _counter(plain: object) -> int:
    return plain if type(plain) is int and plain > 0 else 1


def _moment(plain: object) -> datetime | None:
    """A time as stored, in UTC unless it says otherwise; None for anything else."""
    if not isinstance(plain, str):
        return None
    try:
        moment = datetime.fromisoformat(plain)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(plain: object) -> str:
    """A text that can be stored and shown, of a text or a number; empty for anything else."""
    if type(plain) is int:
        return str(plain)
    return plain.encode("utf-8", "replace").decode() if isinstance(plain, str) else ""
