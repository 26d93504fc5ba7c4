"""The lists that admins keep: blessed users, admins, lock-outs."""

from datetime import datetime
from typing import Any

from attrs import define, frozen

from playlist_app.http.door import Call, Door, Nothing, operation
from playlist_core.domain.access import Action
from playlist_core.domain.identity import Role, Username
from playlist_core.services.access import Access, Member
from playlist_core.services.login import Login


@frozen(kw_only=True)
class MemberView:
    """Somebody on a list; `by` and `at` are null when another tool put the name there."""

    username: str
    by: str | None
    at: datetime | None
    fixed: bool


@frozen
class BlessedList:
    """Who may edit and apply."""

    blessed: tuple[MemberView, ...]


@frozen
class AdminList:
    """Who may do everything; `fixed` ones stand in the config."""

    admins: tuple[MemberView, ...]


@define(eq=False)
class Blessed:
    """`GET /access/blessed`."""

    door: Door
    access: Access

    @operation("The blessed users", needs=Action.MANAGE_ACCESS, answer=BlessedList)
    async def on_get(self, call: Call[Nothing, Nothing]) -> BlessedList:
        return BlessedList(tuple(map(_view, await self.access.members(call.actor, Role.BLESSED))))


@define(eq=False)
class Admins:
    """`GET /access/admins`."""

    door: Door
    access: Access

    @operation("The admins", needs=Action.MANAGE_ACCESS, answer=AdminList)
    async def on_get(self, call: Call[Nothing, Nothing]) -> AdminList:
        return AdminList(tuple(map(_view, await self.access.members(call.actor, Role.ADMIN))))


@define(eq=False)
class OneMember:
    """`PUT` a name onto a list, idempotent."""

    door: Door
    access: Access
    role: Role

    @operation("Put a name on the list", needs=Action.MANAGE_ACCESS, status=204)
    async def on_put(self, call: Call[Nothing, Nothing]) -> None:
        await self.access.grant(call.actor, Username.parse(call.params["username"]), self.role)

    async def revoke(self, call: Call[Nothing, Nothing]) -> None:
        await self.access.revoke(call.actor, Username.parse(call.params["username"]), self.role)


class OneBlessed(OneMember):
    """`PUT` and `DELETE /access/blessed/{username}`, both idempotent."""

    @operation("Take a name off the list", needs=Action.MANAGE_ACCESS, status=204)
    async def on_delete(self, call: Call[Nothing, Nothing]) -> None:
        await self.revoke(call)


class OneAdmin(OneMember):
    """`PUT` and `DELETE /access/admins/{username}`, both idempotent."""

    @operation(
        "Take a name off the list", needs=Action.MANAGE_ACCESS, status=204, errors=("fixed_by_config",)
    )
    async def on_delete(self, call: Call[Nothing, Nothing]) -> None:
        await self.revoke(call)


@define(eq=False)
class LockOut:
    """`DELETE /access/lockouts/{username}`."""

    door: Door
    login: Login

    @operation("Let a locked-out name sign in again", needs=Action.MANAGE_ACCESS, status=204)
    async def on_delete(self, call: Call[Nothing, Nothing]) -> None:
        await self.login.lift_lockouts(call.actor, Username.parse(call.params["username"]))


def _view(member: Member) -> MemberView:
    return MemberView(username=member.username, by=member.by, at=member.at, fixed=member.fixed)


def access_routes(door: Door, access: Access, login: Login) -> list[tuple[str, Any]]:
    """The addresses under `/api/v1/access`."""
    root = "/api/v1/access"
    return [
        (f"{root}/blessed", Blessed(door, access)),
        (f"{root}/blessed/{{username}}", OneBlessed(door, access, Role.BLESSED)),
        (f"{root}/admins", Admins(door, access)),
        (f"{root}/admins/{{username}}", OneAdmin(door, access, Role.ADMIN)),
        (f"{root}/lockouts/{{username}}", LockOut(door, login)),
    ]
