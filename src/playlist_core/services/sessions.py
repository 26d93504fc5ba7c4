"""Sessions: minted at sign-in, looked up for each request, extended by use, revoked at logout."""

from contextlib import suppress

from attrs import define, field

from playlist_core.domain.identity import ClientAddress, Username
from playlist_core.domain.login import LoginRules, Session, fingerprint
from playlist_core.errors import Conflict, OutcomeUnknown, Unavailable
from playlist_core.ports import Clock, Randomness
from playlist_core.services.documents import Documents
from playlist_core.services.expiry import sweep
from playlist_core.services.namespace import Namespace


@define(eq=False)
class Sessions:
    """The sessions of a namespace; a token is known to its browser alone, the store has its fingerprint."""

    documents: Documents[Session]
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    rules: LoginRules = field(kw_only=True)

    @classmethod
    def over(cls, auth: Namespace, *, rules: LoginRules) -> "Sessions":
        return cls(
            auth.documents(Session, "session"), clock=auth.clock, randomness=auth.randomness, rules=rules
        )

    async def mint(self, username: Username, address: ClientAddress) -> tuple[Session, str]:
        """A new session and its token."""
        token = self.randomness.token()
        session = Session.start(username, address, now=self.clock.now(), rules=self.rules)
        await self.documents.create(fingerprint(token), value=session)
        return session, token

    async def lookup(self, token: str, *, glance: bool = False) -> Session | None:
        """The session of a token, extended by this use, or None when there is none or it has ended.

        With `glance` also one that was ended within the last second. Raises Unavailable when the store cannot
        be read: that is not the same as signed out.
        """
        now = self.clock.now()
        seen = await self.peek(token, glance=glance)
        if seen is None or seen.extend(now, rules=self.rules) == seen:
            return seen
        try:
            session = await self.documents.modify(
                fingerprint(token), change=lambda current: current and current.extend(now, rules=self.rules)
            )
        except (Unavailable, OutcomeUnknown):
            # Read a moment ago and good; extending it can wait for the next request.
            return seen
        return session if session is not None and session.is_alive(now) else None

    async def peek(self, token: str, *, glance: bool = False) -> Session | None:
        """The session of a token as it is, or None as for `lookup`; to look is no use that extends it."""
        key, now = fingerprint(token), self.clock.now()
        seen = await self.documents.glance(key) if glance else None
        if seen is None or not seen.value.is_alive(now):
            # Also for a glance: it need not know yet of a session that was begun or extended a moment ago.
            seen = await self.documents.get(key)
        return None if seen is None or not seen.value.is_alive(now) else seen.value

    async def revoke(self, token: str) -> None:
        """End the session of a token, on every replica at once; no session, no error."""
        now = self.clock.now()
        key = fingerprint(token)
        await self.documents.modify(key, change=lambda current: current and current.end(now))
        # It has ended; that nothing is left of it may be the sweep's business.
        with suppress(Conflict, Unavailable, OutcomeUnknown):
            seen = await self.documents.get(key)
            if seen is not None:
                await self.documents.delete(key, seen=seen)

    async def sweep(self) -> int:
        """Delete ended sessions; how many."""
        now = self.clock.now()
        return await sweep(self.documents, expired=lambda session: not session.is_alive(now))
