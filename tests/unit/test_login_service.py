"""Asking for a code and typing it back: the rules of CONTRACTS section 2, Signing in."""

from collections.abc import Callable

import pytest

from playlist_adapters.kv.memory import MemoryKV
from playlist_core.domain.identity import Actor, ClientAddress, Role, Username
from playlist_core.domain.limits import LimitRules
from playlist_core.domain.login import Invalid, Locked, LoginRules, SignedIn, Unrequested
from playlist_core.errors import (
    ChannelUnavailable,
    Denied,
    NotFound,
    OutcomeUnknown,
    PlaylistError,
    RateLimited,
    Undeliverable,
)
from playlist_core.services.login import Login
from tests.unit.login_world import HOME, WRONG, World

pytestmark = pytest.mark.anyio

BOB = Username("Bob")
ADMIN = Actor(Username("alice"), Role.ADMIN)
UNREQUESTED = Unrequested(can_block_ip=True, default_block_hours=72)
USED_UP = Locked(retry_after_seconds=0)


@pytest.fixture
def world() -> World:
    return World(MemoryKV())


@pytest.fixture
def login(world: World) -> Login:
    return world.login()


async def test_whoever_has_the_code_signs_in(world: World, login: Login) -> None:
    requested = await login.request("BOB", HOME)
    assert (requested.status, requested.expires_in_seconds) == ("sent", 300)
    assert [to for to, _ in world.inbox.sent] == [BOB]
    answer = await world.enter(login, token=requested.challenge_token)
    assert isinstance(answer, SignedIn)
    assert (answer.session.username, answer.session.ip) == (BOB, "192.0.2.1")
    assert await login.sessions.lookup(answer.token) is not None


async def test_the_real_hash_signs_in_too(world: World) -> None:
    login = Login.over(
        world.auth,
        namespace="default",
        pms=world.inbox,
        users=world.room,
        clock=world.clock,
        randomness=world.randomness,
    )
    token = await world.ask(login)
    assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=2)
    assert isinstance(await world.enter(login, token=token), SignedIn)


@pytest.mark.parametrize(
    "typed", [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code.replace('-', ' – ')}\n"]
)
async def test_the_code_may_be_typed_in_any_way(
    world: World, login: Login, typed: Callable[[str], str]
) -> None:
    await world.ask(login)
    assert isinstance(await world.enter(login, typed(world.inbox.codes()[0])), SignedIn)


@pytest.mark.parametrize("name", ["", "two words", "x" * 21, "böb", "bob\n", "../bob", "nobody", "\ud800"])
async def test_a_name_that_is_invalid_or_absent_is_not_in_the_channel(login: Login, name: str) -> None:
    with pytest.raises(NotFound) as refused:
        await login.request(name, HOME)
    assert refused.value.code == "not_in_channel"


async def test_an_invalid_name_touches_no_store(world: World, login: Login) -> None:
    for attempt in (login.request("two words", HOME), login.verify("two words", WRONG, HOME)):
        with pytest.raises(NotFound):
            await attempt
    assert await world.auth.entries() == []


async def test_asking_for_an_absent_name_counts(world: World, login: Login) -> None:
    for number in range(20):
        with pytest.raises(NotFound):
            await login.request(f"nobody{number}", HOME)
    with pytest.raises(RateLimited):
        await world.ask(login)
    assert world.inbox.sent == []


async def test_a_channel_that_is_away_is_said_so(world: World, login: Login) -> None:
    world.room.fail_with = ChannelUnavailable("the channel is away")
    with pytest.raises(ChannelUnavailable):
        await world.ask(login)


@pytest.mark.parametrize(
    ("failure", "raised", "code"),
    [
        (Undeliverable("no such user"), NotFound, "not_in_channel"),
        (ChannelUnavailable("the robot is away"), ChannelUnavailable, "channel_unavailable"),
        (RateLimited("cooldown", retry_after_seconds=2), RateLimited, "rate_limited"),
    ],
)
async def test_a_code_whose_message_failed_is_withdrawn(
    world: World, login: Login, failure: PlaylistError, raised: type[PlaylistError], code: str
) -> None:
    world.inbox.fail_with = [failure]
    with pytest.raises(raised) as refused:
        await world.ask(login)
    assert refused.value.code == code
    world.hasher.hashed.clear()
    assert await world.enter(login, WRONG) == USED_UP
    assert world.hasher.hashed == []


async def test_a_failed_message_leaves_the_seat_to_others(world: World) -> None:
    login = world.login(limits=LimitRules(otp_requests_per_name=100))
    world.inbox.fail_with = [ChannelUnavailable("away"), ChannelUnavailable("away")]
    for number in range(5):
        address = ClientAddress.parse(f"203.0.113.{number}")
        if number < 2:
            with pytest.raises(ChannelUnavailable):
                await world.ask(login, address=address)
        else:
            await world.ask(login, address=address)
    assert len(world.inbox.sent) == 3


async def test_a_message_whose_fate_is_unknown_counts_as_sent(world: World, login: Login) -> None:
    world.inbox.fail_with = [OutcomeUnknown("no answer")]
    token = await world.ask(login)
    # It may have arrived, so a guess at it is evaluated.
    assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=2)


@pytest.mark.parametrize(("after", "answer"), [(89, SignedIn), (90, Locked)])
async def test_a_code_lives_as_long_as_the_config_says(
    world: World, after: int, answer: type[SignedIn | Locked]
) -> None:
    login = world.login(rules=LoginRules(otp_ttl_seconds=90))
    requested = await login.request("bob", HOME)
    assert requested.expires_in_seconds == 90
    assert "valid for 90 s" in world.inbox.sent[0][1]
    world.clock.advance(after)
    assert isinstance(await world.enter(login, token=requested.challenge_token), answer)


async def test_three_wrong_guesses_and_even_the_right_code_is_of_no_use(world: World, login: Login) -> None:
    await world.burn(login)
    assert await world.enter(login) == Locked(retry_after_seconds=60)


async def test_nobody_is_asked_whether_he_asked_when_he_did(world: World, login: Login) -> None:
    token = await world.ask(login)
    assert isinstance(await world.enter(login, token=token), SignedIn)
    # A double click, with the cookie that a sign-in may have cleared or without, and much later.
    for seconds in (0, 0, 300, 80_000):
        world.clock.advance(seconds)
        assert await world.enter(login, token=token) == USED_UP
        assert await world.enter(login) == USED_UP


async def test_after_a_day_a_code_is_as_if_never_asked_for(world: World, login: Login) -> None:
    token = await world.ask(login)
    world.clock.advance(300 + 24 * 3600 - 1)
    assert await world.enter(login, token=token) == USED_UP
    world.clock.advance(1)
    assert await world.enter(login, token=token) == UNREQUESTED


async def test_a_code_nobody_asked_for_is_unrequested(login: Login) -> None:
    assert await login.verify("bob", WRONG, HOME) == UNREQUESTED
    assert await login.verify("nobody", WRONG, HOME, challenge_token="made up") == UNREQUESTED


async def test_a_fresh_request_does_not_end_a_lock_out(world: World, login: Login) -> None:
    await world.burn(login)
    with pytest.raises(RateLimited) as refused:
        await world.ask(login)
    assert (refused.value.code, refused.value.retry_after_seconds) == ("locked", 60)
    assert len(world.inbox.sent) == 1
    world.clock.advance(60)
    assert isinstance(await world.enter(login, token=await world.ask(login)), SignedIn)


async def test_a_code_from_before_the_lock_out_does_not_get_round_it(world: World, login: Login) -> None:
    token = await world.ask(login)
    await world.burn(login)
    assert await world.enter(login, world.inbox.codes()[0], token=token) == Locked(retry_after_seconds=60)


async def test_lock_outs_last_longer_each_time_until_a_sign_in(world: World) -> None:
    login = world.login(limits=LimitRules(otp_requests_per_name=100, otp_verifications_per_name=100))
    for seconds in (60, 120, 240):
        await world.burn(login)
        assert await world.enter(login) == Locked(retry_after_seconds=seconds)
        world.clock.advance(seconds)
    await world.sign_in(login)
    await world.burn(login)
    assert await world.enter(login) == Locked(retry_after_seconds=60)


async def test_a_lock_out_survives_a_restart(world: World, login: Login) -> None:
    await world.burn(login)
    assert await world.enter(world.login()) == Locked(retry_after_seconds=60)


async def test_attempts_survive_a_restart(world: World, login: Login) -> None:
    token = await world.ask(login)
    assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=2)
    assert await world.enter(world.login(), WRONG, token=token) == Invalid(attempts_remaining=1)


async def test_an_admin_lets_a_name_in_again(world: World) -> None:
    login = world.login(limits=LimitRules(otp_requests_per_name=1))
    await world.burn(login)
    with pytest.raises(Denied):
        await login.lift_lockouts(Actor(BOB, Role.BLESSED), BOB)
    await login.lift_lockouts(ADMIN, Username("BOB"))
    await world.sign_in(login)


async def test_lifting_the_lock_outs_of_somebody_who_has_none_is_no_error(login: Login) -> None:
    await login.lift_lockouts(ADMIN, Username("nobody"))


async def test_the_sweep_deletes_what_is_over_and_nothing_else(world: World) -> None:
    login = world.login()
    await world.sign_in(login)
    await world.enter(login, WRONG, name="carol")
    await login.blocks.block_own(HOME, hours=1)
    await world.burn(login, address=ClientAddress.parse("203.0.113.1"))
    keys = [entry.key for entry in await world.auth.entries()]
    assert await login.sweep() == 0
    world.clock.advance(3 * 24 * 3600)
    assert await login.sweep() == len(keys) - 1
    assert [entry.key for entry in await world.auth.entries()] == ["ns/default/limit/known/bob/192.0.2.1"]
    world.clock.advance(30 * 24 * 3600)
    assert await login.sweep() == 1
    assert len(keys) >= 12


async def test_the_sweep_leaves_alone_what_it_cannot_read(world: World, login: Login) -> None:
    await world.sign_in(login)
    # The second is a key as version 0.3 wrote them, which encoded nothing.
    strange = ["ns/default/session/strange", "ns/default/session/with=a=sign"]
    for key in strange:
        await world.auth.create(key, b"not JSON")
    world.clock.advance(31 * 24 * 3600)
    assert await login.sweep() > 0
    assert [entry.key for entry in await world.auth.entries()] == strange


async def test_the_sweep_leaves_alone_what_changes_meanwhile(world: World, login: Login) -> None:
    await world.sign_in(login)
    other = world.login()
    world.clock.advance(31 * 24 * 3600)
    auth = world.auth
    assert isinstance(auth, MemoryKV)

    async def come_back(operation: str, key: str) -> None:
        if operation == "delete" and "/known/" in key:
            auth.before_operation = None
            await other.limits.make_known(BOB, HOME.source)

    auth.before_operation = come_back
    await login.sweep()
    assert await login.limits.is_known(BOB, HOME.source)
