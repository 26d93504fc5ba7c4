"""The roles the core needs played: each Protocol states its duties and its failures.

IO is async; the current time and randomness are sync. Any port method that reaches outside may raise
`Unavailable` (nothing happened) and any that changes something `OutcomeUnknown` (it may have).
"""

from playlist_core.ports.catalogue import CatalogIndex, CatalogSource, IndexWriter
from playlist_core.ports.channel import ChannelUser, Play, PlayFeed, PMSender, QueueGateway, UserDirectory
from playlist_core.ports.store import Buckets, Change, Changed, Entry, KVStore, Reset, Watch, Whole
from playlist_core.ports.system import Clock, Randomness, Spawn

__all__ = [
    "Buckets",
    "CatalogIndex",
    "CatalogSource",
    "Change",
    "Changed",
    "ChannelUser",
    "Clock",
    "Entry",
    "IndexWriter",
    "KVStore",
    "PMSender",
    "Play",
    "PlayFeed",
    "QueueGateway",
    "Randomness",
    "Reset",
    "Spawn",
    "UserDirectory",
    "Watch",
    "Whole",
]
