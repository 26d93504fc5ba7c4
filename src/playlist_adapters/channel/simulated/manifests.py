"""Where the room gets titles and lengths from: the part a web server with manifests plays for CyTube."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from attrs import Factory, field, frozen

DEFAULT_DELAY = timedelta(milliseconds=40)
NOT_THERE = "Expected HTTP 200 OK, not 404 Not Found"


@frozen(kw_only=True)
class Manifest:
    """A manifest that CyTube accepts: `seconds` 0 is live, `meta` the media's meta as CyTube packs it.

    The answer takes `delay`, and while it is under way nothing else of the channel's queue moves.
    """

    title: str
    seconds: int
    delay: timedelta = DEFAULT_DELAY
    meta: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen(kw_only=True)
class FetchFailure:
    """A fetch that ends in a `queueFail` with `text`, unescaped, after `delay`."""

    text: str
    delay: timedelta = DEFAULT_DELAY


class Manifests(Protocol):
    """Answers every fetch of the room; called once for each add, when its turn has come."""

    def fetch(self, media_id: str, media_type: str) -> Manifest | FetchFailure:
        """What fetching `media_id` will give, without side effects on the room."""
        ...


@frozen
class CatalogueManifests:
    """Manifests of the titles that `look_up` knows: id -> (title, seconds); None is a 404."""

    look_up: Callable[[str], tuple[str, int] | None]
    delay: timedelta = field(default=DEFAULT_DELAY, kw_only=True)

    def fetch(self, media_id: str, media_type: str) -> Manifest | FetchFailure:
        found = self.look_up(media_id)
        if found is None:
            return FetchFailure(text=NOT_THERE, delay=self.delay)
        title, seconds = found
        return Manifest(title=title, seconds=seconds, delay=self.delay, meta=direct_source(f"{media_id}.mp4"))


@frozen
class ListedManifests:
    """Manifests by exact id; anything else is a 404."""

    listed: Mapping[str, Manifest | FetchFailure] = Factory(dict[str, Manifest | FetchFailure])

    def fetch(self, media_id: str, media_type: str) -> Manifest | FetchFailure:
        return self.listed.get(media_id, FetchFailure(text=NOT_THERE))


def direct_source(link: str, *, quality: int = 720) -> Mapping[str, Any]:
    """The meta of a custom manifest with one MP4 source."""
    source = {"link": link, "contentType": "video/mp4", "quality": quality}
    return {"direct": {str(quality): [source]}}


def url_problem(media_id: str) -> str | None:
    """What CyTube says to a custom manifest's id that is no web address, before it fetches anything."""
    try:
        parts = urlsplit(media_id)
    except ValueError:
        return f'Invalid URL "{media_id}"'
    if not parts.scheme:
        return f'Invalid URL "{media_id}"'
    if parts.scheme not in ("http", "https"):
        return f'Unacceptable protocol "{parts.scheme}:".  Custom metadata must be retrieved by HTTP or HTTPS'
    return None if parts.hostname else f'Invalid URL "{media_id}"'
