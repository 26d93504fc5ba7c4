"""The command line before a service that says what a test has written down, in the test's own time."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import pytest
from anyio.streams.memory import MemoryObjectSendStream
from attrs import define, field

from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_app.cli.main import run
from playlist_app.cli.remote import Outside, Reach
from playlist_app.config import NatsSettings, Settings
from playlist_app.wiring import System
from playlist_core.errors import OutcomeUnknown, PlaylistError, Unavailable

AWAY = Unavailable("NATS cannot be reached.", code="nats_unavailable", dependency="nats")
NOBODY = Unavailable("No service hears kryten.playlist.cmd.", code="no_service")
SILENT = OutcomeUnknown("No answer came in time.")

Fields = dict[str, Any]
Answer = Mapping[str, Any] | PlaylistError | Callable[[], Mapping[str, Any]]
Result = tuple[int, str, str]


def refused(code: str, message: str, **details: Any) -> Fields:
    """What the service says when it does nothing."""
    return {"status": "error", "error": code, "message": message, "details": details}


@define(eq=False)
class ScriptedService:
    """Answers each command with what is written down for it, in order; the last one again and again."""

    script: dict[str, list[Answer]]
    asked: list[tuple[str, Fields]] = field(factory=list)
    addresses: list[tuple[str, ...]] = field(factory=list)

    async def ask(self, command: str, fields: Mapping[str, Any], *, timeout: float) -> Fields:
        assert timeout > 0
        self.asked.append((command, dict(fields)))
        assert len(self.asked) < 1_000, "it asks for ever"
        answers = self.script[command]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, PlaylistError):
            # One of its own, as a real caller would raise: details are added to it.
            raise type(answer)(answer.message, code=answer.code, **answer.details)
        if callable(answer):
            answer = answer()
        # As it comes from JSON.
        reply = json.loads(json.dumps(answer))
        return {"correlation_id": fields["correlation_id"], "status": "ok", "error": None, **reply}

    @asynccontextmanager
    async def reach(self, settings: Settings, nats: NatsSettings) -> AsyncGenerator["ScriptedService", None]:
        self.addresses.append(nats.servers)
        yield self

    def told(self, command: str) -> list[Fields]:
        """The fields of each request of that command, without those that every request has."""
        heading = ("correlation_id", "requested_by", "namespace")
        return [
            {name: value for name, value in fields.items() if name not in heading}
            for each, fields in self.asked
            if each == command
        ]

    @property
    def commands(self) -> list[str]:
        return [command for command, _ in self.asked]


@define(eq=False)
class Keyboard:
    """Ctrl-C under a test's fingers; only while somebody minds it."""

    _keys: MemoryObjectSendStream[None] | None = field(default=None, init=False)

    @contextmanager
    def minded(self) -> Iterator[AsyncIterator[object]]:
        self._keys, presses = anyio.create_memory_object_stream[None](10)
        with self._keys, presses:
            yield presses

    def press(self) -> None:
        assert self._keys is not None
        self._keys.send_nowait(None)


@define(eq=False)
class CommandLine:
    """Types commands; time passes only where the command sleeps."""

    capsys: pytest.CaptureFixture[str]
    clock: ManualClock = field(factory=ManualClock)
    keyboard: Keyboard = field(factory=Keyboard)

    def __call__(self, reach: Reach, *words: str) -> Result:
        """Exit code, standard output and standard error."""
        system = System(clock=self.clock, randomness=SeededRandomness())
        code = run(words, Outside(reach=reach, system=system, presses=self.keyboard.minded))
        out, err = self.capsys.readouterr()
        return code, out, err

    def json(self, reach: Reach, *words: str) -> tuple[int, Any, str]:
        """The same with `--json`: exactly one document."""
        code, out, err = self(reach, *words, "--json")
        return code, json.loads(out), err
