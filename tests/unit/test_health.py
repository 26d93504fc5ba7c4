"""Health: what each dependency answers right now, told and never raised."""

from collections.abc import AsyncGenerator

import pytest
from attrs import fields

from playlist_adapters.index.memory import MemoryIndex
from playlist_adapters.kv.memory import MemoryKV
from playlist_core.domain.catalog import no_snapshot
from playlist_core.errors import Unavailable
from playlist_core.ports import Buckets, KVStore
from playlist_core.services.health import Condition, Dependency, Health
from tests.unit.cinema import Cinema, cinema

pytestmark = pytest.mark.anyio

FINE = Dependency(ok=True)
BUCKETS = [each.name for each in fields(Buckets)]


@pytest.fixture
async def house() -> AsyncGenerator[Cinema, None]:
    async with cinema() as made:
        yield made


@pytest.fixture
def health(house: Cinema) -> Health:
    return house.services.health


async def test_when_everything_answers_the_service_is_ready(health: Health) -> None:
    condition = await health.condition()
    assert condition == Condition(store=FINE, catalog=FINE, channel=FINE)
    assert (condition.ready, condition.degraded) == (True, False)


async def test_every_bucket_of_the_service_is_asked(house: Cinema, health: Health) -> None:
    services = house.services
    assert services.plays is not None
    used: list[KVStore] = [
        services.login.sessions.documents.store,
        services.access.lists.store,
        services.library.playlists.records.store,
        services.library.playlists.history.states.store,
        services.library.refreshing.shared.notes.store,
        services.plays.ledger.items.store,
    ]
    assert list(health.stores) == used
    assert len(used) == len(BUCKETS)


@pytest.mark.parametrize("away", range(len(BUCKETS)), ids=BUCKETS)
async def test_one_bucket_that_cannot_be_read_is_a_store_that_is_away(health: Health, away: int) -> None:
    bucket = health.stores[away]
    assert isinstance(bucket, MemoryKV)
    bucket.fail_with = Unavailable("the store is out for lunch")
    condition = await health.condition()
    told = Dependency(ok=False, message="the store is out for lunch")
    assert condition == Condition(store=told, catalog=FINE, channel=FINE)
    assert (condition.ready, condition.degraded) == (False, True)
    bucket.fail_with = None
    assert (await health.condition()).ready


async def test_buckets_are_really_read_and_nothing_is_written(health: Health) -> None:
    asked: list[tuple[str, str]] = []

    async def note(operation: str, key: str) -> None:
        asked.append((operation, key))

    for bucket in health.stores:
        assert isinstance(bucket, MemoryKV)
        bucket.before_operation = note
    await health.condition()
    assert asked == [("get", "ns/health")] * len(BUCKETS)


async def test_without_a_catalogue_the_service_says_what_every_search_would_say(health: Health) -> None:
    health.index = MemoryIndex()
    condition = await health.condition()
    assert condition.catalog == Dependency(ok=False, message=no_snapshot().message)
    assert (condition.ready, condition.degraded) == (True, True)


async def test_without_the_channel_the_service_is_degraded_and_still_ready(
    house: Cinema, health: Health
) -> None:
    house.channel.disconnect()
    condition = await health.condition()
    assert (condition.store, condition.catalog, condition.channel.ok) == (FINE, FINE, False)
    assert (condition.ready, condition.degraded) == (True, True)
