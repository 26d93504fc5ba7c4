"""Reads the rows of one statement from PostgreSQL: read-only, through a cursor of the server, in batches.

The only module that imports psycopg. None of psycopg's exceptions leaves it, chained or not: they hold the
connection, and that holds the password.
"""

import asyncio
import traceback
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any, Final, LiteralString, TypeVar

import anyio
import psycopg
from attrs import define, field
from psycopg.conninfo import make_conninfo

from playlist_adapters.mediacms.database_address import DatabaseAddress
from playlist_adapters.mediacms.database_faults import NotConnected, Refused

APPLICATION: Final = "kryten-playlist"
"""What the server calls our session (in pg_stat_activity and its log)."""

Row = tuple[Any, ...]

_T = TypeVar("_T")
_WORDS: Final = 300
_IDLE_SECONDS: Final = 600
_BREAK_OFF_SECONDS: Final = 1
_SETTINGS: Final = """
    SELECT set_config('statement_timeout', %s, true),
           set_config('idle_in_transaction_session_timeout', %s, true),
           set_config('cursor_tuple_fraction', '1', true)"""
# A server that went without a word is noticed even while nothing is sent to it.
_LINE: Final = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "client_encoding": "UTF8",
}


async def read_batches(
    address: DatabaseAddress,
    statement: LiteralString,
    values: Sequence[object] = (),
    *,
    size: int,
    connect_seconds: float,
    statement_seconds: float,
) -> AsyncGenerator[Sequence[Row], None]:
    """The rows of a statement in parts of at most `size`, all as one read-only transaction sees them.

    To be closed with `aclosing`: who leaves early, or is cancelled, breaks the statement off on the server
    and closes the connection. Raises NotConnected before anything was asked, Refused later on.
    """
    session = _Session()
    # The server itself keeps to the time; one that says nothing even then has stopped.
    patience = statement_seconds * 1.1 + 1
    try:
        await _answer(session.open(address), seconds=connect_seconds, failure=NotConnected)
        await _answer(session.ask(statement, values, seconds=statement_seconds), seconds=patience)
        while rows := await _answer(session.fetch(size), seconds=patience):
            yield rows
    finally:
        await session.close()


@define(eq=False)
class _Session:
    """A connection and its cursor as soon as there are some, to be closed whatever has become of them."""

    _connection: psycopg.AsyncConnection[Row] | None = field(default=None, init=False)
    _cursor: psycopg.AsyncServerCursor[Row] | None = field(default=None, init=False)

    async def open(self, address: DatabaseAddress) -> None:
        try:
            self._connection = await psycopg.AsyncConnection.connect(
                make_conninfo(**address.settings(), **_LINE, application_name=APPLICATION)
            )
        except asyncio.CancelledError as exc:
            # A half-made connection lives in psycopg's frames alone: let it go now, not whenever they do.
            traceback.clear_frames(exc.__traceback__)
            raise

    async def ask(self, statement: LiteralString, values: Sequence[object], *, seconds: float) -> None:
        connection = _there(self._connection)
        await connection.set_read_only(True)
        await connection.execute(_SETTINGS, [f"{time * 1000:.0f}" for time in (seconds, _IDLE_SECONDS)])
        self._cursor = connection.cursor("catalogue")
        await self._cursor.execute(statement, values or None)

    async def fetch(self, size: int) -> Sequence[Row]:
        return await _there(self._cursor).fetchmany(size)

    async def close(self) -> None:
        """Hang up: the connection first, or its cursor would ask the server for permission.

        Neither waits for anything, so this works in a task that has been cancelled, too.
        """
        for each in (self._connection, self._cursor):
            if each is not None:
                await each.close()


def _there(thing: _T | None) -> _T:
    if thing is None:
        raise AssertionError("open, ask and fetch come in this order")
    return thing


async def _answer(call: Coroutine[Any, Any, _T], *, seconds: float, failure: type[Refused] = Refused) -> _T:
    """What the driver answers within `seconds`; raises `failure`, from a frame that holds nothing of it."""
    outcome = await _outcome(call, seconds, failure)
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


async def _outcome(call: Coroutine[Any, Any, _T], seconds: float, failure: type[Refused]) -> _T | Refused:
    """In a task of its own: when ours is cancelled (which anyio does again and again), it is cancelled once
    and has a second to break off what the server is doing, before it must hang up.
    """
    task = asyncio.ensure_future(call)
    try:
        await asyncio.wait((task,), timeout=seconds)
    finally:
        while not task.done():
            task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait((task,), timeout=_BREAK_OFF_SECONDS)
        error = None if task.cancelled() else task.exception()
    if task.cancelled():
        return failure(f"no answer within {seconds:g} seconds", silent=True)
    if isinstance(error, psycopg.Error):
        silent = isinstance(error, psycopg.errors.ConnectionTimeout)
        return failure(_words(error), sqlstate=error.sqlstate, silent=silent)
    return task.result()


def _words(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error).partition("Multiple connection attempts failed")[0]
    return " ".join(said.removeprefix("connection failed:").split())[:_WORDS]
