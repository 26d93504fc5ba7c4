"""Tidying up: expiry is a field checked against the clock; what has expired is deleted some time later."""

from collections.abc import Callable
from typing import TypeVar

from playlist_core.domain.identity import decode_segment
from playlist_core.errors import Conflict, Unavailable
from playlist_core.services.documents import Documents, Stored

T = TypeVar("T")


async def sweep(documents: Documents[T], *segments: str, expired: Callable[[T], bool]) -> int:
    """Delete the documents under `segments` that have expired; how many those were.

    One that changes meanwhile, or that another replica deletes first, is left alone; so is an unreadable one.
    """
    prefix = documents.key(*segments) + "/"
    swept = 0
    for entry in await documents.store.entries(prefix):
        rest = [decode_segment(segment) for segment in entry.key.removeprefix(prefix).split("/")]
        seen = await _readable(documents, *segments, *rest)
        if seen is not None and expired(seen.value):
            try:
                await documents.delete(*segments, *rest, seen=seen)
            except Conflict:
                continue
            swept += 1
    return swept


async def _readable(documents: Documents[T], *segments: str) -> Stored[T] | None:
    try:
        return await documents.get(*segments)
    except Unavailable as exc:
        if exc.code != "store_unreadable":
            raise
        return None
