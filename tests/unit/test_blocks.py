"""Blocked addresses: offered to the address itself, set and lifted by admins."""

from datetime import timedelta

import pytest

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.identity import Actor, ClientAddress, Role, Username
from playlist_core.domain.limits import Block, BlockReason
from playlist_core.domain.login import Locked, LoginRules, SignedIn, Unrequested
from playlist_core.errors import Denied, InvalidInput, NotFound, Unavailable
from playlist_core.services.login import Login
from tests.unit.login_world import HOME, STRANGER, WRONG, World

pytestmark = pytest.mark.anyio

ADMIN = Actor(Username("alice"), Role.ADMIN)
HOUR = 3600


@pytest.fixture
def world() -> World:
    return World(MemoryKV())


@pytest.fixture
def login(world: World) -> Login:
    return world.login()


def block(ip: str, hours: int, *, by: str | None, reason: BlockReason = BlockReason.ADMIN_ACTION) -> Block:
    return Block(
        ip=ip,
        source=ClientAddress.parse(ip).source,
        blocked_until=EPOCH + timedelta(hours=hours),
        reason=reason,
        created_at=EPOCH,
        by=by,
    )


async def test_after_an_unrequested_code_the_address_may_block_itself(world: World, login: Login) -> None:
    await world.enter(login, WRONG)
    expected = block("192.0.2.1", 72, by=None, reason=BlockReason.OTP_UNSOLICITED)
    assert await login.blocks.block_own(HOME) == expected
    assert await login.blocks.active(ADMIN) == [expected]


async def test_without_the_offer_nobody_can_block(world: World, login: Login) -> None:
    await world.enter(login, WRONG, address=STRANGER)
    neighbour = ClientAddress.parse("198.51.100.10")
    for address in (HOME, neighbour):
        with pytest.raises(Denied) as refused:
            await login.blocks.block_own(address, hours=1)
        assert refused.value.code == "block_not_offered"
    assert await login.blocks.active(ADMIN) == []


async def test_the_offer_is_for_one_address_and_not_for_its_network(world: World, login: Login) -> None:
    mobile, neighbour = (ClientAddress.parse(f"2001:db8:1:2::{number}") for number in (7, 8))
    await world.enter(login, WRONG, address=mobile)
    with pytest.raises(Denied):
        await login.blocks.block_own(neighbour)
    assert (await login.blocks.block_own(mobile)).ip == "2001:db8:1:2::7"


async def test_a_wrong_code_somebody_asked_for_is_no_offer(world: World, login: Login) -> None:
    await world.burn(login)
    await world.enter(login, WRONG)
    with pytest.raises(Denied):
        await login.blocks.block_own(HOME)


async def test_the_offer_ends_after_ten_minutes(world: World, login: Login) -> None:
    await world.enter(login, WRONG)
    world.clock.advance(599)
    await login.blocks.block_own(HOME, hours=1)
    world.clock.advance(1)
    with pytest.raises(Denied):
        await login.blocks.block_own(HOME, hours=2)


async def test_blocking_twice_is_one_block_and_never_a_shorter_one(world: World, login: Login) -> None:
    await world.enter(login, WRONG)
    longer = await login.blocks.block_own(HOME, hours=5)
    assert await login.blocks.block_own(HOME, hours=1) == longer


async def test_a_block_has_the_length_the_config_says(world: World) -> None:
    login = world.login(rules=LoginRules(block_hours=5))
    assert await world.enter(login, WRONG) == Unrequested(can_block_ip=True, default_block_hours=5)
    assert (await login.blocks.block_own(HOME)).blocked_until == EPOCH + timedelta(hours=5)


@pytest.mark.parametrize("hours", [0, -72, 8761])
async def test_hours_out_of_range_are_refused(world: World, login: Login, hours: int) -> None:
    await world.enter(login, WRONG)
    for attempt in (
        login.blocks.block_own(HOME, hours=hours),
        login.blocks.block(ADMIN, HOME, hours=hours),
    ):
        with pytest.raises(InvalidInput):
            await attempt
    assert await login.blocks.active(ADMIN) == []


async def test_a_blocked_address_neither_asks_nor_guesses(world: World, login: Login) -> None:
    token = await world.ask(login)
    await login.blocks.block(ADMIN, HOME, hours=2)
    with pytest.raises(Denied) as refused:
        await world.ask(login)
    assert (refused.value.code, refused.value.details) == ("ip_blocked", {"retry_after_seconds": 2 * HOUR})
    assert await world.enter(login, token=token) == Locked(retry_after_seconds=2 * HOUR)
    assert isinstance(await world.enter(login, token=token, address=STRANGER), SignedIn)
    assert len(world.inbox.sent) == 1


async def test_a_name_that_cannot_be_is_said_so_before_a_block(login: Login) -> None:
    await login.blocks.block(ADMIN, HOME, hours=1)
    with pytest.raises(NotFound):
        await login.request("two words", HOME)


async def test_a_block_ends_by_itself(world: World, login: Login) -> None:
    await login.blocks.block(ADMIN, HOME, hours=1)
    world.clock.advance(HOUR)
    assert await login.blocks.active(ADMIN) == []
    await world.sign_in(login)


async def test_a_block_does_not_end_sessions(world: World, login: Login) -> None:
    signed_in = await world.sign_in(login)
    await login.blocks.block(ADMIN, HOME, hours=1)
    assert await login.sessions.lookup(signed_in.token) is not None


async def test_a_block_covers_the_whole_network_of_an_ipv6_address(world: World, login: Login) -> None:
    await login.blocks.block(ADMIN, ClientAddress.parse("2001:db8:1:2::7"), hours=1)
    neighbour = ClientAddress.parse("2001:db8:1:2:ffff::8")
    with pytest.raises(Denied):
        await world.ask(login, address=neighbour)
    await world.ask(login, address=ClientAddress.parse("2001:db8:1:3::7"))
    assert await login.blocks.active(ADMIN) == [block("2001:db8:1:2::7", 1, by="alice")]
    await login.blocks.lift(ADMIN, neighbour)
    await world.ask(login, address=neighbour)


async def test_admins_block_shorten_list_and_lift(world: World, login: Login) -> None:
    await login.blocks.block(ADMIN, STRANGER, hours=9, reason=BlockReason.OTP_ABUSE)
    await login.blocks.block(ADMIN, HOME, hours=5)
    await login.blocks.block(ADMIN, HOME, hours=1)
    assert await login.blocks.active(ADMIN) == [
        block("192.0.2.1", 1, by="alice"),
        block("198.51.100.9", 9, by="alice", reason=BlockReason.OTP_ABUSE),
    ]
    for _ in range(2):
        await login.blocks.lift(ADMIN, HOME)
        assert await login.blocks.active(ADMIN) == [
            block("198.51.100.9", 9, by="alice", reason=BlockReason.OTP_ABUSE)
        ]
    await world.ask(login)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BLESSED])
async def test_only_admins_block_others(login: Login, role: Role) -> None:
    somebody = Actor(Username("dave"), role)
    for attempt in (
        login.blocks.block(somebody, HOME),
        login.blocks.active(somebody),
        login.blocks.lift(somebody, HOME),
    ):
        with pytest.raises(Denied) as refused:
            await attempt
        assert refused.value.details == {"needs": "admin"}


async def test_a_stored_reason_nobody_knows_is_an_error_and_no_free_pass(world: World, login: Login) -> None:
    await login.blocks.block(ADMIN, HOME)
    (entry,) = await world.auth.entries()
    await world.auth.update(entry.key, entry.value.replace(b"admin_action", b"whim"), revision=entry.revision)
    with pytest.raises(Unavailable):
        await world.ask(login)
