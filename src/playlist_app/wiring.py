"""Which concrete adapter plays which role: the only page of the app that names them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing

from attrs import Factory, frozen

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
from playlist_app.config import CatalogSettings, Database, Settings, Site, Source
from playlist_app.demo.stage import Stage
from playlist_app.demo.titles import DemoTitles
from playlist_app.services import Library, Services
from playlist_app.tasks import background
from playlist_core.ports import Buckets, CatalogIndex, CatalogSource, Clock, KVStore, Randomness, Spawn


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
async def wire_files(settings: Settings) -> AsyncGenerator[Library, None]:
    """Catalogue and playlists for the command line; takes the data directory as the service does."""
    system = System()
    source = _later(settings.catalog, system)
    async with _sqlite(settings) as storage, background() as tasks:
        library = compose_library(settings, _parts(system, storage, source, tasks.start_soon))
        await library.refreshing.abandon()
        yield library


def catalog_source(catalog: CatalogSettings, system: System) -> CatalogSource | None:
    """The connector for the configured source, if any."""
    return None if catalog.source is None else _connector(catalog.source, catalog, system)


def _later(catalog: CatalogSettings, system: System) -> CatalogSource | None:
    """The same, made when a refresh wants it: a search does not wait for aiohttp to be loaded."""
    source = catalog.source
    return None if source is None else DeferredSource(lambda: _connector(source, catalog, system))


def _connector(source: Source, catalog: CatalogSettings, system: System) -> CatalogSource:
    match source:
        case Site(url):
            return _site(url, catalog, system)
        case Database(dsn):
            password = catalog.password if source.password is None else source.password
            return DatabaseSource(dsn, password=password, media_base_url=catalog.media_url)
        case path:
            return ExportSource(path, media_base_url=catalog.media_url)


def _site(url: str, catalog: CatalogSettings, system: System) -> CatalogSource:
    from playlist_adapters.mediacms.api import ApiCredentials, ApiSource

    credentials = None
    if catalog.token is not None:
        credentials = ApiCredentials.of_token(catalog.token)
    elif catalog.username is not None and catalog.password is not None:
        credentials = ApiCredentials.of_password(catalog.username, catalog.password)
    return ApiSource(url, credentials=credentials, clock=system.clock, randomness=system.randomness)


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
        services = compose(settings, parts, channel, demo=Stage(channel, manifests))
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
    return Buckets(
        auth=bucket("kryten_playlist_auth"),
        acl=bucket("kryten_playlist_acl"),
        playlists=bucket("kryten_playlist_playlists"),
        history=bucket("kryten_playlist_history"),
        snapshot=bucket("kryten_playlist_snapshot"),
        analytics=bucket("kryten_playlist_analytics"),
    )
