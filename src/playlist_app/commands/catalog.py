"""Refreshing the catalogue."""

from attrs import define

from playlist_app.commands.orders import Command, Order
from playlist_app.shapes.catalog import RefreshOrder, ReportView, refresh_state_view, report_view
from playlist_app.shapes.commands import NoFields
from playlist_app.shapes.replies import Begun, RefreshReply
from playlist_core.domain.access import Action
from playlist_core.services.refreshing import Refreshing


@define(eq=False)
class CatalogCommands:
    refreshing: Refreshing

    async def refresh(self, order: Order[RefreshOrder]) -> ReportView | Begun:
        if not order.waits:
            return Begun(await self.refreshing.begin(allow_shrink=order.fields.allow_shrink))
        return report_view(await self.refreshing.refresh(allow_shrink=order.fields.allow_shrink))

    async def state(self, order: Order[NoFields]) -> RefreshReply:
        return RefreshReply(refresh_state_view(await self.refreshing.recalled_state()))


def catalog_commands(refreshing: Refreshing) -> list[Command]:
    """`catalog_refresh` and `refresh_status`."""
    does = CatalogCommands(refreshing)
    return [
        Command(
            name="catalog_refresh",
            summary="Read the catalogue anew",
            needs=Action.REFRESH_CATALOG,
            takes=RefreshOrder,
            reply=ReportView,
            begun=Begun,
            errors=("refresh_in_progress", "no_source", "would_shrink"),
            carry_out=does.refresh,
        ),
        Command(
            name="refresh_status",
            summary="How far a refresh is, and how the last one went",
            needs=Action.REFRESH_CATALOG,
            reply=RefreshReply,
            carry_out=does.state,
        ),
    ]
