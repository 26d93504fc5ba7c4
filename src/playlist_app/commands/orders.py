"""A command, as it is carried out and as its schema tells it, and an order to do so."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from attrs import define, frozen

from playlist_app.shapes.commands import NoFields
from playlist_core.domain.access import Action
from playlist_core.domain.identity import Actor
from playlist_core.errors import NotSignedIn, PlaylistError

F = TypeVar("F")


@define(eq=False)
class Order(Generic[F]):
    """A command that somebody wants done: his fields, who he is, and whether he waits for the end."""

    fields: F
    waits: bool = True
    asked_by: Actor | None = None

    @property
    def actor(self) -> Actor:
        """Who asks; only commands that need nobody have nobody."""
        if self.asked_by is None:
            raise NotSignedIn("Name who asks in requested_by.")
        return self.asked_by


@frozen
class Partly:
    """It was begun and did not go through: what came of it, and why no more did."""

    result: Any
    error: PlaylistError


@frozen(kw_only=True)
class Command:
    """One name, what it needs and takes, and what does it.

    `needs` None means that nobody has to be named. `begun` is the answer to whoever does not want to wait
    for the end; without it there is nothing to wait for. `errors` are the codes besides those that any
    command has. A name with a dot is no part of a subject, so it is reached through the envelope only.
    """

    name: str
    summary: str
    needs: Action | None
    reply: type[Any]
    carry_out: Callable[[Order[Any]], Awaitable[Any]]
    takes: type[Any] = NoFields
    begun: type[Any] | None = None
    errors: tuple[str, ...] = ()
