"""Previewing marathons."""

from typing import Any

from attrs import define

from playlist_app.http.door import Call, Door, Nothing, operation
from playlist_app.shapes.marathons import MarathonOrder, MarathonView, gathered, marathon_view
from playlist_core.domain.access import Action
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
    async def on_post(self, call: Call[MarathonOrder, Nothing]) -> MarathonView:
        order = call.body
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
