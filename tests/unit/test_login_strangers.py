"""Strangers: whoever asks and guesses in somebody else's name locks out himself, and floods nobody."""

import pytest

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.identity import ClientAddress, Username
from playlist_core.domain.limits import LimitRules
from playlist_core.domain.login import Invalid, Locked, SignedIn, Unrequested
from playlist_core.errors import NotFound, RateLimited
from playlist_core.services.limits import Denials, Scope
from playlist_core.services.login import Login
from tests.unit.login_world import GENEROUS, HOME, STRANGER, WRONG, World

pytestmark = pytest.mark.anyio

BOB = Username("Bob")
MOBILE = ClientAddress.parse("2001:db8:1:2::99")


@pytest.fixture
def world() -> World:
    return World(MemoryKV())


@pytest.fixture
def login(world: World) -> Login:
    return world.login()


def address(number: int) -> ClientAddress:
    return ClientAddress.parse(f"203.0.113.{number}")


async def refused(world: World, login: Login, who: ClientAddress, name: str = "bob") -> int:
    """Ask, be refused, and when to ask again."""
    with pytest.raises(RateLimited) as refusal:
        await world.ask(login, address=who, name=name)
    assert refusal.value.code == "rate_limited"
    return refusal.value.retry_after_seconds


async def test_a_stranger_who_burns_guesses_locks_out_himself(world: World, login: Login) -> None:
    await world.burn(login, address=STRANGER)
    assert await world.enter(login, address=STRANGER) == Locked(retry_after_seconds=60)
    await world.sign_in(login)


async def test_a_stranger_does_not_touch_a_code_the_owner_waits_for(world: World, login: Login) -> None:
    token = await world.ask(login)
    code = world.inbox.codes()[0]
    await world.burn(login, address=STRANGER)
    for _ in range(10):
        await world.enter(login, WRONG, address=STRANGER)
    assert isinstance(await world.enter(login, code, token=token), SignedIn)


async def test_a_stranger_who_never_asked_cannot_use_up_the_name_s_verifications(
    world: World, login: Login
) -> None:
    with pytest.raises(RateLimited):
        for _ in range(20):
            await world.enter(login, WRONG, address=STRANGER)
    await world.sign_in(login)


async def test_a_guess_from_elsewhere_is_none_at_the_owner_s_code(world: World, login: Login) -> None:
    await world.ask(login)
    answer = await world.enter(login, address=STRANGER)
    assert answer == Unrequested(can_block_ip=True, default_block_hours=72)


async def test_the_browser_that_asked_may_move_meanwhile(world: World, login: Login) -> None:
    token = await world.ask(login)
    assert isinstance(await world.enter(login, token=token, address=MOBILE), SignedIn)


async def test_a_client_without_cookies_is_known_by_its_source(world: World, login: Login) -> None:
    await world.ask(login, address=MOBILE)
    neighbour = ClientAddress.parse("2001:db8:1:2:ffff::1")
    assert isinstance(await world.enter(login, address=neighbour), SignedIn)


async def test_without_cookies_the_code_sent_last_counts(world: World, login: Login) -> None:
    await world.ask(login)
    await world.ask(login)
    older, newer = world.inbox.codes()
    assert await world.enter(login, older) == Invalid(attempts_remaining=2)
    assert isinstance(await world.enter(login, newer), SignedIn)


async def test_two_browsers_of_one_source_have_their_own_codes(world: World, login: Login) -> None:
    first, second = await world.ask(login), await world.ask(login)
    codes = world.inbox.codes()
    assert await world.enter(login, codes[0], token=second) == Invalid(attempts_remaining=2)
    assert isinstance(await world.enter(login, codes[0], token=first), SignedIn)
    assert isinstance(await world.enter(login, codes[1], token=second), SignedIn)


async def test_a_browser_that_asks_again_has_one_code(world: World, login: Login) -> None:
    first = await world.ask(login)
    await world.enter(login, WRONG, token=first)
    assert await world.ask(login, token=first, address=MOBILE) == first
    older, newer = world.inbox.codes()
    assert await world.enter(login, older, token=first) == Invalid(attempts_remaining=2)
    assert isinstance(await world.enter(login, newer, token=first), SignedIn)


async def test_a_token_that_was_not_given_out_for_this_name_is_not_taken_over(
    world: World, login: Login
) -> None:
    other = await world.ask(login, name="carol")
    assert await world.ask(login, token="planted") != "planted"
    assert await world.ask(login, token=other) != other
    assert "planted" not in await world.stored()


async def test_a_code_for_one_name_signs_in_nobody_else(world: World, login: Login) -> None:
    token = await world.ask(login)
    await world.ask(login, name="carol")
    code = world.inbox.codes()[0]
    assert await world.enter(login, code, token=token, name="carol") == Invalid(attempts_remaining=2)


async def test_a_name_has_three_requests_for_strangers_and_five_for_known_sources(
    world: World, login: Login
) -> None:
    await world.sign_in(login)
    for _ in range(3):
        await world.ask(login, address=STRANGER)
    world.clock.advance(10)
    assert await refused(world, login, STRANGER) == 890
    assert await refused(world, login, address(1)) == 890
    for _ in range(2):
        await world.ask(login)
    await refused(world, login, HOME)


async def test_a_source_is_known_for_thirty_days_after_its_last_sign_in(world: World) -> None:
    login = world.login(limits=LimitRules(otp_requests_per_name=100))
    await world.sign_in(login)
    world.clock.advance(29 * 24 * 3600)
    assert await login.limits.is_known(BOB, HOME.source)
    await world.sign_in(login)
    world.clock.advance(30 * 24 * 3600 - 1)
    assert await login.limits.is_known(BOB, HOME.source)
    world.clock.advance(1)
    assert not await login.limits.is_known(BOB, HOME.source)
    assert not await login.limits.is_known(Username("carol"), HOME.source)


async def test_three_strange_sources_hold_codes_for_a_name_and_known_ones_come_on_top(
    world: World,
) -> None:
    login = world.login(limits=GENEROUS)
    await world.sign_in(login)
    for number in range(3):
        for _ in range(2):
            await world.ask(login, address=address(number))
    world.clock.advance(100)
    assert await refused(world, login, address(7)) == 200
    await world.sign_in(login)
    await refused(world, login, address(7))
    world.clock.advance(200)
    await world.ask(login, address=address(7))


async def test_a_sign_in_frees_its_seat(world: World) -> None:
    login = world.login(limits=GENEROUS)
    for number in range(6):
        await world.sign_in(login, address=address(number))
    assert len(world.inbox.sent) == 6


async def test_a_success_costs_nothing_of_the_limits(world: World) -> None:
    login = world.login(limits=LimitRules(pms_per_minute=100))
    for _ in range(40):
        await world.sign_in(login)


async def test_a_success_does_not_refund_what_went_before(world: World) -> None:
    login = world.login(limits=LimitRules(otp_requests_per_source=4))
    for _ in range(2):
        await world.ask(login)
    for name in ("bob", "carol", "bob"):
        await world.sign_in(login, name=name)
    for _ in range(2):
        await world.ask(login, name="alice")
    await refused(world, login, HOME, name="alice")


async def test_a_source_has_twenty_requests_over_all_names(world: World, login: Login) -> None:
    world.room.names = [f"user{number}" for number in range(30)]
    for number in range(20):
        await world.ask(login, name=f"user{number}")
    world.clock.advance(60)
    await refused(world, login, HOME, name="user25")
    await world.ask(login, address=STRANGER, name="user25")


async def test_a_source_has_thirty_verifications_over_all_names(world: World, login: Login) -> None:
    for number in range(30):
        await world.enter(login, WRONG, name=f"user{number}")
    with pytest.raises(RateLimited) as refusal:
        await world.enter(login, WRONG, name="another")
    assert refusal.value.details == {"retry_after_seconds": 900}


async def test_a_name_has_a_limit_of_guesses_however_many_codes_were_sent(world: World) -> None:
    login = world.login(limits=LimitRules(otp_verifications_per_name=2))
    token = await world.ask(login)
    for left in (2, 1):
        assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=left)
    world.hasher.hashed.clear()
    with pytest.raises(RateLimited):
        await world.enter(login, token=token)
    assert world.hasher.hashed == []


async def test_thirty_messages_a_minute_altogether(world: World, login: Login) -> None:
    world.room.names = [f"user{number}" for number in range(40)]
    for number in range(30):
        await world.ask(login, address=address(number), name=f"user{number}")
    assert await refused(world, login, address(31), name="user31") == 60
    world.clock.advance(60)
    await world.ask(login, address=address(32), name="user32")


async def test_names_that_are_absent_use_up_no_messages(world: World, login: Login) -> None:
    for number in range(40):
        with pytest.raises(NotFound):
            await world.ask(login, address=address(number), name=f"nobody{number}")
    await world.ask(login)


async def test_a_refusal_is_recalled_without_a_look_at_the_store(world: World, login: Login) -> None:
    auth = world.auth
    assert isinstance(auth, MemoryKV)
    for number in range(30):
        await world.enter(login, WRONG, name=f"user{number}")
    with pytest.raises(RateLimited):
        await world.enter(login, WRONG)
    touched = list[tuple[str, str]]()

    async def note(operation: str, key: str) -> None:
        touched.append((operation, key))

    auth.before_operation = note
    waits = list[int]()
    for number in range(5):
        with pytest.raises(RateLimited) as refusal:
            await world.enter(login, WRONG, name=f"user{number}")
        waits.append(refusal.value.retry_after_seconds)
    assert waits == [900] * 5
    # Only blocks are asked for, as they go first.
    assert touched == [("get", "ns/default/ipblock/192.0.2.1")] * 5


def test_what_was_refused_is_recalled_for_so_many_subjects_and_no_more() -> None:
    denials = Denials(most=3)
    for number in range(5):
        denials.remember(Scope.PMS, f"{number}", limit=1, now=EPOCH, seconds=5)
    recalled = list[str]()
    for number in range(5):
        try:
            denials.recall(Scope.PMS, f"{number}", limit=1, now=EPOCH)
        except RateLimited:
            recalled.append(f"{number}")
    assert recalled == ["2", "3", "4"]


async def test_a_refund_counts_here_at_once(world: World) -> None:
    login = world.login(limits=LimitRules(otp_requests_per_name=1))
    token = await world.ask(login)
    await refused(world, login, HOME)
    assert isinstance(await world.enter(login, token=token), SignedIn)
    await world.ask(login)


async def test_a_refund_by_another_replica_counts_here_soon(world: World) -> None:
    here, there = (world.login(limits=LimitRules(otp_requests_per_name=1)) for _ in range(2))
    token = await world.ask(here)
    await refused(world, here, HOME)
    assert isinstance(await world.enter(there, token=token), SignedIn)
    world.clock.advance(10)
    await world.ask(here)
