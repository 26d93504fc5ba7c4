"""A CyTube channel in memory that refuses what CyTube refuses: the room, and the bot's view of it."""

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.simulated.channel import (
    BOT,
    BOT_RANK,
    DEMO_USERS,
    SimulatedChannel,
    demo_channel,
    simulated_channel,
)
from playlist_adapters.channel.simulated.connection import Account, Connection
from playlist_adapters.channel.simulated.faults import Fault
from playlist_adapters.channel.simulated.gateway import SentCommand
from playlist_adapters.channel.simulated.manifests import (
    CatalogueManifests,
    FetchFailure,
    ListedManifests,
    Manifest,
    Manifests,
    direct_source,
)
from playlist_adapters.channel.simulated.room import Room
from playlist_adapters.channel.simulated.visitors import ReceivedPM, Visitor

__all__ = [
    "BOT",
    "BOT_RANK",
    "DEMO_USERS",
    "Account",
    "CatalogueManifests",
    "Connection",
    "Fault",
    "FetchFailure",
    "Frame",
    "ListedManifests",
    "Manifest",
    "Manifests",
    "ReceivedPM",
    "Room",
    "SentCommand",
    "SimulatedChannel",
    "Visitor",
    "demo_channel",
    "direct_source",
    "simulated_channel",
]
