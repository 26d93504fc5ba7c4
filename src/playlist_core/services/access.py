"""Access: who is an admin or blessed, asked for each request, and the lists admins keep."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from playlist_core.domain.access import Action, decide
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.login import Session
from playlist_core.errors import Conflict, InvalidInput
from playlist_core.ports import Clock, KVStore, Randomness
from playlist_core.services.codec import stored
from playlist_core.services.documents import Documents
from playlist_core.services.namespace import Namespace


@frozen
class Names:
    """A list of names as the Kryten tools share it: a bare JSON array, in the order they were added.

    Spellings are kept, those of other tools too; who is on it is decided without case.
    """

    names: tuple[str, ...] = ()

    def has(self, name: Username) -> bool:
        return any(each.lower() == name.key for each in self.names)

    def add(self, name: Username) -> "Names":
        return self if self.has(name) else Names((*self.names, name.spelling))

    def remove(self, name: Username) -> "Names":
        return Names(tuple(each for each in self.names if each.lower() != name.key))


def _array(names: Names) -> list[str]:
    return list(names.names)


def _names(array: Any, _: Any) -> Names:
    return Names(stored.structure(array, tuple[str, ...]))


stored.register_structure_hook(Names, _names)
stored.register_unstructure_hook(Names, _array)


@frozen(kw_only=True)
class RoleRecord:
    """The latest change of somebody's role by this service: which role came of it, by whom and when.

    A note beside the lists, never the truth: other tools change the lists without it.
    """

    role: Role
    by: str
    updated_at: datetime


@frozen(kw_only=True)
class Member:
    """Somebody on a list; `by` and `at` are None where nobody knows, `fixed` when the config says so."""

    username: str
    by: str | None = None
    at: datetime | None = None
    fixed: bool = False


@define(eq=False)
class Access:
    """Roles, asked of the store for each request: an unreachable store is an error, never an empty list.

    `admins` are those of the config: always admins, whatever the store says.
    """

    lists: Documents[Names]
    records: Documents[RoleRecord]
    admins: frozenset[Username] = field(kw_only=True)
    clock: Clock = field(kw_only=True)

    @classmethod
    def over(
        cls,
        acl: KVStore,
        *,
        namespace: str,
        admins: frozenset[Username],
        clock: Clock,
        randomness: Randomness,
    ) -> "Access":
        space = Namespace(acl, namespace, clock=clock, randomness=randomness)
        return cls(space.documents(Names), space.documents(RoleRecord, "roles"), admins=admins, clock=clock)

    async def role_of(self, name: Username, *, glance: bool = False) -> Role:
        """The role of this moment, with `glance` one of the last second; Unavailable when nobody can say."""
        if self._is_fixed(name) or (await self._list(Role.ADMIN, glance=glance)).has(name):
            return Role.ADMIN
        return Role.BLESSED if (await self._list(Role.BLESSED, glance=glance)).has(name) else Role.VIEWER

    async def actor(self, session: Session, *, glance: bool = False) -> Actor:
        """Who a session stands for, with the role as `role_of` tells it."""
        return Actor(session.username, await self.role_of(session.username, glance=glance))

    async def members(self, actor: Actor, role: Role) -> Sequence[Member]:
        """Who is blessed, or admin, by name; for admins."""
        decide(actor.role, Action.MANAGE_ACCESS)
        found: dict[str, Member] = {}
        for spelling in (await self._list(role)).names:
            if spelling.lower() not in found:
                found[spelling.lower()] = await self._member(spelling, role)
        if role is Role.ADMIN:
            for name in self.admins:
                found[name.key] = Member(username=name.spelling, fixed=True)
        return [member for _, member in sorted(found.items())]

    async def grant(self, actor: Actor, name: Username, role: Role) -> None:
        """Bless somebody, or make him an admin; nothing changes for whoever is one already. For admins."""
        decide(actor.role, Action.MANAGE_ACCESS)
        if role is Role.ADMIN and self._is_fixed(name):
            return
        added = await self._change(role, lambda names: names.add(name))
        record = RoleRecord(role=role, by=actor.username.spelling, updated_at=self.clock.now())
        # Also without a record of somebody on the list: an earlier try may have got only so far.
        await self.records.modify(
            name.key,
            change=lambda seen: record if added or seen is None or seen.role is not role else seen,
        )

    async def revoke(self, actor: Actor, name: Username, role: Role) -> None:
        """Take a role away; nothing changes for whoever has not got it. For admins.

        Conflict (`fixed_by_config`) for an admin whom the config names.
        """
        decide(actor.role, Action.MANAGE_ACCESS)
        if role is Role.ADMIN and self._is_fixed(name):
            raise Conflict(
                "The config makes this user an admin; take the name out there.", code="fixed_by_config"
            )
        removed = await self._change(role, lambda names: names.remove(name))
        left = await self.role_of(name)
        record = RoleRecord(role=left, by=actor.username.spelling, updated_at=self.clock.now())
        await self.records.modify(
            name.key,
            change=lambda seen: record if removed or (seen and seen.role is role) else seen,
        )

    def _is_fixed(self, name: Username) -> bool:
        return any(admin.key == name.key for admin in self.admins)

    async def _list(self, role: Role, *, glance: bool = False) -> Names:
        ask = self.lists.glance if glance else self.lists.get
        seen = await ask(_key(role))
        return Names() if seen is None else seen.value

    async def _change(self, role: Role, change: Callable[[Names], Names]) -> bool:
        """Change a list; whether that made a difference."""
        before = Names()

        def changed(current: Names | None) -> Names:
            nonlocal before
            before = current or Names()
            return change(before)

        return await self.lists.modify(_key(role), change=changed) != before

    async def _member(self, spelling: str, role: Role) -> Member:
        """A name on a list with what is known about it; another tool may have put anything there."""
        seen = await self.records.get(spelling.lower()) if spelling else None
        if seen is None or seen.value.role is not role:
            return Member(username=spelling)
        return Member(username=spelling, by=seen.value.by, at=seen.value.updated_at)


def _key(role: Role) -> str:
    """The list a role is kept on; InvalidInput for viewers, who are on none."""
    if role is Role.VIEWER:
        raise InvalidInput.of("role", "everybody is a viewer; only blessed users and admins are listed")
    return "admins" if role is Role.ADMIN else "blessed"
