"""The simulated channel as the demo shows it and lets people move it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from attrs import define, field

from playlist_app.shapes.demo import DemoChannelView, DemoCommand, DemoOrder, DemoPM, DemoUser
from playlist_app.shapes.queue import NowPlayingView, QueueItemView, queue_item_view
from playlist_core.domain.identity import Username
from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.domain.queue import NowPlaying, QueueItem
from playlist_core.errors import InvalidInput
from playlist_core.ports import ChannelUser

_REFUSALS_AT_ONCE: Final = 1_000


class _Message(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def text(self) -> str: ...


class _Sent(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def command(self) -> str: ...
    @property
    def details(self) -> Sequence[tuple[str, Any]]: ...


class Playhouse(Protocol):
    """What the stage needs of a simulated channel."""

    @property
    def now_playing(self) -> NowPlaying | None: ...
    @property
    def queue(self) -> tuple[QueueItem, ...]: ...
    @property
    def users(self) -> tuple[ChannelUser, ...]: ...
    @property
    def connected(self) -> bool: ...
    def commands(self) -> Sequence[_Sent]: ...
    def inbox(self, name: str) -> Sequence[_Message]: ...
    def join(self, name: str, rank: float = 1) -> Any: ...
    def leave(self, name: str) -> None: ...
    def skip(self) -> None: ...
    def disconnect(self) -> None: ...
    def reconnect(self) -> None: ...
    def refuse_next(self, reason: str, count: int = 1, media_id: str | None = None) -> None: ...


@define(eq=False)
class Stage:
    """`DemoChannel` over a simulated channel."""

    channel: Playhouse
    manifests: ManifestTemplate
    _guests: dict[str, str] = field(factory=dict[str, str], init=False)

    def view(self, *, commands: bool = True) -> DemoChannelView:
        """Everything about the channel at this moment; without `commands` their list is empty."""
        queue = tuple(queue_item_view(item, self.manifests) for item in self.channel.queue)
        users = self.channel.users
        names = {user.name.key: user.name.spelling for user in users} | self._guests
        pms = [
            DemoPM(to=spelling, text=message.text, at=message.at)
            for key, spelling in names.items()
            for message in self.channel.inbox(key)
        ]
        return DemoChannelView(
            connected=self.channel.connected,
            now_playing=_now_playing(self.channel.now_playing, queue),
            queue=queue,
            users=tuple(DemoUser(user.name.spelling, user.rank) for user in users),
            pms=tuple(sorted(pms, key=lambda message: message.at)),
            commands=tuple(map(_command, self.channel.commands())) if commands else (),
        )

    def act(self, order: DemoOrder) -> None:
        """Carry out what somebody asked the channel to do; raises InvalidInput, NotFound."""
        actions: dict[str, Callable[[DemoOrder], None]] = {
            "join": self._join,
            "leave": self._leave,
            "skip": lambda _: self.channel.skip(),
            "refuse_next": self._refuse_next,
            "disconnect": lambda _: self.channel.disconnect(),
            "reconnect": lambda _: self.channel.reconnect(),
        }
        actions[order.action](order)

    def _join(self, order: DemoOrder) -> None:
        name = _name(order)
        self.channel.join(name.spelling)
        self._guests[name.key] = name.spelling

    def _leave(self, order: DemoOrder) -> None:
        self.channel.leave(_name(order).spelling)

    def _refuse_next(self, order: DemoOrder) -> None:
        if not 1 <= order.count <= _REFUSALS_AT_ONCE:
            raise InvalidInput.of("count", f"must be from 1 to {_REFUSALS_AT_ONCE}")
        media_id = None if order.video_id is None else self.manifests.url(order.video_id)
        self.channel.refuse_next(order.reason or "bad_manifest", count=order.count, media_id=media_id)


def _name(order: DemoOrder) -> Username:
    if order.name is None:
        raise InvalidInput.of("name", "is missing; who?")
    try:
        return Username.parse(order.name)
    except InvalidInput as exc:
        raise InvalidInput.of("name", exc.details["problem"]) from exc


def _now_playing(now: NowPlaying | None, queue: Sequence[QueueItemView]) -> NowPlayingView | None:
    for item in queue:
        if now is not None and item.uid == now.uid:
            return NowPlayingView(
                uid=item.uid,
                video_id=item.video_id,
                title=item.title,
                display_title=item.display_title,
                duration_seconds=item.duration_seconds,
                position_seconds=now.position_seconds,
            )
    return None


def _command(sent: _Sent) -> DemoCommand:
    detail = " ".join(f"{name}={value}" for name, value in sent.details)
    return DemoCommand(at=sent.at, command=sent.command, detail=detail)
