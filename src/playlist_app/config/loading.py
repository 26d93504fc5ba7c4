"""The settings from a file and the environment: all problems in one error, and where each value came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final, NamedTuple

from attrs import frozen

from playlist_app.config.contradictions import contradictions
from playlist_app.config.file import read_document
from playlist_app.config.given import CATALOG, Given, Notice, Origin, holds_secret, in_environment, in_file
from playlist_app.config.keys import KINDS, CatalogSettings, Settings
from playlist_core.errors import InvalidInput, PlaylistError

DEFAULT_PATH: Final = Path("/etc/kryten/playlist/config.json")


@frozen
class Problem:
    """What is wrong with the settings: where, and what to do about it."""

    where: str
    problem: str


class ConfigInvalid(PlaylistError):
    """The settings cannot be used; `problems` are all there are, the message has a line for each."""

    default_code = "bad_config"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{each.where}: {each.problem}" for each in self.problems]
        found = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        super().__init__(
            "\n  ".join((f"The settings cannot be used ({found}):", *lines)),
            problems=[{"where": each.where, "problem": each.problem} for each in self.problems],
        )


@frozen
class Loaded:
    """The settings, the origin of each key, the file that was read, if any, and what people should know.

    `holds_secret` is whether a secret stands in that file itself, used or not.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    path: Path | None
    notices: tuple[Notice, ...] = ()
    holds_secret: bool = False


class Shown(NamedTuple):
    """A line of `config show`; secrets in `value` are masked."""

    key: str
    value: str
    origin: Origin


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings alone; like `load`."""
    return load(path, environ).settings


def load(path: Path | None, environ: Mapping[str, str], *, default_path: Path = DEFAULT_PATH) -> Loaded:
    """Defaults, overridden by the file, overridden by variables `KRYTEN_PLAYLIST_…`.

    Without a `path` the file at `default_path` is read if there is one. Raises ConfigInvalid.
    """
    file = path or default_path
    problems: list[Problem] = []
    document = None
    try:
        document = read_document(file, needed=path is not None)
    except InvalidInput as exc:
        problems.append(_problem(exc.details["field"], exc.details["problem"]))
    written, of_file = in_file(document or {}, file, environ)
    set_, of_environment = in_environment(environ)
    given = [*written, *set_]
    problems += [_problem(each.where, each.problem) for each in given if each.problem is not None]
    settings = _settings(given)
    problems += _contradictions(settings, given)
    if problems:
        # A key that became two of ours is wrong in both.
        raise ConfigInvalid(list(dict.fromkeys(problems)))
    origins = dict.fromkeys(KINDS, Origin.DEFAULT) | {each.key: each.origin for each in given}
    notices = (Notice(_printable(each.where), each.notice) for each in (*of_file, *of_environment))
    return Loaded(
        settings,
        origins,
        None if document is None else file,
        tuple(notices),
        holds_secret=holds_secret(document or {}),
    )


def describe(loaded: Loaded) -> list[Shown]:
    """Every key with its value as text and its origin, in the order of the documentation."""
    return [
        Shown(key, kind.show(attrgetter(key)(loaded.settings)), loaded.origins[key])
        for key, kind in KINDS.items()
    ]


def _settings(given: Iterable[Given]) -> Settings:
    """The settings as they are given, later ones first; what is wrong stays at its default."""
    right = {each.key: each.value for each in given if each.problem is None}
    catalog = {key: right.pop(key) for key in KINDS if key in right and key.startswith(CATALOG)}
    return Settings(
        **right,
        catalog=CatalogSettings(**{key.removeprefix(CATALOG): each for key, each in catalog.items()}),
    )


def _contradictions(settings: Settings, given: Sequence[Given]) -> Iterator[Problem]:
    """What is wrong between keys that are right by themselves, at the place that was written last."""
    wrong = {each.key for each in given if each.problem is not None}
    for keys, problem in contradictions(settings):
        if wrong.isdisjoint(keys):
            yield _problem([each.where for each in given if each.key in keys][-1], problem)


def _problem(where: str, problem: str) -> Problem:
    """A problem that any terminal can print, whatever a file has in its names."""
    return Problem(_printable(where), _printable(problem))


def _printable(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )
