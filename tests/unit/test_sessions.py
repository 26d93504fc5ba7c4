"""Sessions: minted, looked up, extended, revoked."""

from datetime import timedelta

import pytest

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.identity import Username
from playlist_core.domain.login import LoginRules, SignedIn, fingerprint
from playlist_core.errors import OutcomeUnknown, Unavailable
from playlist_core.services.login import Login
from playlist_core.services.sessions import Sessions
from tests.unit.lagging import make_lag
from tests.unit.login_world import HOME, World

pytestmark = pytest.mark.anyio

HOUR = 3600
BOB = Username("Bob")


@pytest.fixture
def auth() -> MemoryKV:
    return MemoryKV()


@pytest.fixture
def world(auth: MemoryKV) -> World:
    return World(auth)


@pytest.fixture
def login(world: World) -> Login:
    return world.login()


@pytest.fixture
def sessions(login: Login) -> Sessions:
    return login.sessions


async def test_a_token_finds_its_session_on_every_replica(world: World, sessions: Sessions) -> None:
    session, token = await sessions.mint(BOB, HOME)
    assert (session.username, session.ip) == (BOB, "192.0.2.1")
    assert (session.created_at, session.expires_at) == (EPOCH, EPOCH + timedelta(hours=12))
    assert await world.login().sessions.lookup(token) == session


@pytest.mark.parametrize("token", ["", "made up", "../x", "\ud800", "x" * 100_000])
async def test_a_token_nobody_was_given_finds_nothing(sessions: Sessions, token: str) -> None:
    await sessions.mint(BOB, HOME)
    assert await sessions.lookup(token) is None
    await sessions.revoke(token)


async def test_the_store_s_own_key_is_no_token(sessions: Sessions, auth: MemoryKV) -> None:
    _, token = await sessions.mint(BOB, HOME)
    assert await sessions.lookup(fingerprint(token)) is None
    (entry,) = await auth.entries()
    assert entry.key == f"ns/default/session/{fingerprint(token)}"
    assert token.encode() not in entry.value


async def test_no_role_is_frozen_into_a_session(sessions: Sessions, auth: MemoryKV) -> None:
    await sessions.mint(BOB, HOME)
    (entry,) = await auth.entries()
    assert b"role" not in entry.value


async def test_a_session_that_is_not_used_ends(world: World, sessions: Sessions) -> None:
    _, token = await sessions.mint(BOB, HOME)
    world.clock.advance(12 * HOUR - 1)
    assert await sessions.lookup(token) is not None
    _, other = await sessions.mint(BOB, HOME)
    world.clock.advance(12 * HOUR)
    assert await sessions.lookup(other) is None


async def test_use_extends_a_session_and_writes_only_now_and_then(
    world: World, sessions: Sessions, auth: MemoryKV
) -> None:
    _, token = await sessions.mint(BOB, HOME)
    revisions = list[int]()
    for _ in range(13):
        world.clock.advance(HOUR)
        assert await sessions.lookup(token) is not None
        revisions.append((await auth.entries())[0].revision)
    # Every fourth hour less than three quarters of twelve remain.
    assert revisions == [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]


async def test_no_session_outlives_fourteen_days_however_busy(world: World, sessions: Sessions) -> None:
    _, token = await sessions.mint(BOB, HOME)
    hours = 0
    while await sessions.lookup(token) is not None:
        world.clock.advance(HOUR)
        hours += 1
    assert hours == 14 * 24


async def test_the_config_decides_how_long(world: World) -> None:
    sessions = world.login(rules=LoginRules(session_ttl_hours=1, session_max_days=1)).sessions
    session, _ = await sessions.mint(BOB, HOME)
    assert session.expires_at == EPOCH + timedelta(hours=1)


async def test_a_revoked_session_is_gone_everywhere_and_leaves_nothing(
    world: World, sessions: Sessions, auth: MemoryKV
) -> None:
    _, token = await sessions.mint(BOB, HOME)
    await sessions.revoke(token)
    assert await world.login().sessions.lookup(token) is None
    assert await auth.entries() == []
    await sessions.revoke(token)


async def test_a_session_revoked_while_it_is_extended_stays_revoked(
    world: World, sessions: Sessions, auth: MemoryKV
) -> None:
    _, token = await sessions.mint(BOB, HOME)
    world.clock.advance(10 * HOUR)

    async def revoke_first(operation: str, _: str) -> None:
        if operation == "update":
            auth.before_operation = None
            await world.login().sessions.revoke(token)

    auth.before_operation = revoke_first
    assert await sessions.lookup(token) is None
    assert await auth.entries() == []


async def test_a_session_is_revoked_even_when_it_cannot_be_deleted(
    world: World, sessions: Sessions, auth: MemoryKV
) -> None:
    _, token = await sessions.mint(BOB, HOME)

    async def fail(operation: str, _: str) -> None:
        auth.fail_with = Unavailable("away") if operation == "delete" else None

    auth.before_operation = fail
    await sessions.revoke(token)
    auth.before_operation = auth.fail_with = None
    assert await sessions.lookup(token) is None
    assert await sessions.sweep() == 1


async def test_a_session_that_was_ended_elsewhere_is_found_at_a_glance_for_a_second_at_most(
    world: World, sessions: Sessions
) -> None:
    lagging = make_lag(sessions.documents, world.clock)
    session, token = await sessions.mint(BOB, HOME)
    await lagging.catch_up()
    await world.login().sessions.revoke(token)
    assert await sessions.lookup(token, glance=True) == session
    assert await sessions.peek(token, glance=True) == session
    assert await sessions.lookup(token) is None
    assert await sessions.peek(token) is None
    world.clock.advance(1)
    assert await sessions.lookup(token, glance=True) is None
    assert await sessions.peek(token, glance=True) is None


async def test_a_session_that_was_begun_a_moment_ago_is_found_at_a_glance_too(
    world: World, sessions: Sessions
) -> None:
    await make_lag(sessions.documents, world.clock).catch_up()
    session, token = await world.login().sessions.mint(BOB, HOME)
    assert await sessions.lookup(token, glance=True) == session
    assert await sessions.peek(token, glance=True) == session


async def test_a_session_that_was_extended_a_moment_ago_is_good_at_a_glance_too(
    world: World, sessions: Sessions
) -> None:
    lagging = make_lag(sessions.documents, world.clock)
    _, token = await sessions.mint(BOB, HOME)
    world.clock.advance(12 * HOUR - 0.5)
    await lagging.catch_up()
    extended = await world.login().sessions.lookup(token)
    world.clock.advance(0.75)  # the copy still says that it has ended by now
    assert await sessions.lookup(token, glance=True) == extended


async def test_a_glance_extends_no_session_that_has_been_ended(
    world: World, sessions: Sessions, auth: MemoryKV
) -> None:
    lagging = make_lag(sessions.documents, world.clock)
    _, token = await sessions.mint(BOB, HOME)
    world.clock.advance(10 * HOUR)
    await lagging.catch_up()
    await world.login().sessions.revoke(token)
    assert await sessions.lookup(token, glance=True) is None
    assert await auth.entries() == []


async def test_a_session_is_extended_by_use_at_a_glance_once(
    world: World, sessions: Sessions, auth: MemoryKV
) -> None:
    lagging = make_lag(sessions.documents, world.clock)
    _, token = await sessions.mint(BOB, HOME)
    world.clock.advance(10 * HOUR)
    await lagging.catch_up()
    found = [await sessions.lookup(token, glance=True) for _ in range(3)]
    assert [session and session.expires_at for session in found] == [EPOCH + timedelta(hours=22)] * 3
    (entry,) = await auth.entries()
    assert entry.revision == 2


async def test_a_store_that_cannot_be_read_is_not_the_same_as_signed_out(
    sessions: Sessions, auth: MemoryKV
) -> None:
    _, token = await sessions.mint(BOB, HOME)
    auth.fail_with = Unavailable("away")
    for attempt in (sessions.lookup(token), sessions.revoke(token)):
        with pytest.raises(Unavailable):
            await attempt
    auth.fail_with = None
    assert await sessions.lookup(token) is not None


@pytest.mark.parametrize("failure", [Unavailable("away"), OutcomeUnknown("no answer")])
async def test_a_good_session_is_good_though_it_cannot_be_extended(
    world: World, sessions: Sessions, auth: MemoryKV, failure: Unavailable
) -> None:
    session, token = await sessions.mint(BOB, HOME)
    world.clock.advance(11 * HOUR)

    async def fail(operation: str, _: str) -> None:
        auth.fail_with = failure if operation == "update" else None

    auth.before_operation = fail
    assert await sessions.lookup(token) == session


async def test_signing_in_ends_the_session_the_browser_had(world: World, login: Login) -> None:
    earlier = await world.sign_in(login)
    elsewhere = await world.sign_in(login)
    token = await world.ask(login)
    answer = await login.verify(
        "bob", world.inbox.codes()[-1], HOME, challenge_token=token, session_token=earlier.token
    )
    assert isinstance(answer, SignedIn)
    assert answer.token != earlier.token
    assert await login.sessions.lookup(earlier.token) is None
    assert await login.sessions.lookup(elsewhere.token) is not None


async def test_a_wrong_code_leaves_the_session_the_browser_had(world: World, login: Login) -> None:
    earlier = await world.sign_in(login)
    token = await world.ask(login)
    await login.verify("bob", "WRONG", HOME, challenge_token=token, session_token=earlier.token)
    assert await login.sessions.lookup(earlier.token) is not None
