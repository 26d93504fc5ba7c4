"""The settings: what can be set, read from a file and the environment."""

from playlist_app.config.given import Notice, Origin, environment_name
from playlist_app.config.keys import CatalogSettings, QueueRepeat, Settings
from playlist_app.config.loading import (
    DEFAULT_PATH,
    ConfigInvalid,
    Loaded,
    Problem,
    Shown,
    describe,
    load,
    load_settings,
)
from playlist_app.config.nats import NatsSettings
from playlist_app.config.sources import Database, Site, Source

__all__ = (
    "DEFAULT_PATH",
    "CatalogSettings",
    "ConfigInvalid",
    "Database",
    "Loaded",
    "NatsSettings",
    "Notice",
    "Origin",
    "Problem",
    "QueueRepeat",
    "Settings",
    "Shown",
    "Site",
    "Source",
    "describe",
    "environment_name",
    "load",
    "load_settings",
)
