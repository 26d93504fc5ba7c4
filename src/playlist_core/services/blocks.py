"""Address blocks: offered to whoever verified a code nobody asked for, set, listed and lifted by admins."""

from collections.abc import Sequence
from datetime import timedelta

from attrs import define, field

from playlist_core.domain.access import Action, decide
from playlist_core.domain.identity import Actor, ClientAddress
from playlist_core.domain.limits import OFFER_FOR, Block, BlockReason, Offer, block_length
from playlist_core.domain.login import LoginRules
from playlist_core.errors import Denied
from playlist_core.ports import Clock
from playlist_core.services.documents import Documents
from playlist_core.services.expiry import sweep
from playlist_core.services.namespace import Namespace


@define(eq=False)
class Blocks:
    """The blocked addresses of a namespace; a block ends only signing in, not sessions that exist."""

    blocks: Documents[Block]
    offers: Documents[Offer]
    clock: Clock = field(kw_only=True)
    rules: LoginRules = field(kw_only=True)

    @classmethod
    def over(cls, auth: Namespace, *, rules: LoginRules) -> "Blocks":
        return cls(
            auth.documents(Block, "ipblock"),
            auth.documents(Offer, "limit", "offer"),
            clock=auth.clock,
            rules=rules,
        )

    async def rest(self, address: ClientAddress) -> int:
        """Seconds the address is still blocked; 0 when it is not."""
        seen = await self.blocks.get(address.source)
        return 0 if seen is None else seen.value.rest(self.clock.now())

    async def offer(self, address: ClientAddress) -> None:
        """Let this very address block itself within the next ten minutes."""
        offer = Offer(ip=str(address), expires_at=self.clock.now() + OFFER_FOR)
        await self.offers.modify(offer.ip, change=lambda _: offer)

    async def block_own(self, address: ClientAddress, *, hours: int | None = None) -> Block:
        """Block the caller's own address, for `block_hours` unless told; never shortens a block.

        InvalidInput for hours outside of 1 to 8760; Denied (`block_not_offered`) when not offered lately.
        """
        length = block_length(self.rules.block_hours if hours is None else hours)
        offer = await self.offers.get(str(address))
        if offer is None or offer.value.expired(self.clock.now()):
            raise Denied(
                "You can block your own address only right after entering a code that nobody asked for.",
                code="block_not_offered",
            )
        return await self._block(address, length, reason=BlockReason.OTP_UNSOLICITED, by=None)

    async def block(
        self,
        actor: Actor,
        address: ClientAddress,
        *,
        hours: int | None = None,
        reason: BlockReason = BlockReason.ADMIN_ACTION,
    ) -> Block:
        """Block any address, replacing what was there; InvalidInput for hours outside of 1 to 8760."""
        decide(actor.role, Action.MANAGE_ACCESS)
        length = block_length(self.rules.block_hours if hours is None else hours)
        return await self._block(address, length, reason=reason, by=actor.username.spelling)

    async def active(self, actor: Actor) -> Sequence[Block]:
        """The blocks of this moment, those that end first first."""
        decide(actor.role, Action.MANAGE_ACCESS)
        now = self.clock.now()
        found = [seen.value for seen in await self.blocks.all() if not seen.value.expired(now)]
        return sorted(found, key=lambda block: (block.blocked_until, block.ip))

    async def lift(self, actor: Actor, address: ClientAddress) -> None:
        """End the block that covers the address; none, no error."""
        decide(actor.role, Action.MANAGE_ACCESS)
        now = self.clock.now()
        await self.blocks.modify(address.source, change=lambda block: block and block.lift(now))

    async def sweep(self) -> int:
        """Delete blocks and offers that are over; how many."""
        now = self.clock.now()
        blocks = await sweep(self.blocks, expired=lambda block: block.expired(now))
        return blocks + await sweep(self.offers, expired=lambda offer: offer.expired(now))

    async def _block(
        self, address: ClientAddress, length: timedelta, *, reason: BlockReason, by: str | None
    ) -> Block:
        now = self.clock.now()
        block = Block(
            ip=str(address),
            source=address.source,
            blocked_until=now + length,
            reason=reason,
            created_at=now,
            by=by,
        )

        def change(current: Block | None) -> Block:
            if by is None and current is not None and current.blocked_until > block.blocked_until:
                return current
            return block

        return await self.blocks.modify(address.source, change=change) or block
