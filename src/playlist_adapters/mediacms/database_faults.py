"""What goes wrong with a site's database, by cause: sentences that say what to do, without a password."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from playlist_adapters.mediacms.database_address import DatabaseAddress
from playlist_core.errors import InvalidInput, PlaylistError, Unavailable

READ: Final[Mapping[str, Sequence[str]]] = {
    "files_media": (
        "id",
        "friendly_token",
        "title",
        "duration",
        "media_type",
        "listable",
        "thumbnail",
        "uploaded_thumbnail",
    ),
    "files_category": ("id", "title"),
    "files_media_category": ("media_id", "category_id"),
}
"""The columns that are read, by table; others of these tables hold passwords and e-mail addresses."""

NOT_UTF8: Final = "22021"
"""SQLSTATE character_not_in_repertoire."""

_ACCESS: Final = ("42501", "42P01", "3F000")
"""insufficient_privilege, undefined_table, invalid_schema_name."""

_BROKEN_OFF: Final = "57014"
_PLAIN_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_AGAIN: Final = "nothing was changed, refresh again"


class Refused(Exception):
    """What server or driver complained of, as plain facts.

    `words` are theirs, in one line; `sqlstate` is None where the server gave none; `silent` means that no
    answer came in time.
    """

    def __init__(self, words: str, *, sqlstate: str | None = None, silent: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.sqlstate = sqlstate
        self.silent = silent


class NotConnected(Refused):
    """Refused before anything could be asked."""


@frozen
class Access:
    """Whether a role may read what is needed of a table: `readable` is None where it sees no such table."""

    role: str
    table: str
    readable: bool | None = field(kw_only=True)


def source_name(address: DatabaseAddress) -> str:
    return f"MediaCMS database {address.database} at {address.server}"


def no_driver() -> Unavailable:
    return Unavailable(
        "To read a MediaCMS database, its driver must be installed: pip install 'psycopg[binary]'.",
        code="source_unavailable",
        dependency="source",
    )


def connect_fault(address: DatabaseAddress, refused: Refused) -> Unavailable:
    """Why nothing could be asked.

    Before a session has begun libpq hands out no SQLSTATE: the cause is known by PostgreSQL's English words,
    and a server that speaks another language is quoted.
    """
    role = "its role" if address.user is None else f"role {address.user}"
    place = f"{address.server}, port {address.port}"
    grant = f"GRANT CONNECT ON DATABASE {_quoted(address.database)} TO {_quoted(address.user or 'the role')};"
    causes = {
        "no password supplied": f"wants a password for {role}, and none was given",
        "password authentication failed": f"did not accept the password of {role}; set the right one",
        "no pg_hba.conf entry": f"does not admit {role} from this machine; its pg_hba.conf needs a line",
        "permission denied for database": f"is closed to {role}; its owner must say: {grant}",
        f'database "{address.database}" does not exist': f"does not exist on that server ({place})",
    }
    for sign, problem in causes.items():
        if sign in refused.words:
            return _unavailable(address, problem, refused)
    if refused.silent:
        return _unavailable(
            address, f"gives no answer ({place}); is the server up, and reachable from here?", refused
        )
    return _unavailable(address, f"could not be opened ({place}): {refused.words}", refused)


def is_about_access(refused: Refused) -> bool:
    """Whether knowing which tables may be read would help to say what is wrong."""
    return refused.sqlstate in _ACCESS


def read_fault(address: DatabaseAddress, refused: Refused, access: Sequence[Access]) -> PlaylistError:
    """Why reading ended before its end; `access` says what may be read, as far as that is known."""
    state = refused.sqlstate or ""
    if is_about_access(refused):
        return _closed(address, refused, access)
    if state == NOT_UTF8:
        return _not_understood(
            address, f"holds a text that is not in its encoding ({refused.words})", refused
        )
    if state.startswith("42"):
        return _not_understood(
            address, f"is not laid out as MediaCMS 1.0 to 8.3 does it: {refused.words}", refused
        )
    if refused.silent:
        problem = f"stopped answering in the middle ({refused.words}); {_AGAIN}"
    elif state == _BROKEN_OFF:
        problem = f"broke off the reading ({refused.words}); {_AGAIN} when the server has less to do"
    elif state[:2] in ("", "08", "57"):
        problem = f"went away in the middle ({refused.words}); {_AGAIN}"
    else:
        problem = f"could not be read ({refused.words}); {_AGAIN}"
    return _unavailable(address, problem, refused)


def _closed(address: DatabaseAddress, refused: Refused, access: Sequence[Access]) -> PlaylistError:
    """Tables that are not there, or not open to the role, all of them at once."""
    role = access[0].role if access else address.user or "the role"
    missing = [each.table for each in access if each.readable is None]
    if missing:
        problem = (
            f"shows no table {', '.join(missing)}; is it the one of MediaCMS? If so, its owner must open the"
            f" schema: GRANT USAGE ON SCHEMA public TO {_quoted(role)};"
        )
        return _not_understood(address, problem, refused)
    tables = [each.table for each in access if not each.readable] or list(READ)
    grants = [f"GRANT SELECT ({', '.join(READ[table])}) ON {table} TO {_quoted(role)};" for table in tables]
    problem = f"does not let role {role} read {', '.join(tables)}; its owner must say: {' '.join(grants)}"
    return _unavailable(address, problem, refused)


def _quoted(name: str) -> str:
    """As SQL wants it."""
    return name if _PLAIN_NAME.fullmatch(name) else '"{}"'.format(name.replace('"', '""'))


def _unavailable(address: DatabaseAddress, problem: str, refused: Refused) -> Unavailable:
    return Unavailable(
        f"{source_name(address)} {problem}", code="source_unavailable", dependency="source", **_facts(refused)
    )


def _not_understood(address: DatabaseAddress, problem: str, refused: Refused) -> InvalidInput:
    name = source_name(address)
    return InvalidInput(f"{name} {problem}", field="source", problem=problem, file=name, **_facts(refused))


def _facts(refused: Refused) -> dict[str, str]:
    return {} if refused.sqlstate is None else {"sqlstate": refused.sqlstate}
