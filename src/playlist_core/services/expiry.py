"""Tidying up: expiry is a field checked against the clock; what has expired is deleted some time later."""

from collections.abc import Callable
from typing import TypeVar

from playlist_core.domain.identity import decode_segment
from playlist_core.errors import Conflict, InvalidInput, Unavailable
from playlist_core.services.documents import Documents, Stored

T = TypeVar("T")


async def sweep(documents: Documents[T], *segments: str, expired: Callable[[T], bool]) -> int:
    """Delete the documents under `segments` that have expired; how many those were.

    One that changes meanwhile, or that another replica deletes first, is left alone; so is an unreadable one.
    """
    prefix = documents.key(*segments) + "/"
    swept = 0
    for entry in await documents.store.entries(prefix):
        rest = _decoded(entry.key.removeprefix(prefix))
        seen = None if rest is None else await _readable(documents, *segments, *rest)
        if rest is not None and seen is not None and expired(seen.value):
            try:
                await documents.delete(*segments, *rest, seen=seen)
            except Conflict:
                continue
            swept += 1
    return swept


def _decoded(rest: str) -> list[str] | None:
    """The segments of a key's rest; None for a key that an earlier version wrote, which encoded none."""
    try:
        return [decode_segment(segment) for segment in rest.split("/")]
    except InvalidInput:
        return None


async def _readable(documents: Documents[T], *segments: str) -> Stored[T] | None:
    try:
        return await documents.get(*segments)
    except Unavailable as exc:
        if exc.code != "store_unreadable":
            raise
        return None
