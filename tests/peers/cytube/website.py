"""The web server with the manifests of the double's channel."""

from datetime import timedelta
from pathlib import PurePosixPath
from urllib.parse import parse_qs, urlsplit

from attrs import Factory, define

from playlist_adapters.channel.simulated import FetchFailure, Manifest, direct_source


@define(eq=False)
class Website:
    """Gives what `answers` holds for an address; for any other, what the address itself asks for.

    That is how the recordings were made: `dur` (seconds, otherwise 60), `title` (otherwise from the last
    part of the path), `delay` (seconds until the answer comes, otherwise 0.05), `status=404`, `ct` (a wrong
    content type). Nothing is fetched: the room only asks here. Delays pass on the room's clock.
    """

    answers: dict[str, Manifest | FetchFailure] = Factory(dict[str, Manifest | FetchFailure])

    def fetch(self, media_id: str, media_type: str) -> Manifest | FetchFailure:
        return self.answers.get(media_id) or _as_the_address_says(media_id)


def _as_the_address_says(media_id: str) -> Manifest | FetchFailure:
    parts = urlsplit(media_id)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    slug = PurePosixPath(parts.path).stem
    delay = timedelta(seconds=float(asked.get("delay", 0.05)))
    if asked.get("status") == "404":
        return FetchFailure(text="Expected HTTP 200 OK, not 404 Not Found", delay=delay)
    if "ct" in asked:
        text = f"Expected content-type application/json, not {asked['ct']}"
        return FetchFailure(text=text, delay=delay)
    return Manifest(
        title=asked.get("title", f"Title {slug}"),
        seconds=int(asked.get("dur", 60)),
        delay=delay,
        meta=direct_source(f"https://media.{parts.hostname}/v/{slug}.mp4"),
    )
