"""Signing in and out, and blocking an address that somebody abuses."""

from typing import Any, Final

import falcon.asgi
from attrs import define

from playlist_app.http.door import (
    CHALLENGE_COOKIE,
    SESSION_COOKIE,
    Call,
    Door,
    Nothing,
    operation,
    session_token,
)
from playlist_app.http.headers import SET_COOKIE
from playlist_app.http.parsing import single
from playlist_app.shapes.auth import (
    Blocked,
    BlockList,
    BlockOrder,
    CodeEntry,
    CodeRequest,
    CodeSent,
    SessionView,
    Verification,
    VerifiedInvalid,
    VerifiedLocked,
    VerifiedOk,
    VerifiedUnrequested,
    block_entry,
)
from playlist_core.domain.access import Action, permissions
from playlist_core.domain.identity import ClientAddress, Role, Username
from playlist_core.domain.limits import BlockReason
from playlist_core.domain.login import Invalid, Locked, LoginRules, SignedIn, Unrequested
from playlist_core.errors import InvalidInput, NotSignedIn
from playlist_core.services.login import Login

# A challenge cookie outlives its code by far, so that a double click is still known for what it is.
_CHALLENGE_SECONDS: Final = 24 * 3600


@define(eq=False)
class _SigningIn:
    door: Door
    login: Login
    rules: LoginRules

    def set_cookie(self, resp: falcon.asgi.Response, name: str, value: str, *, seconds: int) -> None:
        resp.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            secure=self.door.secure_cookies,
            http_only=True,
            same_site="Strict",
        )


class CodeRequests(_SigningIn):
    """`POST /auth/otp/request`."""

    @operation(
        "Send a one-time code to a name in the channel, by private message",
        needs=None,
        body=CodeRequest,
        answer=CodeSent,
        errors=("not_in_channel", "channel_unavailable", "ip_blocked", "locked", "rate_limited"),
        gives=(SET_COOKIE,),
    )
    async def on_post(self, call: Call[CodeRequest, Nothing]) -> CodeSent:
        token = single(call.req.get_cookie_values(CHALLENGE_COOKIE) or [])
        sent = await self.login.request(call.body.username, call.address, challenge_token=token)
        self.set_cookie(call.resp, CHALLENGE_COOKIE, sent.challenge_token, seconds=_CHALLENGE_SECONDS)
        return CodeSent(sent.expires_in_seconds)


class CodeEntries(_SigningIn):
    """`POST /auth/otp/verify`."""

    @operation(
        "Sign in with the code",
        needs=None,
        body=CodeEntry,
        answer=Verification,
        errors=("not_in_channel", "rate_limited"),
        gives=(SET_COOKIE,),
    )
    async def on_post(self, call: Call[CodeEntry, Nothing]) -> Verification:
        role = await self._role(call.body.username)
        verified = await self.login.verify(
            call.body.username,
            call.body.otp,
            call.address,
            challenge_token=single(call.req.get_cookie_values(CHALLENGE_COOKIE) or []),
            session_token=session_token(call.req),
        )
        match verified:
            case SignedIn(token=token):
                seconds = self.rules.session_max_days * 24 * 3600
                self.set_cookie(call.resp, SESSION_COOKIE, token, seconds=seconds)
                return VerifiedOk(role)
            case Invalid(attempts_remaining=left):
                return VerifiedInvalid(left)
            case Unrequested(can_block_ip=can_block, default_block_hours=hours):
                return VerifiedUnrequested(can_block, hours)
            case Locked(retry_after_seconds=seconds):
                return VerifiedLocked(seconds)

    async def _role(self, username: str) -> Role:
        """Asked before the code is spent: a store that fails after that would cost the session."""
        try:
            return await self.door.access.role_of(Username.typed(username))
        except InvalidInput:
            return Role.VIEWER  # nobody can have this name; `verify` says so


class AddressBlock(_SigningIn):
    """`POST /auth/ipblock`."""

    @operation(
        "Block the own address right after `unrequested`; as an admin any address",
        needs=None,
        body=BlockOrder,
        answer=Blocked,
        errors=("block_not_offered", "not_signed_in", "forbidden"),
    )
    async def on_post(self, call: Call[BlockOrder, Nothing]) -> Blocked:
        order = call.body
        if order.ip is None:
            if order.reason is not None:
                raise InvalidInput.of("reason", "is for admins, who name the address in ip")
            block = await self.login.blocks.block_own(call.address, hours=order.hours)
            return Blocked(blocked_until=block.blocked_until)
        _, actor = await self.door.admit(call.req, Action.MANAGE_ACCESS)
        block = await self.login.blocks.block(
            actor,
            ClientAddress.parse(order.ip),
            hours=order.hours,
            reason=order.reason or BlockReason.ADMIN_ACTION,
        )
        return Blocked(blocked_until=block.blocked_until)


class AddressBlocks(_SigningIn):
    """`GET /auth/ipblocks`."""

    @operation("The blocked addresses", needs=Action.MANAGE_ACCESS, answer=BlockList)
    async def on_get(self, call: Call[Nothing, Nothing]) -> BlockList:
        return BlockList(tuple(block_entry(block) for block in await self.login.blocks.active(call.actor)))


class OneAddressBlock(_SigningIn):
    """`DELETE /auth/ipblocks/{ip}`."""

    @operation("Lift a block", needs=Action.MANAGE_ACCESS, status=204)
    async def on_delete(self, call: Call[Nothing, Nothing]) -> None:
        await self.login.blocks.lift(call.actor, ClientAddress.parse(call.params["ip"]))


class CurrentSession(_SigningIn):
    """`GET /auth/session`."""

    @operation("Who is signed in", needs=Action.SEARCH_CATALOG, answer=SessionView, errors=("not_signed_in",))
    async def on_get(self, call: Call[Nothing, Nothing]) -> SessionView:
        session, actor = call.session, call.actor
        if session is None:
            raise NotSignedIn("Sign in first.")
        allowed = permissions(actor.role, allow_blessed_hard_replace=self.door.allow_blessed_hard_replace)
        return SessionView(session.username.spelling, actor.role, session.expires_at, allowed)


class SignOut(_SigningIn):
    """`POST /auth/logout`; without a session it has nothing to do and says so with the same 204."""

    @operation("Sign out", needs=None, status=204, gives=(SET_COOKIE,))
    async def on_post(self, call: Call[Nothing, Nothing]) -> None:
        token = session_token(call.req)
        if token is not None:
            await self.login.sessions.revoke(token)
        call.resp.unset_cookie(SESSION_COOKIE, same_site="Strict", path="/")


def auth_routes(door: Door, login: Login, rules: LoginRules) -> list[tuple[str, Any]]:
    """The addresses under `/api/v1/auth`."""
    root = "/api/v1/auth"
    return [
        (f"{root}/otp/request", CodeRequests(door, login, rules)),
        (f"{root}/otp/verify", CodeEntries(door, login, rules)),
        (f"{root}/ipblock", AddressBlock(door, login, rules)),
        (f"{root}/ipblocks", AddressBlocks(door, login, rules)),
        (f"{root}/ipblocks/{{ip}}", OneAddressBlock(door, login, rules)),
        (f"{root}/session", CurrentSession(door, login, rules)),
        (f"{root}/logout", SignOut(door, login, rules)),
    ]
