"""Signing in: a code is asked for, sent as a private message, and typed back once."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta

from anyio import CancelScope
from attrs import define, field

from playlist_core.domain.access import Action, decide
from playlist_core.domain.identity import Actor, ClientAddress, Username
from playlist_core.domain.limits import LimitRules
from playlist_core.domain.login import (
    Challenge,
    Invalid,
    Locked,
    LoginRules,
    Requested,
    SignedIn,
    Unrequested,
    Verified,
    code_message,
    normalise_code,
    scrypt_digest,
)
from playlist_core.errors import (
    Denied,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PlaylistError,
    RateLimited,
    Unavailable,
    Undeliverable,
)
from playlist_core.ports import Clock, KVStore, PMSender, Randomness, UserDirectory
from playlist_core.services.blocks import Blocks
from playlist_core.services.challenges import Challenges, Issued
from playlist_core.services.hashing import CodeHasher, Hashing
from playlist_core.services.limits import Limits
from playlist_core.services.lockouts import LockOuts
from playlist_core.services.namespace import Namespace
from playlist_core.services.sessions import Sessions


@define(eq=False)
class Login:
    """Requests for codes and their verification; several replicas may work on one store.

    A challenge belongs to its requester: the browser that holds the challenge token, else the source it came
    from. So whoever asks in somebody else's name can only ever lock out himself (adr/0007).
    """

    challenges: Challenges
    sessions: Sessions
    blocks: Blocks = field(kw_only=True)
    limits: Limits = field(kw_only=True)
    lockouts: LockOuts = field(kw_only=True)
    pms: PMSender = field(kw_only=True)
    users: UserDirectory = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    rules: LoginRules = field(kw_only=True)

    @classmethod
    def over(
        cls,
        auth: KVStore,
        *,
        namespace: str,
        pms: PMSender,
        users: UserDirectory,
        clock: Clock,
        randomness: Randomness,
        rules: LoginRules | None = None,
        limit_rules: LimitRules | None = None,
        hasher: CodeHasher = scrypt_digest,
    ) -> "Login":
        """The whole of signing in over the bucket `auth`; a process has one, for it bounds the hashing."""
        space = Namespace(auth, namespace, clock=clock, randomness=randomness)
        rules, limit_rules = rules or LoginRules(), limit_rules or LimitRules()
        return cls(
            Challenges.over(space, Hashing(hasher), rules=rules),
            Sessions.over(space, rules=rules),
            blocks=Blocks.over(space, rules=rules),
            limits=Limits.over(space, rules=limit_rules),
            lockouts=LockOuts.over(space, rules=limit_rules),
            pms=pms,
            users=users,
            clock=clock,
            rules=rules,
        )

    async def request(
        self, username: str, address: ClientAddress, *, challenge_token: str | None = None
    ) -> Requested:
        """Send a new code to `username`, for the browser that holds `challenge_token` or a new one.

        Raises NotFound (`not_in_channel`) for a name that is invalid or absent, Denied (`ip_blocked`),
        RateLimited (`locked`, `rate_limited`), ChannelUnavailable, Unavailable. A message whose fate is
        unknown counts as sent. Every request that is not refused counts, whatever comes of it.
        """
        name = _parse(username)
        known = await self._admit_request(name, address)
        user = await self.users.present(name)
        if user is None:
            raise _absent()
        if not known:
            until = self.clock.now() + timedelta(seconds=self.rules.otp_ttl_seconds)
            await self.limits.take_seat(name, address.source, until=until)
        await self.limits.admit_pm()
        issued = await self.challenges.issue(user.name, address, token=challenge_token)
        await self._send(issued)
        return Requested(expires_in_seconds=self.rules.otp_ttl_seconds, challenge_token=issued.token)

    async def verify(
        self,
        username: str,
        code: str,
        address: ClientAddress,
        *,
        challenge_token: str | None = None,
        session_token: str | None = None,
    ) -> Verified:
        """Sign in with a code as it was typed; the session that `session_token` names ends with success.

        Raises NotFound (`not_in_channel`) for an invalid name, RateLimited (`rate_limited`), Unavailable.
        """
        name = _parse(username)
        rest = await self.blocks.rest(address)
        if rest:
            return Locked(retry_after_seconds=rest)
        self.limits.recall_verification(address.source)
        rest = await self.lockouts.rest(name, address.source)
        if rest:
            return Locked(retry_after_seconds=rest)
        await self.limits.admit_verification(address.source)
        challenge = await self.challenges.of_requester(name, address, token=challenge_token)
        if challenge is not None and challenge.is_open(self.clock.now()):
            return await self._guess(challenge, code, address, session_token)
        await self.limits.admit_stray(name)
        if challenge is not None:
            return await self._closed(name, address)
        await self.blocks.offer(address)
        return Unrequested(can_block_ip=True, default_block_hours=self.rules.block_hours)

    async def lift_lockouts(self, actor: Actor, name: Username) -> None:
        """Let the name sign in again now, from anywhere: lock-outs end, its counts start anew. For admins."""
        decide(actor.role, Action.MANAGE_ACCESS)
        await self.lockouts.lift(actor, name)
        await self.limits.reset(name)

    async def sweep(self) -> int:
        """Delete what has expired, in every part of signing in; how many documents."""
        swept = await self.challenges.sweep() + await self.sessions.sweep() + await self.blocks.sweep()
        return swept + await self.limits.sweep() + await self.lockouts.sweep()

    async def _admit_request(self, name: Username, address: ClientAddress) -> bool:
        """Count the request or refuse it; whether its source is known to have signed in as this name."""
        source = address.source
        rest = await self.blocks.rest(address)
        if rest:
            raise Denied(
                "Signing in from this address is blocked; an admin can lift the block.",
                code="ip_blocked",
                retry_after_seconds=rest,
            )
        self.limits.recall_request(source)
        rest = await self.lockouts.rest(name, source)
        if rest:
            raise RateLimited(
                f"Too many wrong codes; try again in {rest} s.", retry_after_seconds=rest, code="locked"
            )
        known = await self.limits.is_known(name, source)
        await self.limits.admit_request(name, source, known=known)
        return known

    async def _send(self, issued: Issued) -> None:
        """Deliver the code, or withdraw it when that certainly failed."""
        to = issued.challenge.username
        text = code_message(issued.code, ttl_seconds=self.rules.otp_ttl_seconds)
        try:
            await self.pms.send(to, text)
        except OutcomeUnknown:
            # It may have arrived: whoever has it shall be able to use it.
            return
        except PlaylistError as exc:
            # Withdrawing is for tidiness; nobody knows the code, so the reason for the failure goes first.
            with suppress(Unavailable, OutcomeUnknown):
                await self.challenges.withdraw(issued.challenge)
                await self.limits.leave_seat(to, issued.challenge.source)
            if isinstance(exc, Undeliverable):
                raise _absent() from exc
            raise

    async def _guess(
        self, challenge: Challenge, code: str, address: ClientAddress, session_token: str | None
    ) -> Verified:
        """Have a guess evaluated: who hangs up after a wrong one shall not escape the lock-out."""
        with self.challenges.hashing.place(), _seen_through():
            return await self._evaluate(challenge, code, address, session_token)

    async def _evaluate(
        self, challenge: Challenge, code: str, address: ClientAddress, session_token: str | None
    ) -> Verified:
        """Spend an attempt, then compare."""
        name = challenge.username
        spent = await self.challenges.spend_attempt(challenge)
        if spent is None:
            return await self._closed(name, address)
        known = await self.limits.is_known(name, address.source)
        await self.limits.admit_guess(name, known=known)
        guess = await self.challenges.hashing.digest(normalise_code(code), spent.salt)
        if spent.verify(guess):
            return await self._sign_in(spent, address, session_token)
        if spent.attempts_remaining == 0:
            # The guesser's source, not the asker's: nobody can have another one locked out.
            await self.lockouts.record(name, address.source, code_id=spent.code_id)
        return Invalid(attempts_remaining=spent.attempts_remaining)

    async def _sign_in(
        self, challenge: Challenge, address: ClientAddress, session_token: str | None
    ) -> Verified:
        """Mint a session, then spend the code: a store that fails in between costs nobody his code."""
        session, token = await self.sessions.mint(challenge.username, address)
        used = await self.challenges.use(challenge)
        # From here on the answer stands; what follows only makes room for the next sign-in.
        with suppress(Unavailable, OutcomeUnknown):
            if used is None:
                await self.sessions.revoke(token)
            else:
                await self._make_room(used, address, session_token)
        return Locked(retry_after_seconds=0) if used is None else SignedIn(session=session, token=token)

    async def _make_room(self, used: Challenge, address: ClientAddress, session_token: str | None) -> None:
        """After a sign-in: the browser's earlier session ends, limits are refunded, the source is known."""
        name, now = used.username, self.clock.now()
        if session_token is not None:
            await self.sessions.revoke(session_token)
        used_up = used.attempts_remaining == 0
        await self.lockouts.forgive(name, address.source, code_id=used.code_id, used_up=used_up)
        await self.limits.refund_request(name, used.source, used.requested_at)
        await self.limits.refund_guess(name, address.source, now)
        await self.limits.leave_seat(name, used.source)
        await self.limits.make_known(name, address.source)

    async def _closed(self, name: Username, address: ClientAddress) -> Locked:
        """The answer about a code that was used, used up or has expired: wait, or ask for a new one."""
        return Locked(retry_after_seconds=await self.lockouts.rest(name, address.source))


@contextmanager
def _seen_through() -> Generator[None, None, None]:
    """What happens inside is not cancelled half-way."""
    with CancelScope(shield=True):
        yield


def _parse(username: str) -> Username:
    try:
        return Username.typed(username)
    except InvalidInput as exc:
        raise _absent() from exc


def _absent() -> NotFound:
    return NotFound("Nobody of that name is in the channel; join it, then ask again.", code="not_in_channel")
