"""Looks at everything outside that change nothing, for `config check`: files, NATS, the robot."""

import fcntl
import os
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from anyio import to_thread
from attrs import define, frozen
from nats.js.errors import NotFoundError

from playlist_adapters.bus import Bus, open_bus
from playlist_adapters.channel.kryten.robot import Robot
from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.index.snapshot_reader import SnapshotReader
from playlist_adapters.nats_access import NatsAccess
from playlist_adapters.nats_connecting import ServerFacts
from playlist_adapters.nats_errors import asking
from playlist_core.domain.catalog import SnapshotInfo, no_snapshot
from playlist_core.errors import ChannelUnavailable, NotFound, Unavailable


def holder_of(directory: Path) -> int | None:
    """The process that has locked the data directory, if any, as `lock_data_dir` does it.

    Raises Unavailable where that cannot be seen. For an instant it holds a shared lock itself.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        try:
            descriptor = os.open(directory / "lock", os.O_RDONLY)
        except PermissionError as exc:
            raise Unavailable(f"The lock in {directory} may not be read by this user.") from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(descriptor, 32, 0).strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
    return None


async def look_at_index(path: Path) -> SnapshotInfo:
    """What is in the index file, also while a service has it open.

    Raises Unavailable: `no_snapshot` where there is none, `index_unreadable` for a file that is not ours
    or that this user may not read.
    """
    return await to_thread.run_sync(_info, path, abandon_on_cancel=True)


def _info(path: Path) -> SnapshotInfo:
    reader = _opened(path)
    reader.close()
    return reader.info


def _opened(path: Path) -> SnapshotReader:
    """The index; raises as `look_at_index`."""
    try:
        # A directory that is closed to this user, which the service's own never is, SQLite would not name.
        with path.open("rb"):
            pass
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise no_snapshot() from exc
    except OSError as exc:
        raise Unavailable(f"{path} cannot be read: {exc.strerror}.", code="index_unreadable") from exc
    return SnapshotReader.open(path)


async def copy_of_index(path: Path) -> MemoryIndex:
    """What is in the index file, also while a service has it open; nothing where it cannot be read."""
    copy = MemoryIndex()
    with suppress(Unavailable), closing(_opened(path)) as reader:
        info = reader.info
        items = reader.items_from(0, limit=info.item_count)
        async with copy.rebuild(info.snapshot_id, source=info.source, created_at=info.created_at) as writer:
            await writer.add(items)
    return copy


@frozen(kw_only=True)
class BucketFacts:
    """A bucket as it is; `ttl_seconds` is 0 where nothing expires, `max_value_bytes` None without limit."""

    values: int
    replicas: int
    ttl_seconds: float
    max_value_bytes: int | None


@frozen(kw_only=True)
class JetStreamFacts:
    """How many streams the account has and may have; None is no limit."""

    streams: int
    max_streams: int | None


@frozen(kw_only=True)
class RobotFacts:
    """What the robot says of itself; `since` is ISO 8601, `rank` None while the bot is no user there."""

    version: str
    domain: str
    channel: str
    takes_commands: bool
    connected: bool
    since: str | None
    bot: str
    rank: float | None


@define(eq=False)
class NatsLooks:
    """What can be asked through a connection; every question raises Unavailable where there is no answer."""

    bus: Bus

    @property
    def server(self) -> ServerFacts:
        return self.bus.server

    @property
    def max_payload(self) -> int:
        """The bytes a message may have."""
        return self.bus.max_payload

    async def jetstream(self) -> JetStreamFacts:
        self.bus.require_connection()
        with asking("buckets"):
            account = await self.bus.jetstream().account_info()
        most = account.limits.max_streams
        return JetStreamFacts(streams=account.streams, max_streams=most if most >= 0 else None)

    async def bucket(self, name: str) -> BucketFacts | None:
        """None where there is no such bucket."""
        self.bus.require_connection()
        with asking(f"bucket {name}"):
            try:
                stream = await self.bus.jetstream().stream_info(f"KV_{name}")
            except NotFoundError:
                return None
        size = stream.config.max_msg_size
        return BucketFacts(
            values=stream.state.messages,
            replicas=stream.config.num_replicas or 1,
            ttl_seconds=stream.config.max_age or 0,
            max_value_bytes=size if size is not None and size >= 0 else None,
        )

    async def missing(self, names: Collection[str]) -> set[str]:
        """The buckets that are not there; NotFound `no_buckets` where none is."""
        missing = {name for name in names if await self.bucket(name) is None}
        if len(missing) == len(names):
            told = ", ".join(names)
            raise NotFound(
                f"This NATS has none of {told}: look at nats_url and nats_bucket_prefix.", code="no_buckets"
            )
        return missing

    async def robot(self) -> RobotFacts:
        """The robot that answers first; one that falls silent is given up after two seconds."""
        robot = _CandidRobot(self.bus)
        places = await robot.places()
        if not places:
            raise ChannelUnavailable("The robot is in no channel.")
        connection = await robot.connection()
        bot = await robot.bot_name(places[0])
        ranks = [user["rank"] for user in await robot.users() if str(user["name"]).lower() == bot.lower()]
        return RobotFacts(
            version=await robot.version(),
            domain=places[0].domain,
            channel=places[0].channel,
            takes_commands=await robot.takes_commands(),
            connected=connection.connected,
            since=connection.since,
            bot=bot,
            rank=ranks[0] if ranks else None,
        )


@asynccontextmanager
async def look_at_nats(nats: NatsAccess, *, patience: float) -> AsyncGenerator[NatsLooks, None]:
    """A connection that announces nothing; raises as `open_bus`."""
    async with open_bus(nats, patience=patience) as bus:
        yield NatsLooks(bus)


@define(eq=False)
class _CandidRobot(Robot):
    """The robot, asked also what only people want to know."""

    async def version(self) -> str:
        return await self._query("system.version", lambda data: str(data["version"]))

    async def takes_commands(self) -> bool:
        return await self._query("system.config", lambda data: data["commands"]["enabled"] is True)
