"""The channel read from the robot's state: for a start, and after a hole in what was heard."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.cytube.view import ChannelView
from playlist_adapters.channel.kryten.place import Place
from playlist_adapters.channel.kryten.robot import OnAir, Robot
from playlist_core.ports import Clock

_FIRST_UID: Final = 0
# CyTube moves from the lead-in to the item itself by an event of its own, which we may have missed.
_LEAD_IN: Final = timedelta(seconds=3)
_RANK_UNKNOWN: Final = 0.0


async def read_channel(
    robot: Robot, place: Place, bot: str, *, before: ChannelView, same_session: bool, clock: Clock
) -> ChannelView:
    """A view of the channel as the robot holds it, one generation after `before`.

    Rights and options are told at a join only, so they are kept; before any was heard, CyTube's defaults
    count, which are the strict ones. Raises ChannelUnavailable.
    """
    items, users = await robot.playlist(), await robot.users()
    on_air = await robot.on_air(place)
    view = ChannelView(
        generation=before.generation,
        max_items=before.max_items,
        permissions=before.permissions,
        allow_dupes=before.allow_dupes,
    )
    if same_session:
        items = _as_known(items, before)
    view.take(Frame(clock.now(), "playlist", (items,)))
    view.take(Frame(clock.now(), "userlist", (users,)))
    view.take(Frame(clock.now(), "rank", (_rank(users, bot),)))
    if on_air is not None:
        for frame in _playing(on_air, items):
            view.take(frame)
    return view


def _as_known(items: list[Any], before: ChannelView) -> list[Any]:
    """The list, where the robot is known to be wrong as we knew it (docs/kryten.md 3): it neither takes uid 0
    off the list nor hears of temp flags."""
    temp = {item.uid: item.temp for item in before.items}
    return [
        {**item, "temp": temp.get(item["uid"], item["temp"])}
        for item in items
        if item["uid"] != _FIRST_UID or before.holds(_FIRST_UID)
    ]


def _rank(users: list[Any], bot: str) -> float:
    """The bot's rank, which only the list of users tells truly."""
    ranks = [user["rank"] for user in users if str(user["name"]).lower() == bot.lower()]
    return ranks[0] if ranks else _RANK_UNKNOWN


def _playing(on_air: OnAir, items: list[Any]) -> list[Frame]:
    """What plays, as the frames that would have told it; nothing for a record that is of an earlier list."""
    media = {item["uid"]: item["media"]["id"] for item in items}
    uid = on_air.uid if on_air.uid in media else _uid_of(on_air.media_id, media)
    if uid is None:
        return []
    at, position = on_air.at, on_air.position_seconds
    paused = on_air.paused
    if position < 0:
        at, position, paused = at + _LEAD_IN, 0.0, False
    update = {"currentTime": position, "paused": paused}
    return [Frame(at, "setCurrent", (uid,)), Frame(at, "mediaUpdate", (update,))]


def _uid_of(media_id: str, media: Mapping[int, str]) -> int | None:
    return next((uid for uid, each in media.items() if each == media_id), None)
