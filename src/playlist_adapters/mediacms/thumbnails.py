"""Turns the path of a thumbnail, as a site's database and its dumps hold it, into an address."""

from urllib.parse import quote

from playlist_adapters.mediacms.intake import Spot, text


def thumbnail_url(spot: Spot, path: object, media_base_url: str | None) -> str | None:
    """The public address of a path under MEDIA_ROOT, percent-encoded; None without a path or a site.

    `media_base_url` is the site, such as `https://videos.example`. Raises InvalidInput for a path that is no
    text.
    """
    if not path or media_base_url is None:
        return None
    relative = quote(text(spot, "thumbnail", path).lstrip("/"))
    return f"{media_base_url.rstrip('/')}/media/{relative}"
