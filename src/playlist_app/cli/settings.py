"""The settings a command works with: from its file, the environment, and its own options."""

import argparse
import os
from pathlib import Path

from attrs import evolve

from playlist_app.cli.output import complain
from playlist_app.config import ConfigInvalid, Loaded, Problem, Settings, Source, load
from playlist_app.config.contradictions import contradictions
from playlist_core.domain.catalog import no_snapshot
from playlist_core.errors import InvalidInput


def settings_of(args: argparse.Namespace) -> Settings:
    """Raises ConfigInvalid that lists everything that is wrong, InvalidInput for an unusable directory."""
    return loaded_of(args).settings


def loaded_of(args: argparse.Namespace) -> Loaded:
    """The same with the origins of the settings and what people should know of them."""
    loaded = load(args.config, os.environ)
    directory = args.data_dir or loaded.settings.data_dir
    return evolve(loaded, settings=kept_in(loaded.settings, directory))


def with_data(settings: Settings) -> Settings:
    """The settings of a command that only reads: it makes no directory for data that is not there.

    Raises Unavailable `no_snapshot`.
    """
    if not settings.data_dir.exists():
        raise no_snapshot()
    return settings


def kept_in(settings: Settings, directory: Path) -> Settings:
    """The settings with the data in a directory; raises InvalidInput where SQLite could not open files."""
    settings = settings.kept_in(directory)
    for path in (settings.data_dir, settings.sqlite_path):
        # Absolute: also the working directory, or the home directory, may have a name that is no text.
        if not is_text(str(path.absolute())):
            problem = f"{str(path.absolute())!a} is not text in UTF-8; choose another directory"
            raise InvalidInput.of("data_dir", problem)
    return settings


def with_source(settings: Settings, source: Source | None) -> Settings:
    """The settings with another catalogue source, if one is named; credentials for a place stay with it,
    which is told on standard error.

    Raises ConfigInvalid where the source contradicts what is set for it.
    """
    if source is None:
        return settings
    changed = evolve(settings, catalog=settings.catalog.reading(source))
    if settings.catalog.goes_with(source):
        problems = [Problem("--source", problem) for _, problem in contradictions(changed)]
        if problems:
            raise ConfigInvalid(problems)
    elif settings.catalog.has_credentials:
        complain("The configured credentials belong to catalog.source and were not used.")
    return changed


def is_text(text: str) -> bool:
    """Whether it holds no lone surrogates, which stand for bytes that are not UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
