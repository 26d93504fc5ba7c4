"""The settings a command works with: from its file, the environment, and its own options."""

import argparse
import os
from pathlib import Path

from attrs import evolve

from playlist_app.config import Settings, load


def settings_of(args: argparse.Namespace) -> Settings:
    """Raises ConfigInvalid that lists everything that is wrong."""
    settings = load(args.config, os.environ).settings
    if args.data_dir is not None:
        settings = settings.kept_in(args.data_dir)
    return settings


def with_source(settings: Settings, source: Path | None) -> Settings:
    """The settings with another catalogue source, if one is named."""
    if source is None:
        return settings
    return evolve(settings, catalog=evolve(settings.catalog, source=source))
