"""Challenges: a code for one requester, found again by whoever asked, and spent by conditional writes."""

from collections.abc import Callable

from attrs import define, field, frozen

from playlist_core.domain.identity import ClientAddress, Username
from playlist_core.domain.login import Challenge, LoginRules, fingerprint
from playlist_core.ports import Clock, Randomness
from playlist_core.services.documents import Documents
from playlist_core.services.expiry import sweep
from playlist_core.services.hashing import Hashing
from playlist_core.services.namespace import Namespace


@frozen(kw_only=True)
class Issued:
    """A stored challenge with the two secrets that are not in it: the code to send, the requester's token."""

    challenge: Challenge
    code: str = field(repr=False)
    token: str = field(repr=False)


@define(eq=False)
class Challenges:
    """The challenges of a namespace, kept by name and requester."""

    documents: Documents[Challenge]
    hashing: Hashing
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)
    rules: LoginRules = field(kw_only=True)

    @classmethod
    def over(cls, auth: Namespace, hashing: Hashing, *, rules: LoginRules) -> "Challenges":
        documents = auth.documents(Challenge, "otp", "request")
        return cls(documents, hashing, clock=auth.clock, randomness=auth.randomness, rules=rules)

    async def issue(self, username: Username, address: ClientAddress, *, token: str | None) -> Issued:
        """Make and store a code for the browser that holds `token`, or for a new requester.

        A token nobody was given for this name is not taken over: it may be known to others. A requester has
        one code; the newer takes the place of the older. RateLimited when too many codes are being hashed.
        """
        if token is None or await self._held_by(username, token) is None:
            token = self.randomness.token()
        code, salt = self.randomness.code(), self.randomness.token()
        with self.hashing.place():
            digest = await self.hashing.digest(code, salt)
        challenge = Challenge.issue(
            fingerprint(token),
            username,
            code_id=self.randomness.identifier(),
            otp_hash=digest,
            salt=salt,
            address=address,
            now=self.clock.now(),
            rules=self.rules,
        )
        await self.documents.modify(username.key, challenge.challenge_id, change=lambda _: challenge)
        return Issued(challenge=challenge, code=code, token=token)

    async def of_requester(
        self, name: Username, address: ClientAddress, *, token: str | None
    ) -> Challenge | None:
        """The challenge of the browser that holds `token`; without one, the newest from the address's source.

        It may be closed; after 24 hours it is forgotten and the answer is None.
        """
        held = None if token is None else await self._held_by(name, token)
        if held is not None:
            return held
        now = self.clock.now()
        from_here = [
            (seen.value.requested_at, seen.revision, seen.value)
            for seen in await self.documents.all(name.key)
            if seen.value.source == address.source and not seen.value.is_forgotten(now)
        ]
        return max(from_here, key=lambda found: found[:2])[2] if from_here else None

    async def spend_attempt(self, challenge: Challenge) -> Challenge | None:
        """The challenge as it stands with an attempt spent for the caller, or None when there was none left.

        The caller compares with this one: a newer code may have taken the place of the one it saw.
        """
        now = self.clock.now()
        spent = False

        def change(current: Challenge | None) -> Challenge | None:
            nonlocal spent
            spent = current is not None and current.is_open(now)
            return current and current.spend_attempt(now)

        after = await self._modify(challenge, change)
        return after if spent else None

    async def use(self, challenge: Challenge) -> Challenge | None:
        """The challenge as spent by the caller, or None when somebody else was first: one gets it."""
        operation = self.randomness.identifier()
        after = await self._modify(
            challenge, lambda current: current and current.use(operation, code_id=challenge.code_id)
        )
        return after if after is not None and after.used_by == operation else None

    async def withdraw(self, challenge: Challenge) -> None:
        """Close a challenge whose code could not be delivered."""
        now = self.clock.now()
        await self._modify(
            challenge, lambda current: current and current.withdraw(now, code_id=challenge.code_id)
        )

    async def sweep(self) -> int:
        """Delete challenges that are forgotten; how many."""
        now = self.clock.now()
        return await sweep(self.documents, expired=lambda challenge: challenge.is_forgotten(now))

    async def _held_by(self, name: Username, token: str) -> Challenge | None:
        seen = await self.documents.get(name.key, fingerprint(token))
        return None if seen is None or seen.value.is_forgotten(self.clock.now()) else seen.value

    async def _modify(
        self, challenge: Challenge, change: Callable[[Challenge | None], Challenge | None]
    ) -> Challenge | None:
        return await self.documents.modify(challenge.username.key, challenge.challenge_id, change=change)
