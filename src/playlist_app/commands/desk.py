"""Where every command is read, checked, carried out and answered; whatever comes, there is an answer."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import anyio
import orjson
from attrs import define, field

from playlist_app.commands.forms import Course, Form, Letter
from playlist_app.commands.orders import Command, Order, Partly
from playlist_app.commands.port import Request
from playlist_app.commands.reading import Asked, correlation_of, read_object, requester, take_apart
from playlist_app.metrics import Metrics
from playlist_app.shapes.codec import wire
from playlist_app.shapes.parsing import parse_body
from playlist_core.domain.access import decide
from playlist_core.domain.identity import Actor, Username
from playlist_core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotSignedIn,
    PlaylistError,
    TooLarge,
    Unavailable,
)
from playlist_core.ports import Randomness
from playlist_core.services.access import Access

# Far more than people and bots send; what waits costs memory, and all of it waits for the same store.
MOST_AT_ONCE: Final = 256
# Of one that quotes what it was asked, which may be long.
_LONGEST_MESSAGE: Final = 200

log = logging.getLogger("kryten_playlist.commands")


@define(eq=False)
class Desk:
    """Takes requests in any form, as many at once as it can, and answers each with what became of it."""

    commands: Mapping[str, Command]
    access: Access = field(kw_only=True)
    namespace: str = field(kw_only=True)
    allow_blessed_hard_replace: bool = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    metrics: Metrics = field(kw_only=True)
    # As long as an answer under way over HTTP may take when the service is told to stop.
    grace_seconds: float = field(default=10.0, kw_only=True)
    _under_way: set[anyio.CancelScope] = field(factory=set[anyio.CancelScope], init=False)
    _until: float = field(default=float("inf"), init=False)

    async def answer(self, form: Form, request: Request) -> None:
        """Reply to a request whatever is in it; a bug is answered, too, and then comes out of here."""
        began = time.perf_counter()
        course = Course(self.randomness.identifier(), form.command_of(request.subject))
        try:
            await self._follow(course, form, request)
        finally:
            if course.is_ours:
                payload = _written(course, form, request.reply_limit)
                self._note(course, time.perf_counter() - began)
                await request.reply(payload)

    def close_soon(self) -> None:
        """What is under way has a few seconds more, and is then answered with `interrupted`."""
        self._until = anyio.current_time() + self.grace_seconds
        for scope in self._under_way:
            scope.deadline = self._until

    async def _follow(self, course: Course, form: Form, request: Request) -> None:
        try:
            message = read_object(request.body)
            course.correlation_id = correlation_of(message) or course.correlation_id
            letter = form.open(request.subject, message)
            if letter is None:
                course.is_ours = False
                return
            course.command = letter.command
            course.correlation_id = correlation_of(letter.fields) or course.correlation_id
            with self._place() as scope:
                course.result, course.error = _parts(await self._carry_out(course, letter))
            if scope.cancelled_caught:
                raise Unavailable("The service stops; look what became of it.", code="interrupted")
        except PlaylistError as exc:
            course.error = exc

    @contextmanager
    def _place(self) -> Iterator[anyio.CancelScope]:
        if len(self._under_way) >= MOST_AT_ONCE:
            raise Unavailable("Too many commands at once; nothing was done, try again.", code="busy")
        with anyio.CancelScope(deadline=self._until) as scope:
            self._under_way.add(scope)
            try:
                yield scope
            finally:
                self._under_way.discard(scope)

    async def _carry_out(self, course: Course, letter: Letter) -> Any:
        """Who may not ask for a command learns that before its fields are looked at."""
        command = self.commands.get(letter.command)
        if command is None:
            raise NotFound(
                "There is no such command; details.commands has those that there are.",
                code="unknown_command",
                commands=sorted(self.commands),
            )
        asked = take_apart(letter.fields)
        self._check_namespace(asked)
        name = requester(asked.heading)
        course.asked_by = course.asked_by if name is None else name.spelling
        actor = await self._actor(name, command)
        if asked.waits is not None and command.begun is None:
            raise InvalidInput.of("async", "is an unknown field")
        fields = parse_body(asked.fields, command.takes)
        return await command.carry_out(Order(fields, waits=asked.waits is not False, asked_by=actor))

    def _check_namespace(self, asked: Asked) -> None:
        namespace = asked.heading.namespace
        if namespace is not None and namespace != self.namespace:
            raise Conflict(
                "This service keeps another namespace; send it to the one of yours.",
                code="namespace_mismatch",
                namespace=self.namespace,
            )

    async def _actor(self, name: Username | None, command: Command) -> Actor | None:
        if command.needs is None:
            return None
        if name is None:
            raise NotSignedIn("Name who asks in requested_by: the CyTube name whose role shall count.")
        actor = Actor(name, await self.access.role_of(name))
        decide(actor.role, command.needs, allow_blessed_hard_replace=self.allow_blessed_hard_replace)
        return actor

    def _note(self, course: Course, seconds: float) -> None:
        """Count and log it; of what was sent nothing comes into the log but what was checked."""
        error = course.error
        known = course.command if course.command in self.commands else "unknown"
        self.metrics.command_done(known, ok=error is None, seconds=seconds)
        said = "ok" if error is None else error.code
        about = (course.correlation_id, known, course.asked_by, said, seconds * 1000)
        if error is None or error.status < 500:
            log.info("%s: %s by %s: %s %.1f ms", *about)
        else:
            log.warning("%s: %s by %s: %s %.1f ms: %s", *about, error.message)


def _parts(outcome: Any) -> tuple[dict[str, Any], PlaylistError | None]:
    if isinstance(outcome, Partly):
        return wire.unstructure(outcome.result), outcome.error
    return wire.unstructure(outcome), None


def _written(course: Course, form: Form, limit: int) -> bytes:
    """The answer; of one that NATS would not take, what matters."""
    payload = orjson.dumps(form.close(course))
    if len(payload) <= limit:
        return payload
    run = {name: value for name, value in (course.result or {}).items() if name == "run_id"}
    if course.error is None:
        course.error = TooLarge(
            f"It was done, but the answer has {len(payload)} bytes; ask for less at a time.",
            code="reply_too_large",
            limit=limit,
            **run,
        )
    else:
        course.error = PlaylistError(course.error.message[:_LONGEST_MESSAGE], code=course.error.code, **run)
    course.result = None
    return orjson.dumps(form.close(course))
