"""Steps about codes, sessions, waits and blocks."""

from collections import Counter
from datetime import timedelta
from typing import Final

import anyio
import pytest

from playlist_core.domain.identity import Username
from playlist_core.domain.login import CODE_ALPHABET, Invalid, Locked, SignedIn, Unrequested, Verified
from tests.bdd.steps import given, then, when
from tests.bdd.wishes import LET_IN, LIFT_BLOCK, SEE_BLOCKS, SEE_SESSION
from tests.bdd.world import Config, World

WRONG: Final = "2222-2222"
WAYS: Final = {
    "in small letters": str.lower,
    "with a dash in the middle": lambda code: f"{code[:4]}-{code[4:]}",
    "with a blank in the middle": lambda code: f"{code[:4]} {code[4:]}",
    "with blanks around it": lambda code: f"  {code} ",
}


def sent_to(world: World, who: str) -> str:
    """The code that this browser's user reads in the channel."""
    code = world.browser(who).code
    assert code is not None, f"{who} has no code"
    return code


# -- the config ----------------------------------------------------------------------


@given("codes are valid for {seconds:d} seconds")
def _(config: Config, seconds: int) -> None:
    config.says(otp_ttl_seconds=seconds)


@given("a name may ask for {asked:d} codes and enter {entered:d} in {minutes:d} minutes")
def _(config: Config, asked: int, entered: int, minutes: int) -> None:
    config.says(
        otp_requests_per_name=asked, otp_verifications_per_name=entered, otp_window_seconds=minutes * 60
    )


@given("an address may ask for {asked:d} codes and enter {entered:d} in {minutes:d} minutes")
def _(config: Config, asked: int, entered: int, minutes: int) -> None:
    config.says(
        otp_requests_per_source=asked, otp_verifications_per_source=entered, otp_window_seconds=minutes * 60
    )


@given("the first wait is {first:d} seconds and the longest {longest:d}")
def _(config: Config, first: int, longest: int) -> None:
    config.says(lockout_first_seconds=first, lockout_max_seconds=longest)


@given("blocks last {hours:d} hours")
def _(config: Config, hours: int) -> None:
    config.says(block_hours=hours)


# -- asking --------------------------------------------------------------------------


@given("{who:who} has asked for a code")
@when("{who:who} asks for a code")
async def _(world: World, who: str) -> None:
    await world.attempt(world.ask_for_code(who))


@when("{who:who} asks for a code in the name of {name:w}")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(world.ask_for_code(who, name=name))


@when("{who:who} asks for a code in the name of {name:w} {times:d} times")
async def _(world: World, who: str, name: str, times: int) -> None:
    for _ in range(times):
        await world.ask_for_code(who, name=name)


@given("bob has signed in from home before")
async def _(world: World) -> None:
    await world.sign_in("bob")


@then("{name:who} has a private message with a code of {length:d} letters and digits")
async def _(world: World, name: str, length: int) -> None:
    latest = world.channel.inbox(name)[-1]
    # What came now, not what lay there from before.
    assert latest.at == world.clock.now()
    (code,) = [word for word in latest.text.split() if word.isupper() and len(word) == length]
    assert set(code) <= set(CODE_ALPHABET)


@then("{name:who} reads that the code is valid for {how_long}")
async def _(world: World, name: str, how_long: str) -> None:
    assert f"(valid for {how_long}, once)" in world.channel.inbox(name)[-1].text


@then("nobody has a private message")
async def _(world: World) -> None:
    assert [len(world.channel.inbox(user.name.key)) for user in world.channel.users] == [0, 0, 0, 0]


# -- entering ------------------------------------------------------------------------


@when("{who:who} enters the code")
async def _(world: World, who: str) -> None:
    await world.attempt(world.enter_code(who, sent_to(world, who)))


@when("{who:who} types the code {how}")
async def _(world: World, who: str, how: str) -> None:
    await world.attempt(world.enter_code(who, WAYS[how](sent_to(world, who))))


@when("{who:who} enters the code in the name of {name:w}")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(world.enter_code(who, sent_to(world, who), name=name))


@when("{who:who} enters a wrong code")
async def _(world: World, who: str) -> None:
    await world.attempt(world.enter_code(who, WRONG))


@given("{who:who} has entered a wrong code {times:d} times")
async def _(world: World, who: str, times: int) -> None:
    for _ in range(times):
        await world.enter_code(who, WRONG)


@when("{who:who} enters a wrong code in the name of {name:w}")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(world.enter_code(who, WRONG, name=name))


@when("{who:who} enters a wrong code in the name of {name:w} {times:d} times")
async def _(world: World, who: str, name: str, times: int) -> None:
    for _ in range(times):
        await world.enter_code(who, WRONG, name=name)


@when("{who:who} enters the code {times:d} times at once", target_fixture="verdicts")
async def _(world: World, who: str, times: int) -> list[Verified]:
    code = sent_to(world, who)
    verdicts: list[Verified] = []

    async def enter() -> None:
        verdicts.append(await world.enter_code(who, code))

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(enter)
    return verdicts


@pytest.fixture
def waits() -> list[int]:
    """What somebody had to wait for so far, in seconds."""
    return []


@given("{who:who} uses up the attempts of {codes:d} codes, waiting each time", target_fixture="waits")
@when("{who:who} uses up the attempts of {codes:d} codes, waiting each time", target_fixture="waits")
async def _(world: World, who: str, codes: int, waits: list[int]) -> list[int]:
    return [*waits, *await used_up(world, who, codes)]


async def used_up(world: World, who: str, codes: int) -> list[int]:
    """Code after code is guessed at until the attempts are used up; the seconds to wait after each."""
    waits: list[int] = []
    for _ in range(codes):
        await world.ask_for_code(who)
        for _ in range(3):
            await world.enter_code(who, WRONG)
        told = await world.enter_code(who, WRONG)
        assert isinstance(told, Locked)
        waits.append(told.retry_after_seconds)
        world.clock.advance(told.retry_after_seconds)
    return waits


# -- what comes of it ----------------------------------------------------------------


@then("{who:who} is signed in")
async def _(world: World, who: str) -> None:
    assert isinstance(world.answer, SignedIn)
    assert world.answer.session.username.key == who
    assert (await world.actor(who, SEE_SESSION)).username.key == who


@then("{who:who} is told to ask for a code")
async def _(world: World, who: str) -> None:
    assert world.answer == Locked(retry_after_seconds=0)


@then("{who:who} is told to wait {seconds:d} seconds")
async def _(world: World, who: str, seconds: int) -> None:
    assert world.answer == Locked(retry_after_seconds=seconds)


@then("{who:who} is told that {left:d} attempts are left")
async def _(world: World, who: str, left: int) -> None:
    assert world.answer == Invalid(attempts_remaining=left)


@then("{who:who} is signed in once and told to ask for a code otherwise")
async def _(world: World, who: str, verdicts: list[Verified]) -> None:
    kinds = Counter("in" if isinstance(each, SignedIn) else each for each in verdicts)
    assert kinds == {"in": 1, Locked(retry_after_seconds=0): len(verdicts) - 1}


@then("{who:who} had to wait for {seconds} seconds")
async def _(waits: list[int], who: str, seconds: str) -> None:
    assert waits == [int(each) for each in seconds.split()]


@then("{who:who} can sign in from elsewhere")
async def _(world: World, who: str) -> None:
    await world.sign_in(who)


@when("{who:who} signs out")
async def _(world: World, who: str) -> None:
    token = world.browser(who).session
    assert token is not None
    await world.services.login.sessions.revoke(token)


@when("{admin:who} lets {who:who} sign in again")
async def _(world: World, admin: str, who: str) -> None:
    await world.sign_in(admin)
    actor = await world.actor(admin, LET_IN)
    await world.services.login.lift_lockouts(actor, Username(who))


# -- blocks --------------------------------------------------------------------------


@then("{who:who} is told that no code was asked for, and offered a block of {hours:d} hours")
async def _(world: World, who: str, hours: int) -> None:
    assert world.answer == Unrequested(can_block_ip=True, default_block_hours=hours)


@when("{who:who} accepts the block")
async def _(world: World, who: str) -> None:
    await world.attempt(world.services.login.blocks.block_own(world.browser(who).address))


@when("{who:who} accepts the block for {hours:d} hours")
async def _(world: World, who: str, hours: int) -> None:
    await world.attempt(world.services.login.blocks.block_own(world.browser(who).address, hours=hours))


@given("{who:who} has been blocked")
async def _(world: World, who: str) -> None:
    await world.enter_code(who, WRONG, name="bob")
    await world.services.login.blocks.block_own(world.browser(who).address)


@then("{admin:who} sees the stranger's address blocked for {hours:d} hours")
async def _(world: World, admin: str, hours: int) -> None:
    await world.sign_in(admin)
    seen = await world.services.login.blocks.active(await world.actor(admin, SEE_BLOCKS))
    address = str(world.browser("stranger").address)
    until = world.clock.now() + timedelta(hours=hours)
    assert [(block.ip, block.blocked_until) for block in seen] == [(address, until)]


@when("{admin:who} lifts the block")
async def _(world: World, admin: str) -> None:
    await world.sign_in(admin)
    actor = await world.actor(admin, LIFT_BLOCK)
    await world.services.login.blocks.lift(actor, world.browser("stranger").address)
