"""What a settings file and the environment say, key by key, and what is wrong with each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Any, Final, cast

from attrs import evolve, field, frozen

from playlist_app.config.inherited import INHERITED, SECRETS_OF_TOOLS, SECTIONS, Heirs, filled
from playlist_app.config.keys import KINDS
from playlist_app.config.secret_files import SECRET_FILES, read_secret
from playlist_app.config.values import MASK
from playlist_core.errors import InvalidInput

PREFIX: Final = "KRYTEN_PLAYLIST_"
CATALOG: Final = "catalog."

_NAMED: Final = 80
_IN_SECTIONS: Final = tuple(key for key in INHERITED if "." in key)


class Origin(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"


@frozen
class Notice:
    """What people should know of settings that can be used: where it stands, and a sentence."""

    where: str
    notice: str


class _Way(Enum):
    """How a key of ours was said."""

    ITSELF = auto()
    SECRET_FILE = auto()
    INHERITED = auto()
    FOLLOWS = auto()


@frozen(kw_only=True)
class Given:
    """What one place says about one key, which it calls `name`: its value, or what is wrong with it."""

    key: str
    name: str
    where: str
    origin: Origin
    way: _Way = _Way.ITSELF
    value: Any = field(default=None, repr=False)
    problem: str | None = None


def in_file(
    document: Mapping[str, object], path: Path, environ: Mapping[str, str]
) -> tuple[list[Given], list[Notice]]:
    """What a file says; `environ` fills the `${NAME}` of sections that kryten-py reads."""
    told: list[Given | Notice] = []
    for name, raw in _dotted(document):
        told += _in_file(name, raw, f"{path}: {name[:_NAMED]}", environ)
    given, notices = _apart(told)
    return list(_once(given)), notices


def holds_secret(document: Mapping[str, object]) -> bool:
    """Whether a secret stands in the file itself: not in a file that it names, nor in a variable."""
    return any(_is_secret(name, raw) for name, raw in _dotted(document))


def _is_secret(name: str, raw: object) -> bool:
    if name in SECRETS_OF_TOOLS:
        return bool(raw)
    if name in SECRET_FILES:
        return False
    # Without an environment, what is `${NAME}` in the file is a problem, and not the secret of the variable.
    given, _ = _apart(_in_file(name, raw, "", {}))
    return any(each.problem is None and MASK in KINDS[each.key].show(each.value) for each in given)


def in_environment(environ: Mapping[str, str]) -> tuple[list[Given], list[Notice]]:
    """What the variables say."""
    told: list[Given | Notice] = []
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        told += _in_environment(name, environ[name].strip())
    given, notices = _apart(told)
    return list(_only_one_variable(given)), notices


def environment_name(key: str) -> str:
    """The variable that overrides a key; a dot may also be written as two underscores."""
    return PREFIX + key.upper().replace(".", "_")


def _apart(told: Iterable[Given | Notice]) -> tuple[list[Given], list[Notice]]:
    given, notices = list[Given](), list[Notice]()
    for each in told:
        if isinstance(each, Given):
            given.append(each)
        else:
            notices.append(each)
    return given, notices


def _dotted(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The keys with their section, `catalog.source`; JSON may also write that out as one name."""
    sections = (*SECTIONS, CATALOG.rstrip("."))
    for name, value in document.items():
        if isinstance(value, dict) and name not in KINDS and (value or name in sections):
            for inner, each in cast(dict[str, object], value).items():
                yield f"{name}.{inner}", each
        else:
            yield name, value


def _in_file(name: str, raw: object, where: str, environ: Mapping[str, str]) -> Iterator[Given | Notice]:
    given = Given(key=name, name=name, where=where, origin=Origin.FILE)
    if name in KINDS:
        yield _admitted(given, raw)
    elif name in SECRET_FILES:
        yield from _secret(evolve(given, key=SECRET_FILES[name], way=_Way.SECRET_FILE), raw)
    elif name in INHERITED:
        yield from _inherited(given, raw, environ)
    else:
        yield evolve(given, problem=_unknown_key(name))


def _inherited(given: Given, raw: object, environ: Mapping[str, str]) -> Iterator[Given | Notice]:
    if raw is None:
        return
    of_kryten_py = given.name == "channels" or given.name.partition(".")[0] in SECTIONS
    try:
        heirs: Heirs = INHERITED[given.name](filled(raw, environ) if of_kryten_py else raw)
    except InvalidInput as exc:
        yield evolve(given, problem=_said(exc))
        return
    for way, keys in ((_Way.INHERITED, heirs.keys), (_Way.FOLLOWS, heirs.unless_said)):
        for key, value in keys.items():
            yield _admitted(evolve(given, key=key, way=way), value)
    if heirs.notice is not None:
        yield Notice(given.where, heirs.notice)


def _in_environment(name: str, text: str) -> Iterator[Given | Notice]:
    given = Given(key=name, name=name, where=name[:_NAMED], origin=Origin.ENVIRONMENT)
    key = _VARIABLES.get(name)
    if key is None:
        nearest = _nearest(name, map(environment_name, (*KINDS, *SECRET_FILES)))
        yield evolve(given, problem=f"is an unknown variable; the nearest known one is {nearest}")
    elif key in SECRET_FILES:
        yield from _secret(evolve(given, key=SECRET_FILES[key], way=_Way.SECRET_FILE), text)
    else:
        yield _admitted_text(evolve(given, key=key), text)


_VARIABLES: Final[Mapping[str, str]] = {
    name: key
    for key in (*KINDS, *SECRET_FILES)
    for name in (environment_name(key), PREFIX + key.upper().replace(".", "__"))
}


def _secret(given: Given, named: object) -> Iterator[Given | Notice]:
    try:
        secret = read_secret(named)
    except InvalidInput as exc:
        yield evolve(given, problem=_said(exc))
        return
    admitted = _admitted_text(given, secret.text)
    problem = admitted.problem and f"names a file whose first line {admitted.problem}"
    yield evolve(admitted, problem=problem)
    if secret.notice is not None:
        yield Notice(given.where, secret.notice)


def _once(given: Iterable[Given]) -> Iterator[Given]:
    """Each key of a file once, however often it is said; what is said twice and not the same is a problem."""
    by_key: dict[str, Given] = {}
    for each in given:
        other = by_key.setdefault(each.key, each)
        if each is other:
            continue
        if each.way is _Way.FOLLOWS or other.way is _Way.FOLLOWS:
            by_key[each.key] = other if each.way is _Way.FOLLOWS else each
        elif each.problem is not None or other.problem is not None:
            yield each
        elif each.way is _Way.INHERITED or other.way is _Way.INHERITED:
            if each.value != other.value:
                old, rival = (each, other) if each.way is _Way.INHERITED else (other, each)
                problem = f"says otherwise than {rival.name}: leave one of them"
                yield evolve(old, key=old.name, problem=problem)
        else:
            yield evolve(each, problem=_twice(each, other))
    yield from by_key.values()


def _twice(each: Given, other: Given) -> str:
    if each.name == other.name:
        return "is given twice, in its section and by its whole name: leave one of them"
    return f"is the same as {other.name}, which is given, too: leave one of them"


def _only_one_variable(given: Iterable[Given]) -> Iterator[Given]:
    seen: set[str] = set()
    for each in given:
        problem = f"sets {each.key}, which another variable sets, too: leave one of them"
        yield evolve(each, problem=problem) if each.key in seen else each
        seen.add(each.key)


def _unknown_key(key: str) -> str:
    keys = ", ".join(known for known in KINDS if known.startswith(f"{key}."))
    if keys:
        return f"is a section, not a value: its keys are {keys}"
    return (
        f"is an unknown key; the nearest known one is {_nearest(key, (*KINDS, *SECRET_FILES, *_IN_SECTIONS))}"
    )


def _admitted(given: Given, raw: object) -> Given:
    """With the value of a key from what a file holds, or what is wrong with it."""
    try:
        return evolve(given, value=KINDS[given.key].admit(raw))
    except InvalidInput as exc:
        return evolve(given, problem=_said(exc))


def _admitted_text(given: Given, text: str) -> Given:
    """The same from the text of a variable."""
    try:
        raw = KINDS[given.key].read(text)
    except InvalidInput as exc:
        return evolve(given, problem=exc.message)
    return _admitted(given, raw)


def _said(exc: InvalidInput) -> str:
    return exc.details.get("problem", exc.message)


def _nearest(name: str, known: Iterable[str]) -> str:
    alike = {_simple(each): each for each in known}
    return alike[get_close_matches(_simple(name)[:_NAMED], alike, n=1, cutoff=0)[0]]


def _simple(name: str) -> str:
    """A name without what people mix up: case, dashes, dots and underscores."""
    return re.sub("[-._]+", "_", name.casefold())
