"""Steps about people, time, the connection to the channel, and refusals."""

from typing import Final

from playlist_core.domain.identity import Role, Username
from tests.bdd.steps import given, then, when
from tests.bdd.world import World

# What people are told, and the stable code behind it (docs of the API).
REASONS: Final = {
    "nobody is signed in": "not_signed_in",
    "only blessed users and admins may do that": "forbidden blessed",
    "only admins may do that": "forbidden admin",
    "nobody of that name is in the channel": "not_in_channel",
    "the channel is away": "channel_unavailable",
    "of too many wrong codes": "locked",
    "of too many tries": "rate_limited",
    "the address is blocked": "ip_blocked",
    "no block was offered": "block_not_offered",
    "the config fixes that": "fixed_by_config",
    "there is no catalogue yet": "no_snapshot",
    "it is being refreshed already": "refresh_in_progress",
    "there is no such playlist": "playlist_not_found",
    "there is no such version": "version_not_found",
    "somebody else has saved it meanwhile": "stale_version",
    "the name is taken": "name_taken",
    "the pattern cannot be read": "bad_pattern",
    "nothing was chosen": "too_few_sources",
    "it is empty": "invalid playlist_id",
    "such a name cannot be": "invalid name",
    "somebody else is at it": "apply_in_progress",
}


@given("alice is an admin, bob is blessed and carol is a viewer")
async def _(world: World) -> None:
    await world.services.access.grant(world.admin, Username("bob"), Role.BLESSED)
    world.regulars |= {"alice", "bob", "carol"}


@given("{who:who} is signed in")
async def _(world: World, who: str) -> None:
    await world.sign_in(who)


@given("{seconds:d} seconds have passed")
@when("{seconds:d} seconds pass")
async def _(world: World, seconds: int) -> None:
    world.clock.advance(seconds)


@when("{minutes:d} minutes pass")
async def _(world: World, minutes: int) -> None:
    world.clock.advance(minutes * 60)


@when("{hours:d} hours pass")
async def _(world: World, hours: int) -> None:
    world.clock.advance(hours * 3600)


@when("{days:d} days pass")
async def _(world: World, days: int) -> None:
    world.clock.advance(days * 86_400)


@given("the bot has lost its connection to the channel")
@when("the bot loses its connection to the channel")
async def _(world: World) -> None:
    world.channel.disconnect()


@when("the bot is back in the channel")
async def _(world: World) -> None:
    world.channel.reconnect()


@then("it is refused, because {reason}")
async def _(world: World, reason: str) -> None:
    refusal = world.refusal()
    told = refusal.details.get("needs") or refusal.details.get("field")
    assert " ".join(filter(None, (refusal.code, told))) == REASONS[reason]
