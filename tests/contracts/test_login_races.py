"""Signing in under concurrency, by several replicas over every store: compare-and-set guards every code."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from tests.unit.login_world import GENEROUS, HOME, WRONG, World

from playlist_adapters.kv.memory import MemoryKV
from playlist_adapters.kv.sqlite import open_sqlite_store
from playlist_core.domain.identity import ClientAddress, Username
from playlist_core.domain.limits import LimitRules
from playlist_core.domain.login import Invalid, Locked, SignedIn, Verified
from playlist_core.errors import RateLimited
from playlist_core.ports import KVStore
from playlist_core.services.login import Login

pytestmark = pytest.mark.anyio

T = TypeVar("T")
BOB = Username("Bob")


@asynccontextmanager
async def memory(_: Path) -> AsyncIterator[KVStore]:
    yield MemoryKV()


@asynccontextmanager
async def sqlite(directory: Path) -> AsyncIterator[KVStore]:
    async with open_sqlite_store(directory / "kv.sqlite3") as store:
        yield store.bucket("kryten_playlist_auth")


@pytest.fixture(params=[pytest.param(memory, id="memory"), pytest.param(sqlite, id="sqlite")])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with request.param(tmp_path) as auth:
        yield World(auth)


async def all_at_once(tries: Sequence[Callable[[], Awaitable[T]]]) -> list[T | RateLimited]:
    """The answers of all tries, or their refusals, in the order they were begun."""
    answers: dict[int, T | RateLimited] = {}

    async def attempt(number: int, each: Callable[[], Awaitable[T]]) -> None:
        try:
            answers[number] = await each()
        except RateLimited as refusal:
            answers[number] = refusal

    async with anyio.create_task_group() as group:
        for number, each in enumerate(tries):
            group.start_soon(attempt, number, each)
    return [answers[number] for number in range(len(tries))]


async def verify_at_once(
    replicas: Sequence[Login], code: str, times: int, *, token: str | None, address: ClientAddress = HOME
) -> list[Verified | RateLimited]:
    """The same code for Bob, `times` times at once, in turn on each replica."""

    def on(replica: Login) -> Callable[[], Awaitable[Verified]]:
        return lambda: replica.verify("bob", code, address, challenge_token=token)

    return await all_at_once([on(replicas[number % len(replicas)]) for number in range(times)])


@pytest.mark.parametrize("limits", [LimitRules(), GENEROUS], ids=["default limits", "no limits"])
@pytest.mark.parametrize("with_cookie", [True, False], ids=["cookie", "no cookie"])
async def test_of_200_wrong_guesses_at_once_three_are_evaluated(
    world: World, limits: LimitRules, with_cookie: bool
) -> None:
    replicas = [world.login(limits=limits) for _ in range(4)]
    requested = await replicas[0].request("bob", HOME)
    world.hasher.hashed.clear()
    token = requested.challenge_token if with_cookie else None
    answers = await verify_at_once(replicas, WRONG, 200, token=token)
    left = Counter(answer.attempts_remaining for answer in answers if isinstance(answer, Invalid))
    assert left == {2: 1, 1: 1, 0: 1}
    assert world.hasher.hashed == [WRONG] * 3
    assert all(isinstance(answer, Invalid | Locked | RateLimited) for answer in answers)
    # The right code is of no use now, not even on a replica that has seen nothing of all this.
    after = await world.login(limits=GENEROUS).verify("bob", world.inbox.codes()[0], HOME)
    assert isinstance(after, Locked)
    assert 0 < after.retry_after_seconds <= 60


async def test_codes_asked_for_at_once_do_not_multiply_the_guesses_after_a_lock_out(world: World) -> None:
    replicas = [world.login(limits=GENEROUS) for _ in range(3)]
    tokens = [(await replica.request("bob", HOME)).challenge_token for replica in replicas]
    world.hasher.hashed.clear()
    for token in tokens:
        await verify_at_once(replicas, WRONG, 20, token=token)
    assert world.hasher.hashed == [WRONG] * 3


@pytest.mark.parametrize("limits", [LimitRules(), GENEROUS], ids=["default limits", "no limits"])
async def test_of_50_right_answers_at_once_one_signs_in(world: World, limits: LimitRules) -> None:
    replicas = [world.login(limits=limits) for _ in range(4)]
    requested = await replicas[0].request("bob", HOME)
    answers = await verify_at_once(replicas, world.inbox.codes()[0], 50, token=requested.challenge_token)
    signed_in = [answer for answer in answers if isinstance(answer, SignedIn)]
    others = [answer for answer in answers if not isinstance(answer, SignedIn | RateLimited)]
    assert len(signed_in) == 1
    assert others == [Locked(retry_after_seconds=0)] * len(others)
    found = await replicas[1].sessions.lookup(signed_in[0].token)
    assert found is not None
    assert found.username == BOB
    assert len(await world.auth.entries("ns/default/session/")) == 1


async def test_wrong_and_right_answers_at_once_lock_nobody_out_who_signed_in(world: World) -> None:
    replicas = [world.login(limits=GENEROUS) for _ in range(2)]
    requested = await replicas[0].request("bob", HOME)
    right = world.inbox.codes()[0]
    answers = await all_at_once(
        [
            lambda each=each, code=code: each.verify(
                "bob", code, HOME, challenge_token=requested.challenge_token
            )
            for each, code in zip([*replicas, replicas[0]], [WRONG, right, WRONG], strict=True)
        ]
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1
    assert await replicas[0].lockouts.rest(BOB, HOME.source) == 0


async def test_at_most_three_strange_sources_hold_a_code_for_one_name(world: World) -> None:
    replicas = [world.login(limits=GENEROUS) for _ in range(4)]
    answers = await all_at_once(
        [
            lambda number=number: replicas[number % 4].request(
                "bob", ClientAddress.parse(f"203.0.113.{number}")
            )
            for number in range(40)
        ]
    )
    assert sum(not isinstance(answer, RateLimited) for answer in answers) == 3
    assert len(world.inbox.sent) == 3


async def test_limits_hold_over_replicas(world: World) -> None:
    limits = LimitRules(otp_requests_per_source=7)
    replicas = [world.login(limits=limits) for _ in range(4)]
    world.room.names = [f"user{number}" for number in range(40)]
    answers = await all_at_once(
        [lambda number=number: replicas[number % 4].request(f"user{number}", HOME) for number in range(40)]
    )
    assert sum(not isinstance(answer, RateLimited) for answer in answers) == 7
    assert len(world.inbox.sent) == 7


async def test_no_more_private_messages_are_sent_than_the_minute_allows(world: World) -> None:
    replicas = [world.login() for _ in range(4)]
    world.room.names = [f"user{number}" for number in range(60)]
    answers = await all_at_once(
        [
            lambda number=number: replicas[number % 4].request(
                f"user{number}", ClientAddress.parse(f"203.0.113.{number}")
            )
            for number in range(60)
        ]
    )
    sent = sum(not isinstance(answer, RateLimited) for answer in answers)
    assert len(world.inbox.sent) == sent <= 30
    assert sent >= 20


async def test_a_flood_from_one_source_writes_no_key_a_request(world: World) -> None:
    login = world.login()
    before = len(await world.auth.entries())
    await all_at_once(
        [lambda number=number: login.verify(f"n{number}", WRONG, HOME) for number in range(500)]
    )
    # 30 admitted verifications, each with a count for its name; one count and one offer for the source.
    assert len(await world.auth.entries()) - before == 30 + 2
