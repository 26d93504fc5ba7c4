"""Lock-outs: a source that used up the attempts of a code waits, for that name, longer each time."""

from attrs import define, field

from playlist_core.domain.access import Action, decide
from playlist_core.domain.identity import Actor, Username
from playlist_core.domain.limits import LimitRules, LockOut
from playlist_core.ports import Clock
from playlist_core.services.documents import Documents
from playlist_core.services.expiry import sweep
from playlist_core.services.namespace import Namespace


@define(eq=False)
class LockOuts:
    """The lock-outs of a namespace, each of one source for one name."""

    documents: Documents[LockOut]
    clock: Clock = field(kw_only=True)
    rules: LimitRules = field(kw_only=True)

    @classmethod
    def over(cls, auth: Namespace, *, rules: LimitRules) -> "LockOuts":
        return cls(auth.documents(LockOut, "otp", "lock"), clock=auth.clock, rules=rules)

    async def rest(self, name: Username, source: str) -> int:
        """Seconds the source is still locked out for the name; 0 when it is not."""
        seen = await self.documents.get(name.key, source)
        return 0 if seen is None else seen.value.rest(self.clock.now())

    async def record(self, name: Username, source: str, *, code_id: str) -> None:
        """The attempts of this code are used up; heard twice, or after it was forgiven, it counts once."""
        now = self.clock.now()

        def change(current: LockOut | None) -> LockOut:
            return (current or _free(name, source, self)).record(code_id, now, rules=self.rules)

        await self.documents.modify(name.key, source, change=change)

    async def forgive(self, name: Username, source: str, *, code_id: str, used_up: bool) -> None:
        """This code led to a sign-in: the source is free.

        With `used_up`, a last wrong guess at it may yet be reported; it will lock nobody out.
        """
        now = self.clock.now()

        def change(current: LockOut | None) -> LockOut | None:
            if current is None and not used_up:
                return None
            return (current or _free(name, source, self)).forgive(code_id, now)

        await self.documents.modify(name.key, source, change=change)

    async def lift(self, actor: Actor, name: Username) -> None:
        """Free the name for every source."""
        decide(actor.role, Action.MANAGE_ACCESS)
        now = self.clock.now()
        for seen in await self.documents.all(name.key):
            source, code_id = seen.value.source, seen.value.code_id
            await self.documents.modify(
                name.key, source, change=lambda lock, heard=code_id: lock and lock.forgive(heard, now)
            )

    async def sweep(self) -> int:
        """Delete lock-outs after 24 hours of quiet; how many."""
        now = self.clock.now()
        return await sweep(self.documents, expired=lambda lock: lock.expired(now))


def _free(name: Username, source: str, lockouts: LockOuts) -> LockOut:
    return LockOut(username=name.key, source=source, last_at=lockouts.clock.now())
