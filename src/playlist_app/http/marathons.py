"""Previewing marathons."""

from typing import Any

from attrs import define

from playlist_app.http.door import Call, Door, operation
from playlist_app.shapes.marathons import MarathonOrder, MarathonView, gathered, marathon_view
from playlist_core.domain.access import Action
from playlist_core.domain.pattern import MAX_SOURCES
from playlist_core.errors import InvalidInput
from playlist_core.services.marathons import Marathons


@define(eq=False)
class Preview:
    """`POST /marathons/preview`."""

    door: Door
    marathons: Marathons

    @operation(
        "Combine sources into one order",
        needs=Action.PREVIEW_MARATHON,
        body=MarathonOrder,
        answer=MarathonView,
        errors=("bad_pattern", "too_few_sources", "playlist_not_found", "too_large", "no_snapshot"),
    )
    async def on_post(self, call: Call[MarathonOrder, None]) -> MarathonView:
        order = call.body
        if len(order.sources) > MAX_SOURCES:  # before any of them is gathered
            raise InvalidInput.of("sources", f"at most {MAX_SOURCES}, labelled A to Z", limit=MAX_SOURCES)
        if order.shuffle_seed is not None and len(order.shuffle_seed) > 200:
            raise InvalidInput.of("shuffle_seed", "is longer than 200 characters")
        marathon = await self.marathons.preview(
            [gathered(source) for source in order.sources],
            method=order.method,
            pattern=order.interleave_pattern,
            seed=order.shuffle_seed,
            preserve_episode_order=order.preserve_episode_order,
        )
        return marathon_view(marathon)


def marathon_routes(door: Door, marathons: Marathons) -> list[tuple[str, Any]]:
    """The addresses under `/api/v1/marathons`."""
    return [("/api/v1/marathons/preview", Preview(door, marathons))]
