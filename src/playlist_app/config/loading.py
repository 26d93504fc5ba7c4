"""The settings from a file and the environment: all problems in one error, and where each value came from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from attrs import frozen

from playlist_app.config.contradictions import contradictions
from playlist_app.config.file import read_document
from playlist_app.config.keys import KINDS, CatalogSettings, Settings
from playlist_core.errors import InvalidInput, PlaylistError

DEFAULT_PATH: Final = Path("/etc/kryten/playlist/config.json")
PREFIX: Final = "KRYTEN_PLAYLIST_"

_CATALOG: Final = "catalog."
_NAMED: Final = 80


class Origin(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


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
    """The settings, the origin of each key, and the file that was read, if any."""

    settings: Settings
    origins: Mapping[str, Origin]
    path: Path | None


class Shown(NamedTuple):
    """A line of `config show`; secrets in `value` are masked."""

    key: str
    value: str
    origin: Origin


@frozen(kw_only=True)
class _Given:
    """What one place says about one key: its value, or what is wrong with it."""

    key: str
    where: str
    origin: Origin
    value: Any = None
    problem: str | None = None


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
    given = [*_in_file(document or {}, file), *_in_environment(environ)]
    problems += [_problem(each.where, each.problem) for each in given if each.problem is not None]
    settings = _settings(given)
    problems += _contradictions(settings, given)
    if problems:
        raise ConfigInvalid(problems)
    origins = dict.fromkeys(KINDS, Origin.DEFAULT) | {each.key: each.origin for each in given}
    return Loaded(settings, origins, None if document is None else file)


def describe(loaded: Loaded) -> list[Shown]:
    """Every key with its value as text and its origin, in the order of the documentation."""
    return [
        Shown(key, kind.show(attrgetter(key)(loaded.settings)), loaded.origins[key])
        for key, kind in KINDS.items()
    ]


def environment_name(key: str) -> str:
    """The variable that overrides a key; a dot may also be written as two underscores."""
    return PREFIX + key.upper().replace(".", "_")


def _in_file(document: Mapping[str, object], path: Path) -> Iterator[_Given]:
    seen: set[str] = set()
    for key, raw in _dotted(document):
        if key in seen:
            value, problem = None, "is given twice, in its section and by its whole name: leave one of them"
        elif key in KINDS:
            value, problem = _admitted(key, raw)
        else:
            value, problem = None, _unknown_key(key)
        seen.add(key)
        where = f"{path}: {key[:_NAMED]}"
        yield _Given(key=key, where=where, origin=Origin.FILE, value=value, problem=problem)


def _dotted(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The keys with their section, `catalog.source`; JSON may also write that out as one name."""
    for name, value in document.items():
        if isinstance(value, dict) and name not in KINDS and (value or f"{name}." == _CATALOG):
            for inner, each in cast(dict[str, object], value).items():
                yield f"{name}.{inner}", each
        else:
            yield name, value


def _unknown_key(key: str) -> str:
    keys = ", ".join(known for known in KINDS if known.startswith(f"{key}."))
    if keys:
        return f"is a section, not a value: its keys are {keys}"
    return f"is an unknown key; the nearest known one is {_nearest(key, KINDS)}"


def _in_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    known = {environment_name(key): key for key in KINDS}
    known |= {PREFIX + key.upper().replace(".", "__"): key for key in KINDS}
    seen: set[str] = set()
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        key = known.get(name, name)
        if key in seen:
            value, problem = None, f"sets {key}, which another variable sets, too: leave one of them"
        elif name in known:
            value, problem = _admitted_text(key, environ[name].strip())
        else:
            nearest = _nearest(name, map(environment_name, KINDS))
            value, problem = None, f"is an unknown variable; the nearest known one is {nearest}"
        seen.add(key)
        yield _Given(key=key, where=name[:_NAMED], origin=Origin.ENVIRONMENT, value=value, problem=problem)


def _admitted(key: str, raw: object) -> tuple[Any, str | None]:
    """The value of a key from what a file holds, or what is wrong with it."""
    try:
        return KINDS[key].admit(raw), None
    except InvalidInput as exc:
        return None, exc.details.get("problem", exc.message)


def _admitted_text(key: str, text: str) -> tuple[Any, str | None]:
    """The value of a key from the text of a variable, or what is wrong with it."""
    try:
        return _admitted(key, KINDS[key].read(text))
    except InvalidInput as exc:
        return None, exc.message


def _settings(given: Iterable[_Given]) -> Settings:
    """The settings as they are given, later ones first; what is wrong stays at its default."""
    right = {each.key: each.value for each in given if each.problem is None}
    catalog = {key: right.pop(key) for key in KINDS if key in right and key.startswith(_CATALOG)}
    return Settings(
        **right,
        catalog=CatalogSettings(**{key.removeprefix(_CATALOG): each for key, each in catalog.items()}),
    )


def _contradictions(settings: Settings, given: Sequence[_Given]) -> Iterator[Problem]:
    """What is wrong between keys that are right by themselves, at the place that was written last."""
    wrong = {each.key for each in given if each.problem is not None}
    for keys, problem in contradictions(settings):
        if wrong.isdisjoint(keys):
            yield _problem([each.where for each in given if each.key in keys][-1], problem)


def _nearest(name: str, known: Iterable[str]) -> str:
    alike = {_simple(each): each for each in known}
    return alike[get_close_matches(_simple(name)[:_NAMED], alike, n=1, cutoff=0)[0]]


def _simple(name: str) -> str:
    """A name without what people mix up: case, dashes, dots and underscores."""
    return re.sub("[-._]+", "_", name.casefold())


def _problem(where: str, problem: str) -> Problem:
    """A problem that any terminal can print, whatever a file has in its names."""
    return Problem(_printable(where), _printable(problem))


def _printable(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )
