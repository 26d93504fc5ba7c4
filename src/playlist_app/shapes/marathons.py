"""What marathons look like to their readers: sources, orders, the finished list."""

from typing import Any, Literal

import attrs
from attrs import field, frozen

from playlist_app.shapes.bounds import ArrayUpTo, TextUpTo
from playlist_app.shapes.codec import wire
from playlist_app.shapes.playlists import ItemReference
from playlist_core.domain.marathon import Marathon, MarathonWarning, Method
from playlist_core.domain.pattern import MAX_SOURCES
from playlist_core.domain.permutation import MAX_SEED_LENGTH
from playlist_core.domain.titles import display_title
from playlist_core.errors import InvalidInput
from playlist_core.services.marathons import FromCategory, FromItems, FromPlaylist, FromSearch, Gathered


@frozen
class PlaylistSource:
    """All items of a saved playlist."""

    type: Literal["playlist"]
    playlist_id: str


@frozen
class CategorySource:
    """All titles of a category."""

    type: Literal["category"]
    category: str


@frozen
class SearchSource:
    """All titles that a search finds."""

    type: Literal["search"]
    q: str
    category: str | None = None


@frozen
class ItemsSource:
    """The items named."""

    type: Literal["items"]
    items: tuple[ItemReference, ...]


SourceBody = PlaylistSource | CategorySource | SearchSource | ItemsSource

_SOURCES: dict[str, type[Any]] = {
    "playlist": PlaylistSource,
    "category": CategorySource,
    "search": SearchSource,
    "items": ItemsSource,
}


def _structure_source(value: Any, _: Any) -> Any:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _SOURCES:
        raise InvalidInput.of("type", "must be one of " + ", ".join(_SOURCES))
    return wire.structure(value, _SOURCES[kind])


wire.register_structure_hook(SourceBody, _structure_source)


@frozen
class MarathonOrder:
    """Sources in the order of their labels A, B, C…; a blank pattern takes one of each in turn."""

    sources: tuple[SourceBody, ...] = field(validator=ArrayUpTo(MAX_SOURCES))
    method: Method = Method.CONCATENATE
    shuffle_seed: str | None = field(default=None, validator=TextUpTo(MAX_SEED_LENGTH))
    interleave_pattern: str | None = None
    preserve_episode_order: bool = True


@frozen(kw_only=True)
class MarathonItemView:
    """An item in its place; offsets count the known durations before it."""

    video_id: str
    title: str
    display_title: str
    source: str
    season: int | None
    episode: int | None
    duration_seconds: int | None
    starts_at_offset_seconds: int


@frozen(kw_only=True)
class MarathonView:
    """The combined order; nothing of it is stored. `warnings` carry `code`, `message` and their facts."""

    items: tuple[MarathonItemView, ...]
    warnings: tuple[dict[str, Any], ...]
    seed: str | None
    total_duration_seconds: int
    unknown_durations: int


def gathered(source: SourceBody) -> Gathered:
    """A source as the use-case takes it."""
    match source:
        case PlaylistSource():
            return FromPlaylist(source.playlist_id)
        case CategorySource():
            return FromCategory(source.category)
        case SearchSource():
            return FromSearch(source.q, source.category)
        case ItemsSource():
            return FromItems(tuple(item.video_id for item in source.items))


def marathon_view(marathon: Marathon) -> MarathonView:
    """A marathon as the API and the command line show it."""
    return MarathonView(
        items=tuple(
            MarathonItemView(**attrs.asdict(entry), display_title=display_title(entry.title))
            for entry in marathon.entries
        ),
        warnings=tuple(_warning(warning) for warning in marathon.warnings),
        seed=marathon.seed,
        total_duration_seconds=marathon.total_duration_seconds,
        unknown_durations=marathon.unknown_durations,
    )


def _warning(warning: MarathonWarning) -> dict[str, Any]:
    return {"code": warning.code, "message": warning.message, **warning.facts}
