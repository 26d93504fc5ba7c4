"""Reads the address of a PostgreSQL database, `postgresql://user@host:port/database`, without showing it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from attrs import evolve, field, frozen

from playlist_core.errors import InvalidInput

DEFAULT_PORT: Final = 5432
PARAMETERS: Final = (
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
"""What may follow the question mark: how libpq reaches the server, nothing that says who reads."""

_SHAPE: Final = "it is written postgresql://user@host:port/database"
_ENCODE: Final = (
    "signs such as / ? # @ in a password are written as %2F %3F %23 %40, or the password is given apart"
)


@frozen(kw_only=True)
class DatabaseAddress:
    """Where a database is, and as whom to read it.

    `host` is a name, an IP address, the directory of a unix socket, or empty for libpq's own; without `user`
    and `password` libpq looks for them where it always does (PGUSER, PGPASSWORD, ~/.pgpass).
    """

    host: str
    port: int
    database: str
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)

    @classmethod
    def parse(cls, uri: str) -> "DatabaseAddress":
        """Raises InvalidInput that quotes nothing: any part may be a piece of a password with signs."""
        parts = _split(uri.strip())
        parameters = _parameters(parts.query)
        login, _, place = parts.netloc.rpartition("@")
        user, has_password, password = login.partition(":")
        if "@" in user:
            raise _fault(f"does not say where the user's name ends; {_SHAPE}; {_ENCODE}")
        host, port = _host_and_port(place)
        return cls(
            host=_host(parameters.pop("host", host)),
            port=port,
            database=_database(parts.path),
            user=_decoded(user) or None,
            password=_decoded(password) if has_password else None,
            parameters=MappingProxyType(parameters),
        )

    def with_password(self, password: str) -> "DatabaseAddress":
        """The same with another password; raises InvalidInput for one that could not be sent."""
        return evolve(self, password=_sendable(password))

    @property
    def server(self) -> str:
        """Where the server is, for people."""
        return self.host or "localhost"

    def settings(self) -> dict[str, str]:
        """The address as libpq's own settings, with the password."""
        known = {
            "host": self.host,
            "port": str(self.port),
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
        }
        return {**self.parameters, **{name: value for name, value in known.items() if value}}


def _split(uri: str) -> SplitResult:
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = SplitResult("", "", "", "", "")  # not chained: see `parse`
    if parts.scheme not in ("postgresql", "postgres") or not uri.startswith(f"{parts.scheme}://"):
        raise _fault(f"is not the address of a PostgreSQL database; {_SHAPE}")
    if parts.fragment or "#" in uri:
        raise _fault(f"holds a #; {_ENCODE}")
    return parts


def _host_and_port(place: str) -> tuple[str, int]:
    """The host without brackets; several hosts are not understood."""
    host, has_port, port = place.rpartition(":")
    if place.endswith("]") or not has_port:
        host, port = place, str(DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 1 << 16):
        raise _fault(f"has no port between 1 and 65535 after the host; {_SHAPE}; {_ENCODE}")
    bracketed = host.startswith("[") and host.endswith("]")
    if not bracketed and any(sign in host for sign in ":,[]"):
        raise _fault(f"does not name one host; {_SHAPE}, an IPv6 address in brackets")
    return _decoded(host.strip("[]")), int(port)


def _database(path: str) -> str:
    name = _printable(_decoded(path.removeprefix("/")))
    if not name:
        raise _fault(f"names no database; {_SHAPE}; {_ENCODE}")
    if "/" in name or "@" in name:
        raise _fault(f"does not name one database; {_SHAPE}; {_ENCODE}")
    return name


def _host(name: str) -> str:
    """A name that can be looked up, or a directory."""
    try:
        name.encode("utf-8" if name.startswith("/") else "idna")
    except UnicodeError:
        fault = _fault("names a host that cannot be one")
    else:
        return _printable(name)
    raise fault  # not chained: see `parse`


def _printable(name: str) -> str:
    if not name.isprintable():
        raise _fault("holds a character that cannot be shown")
    return name


def _parameters(query: str) -> dict[str, str]:
    """As libpq reads them, to whom a plus is no blank."""
    pairs = [pair.partition("=") for pair in query.split("&")] if query else []
    if any(name not in PARAMETERS or not equals for name, equals, _ in pairs):
        raise _fault(
            f"has a parameter that is not known after the ?; known are {', '.join(PARAMETERS)}; {_ENCODE}"
        )
    return {name: _decoded(value) for name, _, value in pairs}


def _decoded(text: str) -> str:
    try:
        return _sendable(unquote(text, errors="strict"))
    except UnicodeDecodeError:
        fault = _fault("holds a %-sequence that is not UTF-8")
    raise fault  # not chained: see `parse`


def _sendable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _fault("holds a character that cannot be sent (NUL or a lone surrogate)")
    return text


def _fault(problem: str) -> InvalidInput:
    return InvalidInput(f"The address of the database {problem}.", field="database", problem=problem)
