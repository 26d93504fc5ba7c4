"""kryten-robot as it is asked: its replies and its stored state; every failure is ChannelUnavailable."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import shorten
from typing import Any, Final, TypeVar, cast

from attrs import define, frozen
from nats.js.errors import APIError

from playlist_adapters.bus import Bus
from playlist_adapters.channel.cytube.values import number, whole
from playlist_adapters.channel.kryten.place import Place
from playlist_adapters.nats_errors import FAILURES
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown, Unavailable

T = TypeVar("T")

COMMANDS: Final = "kryten.robot.command"
_PATIENCE: Final = 2.0
# Two parts of the robot hear the same subject. Questions are answered at once by the one that knows the
# state; the other, which carries commands out in turn, keeps silent about places that are not its own.
_NO_PLACE: Final = {"domain": "-", "channel": "-"}
_SILENT: Final = "The robot of the channel does not answer: is it running?"
_TOO_MUCH: Final = " Shorten the playlist, or let nats-server take more (max_payload)."
_DISABLED: Final = "The robot takes no commands: set commands.enabled in its settings, then restart it."


@frozen
class Reply:
    """What the robot says of a command it has carried out: `error` None is no proof of success."""

    error: str | None = None
    queue_fail: str | None = None


@frozen
class Connection:
    """Whether the robot is in CyTube, and since when; another `since` is another session.

    `caught_up` says that it has published all it was told: after an outage of NATS it lags for seconds.
    `lost` counts the events that it gave up publishing.
    """

    connected: bool
    since: str | None
    caught_up: bool
    lost: int

    def is_session_of(self, other: "Connection | None") -> bool:
        return other is not None and other.since == self.since


@frozen
class OnAir:
    """What the robot last heard of the playing item, and when; the uid may be newer than the media."""

    uid: int
    media_id: str
    position_seconds: float
    paused: bool
    at: datetime


@define(eq=False)
class Robot:
    """The one robot that answers. Its queries are answered also while a command holds its commands up."""

    bus: Bus

    async def places(self) -> Sequence[Place]:
        """The channels of whichever robot answers first."""
        return await self._query(
            "system.channels",
            lambda data: [Place(str(each["domain"]), str(each["channel"])) for each in data["channels"]],
        )

    async def connection(self) -> Connection:
        """The truth about CyTube; what `system.channels` calls connected is only NATS."""
        return await self._query("system.stats", _connection)

    async def bot_name(self, place: Place) -> str:
        """The name under which the robot is signed in; the rank that it tells with it is not true."""
        subject = f"kryten.user_level.{place.domain}.{place.channel}"
        return await self._ask(subject, {}, lambda answer: str(answer["username"]))

    async def playlist(self) -> list[Any]:
        """The list as the robot holds it, items as CyTube packs them; wrong about uid 0 and temp at times."""
        return await self._query("state.playlist", lambda data: list(data["playlist"]))

    async def users(self) -> list[Any]:
        """Everybody in the channel: at least `name` and `rank`."""
        return await self._query("state.userlist", lambda data: list(data["userlist"]))

    async def on_air(self, place: Place) -> OnAir | None:
        """What plays, from the robot's bucket; it is never taken back when nothing plays any more."""
        try:
            stored = await self.bus.jetstream().get_last_msg(
                f"KV_{place.bucket}", f"$KV.{place.bucket}.current"
            )
        except APIError:
            return None
        except FAILURES as exc:
            raise ChannelUnavailable("NATS did not say what plays; try again.") from exc
        media = _parsed(stored.data)
        try:
            return OnAir(
                uid=whole(media["uid"]),
                media_id=str(media.get("id")),
                position_seconds=number(media.get("currentTime") or 0),
                paused=media.get("paused") is True,
                at=stored.time or datetime.now(UTC),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    async def order(self, place: Place, command: str, args: Mapping[str, Any], *, timeout: float) -> Reply:
        """Have a command carried out; OutcomeUnknown when the robot says nothing of it in `timeout` seconds.

        ChannelUnavailable says that it was not, and never will be.
        """
        request = {"command": command, "args": dict(args), "meta": _meta(place)}
        try:
            answer = await self.bus.ask(COMMANDS, request, timeout=timeout)
        except Unavailable as exc:
            raise ChannelUnavailable("The robot cannot be reached right now; nothing was sent.") from exc
        if not isinstance(answer, dict):
            raise OutcomeUnknown("The robot answered in words nobody knows.")
        return _reply(cast(dict[str, Any], answer))

    async def hears_commands(self, place: Place, *, timeout: float) -> bool:
        """Whether every command sent so far has been carried out, and the next one would be at once.

        The answer comes in its turn behind them. ChannelUnavailable when nobody hears commands.
        """
        request = {"service": "system", "command": "system.ping", "meta": _meta(place)}
        try:
            await self.bus.ask(COMMANDS, request, timeout=timeout)
        except OutcomeUnknown:
            return False
        except Unavailable as exc:
            raise ChannelUnavailable(_SILENT) from exc
        return True

    async def _query(self, command: str, read: Callable[[Any], T]) -> T:
        def told(answer: Any) -> T:
            if answer["success"] is True:
                return read(answer["data"])
            error = _words(answer.get("error"))
            advice = _TOO_MUCH if "maximum payload" in error else ""
            raise ChannelUnavailable(f"The robot cannot tell its {command}: {error}.{advice}")

        return await self._ask(COMMANDS, {"command": command, "meta": _NO_PLACE}, told)

    async def _ask(self, subject: str, request: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        try:
            return read(await self.bus.ask(subject, request, timeout=_PATIENCE))
        except (Unavailable, OutcomeUnknown) as exc:
            if isinstance(exc, ChannelUnavailable):
                raise
            raise ChannelUnavailable(_SILENT) from exc
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ChannelUnavailable("The robot answered in words nobody knows.") from exc


def _meta(place: Place) -> Mapping[str, str]:
    return {"source": "kryten-playlist", "domain": place.domain, "channel": place.channel}


def _connection(data: Any) -> Connection:
    cytube, events = data["connections"]["cytube"], data["events"]
    heard, published = cytube["last_event_time"], events["last_event_time"]
    # Both are ISO times of the robot's own clock; before the first event they are null.
    caught_up = heard is None or (published is not None and published >= heard)
    return Connection(
        cytube["connected"] is True, cytube["connected_since"], caught_up, whole(events["failed"])
    )


def _reply(answer: Mapping[str, Any]) -> Reply:
    """The outer `success` only says that the robot tried (docs/kryten.md 2)."""
    if answer.get("success") is not True:
        error = _words(answer.get("error"))
        if "not available" in error:
            raise ChannelUnavailable(_DISABLED)
        return Reply(error=error)
    data = answer.get("data")
    if not isinstance(data, dict) or data.get("success") is not False:
        return Reply()
    refusal = data.get("queue_fail")
    message = refusal.get("msg") if isinstance(refusal, dict) else None
    return Reply(error=_words(data.get("error")), queue_fail=message if isinstance(message, str) else None)


def _words(error: object) -> str:
    """An error of the robot's as people can be shown it."""
    return shorten(str(error), 120)


def _parsed(raw: bytes | None) -> Any:
    try:
        return json.loads(raw or b"")
    except (ValueError, RecursionError):
        return None
