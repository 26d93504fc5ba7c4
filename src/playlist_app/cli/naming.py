"""Playlists as people type them: by name or by id, and what was meant when there is none."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Final, Protocol, TypeVar

from playlist_core.domain.playlists import name_key
from playlist_core.errors import NotFound, PlaylistError

T = TypeVar("T", covariant=True)

_NEAREST: Final = 3
_UNKNOWN: Final = "playlist_not_found"


class Asked(Protocol[T]):
    """Something that is done with one playlist, named either way."""

    async def __call__(self, *, playlist_id: str | None, playlist_name: str | None) -> T: ...


async def named(text: str, asked: Asked[T], *, names: Callable[[], Awaitable[Sequence[str]]]) -> T:
    """What comes of asking for the playlist of this name, or else with this id; `names` tells all there are.

    Raises NotFound that names the nearest ones, and whatever else asking raises.
    """
    try:
        return await asked(playlist_name=text, playlist_id=None)
    except PlaylistError as exc:
        unknown = exc
    if unknown.code == _UNKNOWN:
        try:
            return await asked(playlist_name=None, playlist_id=text)
        except PlaylistError as exc:
            if exc.code == _UNKNOWN:
                raise _with_nearest(text, unknown, await _told(names)) from exc
            raise
    raise unknown


def nearest(text: str, names: Iterable[str]) -> list[str]:
    """At most three: names that begin so, that nearly do, that are much alike, that have it somewhere."""
    alike = {name_key(name): name for name in sorted(names)}
    wanted = name_key(text.strip())
    if not wanted:
        return []
    size = len(wanted)
    near = dict.fromkeys(key for key in alike if key.startswith(wanted))
    for beginning in get_close_matches(wanted, {key[:size] for key in alike}, n=_NEAREST):
        near |= dict.fromkeys(key for key in alike if key.startswith(beginning))
    near |= dict.fromkeys(get_close_matches(wanted, alike, n=_NEAREST))
    near |= dict.fromkeys(key for key in alike if wanted in key)
    return [alike[key] for key in near][:_NEAREST]


async def _told(names: Callable[[], Awaitable[Sequence[str]]]) -> Sequence[str]:
    try:
        return await names()
    except PlaylistError:  # that there is no such playlist is known all the same
        return ()


def _with_nearest(text: str, unknown: PlaylistError, names: Sequence[str]) -> NotFound:
    near = nearest(text, names)
    error = NotFound(f"There is no playlist called “{text}”{_help(near)}.", code=_UNKNOWN)
    error.details = {**unknown.details, "nearest": near}
    return error


def _help(near: Sequence[str]) -> str:
    if not near:
        return ""
    *first, last = [f"“{name}”" for name in near]
    return f"; the nearest are {', '.join(first)} and {last}" if first else f"; the nearest is {last}"
