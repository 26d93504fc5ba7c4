"""`/metrics`: what is counted, that nobody can fill it with words of his own, and the port for monitors."""

from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from attrs import define, evolve
from falcon.testing import ASGIConductor
from prometheus_client.parser import text_string_to_metric_families

from playlist_adapters.kv.memory import MemoryKV
from playlist_app.http.metrics import create_metrics_app
from playlist_app.metrics import Metrics
from playlist_app.version import version
from playlist_core.errors import Unavailable
from playlist_core.ports import Entry
from playlist_core.services.health import Condition, Dependency
from tests.http.house import ADMIN, NIGHT, TITLES, VIEWER, House, open_house, refusal

pytestmark = pytest.mark.anyio

Labels = frozenset[tuple[str, str]]


def read(text: str) -> dict[str, dict[Labels, float]]:
    """Every sample by its name and labels, without our prefix."""
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert sample.name.startswith("kryten_playlist_")
            name = sample.name.removeprefix("kryten_playlist_")
            found.setdefault(name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def labels(**given: str) -> Labels:
    return frozenset(given.items())


async def metrics_of(house: House) -> dict[str, dict[Labels, float]]:
    answer = await house.call("GET", "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["cache-control"] == "no-store"
    return read(answer.text)


async def test_they_tell_without_signing_in_how_things_stand(house: House) -> None:
    told = await metrics_of(house)
    assert told["build_info"] == {labels(version=version()): 1}
    assert told["uptime_seconds"][labels()] >= 0
    assert told["store_up"] == {labels(): 1}
    assert told["channel_connected"] == {labels(): 1}
    assert told["catalog_items"] == {labels(): len(TITLES)}
    assert "nats_connected" not in told
    house.channel.disconnect()
    assert (await metrics_of(house))["channel_connected"] == {labels(): 1}
    house.clock.advance(10)
    assert (await metrics_of(house))["channel_connected"] == {labels(): 0}


async def test_before_the_first_catalogue_there_are_no_titles() -> None:
    async with open_house(with_catalog=False) as house:
        assert (await metrics_of(house))["catalog_items"] == {labels(): 0}


async def test_runs_are_counted_by_how_they_ended(house: House) -> None:
    statuses = ("running", "done", "cancelled", "failed")
    assert (await metrics_of(house))["runs"] == {labels(status=each): 0 for each in statuses}
    playlist_id = await house.save("Night", NIGHT)
    for _ in range(2):
        await house.apply(playlist_id)
    house.clock.advance(10)
    runs = {labels(status=each): 0 for each in statuses} | {labels(status="done"): 2}
    assert (await metrics_of(house))["runs"] == runs


@define(eq=False)
class CountedStore(MemoryKV):
    """A bucket that counts how often all of it is read."""

    listings: int = 0

    async def entries(self, prefix: str = "") -> Sequence[Entry]:
        self.listings += 1
        await anyio.lowlevel.checkpoint()
        return await super().entries(prefix)


async def test_twenty_who_ask_at_once_have_the_runs_read_once(house: House) -> None:
    runs = house.services.queue.applying.book.runs
    runs.store = counted = CountedStore()
    for asked in (1, 2):
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(metrics_of, house)
        assert counted.listings == asked
        house.clock.advance(10)


async def test_requests_are_counted_by_the_template_of_their_address(house: House) -> None:
    for video_id in ("night1968", "none", "../../etc"):
        await house.call("GET", f"catalog/items/{video_id}", by=VIEWER)
    route = {"route": "/api/v1/catalog/items/{video_id}", "method": "GET"}
    told = await metrics_of(house)
    assert told["http_requests_total"][labels(**route, status="200")] == 1
    assert told["http_requests_total"][labels(**route, status="404")] == 1
    assert told["http_request_seconds_count"][labels(**route)] == 2
    assert told["http_request_seconds_bucket"][labels(**route, le="+Inf")] == 2


async def test_nobody_makes_metrics_of_words_of_his_own(house: House) -> None:
    before = await metrics_of(house)
    for number in range(20):
        await house.call("GET", f"/nowhere/{number}")
        await house.call("GET", "/health", host=f"evil{number}.example")
        await house.call(f"WORD{number}", "queue")
        await house.call("GET", f"catalog/items/{number}", query=f"a{number}=1", by=VIEWER)
    told = await metrics_of(house)
    new = {each for name in told for each in told[name].keys() - before.get(name, {}).keys()}
    assert {value for each in new for name, value in each if name == "method"} <= {"GET", "other"}
    assert {value for each in new for name, value in each if name == "route"} == {
        "(no route)",
        "/metrics",
        "/api/v1/queue",
        "/api/v1/catalog/items/{video_id}",
    }
    requests = told["http_requests_total"]
    assert requests[labels(route="(no route)", method="GET", status="404")] == 20
    assert requests[labels(route="(no route)", method="GET", status="403")] == 20


async def test_two_services_in_one_process_count_each_for_itself() -> None:
    async with open_house() as one, open_house() as other:
        await one.call("GET", "catalog/categories", by=ADMIN)
        route = labels(route="/api/v1/catalog/categories", method="GET", status="200")
        assert route in (await metrics_of(one))["http_requests_total"]
        assert route not in (await metrics_of(other)).get("http_requests_total", {})


class Ill:
    """The health of a service without its store."""

    async def condition(self) -> Condition:
        fine = Dependency(ok=True)
        return Condition(store=Dependency(ok=False, message="It is away."), catalog=fine, channel=fine)


class Silent:
    """The health of a service whose store does not answer."""

    async def condition(self) -> Condition:
        await anyio.sleep_forever()
        raise Unavailable("never")


def with_health(health: Any) -> Any:
    return lambda services: evolve(services, health=health)


async def test_the_port_for_monitors_answers_under_any_host_name(house: House) -> None:
    metrics = Metrics.of("1.2.3", nats_connected=lambda: False)
    app = create_metrics_app(house.services, metrics)
    async with ASGIConductor(app) as monitor:
        health = await monitor.simulate_get("/health", host="tv.example")
        assert (health.status_code, health.json["status"]) == (200, "ok")
        assert (await monitor.simulate_head("/health", host="tv.example")).status_code == 200
        told = read((await monitor.simulate_get("/metrics", host="tv.example")).text)
        assert told["build_info"] == {labels(version="1.2.3"): 1}
        assert told["nats_connected"] == {labels(): 0}
        for path in ("/", "/api/v1/queue", "/health/live"):
            assert refusal(await monitor.simulate_get(path))[:2] == (404, "no_such_route")


@pytest.mark.parametrize("health", [Ill(), Silent()])
async def test_it_says_503_when_the_store_is_away_or_silent(health: Any) -> None:
    async with open_house() as house:
        services = evolve(house.services, health=health)
        app = create_metrics_app(services, Metrics.of("1.2.3"), patience=0.01)
        async with ASGIConductor(app) as monitor:
            with anyio.fail_after(30):
                answer = await monitor.simulate_get("/health")
            assert (answer.status_code, answer.json["status"]) == (503, "degraded")
            told = read((await monitor.simulate_get("/metrics")).text)
            assert told["store_up"] == {labels(): 0}
