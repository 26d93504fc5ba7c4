"""The stage on which the contract of the channel ports is played, and what its tests do again and again."""
# ruff: noqa: S101 - a suite asserts

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import anyio

from playlist_core.domain.queue import Position, QueueItem, QueueSnapshot
from playlist_core.ports import Clock, PlayFeed, PMSender, QueueGateway, UserDirectory

END, NEXT = Position.END, Position.NEXT
EVENTUALLY_SECONDS = 15.0


class ChannelStage(Protocol):
    """The adapter under test, and hands on the channel behind its back."""

    @property
    def gateway(self) -> QueueGateway: ...
    @property
    def pms(self) -> PMSender: ...
    @property
    def users(self) -> UserDirectory: ...
    @property
    def plays(self) -> PlayFeed: ...
    @property
    def clock(self) -> Clock:
        """The clock the adapter sleeps on."""
        ...

    @property
    def add_takes(self) -> float:
        """The seconds after which the adapter takes an add without an answer for unknown."""
        ...

    @property
    def bot(self) -> str:
        """The bot's name as the channel spells it."""
        ...

    def manifest(self, slug: str, *, seconds: int = 600, slow: float = 0, broken: bool = False) -> str:
        """The address of a manifest titled `slug`; it answers after `slow` seconds, a broken one with 404."""
        ...

    async def join(self, name: str, rank: float) -> None: ...
    async def leave(self, name: str) -> None: ...
    async def send_as(self, name: str, event: str, payload: Any = None) -> None:
        """Let somebody who has joined send a CyTube frame."""
        ...

    async def messages_to(self, name: str) -> Sequence[str]:
        """The private messages somebody got, oldest first, as the channel sent them (HTML)."""
        ...

    async def disconnect(self) -> None:
        """Take the channel away from the bot, and return when the adapter can know."""
        ...

    async def reconnect(self) -> None:
        """Give it back, and return when the bot is in."""
        ...


async def fill(stage: ChannelStage, *slugs: str, temp: bool = False) -> list[QueueItem]:
    """Add an item for each slug at the end, as the channel took them."""
    return [await stage.gateway.add(stage.manifest(slug), position=END, temp=temp) for slug in slugs]


async def era(stage: ChannelStage) -> int:
    """The generation of this moment."""
    return (await stage.gateway.snapshot()).generation


async def titles(stage: ChannelStage) -> list[str]:
    return [item.title for item in (await stage.gateway.snapshot()).items]


async def on_air(stage: ChannelStage) -> str | None:
    snapshot = await stage.gateway.snapshot()
    index = snapshot.current_index
    return None if index is None else snapshot.items[index].title


async def eventually(stage: ChannelStage, check: Callable[[QueueSnapshot], bool]) -> QueueSnapshot:
    """The first snapshot that fits; AssertionError when none does for a while."""
    deadline = stage.clock.monotonic() + EVENTUALLY_SECONDS
    while not check(snapshot := await stage.gateway.snapshot()):
        assert stage.clock.monotonic() < deadline, f"never came: {snapshot}"
        await stage.clock.sleep(0.1)
    return snapshot


async def allow(stage: ChannelStage, levels: Mapping[str, float]) -> None:
    """Let an administrator of the channel change the permissions."""
    await stage.join("admin_of_this", 3)
    await stage.send_as("admin_of_this", "setPermissions", dict(levels))


@asynccontextmanager
async def unchanged(stage: ChannelStage) -> AsyncIterator[None]:
    """Check that the list is afterwards what it was before."""
    before = (await stage.gateway.snapshot()).items
    yield
    assert (await stage.gateway.snapshot()).items == before


async def together(operations: Sequence[Callable[[], Awaitable[object]]]) -> None:
    """Begin all at once, in this order."""
    async with anyio.create_task_group() as tasks:
        for operation in operations:
            tasks.start_soon(_await, operation)


async def _await(operation: Callable[[], Awaitable[object]]) -> None:
    await operation()
