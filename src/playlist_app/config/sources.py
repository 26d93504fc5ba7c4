"""Where the catalogue comes from: an export file, the API of a MediaCMS site, or its database."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, unquote_to_bytes

from attrs import field, frozen

from playlist_app.config import addresses
from playlist_app.config.values import MASK, Kind, file_path, show_path, textual
from playlist_core.errors import InvalidInput

WANTS: Final = (
    "the path of an export file, or an address such as https://videos.example"
    " or postgresql://user@host:5432/mediacms"
)
DATABASE_PARAMETERS: Final = (
    "channel_binding",
    "gssencmode",
    "host",
    "passfile",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
)
"""What may follow the question mark: how to reach the server, nothing that says who reads."""

_SCHEME: Final = re.compile(r"(https?|postgres(?:ql)?):|.*?://", re.IGNORECASE)
_MISTYPED: Final = re.compile("//|:.*@|password=", re.IGNORECASE | re.DOTALL)
"""What no path is taken to hold: it would be shown, and there may be a password in it."""
_SHAPE: Final = "must be written postgresql://user@host:5432/mediacms"
_ENCODE: Final = (
    "signs such as / ? # @ in a password are written as %2F %3F %23 %40, or it is given as catalog.password"
)


@frozen
class Site:
    """A MediaCMS site, to be asked over its API; no slash at the end of the address."""

    url: str


@frozen
class Database:
    """The PostgreSQL database of a MediaCMS site; the password is not in the address."""

    dsn: str
    password: str | None = field(default=None, kw_only=True, repr=False)


Source = Path | Site | Database
"""A path is that of an export file."""


def source() -> Kind[Source]:
    """A setting that is a source; what is shown of it holds no password."""
    return textual(WANTS, source_of, show=show_source)


def source_of(text: str) -> Source:
    """The source that a text names. Raises InvalidInput, which shows nothing of the text."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _export(text)
    match (scheme[1] or "").lower():
        case "http" | "https":
            return Site(addresses.site(text))
        case "postgresql" | "postgres":
            return _database(text)
        case _:
            raise InvalidInput(f"must be {WANTS}")


def show_source(source: Source) -> str:
    """The source as a text for people."""
    match source:
        case Site(url):
            return url
        case Database(dsn):
            login, at, place = dsn.rpartition("@")
            return dsn if source.password is None else f"{login}:{MASK}{at}{place}"
        case path:
            return show_path(path)


def place_of(source: Source) -> str | None:
    """The server that is asked, None for a file: what credentials are good for."""
    match source:
        case Site(url):
            return url
        case Database(dsn):
            return dsn
        case _:
            return None


def _export(text: str) -> Path:
    if _MISTYPED.search(text):
        raise InvalidInput(
            f"must be {WANTS}; what holds //, an @ behind a :, or password= is taken for a mistyped address"
        )
    return file_path(text)


def _database(text: str) -> Database:
    parts = addresses.url_parts(text)
    if parts is None or not _names_a_database(parts):
        raise InvalidInput(f"{_SHAPE}; {_ENCODE}")
    if not _is_text(unquote_to_bytes(text)):
        raise InvalidInput("holds a %-sequence that is no text in UTF-8")
    if not _parameters_are_known(parts.query):
        known = ", ".join(DATABASE_PARAMETERS)
        raise InvalidInput(f"has a parameter that is not known after the ?; known are {known}; {_ENCODE}")
    login, at, place = parts.netloc.rpartition("@")
    user, _, secret = login.partition(":")
    query = f"?{parts.query}" if parts.query else ""
    dsn = f"postgresql://{user}{at}{place}{parts.path}{query}"
    return Database(dsn, password=unquote(secret) or None)


def _names_a_database(parts: SplitResult) -> bool:
    """A place, or none for libpq's own, and one database.

    What a sign in a password leads to that should have been encoded is not taken for these.
    """
    place = parts.netloc.rpartition("@")[2]
    return (not place or addresses.is_place(place)) and bool(re.fullmatch("/[^/@]+", unquote(parts.path)))


def _parameters_are_known(query: str) -> bool:
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    return "@" not in query and all(name in DATABASE_PARAMETERS and equals for name, equals, _ in pairs)


def _is_text(data: bytes) -> bool:
    try:
        return data.decode().isprintable()
    except UnicodeDecodeError:
        return False
