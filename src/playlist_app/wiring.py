"""Which concrete adapter plays which role: the only page of the app that names them."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from typing import TYPE_CHECKING, Final

from anyio.abc import TaskGroup
from attrs import Factory, fields, frozen

from playlist_adapters.channel.simulated import demo_channel
from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.index.sqlite import SQLiteIndex
from playlist_adapters.kv.datadir import lock_data_dir
from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_adapters.mediacms.database import DatabaseSource
from playlist_adapters.mediacms.deferred import DeferredSource
from playlist_adapters.mediacms.export import ExportSource
from playlist_adapters.system import SystemClock, SystemRandomness
from playlist_app.compose import Parts, compose, compose_library
from playlist_app.config import CatalogSettings, Database, NatsSettings, Settings, Site, Source
from playlist_app.demo.stage import Stage
from playlist_app.demo.titles import DemoTitles
from playlist_app.inspection import Peers
from playlist_app.membership import Membership
from playlist_app.services import Library, Services
from playlist_app.tasks import background
from playlist_app.version import version
from playlist_core.ports import Buckets, CatalogIndex, CatalogSource, Clock, KVStore, Randomness, Spawn
from playlist_core.services.migrating import Migrating

if TYPE_CHECKING:
    from playlist_adapters.bus import Bus
    from playlist_adapters.caller import BusCaller

# The buckets of CONTRACTS section 3 by their roles.
_BUCKETS: Final = {each.name: f"kryten_playlist_{each.name}" for each in fields(Buckets)}
# What every request looks up comes from a copy in this process.
_READ_ALL_THE_TIME: Final = frozenset({"auth", "acl"})
# Whoever types a command wants to know soon that NATS is not there.
_CALLER_WAITS: Final = 5.0


@frozen(kw_only=True)
class System:
    """Time and chance: the machine's own, unless a test brings others."""

    clock: Clock = Factory(SystemClock)
    randomness: Randomness = Factory(SystemRandomness)


@frozen
class Storage:
    """Where things are kept."""

    buckets: Buckets
    index: CatalogIndex


@asynccontextmanager
async def wire_embedded(
    settings: Settings, *, system: System | None = None
) -> AsyncGenerator[Services, None]:
    """Everything in this process, data in the data directory: KV and index in SQLite, a simulated channel.

    Raises Conflict `data_dir_in_use` when another process has the directory.
    """
    async with _sqlite(settings) as storage:
        system = system or System()
        source = catalog_source(settings.catalog, system)
        async with _simulated(settings, system, storage, source) as services:
            # The directory is ours alone: whoever left a run open in it is dead.
            await services.queue.applying.book.abandon()
            await services.library.refreshing.abandon()
            yield services


@asynccontextmanager
async def wire_memory(
    settings: Settings, source: CatalogSource | None, *, system: System | None = None
) -> AsyncGenerator[Services, None]:
    """Everything in memory, nothing kept: for acceptance runs, and for whoever tries the library."""
    storage = Storage(_buckets(lambda _: MemoryKV()), MemoryIndex())
    async with _simulated(settings, system or System(), storage, source) as services:
        yield services


@asynccontextmanager
async def wire_kryten(
    settings: Settings, nats: NatsSettings, *, http_port: int | None = None, system: System | None = None
) -> AsyncGenerator[Membership, None]:
    """The service within a Kryten installation: its NATS, the robot's channel, the index on this machine.

    `http_port` is where it says of itself that health and metrics are told.

    What it is made of is loaded here: a search on the command line does without.

    Raises Unavailable when NATS is not there; the robot may come later.
    """
    from playlist_adapters.bus import Announced, open_bus
    from playlist_adapters.channel.kryten import Wish, open_channel
    from playlist_adapters.lifecycle import Lifecycle
    from playlist_adapters.requests import BusRequests

    system = system or System()
    announced = Announced(name=settings.service_name, version=version(), http_port=http_port)
    wish = Wish(settings.cytube_domain, settings.cytube_channel)
    async with AsyncExitStack() as stack:
        stack.enter_context(lock_data_dir(settings.data_dir))
        index = stack.enter_context(closing(SQLiteIndex(settings.sqlite_path)))
        bus = await stack.enter_async_context(open_bus(nats, announced=announced))
        tasks = await stack.enter_async_context(background())
        storage = Storage(await _joined_buckets(settings, bus, tasks), index)
        channel = await stack.enter_async_context(open_channel(bus, wish, clock=system.clock))
        parts = _parts(system, storage, catalog_source(settings.catalog, system), tasks.start_soon)
        lifecycle = Lifecycle(bus)
        yield Membership(
            compose(settings, parts, channel, feed=channel),
            requests=BusRequests(bus),
            randomness=system.randomness,
            connected=lambda: bus.connected,
            channel_name=lambda: channel.place and channel.place.channel,
            stay_listed=lifecycle.stay_listed,
            told_to_restart=lifecycle.told_to_restart,
            closed=bus.closed,
        )


async def _joined_buckets(
    settings: Settings, bus: "Bus", tasks: TaskGroup, *, but: Collection[str] = ()
) -> Buckets:
    """The buckets on NATS, `but` those not there and not to be made; of large values only the keys."""
    from playlist_adapters.kv.jetstream import bind_bucket

    found: dict[str, KVStore] = {role: MemoryKV() for role in _BUCKETS}
    for role, name in _bucket_names(settings).items():
        if name not in but:
            copied = role in _READ_ALL_THE_TIME
            bucket = await bind_bucket(bus, name, copied=copied, replicas=settings.nats_replicas)
            tasks.start_soon(bucket.follow)
            found[role] = bucket
    return Buckets(**found)


def _bucket_names(settings: Settings) -> Mapping[str, str]:
    prefix = settings.nats_bucket_prefix or ""
    return {role: f"{prefix}{name}" for role, name in _BUCKETS.items()}


@asynccontextmanager
async def open_caller(settings: Settings, nats: NatsSettings) -> AsyncGenerator["BusCaller", None]:
    """Somebody who asks the running service; raises Unavailable when NATS is not there."""
    from playlist_adapters.bus import open_bus
    from playlist_adapters.caller import BusCaller

    async with open_bus(nats, patience=_CALLER_WAITS) as bus:
        yield BusCaller(bus, f"{settings.nats_subject_prefix}.{settings.service_name.lower()}.cmd")


@asynccontextmanager
async def wire_migration(settings: Settings, *, apply: bool) -> AsyncGenerator[Migrating, None]:
    """What an earlier version has stored: on NATS where the settings name it, else in the data directory.

    On NATS nothing is made unless to `apply`, and NotFound `no_buckets` is raised where none is.
    """
    nats, system = settings.nats, System()
    opened = _sqlite(settings) if nats is None else _shared(settings, nats, apply=apply)
    async with opened as storage:
        yield Migrating.over(
            storage.buckets,
            storage.index,
            namespace=settings.namespace,
            clock=system.clock,
            randomness=system.randomness,
        )


@asynccontextmanager
async def _shared(settings: Settings, nats: NatsSettings, *, apply: bool) -> AsyncGenerator[Storage, None]:
    """What is on NATS, with a copy of the index: a service may run beside, and has the data directory."""
    from playlist_adapters.bus import open_bus
    from playlist_adapters.looks import NatsLooks, copy_of_index

    async with open_bus(nats, patience=_CALLER_WAITS) as bus, background() as tasks:
        missing = await NatsLooks(bus).missing(_bucket_names(settings).values())
        buckets = await _joined_buckets(settings, bus, tasks, but=() if apply else missing)
        yield Storage(buckets, await copy_of_index(settings.sqlite_path))


def peers(settings: Settings) -> Peers:
    """Whom `config check` asks; asking makes nothing and changes nothing."""
    from playlist_adapters.looks import holder_of, look_at_index, look_at_nats

    nats = settings.nats
    return Peers(
        holder=partial(holder_of, settings.data_dir),
        index=partial(look_at_index, settings.sqlite_path),
        source=catalog_source(settings.catalog, System(), tries=1),
        nats=None if nats is None else partial(look_at_nats, nats, patience=_CALLER_WAITS),
        buckets=tuple(_bucket_names(settings).values()),
    )


@asynccontextmanager
async def wire_files(settings: Settings) -> AsyncGenerator[Library, None]:
    """Catalogue and playlists for the command line; takes the data directory as the service does."""
    system = System()
    source = _later(settings.catalog, system)
    async with _sqlite(settings) as storage, background() as tasks:
        library = compose_library(settings, _parts(system, storage, source, tasks.start_soon))
        await library.refreshing.abandon()
        yield library


def catalog_source(
    catalog: CatalogSettings, system: System, *, tries: int | None = None
) -> CatalogSource | None:
    """The connector for the configured source, if any; `tries` is how often a site is asked the same."""
    return None if catalog.source is None else _connector(catalog.source, catalog, system, tries)


def _later(catalog: CatalogSettings, system: System) -> CatalogSource | None:
    """The same, made when a refresh wants it: a search does not wait for aiohttp to be loaded."""
    source = catalog.source
    return None if source is None else DeferredSource(lambda: _connector(source, catalog, system))


def _connector(
    source: Source, catalog: CatalogSettings, system: System, tries: int | None = None
) -> CatalogSource:
    match source:
        case Site(url):
            return _site(url, catalog, system, tries)
        case Database(dsn):
            password = catalog.password if source.password is None else source.password
            return DatabaseSource(dsn, password=password, media_base_url=catalog.media_url)
        case path:
            return ExportSource(path, media_base_url=catalog.media_url)


def _site(url: str, catalog: CatalogSettings, system: System, tries: int | None) -> CatalogSource:
    from playlist_adapters.mediacms.api import ApiCredentials, ApiSource
    from playlist_adapters.mediacms.api.retries import Manners

    credentials = None
    if catalog.token is not None:
        credentials = ApiCredentials.of_token(catalog.token)
    elif catalog.username is not None and catalog.password is not None:
        credentials = ApiCredentials.of_password(catalog.username, catalog.password)
    return ApiSource(
        url,
        credentials=credentials,
        clock=system.clock,
        randomness=system.randomness,
        manners=Manners() if tries is None else Manners(tries=tries),
    )


@asynccontextmanager
async def _sqlite(settings: Settings) -> AsyncGenerator[Storage, None]:
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(lock_data_dir(settings.data_dir))
        index = stack.enter_context(closing(SQLiteIndex(settings.sqlite_path)))
        store = await stack.enter_async_context(open_sqlite_store(directory / "store.sqlite3"))
        yield Storage(_buckets(store.bucket), index)


@asynccontextmanager
async def _simulated(
    settings: Settings, system: System, storage: Storage, source: CatalogSource | None
) -> AsyncGenerator[Services, None]:
    # When this ends, runs under way are told to stop; they write down how far they came.
    async with background() as tasks:
        manifests = settings.manifest_url_template
        titles = DemoTitles(manifests)
        channel = demo_channel(system.clock, titles.look_up)
        parts = _parts(system, storage, source, tasks.start_soon)
        services = compose(settings, parts, channel, feed=channel, demo=Stage(channel, manifests))
        await titles.follow(services.library.catalog)
        yield services


def _parts(system: System, storage: Storage, source: CatalogSource | None, spawn: Spawn) -> Parts:
    return Parts(
        clock=system.clock,
        randomness=system.randomness,
        buckets=storage.buckets,
        index=storage.index,
        source=source,
        spawn=spawn,
    )


def _buckets(bucket: Callable[[str], KVStore]) -> Buckets:
    return Buckets(**{role: bucket(name) for role, name in _BUCKETS.items()})
