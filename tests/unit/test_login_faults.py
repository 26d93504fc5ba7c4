"""Signing in while the store fails, answers get lost, or somebody hangs up; and no secret anywhere."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import anyio
import anyio.to_thread
import pytest
from attrs import define

from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_core.domain.identity import Username
from playlist_core.domain.login import Invalid, Locked, SignedIn, normalise_code
from playlist_core.errors import PlaylistError, RateLimited, Unavailable, Undeliverable
from playlist_core.services.hashing import AT_A_TIME, QUEUE
from playlist_core.services.login import Login
from tests.unit.login_world import GENEROUS, HOME, WRONG, World

pytestmark = pytest.mark.anyio

BOB = Username("Bob")
WRITES = ("create", "update", "delete")


@pytest.fixture
def auth() -> MemoryKV:
    return MemoryKV()


@pytest.fixture
def world(auth: MemoryKV) -> World:
    return World(auth)


@pytest.fixture
def login(world: World) -> Login:
    return world.login()


@define(eq=False)
class Script:
    """Counts the operations on a bucket and lets the one of a number go wrong, or all from it on."""

    auth: MemoryKV
    fate: Lost | Landed | Late | None = None
    fails_from: int | None = None
    at: int = -1
    count: int = 0

    async def __call__(self, operation: str, _: str) -> None:
        if self.fate is not None:
            if operation not in WRITES:
                return
            if self.count == self.at:
                self.auth.next_writes = [self.fate]
        elif self.fails_from is not None and self.count >= self.fails_from:
            self.auth.fail_with = Unavailable("the store is away")
        self.count += 1


@contextmanager
def scripted(auth: MemoryKV, script: Script) -> Iterator[Script]:
    auth.before_operation = script
    try:
        yield script
    finally:
        auth.before_operation = auth.fail_with = None


async def count(world: World, auth: MemoryKV, *, verifying: bool, writes: bool) -> int:
    """How many operations, or writes, a request or a right verification takes."""
    login = world.login()
    with scripted(auth, Script(auth, fate=Lost() if writes else None)) as script:
        token = await world.ask(login)
        if verifying:
            script.count = 0
            await world.enter(login, token=token)
    return script.count


async def operations_of(*, verifying: bool, writes: bool) -> int:
    auth = MemoryKV()
    return await count(World(auth), auth, verifying=verifying, writes=writes)


async def test_an_outage_at_any_moment_of_a_request_is_said_and_the_next_one_works() -> None:
    operations = await operations_of(verifying=False, writes=False)
    assert operations > 10
    for moment in range(operations):
        auth = MemoryKV()
        world = World(auth)
        login = world.login()
        with scripted(auth, Script(auth, fails_from=moment)), pytest.raises(Unavailable) as failure:
            await world.ask(login)
        assert failure.value.code == "store_unavailable"
        assert world.inbox.sent == []
        await world.sign_in(login)


async def test_an_outage_at_any_moment_of_a_verification_costs_nobody_his_code() -> None:
    operations = await operations_of(verifying=True, writes=False)
    outcomes = set[str]()
    for moment in range(operations):
        auth = MemoryKV()
        world = World(auth)
        login = world.login()
        token = await world.ask(login)
        try:
            with scripted(auth, Script(auth, fails_from=moment)):
                answer = await world.enter(login, token=token)
            outcomes.add("signed in meanwhile")
        except Unavailable:
            answer = await world.enter(login, token=token)
            outcomes.add("signed in afterwards")
        assert isinstance(answer, SignedIn), moment
        assert await login.sessions.lookup(answer.token) is not None
        assert await world.enter(login, token=token) == Locked(retry_after_seconds=0)
    assert outcomes == {"signed in meanwhile", "signed in afterwards"}


async def test_an_outage_before_the_wrong_guess_is_compared_reveals_nothing(
    world: World, auth: MemoryKV, login: Login
) -> None:
    token = await world.ask(login)
    world.hasher.hashed.clear()

    async def fail_at_the_attempt(operation: str, key: str) -> None:
        if operation == "update" and "/otp/request/" in key:
            auth.fail_with = Unavailable("the store is away")

    auth.before_operation = fail_at_the_attempt
    with pytest.raises(Unavailable):
        await world.enter(login, WRONG, token=token)
    auth.before_operation = auth.fail_with = None
    assert world.hasher.hashed == []
    assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=2)


@pytest.mark.parametrize("fate", [Lost(), Landed(), Late()])
async def test_a_write_whose_answer_is_lost_anywhere_settles(fate: Lost | Landed | Late) -> None:
    requests = await operations_of(verifying=False, writes=True)
    verifications = await operations_of(verifying=True, writes=True)
    assert (requests > 4, verifications > 8) == (True, True)
    for number in range(requests + verifications):
        auth = MemoryKV()
        world = World(auth)
        login = world.login()
        with scripted(auth, Script(auth, fate=fate, at=number)):
            answer = await world.sign_in(login)
            auth.deliver_late()
        assert len(await auth.entries("ns/default/session/")) == 1
        assert await login.sessions.lookup(answer.token) is not None
        assert await world.enter(login) == Locked(retry_after_seconds=0)


@pytest.mark.parametrize("fate", [Lost(), Landed(), Late()])
async def test_attempts_are_counted_once_though_answers_are_lost(fate: Lost | Landed | Late) -> None:
    for number in range(12):
        auth = MemoryKV()
        world = World(auth)
        login = world.login()
        token = await world.ask(login)
        with scripted(auth, Script(auth, fate=fate, at=number)):
            left = [await world.enter(login, WRONG, token=token) for _ in range(3)]
            auth.deliver_late()
        assert left == [
            Invalid(attempts_remaining=2),
            Invalid(attempts_remaining=1),
            Invalid(attempts_remaining=0),
        ]
        assert await world.enter(login, token=token) == Locked(retry_after_seconds=60)


async def test_who_hangs_up_after_the_last_guess_is_locked_out_all_the_same(
    world: World, auth: MemoryKV, login: Login
) -> None:
    token = await world.ask(login)
    for _ in range(2):
        await world.enter(login, WRONG, token=token)
    with anyio.CancelScope() as connection:

        async def hang_up(operation: str, key: str) -> None:
            if operation == "update" and "/otp/request/" in key:
                connection.cancel()

        auth.before_operation = hang_up
        await world.enter(login, WRONG, token=token)
    auth.before_operation = None
    assert connection.cancel_called
    assert await world.enter(login, token=token) == Locked(retry_after_seconds=60)


async def test_a_wrong_guess_reported_after_the_sign_in_locks_nobody_out(
    world: World, auth: MemoryKV
) -> None:
    right, begun, go_on, signed_in = "", threading.Event(), threading.Event(), anyio.Event()

    def hasher(code: str, salt: str) -> str:
        if code == right:
            begun.set()
            go_on.wait(10)
        return f"{salt}/{code}"

    login, other = world.login(hasher=hasher), world.login(hasher=hasher)
    token = await world.ask(login)
    right = normalise_code(world.inbox.codes()[0])

    async def enter_the_right_code() -> None:
        assert isinstance(await world.enter(other, token=token), SignedIn)
        signed_in.set()

    async def let_it_through(operation: str, key: str) -> None:
        if "/otp/lock/" in key and operation in ("create", "update"):
            auth.before_operation = None
            go_on.set()
            await signed_in.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(enter_the_right_code)
        await anyio.to_thread.run_sync(begun.wait, 10)
        assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=1)
        auth.before_operation = let_it_through
        assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=0)
    assert signed_in.is_set()
    assert await login.lockouts.rest(BOB, HOME.source) == 0


async def test_a_guess_at_a_code_that_was_replaced_meanwhile_uses_neither(world: World, login: Login) -> None:
    token = await world.ask(login)
    seen = await login.challenges.of_requester(BOB, HOME, token=token)
    assert seen is not None
    spent = await login.challenges.spend_attempt(seen)
    assert spent is not None
    await world.ask(login, token=token)
    assert await login.challenges.use(spent) is None
    assert isinstance(await world.enter(login, token=token), SignedIn)


async def test_two_codes_are_hashed_at_a_time_and_a_long_queue_is_refused(world: World) -> None:
    gate, at_work, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def slow(code: str, salt: str) -> str:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        gate.wait(10)
        with lock:
            at_work -= 1
        return f"{salt}/{code}"

    login = world.login(limits=GENEROUS, hasher=slow)
    world.room.names = [f"user{number}" for number in range(30)]
    refused = list[RateLimited]()

    async def ask(number: int) -> None:
        try:
            await world.ask(login, name=f"user{number}")
        except RateLimited as refusal:
            refused.append(refusal)
        if len(refused) == 30 - AT_A_TIME - QUEUE:
            gate.set()

    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(ask, number)
    assert most == AT_A_TIME == 2
    assert len(world.inbox.sent) == AT_A_TIME + QUEUE
    assert {refusal.retry_after_seconds for refusal in refused} == {1}


async def test_a_full_queue_costs_no_attempt(world: World, login: Login) -> None:
    token = await world.ask(login)
    with ExitStack() as queue:
        for _ in range(AT_A_TIME + QUEUE):
            queue.enter_context(login.challenges.hashing.place())
        with pytest.raises(RateLimited):
            await world.enter(login, WRONG, token=token)
    assert await world.enter(login, WRONG, token=token) == Invalid(attempts_remaining=2)


async def test_no_secret_is_stored_shown_or_raised(world: World, auth: MemoryKV, login: Login) -> None:
    shown = list[object]()
    requested = await login.request("bob", HOME)
    shown += [requested, await world.enter(login, WRONG, token=requested.challenge_token)]
    answer = await world.enter(login, token=requested.challenge_token)
    assert isinstance(answer, SignedIn)
    shown += [answer, await login.sessions.lookup(answer.token), login]
    shown.append(await login.challenges.of_requester(BOB, HOME, token=requested.challenge_token))
    code = world.inbox.codes()[0]
    world.inbox.fail_with = [Undeliverable("no such user")]
    errors = list[PlaylistError]()
    try:
        await login.request("carol", HOME, challenge_token=requested.challenge_token)
    except PlaylistError as exc:
        errors.append(exc)
    auth.fail_with = Unavailable("the store is away")
    for attempt in (
        world.enter(login, code, token=requested.challenge_token),
        login.sessions.lookup(answer.token),
        login.sessions.revoke(answer.token),
    ):
        try:
            await attempt
        except PlaylistError as exc:
            errors.append(exc)
    auth.fail_with = None
    assert len(errors) == 4
    # A `Login` shows the fakes it works with, and they know the codes.
    fakes = (repr(world.inbox), repr(world.hasher))
    texts = [
        await world.stored(),
        *(repr(each).replace(fakes[0], "").replace(fakes[1], "") for each in shown),
    ]
    texts += [f"{exc!r} {exc} {exc.message} {exc.details} {exc.__cause__!r}" for exc in errors]
    for secret in (code, normalise_code(code), code.lower(), requested.challenge_token, answer.token):
        assert [text for text in texts if secret in text] == []
