"""Who is blessed."""

from attrs import define

from playlist_app.commands.orders import Command, Order
from playlist_app.shapes.commands import MemberCommand, NoFields
from playlist_app.shapes.replies import BlessedEntry, BlessedReply, MemberReply
from playlist_core.domain.access import Action
from playlist_core.domain.identity import Role, Username
from playlist_core.services.access import Access


@define(eq=False)
class BlessedCommands:
    access: Access

    async def add(self, order: Order[MemberCommand]) -> MemberReply:
        name = Username.parse(order.fields.username)
        await self.access.grant(order.actor, name, Role.BLESSED)
        return MemberReply(name.spelling)

    async def remove(self, order: Order[MemberCommand]) -> MemberReply:
        name = Username.parse(order.fields.username)
        await self.access.revoke(order.actor, name, Role.BLESSED)
        return MemberReply(name.spelling)

    async def all(self, order: Order[NoFields]) -> BlessedReply:
        members = await self.access.members(order.actor, Role.BLESSED)
        return BlessedReply(
            tuple(BlessedEntry(username=each.username, by=each.by, at=each.at) for each in members)
        )


def access_commands(access: Access) -> list[Command]:
    """`blessed_add`, `blessed_remove` and `blessed_list`."""
    does = BlessedCommands(access)
    return [
        Command(
            name="blessed_add",
            summary="Bless somebody",
            needs=Action.MANAGE_ACCESS,
            takes=MemberCommand,
            reply=MemberReply,
            carry_out=does.add,
        ),
        Command(
            name="blessed_remove",
            summary="Take a blessing back",
            needs=Action.MANAGE_ACCESS,
            takes=MemberCommand,
            reply=MemberReply,
            carry_out=does.remove,
        ),
        Command(
            name="blessed_list",
            summary="The blessed users",
            needs=Action.MANAGE_ACCESS,
            reply=BlessedReply,
            carry_out=does.all,
        ),
    ]
