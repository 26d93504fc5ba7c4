"""What the robot publishes of the channel, and what it says about itself."""

import json
from datetime import UTC, datetime
from typing import Any, cast

from attrs import frozen

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.values import text_or_nothing
from playlist_adapters.channel.kryten.place import Place


@frozen
class Heard:
    """A CyTube frame as the robot passed it on.

    `event_id` is the same for everybody who heard it; it begins with the time at which it was passed on.
    """

    frame: Frame
    event_id: str
    sent_at: datetime


def heard(data: bytes, place: Place, *, now: datetime) -> Heard | None:
    """The frame of an event message; None for what is of another place, or no event at all."""
    body = _object(data)
    if body is None or not place.is_of(body.get("domain"), body.get("channel")):
        return None
    name = body.get("event_name")
    if not isinstance(name, str):
        return None
    sent_at = _time(body.get("timestamp")) or now
    event_id = f"{sent_at.isoformat()}-{text_or_nothing(body.get('correlation_id'))[:8]}"
    return Heard(Frame(now, name, (body.get("payload"),)), event_id, sent_at)


def news_of_robot(subject: str, data: bytes) -> tuple[str, dict[str, Any]]:
    """What a lifecycle message says: `startup`, `connected`, … and its fields."""
    return subject.rpartition(".")[2], _object(data) or {}


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return cast(dict[str, Any], body) if isinstance(body, dict) else None


def _time(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
