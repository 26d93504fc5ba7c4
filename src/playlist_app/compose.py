"""The use-cases put together over whatever adapters wiring has chosen."""

import os
import platform
from typing import Protocol

from attrs import astuple, frozen

from playlist_app.config import Settings
from playlist_app.events import EventHub
from playlist_app.services import DemoChannel, Library, Services
from playlist_core.domain.playlists import Playlist, Record
from playlist_core.domain.refresh import RefreshLease, RefreshReport
from playlist_core.domain.runs import ApplyLease, FormerQueue, Run
from playlist_core.domain.sharing import CurrentNote, SnapshotNote
from playlist_core.ports import (
    Buckets,
    CatalogIndex,
    CatalogSource,
    Clock,
    KVStore,
    PlayFeed,
    PMSender,
    QueueGateway,
    Randomness,
    Spawn,
    UserDirectory,
)
from playlist_core.services.access import Access
from playlist_core.services.applying import Applying
from playlist_core.services.catalog import Catalog
from playlist_core.services.following import Following
from playlist_core.services.health import Health
from playlist_core.services.history import Buried, PlaylistHistory
from playlist_core.services.leases import RefreshLeases
from playlist_core.services.login import Login
from playlist_core.services.marathons import Marathons
from playlist_core.services.names import Claim, PlaylistNames
from playlist_core.services.namespace import Namespace
from playlist_core.services.parts import SnapshotPart
from playlist_core.services.play_ledger import PlayLedger
from playlist_core.services.playlists import Playlists
from playlist_core.services.plays import PlayCount
from playlist_core.services.progress import RefreshProgress
from playlist_core.services.queue import ChannelQueue
from playlist_core.services.refreshing import Refreshing
from playlist_core.services.runs import RunBook
from playlist_core.services.scheduling import ScheduledRefreshes
from playlist_core.services.snapshots import SharedSnapshots


class Channel(QueueGateway, PMSender, UserDirectory, Protocol):
    """The three roles that one connection to a channel plays."""


@frozen(kw_only=True)
class Parts:
    """The adapters that work without a channel, by role, and where background work goes."""

    clock: Clock
    randomness: Randomness
    buckets: Buckets
    index: CatalogIndex
    source: CatalogSource | None
    spawn: Spawn


def compose_library(settings: Settings, parts: Parts) -> Library:
    """Catalogue, playlists and marathons."""
    catalog = Catalog(parts.index)
    refreshing = _refreshing(settings, parts, catalog)
    playlists = _playlists(settings, parts)
    return Library(
        catalog=catalog,
        refreshing=refreshing,
        following=Following(refreshing),
        playlists=playlists,
        marathons=Marathons(playlists, catalog, parts.randomness),
    )


def compose(
    settings: Settings,
    parts: Parts,
    channel: Channel,
    *,
    feed: PlayFeed | None = None,
    demo: DemoChannel | None = None,
) -> Services:
    """All services over the adapters and a channel; without a `feed` no plays are counted."""
    clock, randomness, buckets = parts.clock, parts.randomness, parts.buckets
    library = compose_library(settings, parts)
    return Services(
        settings=settings,
        clock=clock,
        access=Access.over(
            buckets.acl,
            namespace=settings.namespace,
            admins=frozenset(settings.admins),
            clock=clock,
            randomness=randomness,
        ),
        login=Login.over(
            buckets.auth,
            namespace=settings.namespace,
            pms=channel,
            users=channel,
            clock=clock,
            randomness=randomness,
            rules=settings.login_rules,
            limit_rules=settings.limit_rules,
        ),
        library=library,
        queue=_queue(settings, parts, channel, library.playlists),
        health=Health(astuple(buckets, recurse=False), parts.index, channel),
        events=EventHub(randomness.identifier()),
        schedule=_schedule(settings, parts, library.refreshing),
        plays=_plays(settings, parts, feed),
        demo=demo,
    )


def _queue(settings: Settings, parts: Parts, channel: Channel, playlists: Playlists) -> ChannelQueue:
    book = _run_book(settings, parts)
    return ChannelQueue(
        channel,
        playlists=playlists,
        index=parts.index,
        allow_blessed_hard_replace=settings.allow_blessed_hard_replace,
        applying=Applying(channel, book, clock=parts.clock, spawn=parts.spawn),
        manifests=settings.manifest_url_template,
        clock=parts.clock,
        randomness=parts.randomness,
        queue_temp=settings.queue_temp,
    )


def _refreshing(settings: Settings, parts: Parts, catalog: Catalog) -> Refreshing:
    space = _namespace(settings, parts, parts.buckets.snapshot)
    return Refreshing(
        catalog,
        source=parts.source,
        shared=SharedSnapshots(
            space.documents(CurrentNote),
            space.documents(SnapshotNote),
            space.documents(SnapshotPart),
        ),
        leases=RefreshLeases(
            space.documents(RefreshLease, "lease"),
            holder=f"{platform.node()}:{os.getpid()}",
            clock=parts.clock,
            spawn=parts.spawn,
        ),
        reports=space.documents(RefreshReport, "last_report"),
        progress=RefreshProgress(parts.clock),
        max_shrink=settings.catalog.max_shrink,
        clock=parts.clock,
        randomness=parts.randomness,
        spawn=parts.spawn,
    )


def _schedule(settings: Settings, parts: Parts, refreshing: Refreshing) -> ScheduledRefreshes | None:
    every = settings.catalog.refresh_every
    if every is None:
        return None
    return ScheduledRefreshes(refreshing, every=every, clock=parts.clock, randomness=parts.randomness)


def _plays(settings: Settings, parts: Parts, feed: PlayFeed | None) -> PlayCount | None:
    if feed is None:
        return None
    ledger = PlayLedger.over(_namespace(settings, parts, parts.buckets.analytics))
    return PlayCount(feed, ledger, manifests=settings.manifest_url_template, clock=parts.clock)


def _playlists(settings: Settings, parts: Parts) -> Playlists:
    living = _namespace(settings, parts, parts.buckets.playlists)
    past = _namespace(settings, parts, parts.buckets.history)
    records = living.documents(Record, "playlists")
    return Playlists(
        records,
        PlaylistNames(living.documents(Claim, "names"), records, parts.clock),
        PlaylistHistory(past.documents(Playlist, "versions"), past.documents(Buried, "deleted")),
        parts.index,
        parts.clock,
        parts.randomness,
    )


def _run_book(settings: Settings, parts: Parts) -> RunBook:
    living = _namespace(settings, parts, parts.buckets.playlists)
    past = _namespace(settings, parts, parts.buckets.history)
    return RunBook(
        living.documents(Run, "runs"),
        living.documents(ApplyLease, "lease"),
        past.documents(FormerQueue, "queues"),
        parts.clock,
    )


def _namespace(settings: Settings, parts: Parts, bucket: KVStore) -> Namespace:
    return Namespace(bucket, settings.namespace, clock=parts.clock, randomness=parts.randomness)
