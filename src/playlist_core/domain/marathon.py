"""Marathons: several lists become one, and every series in them keeps its run order (PRD 10.8, 10.9)."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import TypeVar

from attrs import field, frozen

from playlist_core.domain.episodes import Episode, read_episodes
from playlist_core.domain.pattern import LABELS, MAX_SOURCES, Pattern, label_of, parse_pattern
from playlist_core.domain.permutation import shuffled
from playlist_core.errors import InvalidInput, Malformed

MIN_TAIL = 3
_NAMED_IN_A_WARNING = 10

T = TypeVar("T")
# An entry by where it came from: (source, index in that source), both 0-based.
Place = tuple[int, int]
Readings = Sequence[Sequence[Episode | None]]


class Method(StrEnum):
    """How the sources are combined."""

    CONCATENATE = "concatenate"
    SHUFFLE = "shuffle"
    INTERLEAVE = "interleave"


@frozen
class Entry:
    """One item of a source; `duration_seconds` is None when unknown."""

    video_id: str
    title: str
    duration_seconds: int | None = field(default=None, kw_only=True)


@frozen
class Source:
    """A named, ordered list; its label is its place among the sources, A first."""

    name: str
    entries: tuple[Entry, ...]


@frozen(kw_only=True)
class MarathonEntry:
    """An item in its place; `source` is a label, `starts_at_offset_seconds` adds up known durations only."""

    video_id: str
    title: str
    source: str
    season: int | None
    episode: int | None
    duration_seconds: int | None
    starts_at_offset_seconds: int


@frozen
class MarathonWarning:
    """Something worth knowing before use; `code` is stable, `facts` hold the labels and numbers.

    Codes: `pattern_ignored`, `source_empty`, `source_unused`, `unread_episodes`, `duplicate_items`, `tail`.
    """

    code: str
    message: str
    facts: Mapping[str, str | int | tuple[str, ...]] = field(kw_only=True)


@frozen(kw_only=True)
class Marathon:
    """The finished order. `seed` is None unless chance was involved.

    `total_duration_seconds` and all offsets leave out the `unknown_durations` items of unknown length,
    so with any of those they are lower bounds.
    """

    entries: tuple[MarathonEntry, ...]
    warnings: tuple[MarathonWarning, ...]
    seed: str | None
    total_duration_seconds: int
    unknown_durations: int


def build(
    sources: Sequence[Source],
    *,
    method: Method | str = Method.CONCATENATE,
    pattern: str | None = None,
    seed: str | None = None,
    preserve_episode_order: bool = True,
) -> Marathon:
    """Combine 1 to 26 sources; equal arguments give an equal result, everywhere and always.

    With `preserve_episode_order` the episodes of each series ascend by (season, episode) within each source
    and stand only in places that the series held anyway; items without a number keep theirs (in a shuffle:
    the place they drew). Without it each source keeps its own order, and a shuffle keeps nothing.
    `pattern` counts for an interleave only, `seed` for a shuffle only.
    Raises Malformed `too_few_sources` or `bad_pattern`; InvalidInput for over 26 sources or a missing seed.
    """
    _check_number(sources)
    method = _method(method)
    readings = tuple(read_episodes([entry.title for entry in source.entries]) for source in sources)
    ordering = readings if preserve_episode_order else tuple((None,) * len(read) for read in readings)
    weave = parse_pattern(pattern or "", sources=len(sources)) if method is Method.INTERLEAVE else None
    chance = _required(seed) if method is Method.SHUFFLE else None
    entries = _entries(_order(ordering, weave, chance), sources, readings)
    return Marathon(
        entries=entries,
        warnings=(
            *_about_pattern(method, pattern),
            *_about_sources(sources, ordering, weave),
            *_about_result(entries, sources, weave),
        ),
        seed=chance,
        total_duration_seconds=sum(entry.duration_seconds or 0 for entry in entries),
        unknown_durations=sum(entry.duration_seconds is None for entry in entries),
    )


def _check_number(sources: Sequence[Source]) -> None:
    if not sources:
        raise Malformed("A marathon needs at least one source.", code="too_few_sources")
    if len(sources) > MAX_SOURCES:
        raise InvalidInput.of("sources", f"at most {MAX_SOURCES}, labelled A to Z", limit=MAX_SOURCES)


def _method(method: Method | str) -> Method:
    try:
        return Method(method)
    except ValueError as exc:
        raise InvalidInput.of("method", "is one of " + ", ".join(each.value for each in Method)) from exc


def _required(seed: str | None) -> str:
    if seed is None:
        raise InvalidInput.of("shuffle_seed", "a shuffle needs a seed")
    return seed


def _order(ordering: Readings, weave: Pattern | None, chance: str | None) -> list[Place]:
    """All places in their final order: woven, shuffled, or one source after the other."""
    listed = [[(at, index) for index in range(len(read))] for at, read in enumerate(ordering)]
    if chance is not None:
        return _in_run_order(shuffled([place for run in listed for place in run], seed=chance), ordering)
    runs = [_in_run_order(places, ordering) for places in listed]
    return interleave(runs, weave) if weave else [place for run in runs for place in run]


def _in_run_order(places: Sequence[Place], ordering: Readings) -> list[Place]:
    """Each series of each source ascending in the places that it holds; everything else stays put."""
    series: defaultdict[tuple[int, str], list[tuple[tuple[int, int], Place]]] = defaultdict(list)
    for place in places:
        episode = ordering[place[0]][place[1]]
        if episode is not None:
            series[place[0], episode.series_key].append((episode.number, place))
    # The place is the tie-break: two copies of one episode keep the order of their source.
    ascending = {key: iter(sorted(members)) for key, members in series.items()}
    result: list[Place] = []
    for place in places:
        episode = ordering[place[0]][place[1]]
        result.append(place if episode is None else next(ascending[place[0], episode.series_key])[1])
    return result


def interleave(runs: Sequence[Sequence[T]], pattern: Pattern) -> list[T]:
    """The runs woven by the pattern until all that it names are empty; empty ones are skipped.

    Linear: a cursor for each run, and a count beyond what is left takes what is left.
    """
    taken = [0] * len(runs)
    woven: list[T] = []
    live = [token for token in pattern.tokens if runs[token.source]]
    while live:
        for token in live:
            begin = taken[token.source]
            portion = runs[token.source][begin : begin + token.count]
            woven += portion
            taken[token.source] = begin + len(portion)
        live = [token for token in live if taken[token.source] < len(runs[token.source])]
    return woven


def _entries(
    places: Sequence[Place], sources: Sequence[Source], readings: Readings
) -> tuple[MarathonEntry, ...]:
    entries: list[MarathonEntry] = []
    offset = 0
    for at, index in places:
        item, episode = sources[at].entries[index], readings[at][index]
        entries.append(
            MarathonEntry(
                video_id=item.video_id,
                title=item.title,
                source=label_of(at),
                season=episode.season if episode else None,
                episode=episode.episode if episode else None,
                duration_seconds=item.duration_seconds,
                starts_at_offset_seconds=offset,
            )
        )
        offset += item.duration_seconds or 0
    return tuple(entries)


def _about_pattern(method: Method, pattern: str | None) -> Iterator[MarathonWarning]:
    """A pattern that the method has no use for is likelier a forgotten method than a whim."""
    if method is not Method.INTERLEAVE and (pattern or "").strip():
        message = f"The pattern is ignored: the method is {method.value}, not interleave."
        yield MarathonWarning("pattern_ignored", message, facts={"method": method.value})


def _about_sources(
    sources: Sequence[Source], ordering: Readings, weave: Pattern | None
) -> Iterator[MarathonWarning]:
    """What is amiss with a source before anything is combined, in the order of the labels."""
    for at, source in enumerate(sources):
        label = label_of(at)
        facts = {"source": label, "name": source.name}
        if not source.entries:
            yield MarathonWarning(
                "source_empty", f"Source {label} ({source.name}) has no items.", facts=facts
            )
        if weave and at not in weave.named:
            message = f"Source {label} ({source.name}) is left out: the pattern never names it."
            yield MarathonWarning("source_unused", message, facts=facts)
            continue
        unread = [
            item.title for item, episode in zip(source.entries, ordering[at], strict=True) if not episode
        ]
        read = len(source.entries) - len(unread)
        # A list of films has nothing to read; only in a list of episodes is a missing number a finding.
        if 0 < len(unread) < read:
            message = f"Season and episode were read in {read} of {len(source.entries)} items of {label} "
            message += f"({source.name}); what was not read has no order to keep."
            numbers = {"read": read, "unread": len(unread), "titles": tuple(unread[:_NAMED_IN_A_WARNING])}
            yield MarathonWarning("unread_episodes", message, facts={**facts, **numbers})


def _about_result(
    entries: Sequence[MarathonEntry], sources: Sequence[Source], weave: Pattern | None
) -> Iterator[MarathonWarning]:
    """What is remarkable in the finished order."""
    repeated = [
        video_id for video_id, times in Counter(entry.video_id for entry in entries).items() if times > 1
    ]
    if repeated:
        message = f"Items that occur more than once: {len(repeated)}."
        facts = {"count": len(repeated), "video_ids": tuple(repeated[:_NAMED_IN_A_WARNING])}
        yield MarathonWarning("duplicate_items", message, facts=facts)
    if weave and entries and len(weave.named) > 1:
        yield from _about_tail(entries, sources, weave)


def _about_tail(
    entries: Sequence[MarathonEntry], sources: Sequence[Source], weave: Pattern
) -> Iterator[MarathonWarning]:
    """A long source that runs on alone when the others are empty, longer than the pattern ever asks for."""
    label = entries[-1].source
    length = sum(1 for _ in takewhile(lambda entry: entry.source == label, reversed(entries)))
    at = LABELS.index(label)
    if MIN_TAIL <= length < len(entries) and length > weave.longest_run(at):
        message = (
            f"The last {length} items all come from {label} ({sources[at].name}): the others are used up."
        )
        facts = {"source": label, "name": sources[at].name, "count": length}
        yield MarathonWarning("tail", message, facts=facts)
