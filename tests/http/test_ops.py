"""Health, the description, the page, unknown addresses, and what becomes of a bug."""

import logging
from typing import Any

import pytest
from attrs import evolve

from playlist_adapters.kv.memory import MemoryKV
from playlist_app.version import version
from playlist_core.errors import Unavailable
from playlist_core.services.health import Condition
from tests.http.house import ADMIN, VIEWER, House, open_house, refusal

pytestmark = pytest.mark.anyio

FINE = {"ok": True, "message": None}


class BrokenHealth:
    """A part of the service with a bug in it."""

    async def condition(self) -> Condition:
        raise ZeroDivisionError("the secret ingredient is K7M2-PQ9X")


def with_a_bug(services: Any) -> Any:
    return evolve(services, health=BrokenHealth())


async def test_health_names_each_dependency(house: House) -> None:
    dependencies = {"store": FINE, "catalog": FINE, "channel": FINE}
    well = {"status": "ok", "version": version(), "demo": True, **dependencies}
    assert (await house.call("GET", "/health")).json == well
    assert (await house.call("GET", "/health/ready")).json == well
    assert (await house.call("GET", "/health/live")).json == {"status": "live"}


async def test_where_the_channel_is_real_health_says_so() -> None:
    async with open_house(services=lambda wired: evolve(wired, demo=None)) as house:
        for path in ("/health", "/health/ready"):
            assert (await house.call("GET", path)).json["demo"] is False


async def test_without_the_channel_the_service_is_degraded_and_still_ready(house: House) -> None:
    house.channel.disconnect()
    for path in ("/health", "/health/ready"):
        answer = await house.call("GET", path)
        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert answer.json["store"] == FINE
        assert answer.json["channel"]["ok"] is False
        assert "channel" in answer.json["channel"]["message"]


async def test_before_the_first_catalogue_the_service_is_degraded() -> None:
    async with open_house(with_catalog=False) as house:
        answer = await house.call("GET", "/health")
        assert (answer.json["status"], answer.json["catalog"]["ok"]) == ("degraded", False)


async def test_without_the_store_nobody_is_sent_here(house: House) -> None:
    token = await house.token(VIEWER)
    store = house.services.access.lists.store
    assert isinstance(store, MemoryKV)
    store.fail_with = Unavailable("The store is out for lunch.")
    ready = await house.call("GET", "/health/ready")
    assert refusal(ready) == (503, "store_unavailable", {"dependency": "store"})
    health = await house.call("GET", "/health")
    assert (health.status_code, health.json["status"]) == (200, "degraded")
    assert health.json["store"] == {"ok": False, "message": "The store is out for lunch."}
    assert (await house.call("GET", "/health/live")).status_code == 200
    asked = await house.call("GET", "queue", cookies={"kryten_playlist_session": token})
    assert refusal(asked) == (503, "store_unavailable", {})


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/queue",
        "/API/v1/queue",
        "/api/v1/queue/",
        "/health/",
    ],
)
async def test_an_unknown_address_says_where_the_known_ones_are(house: House, path: str) -> None:
    answer = await house.call("GET", path)
    assert refusal(answer) == (404, "no_such_route", {})
    assert "/api/v1/openapi.json" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "playlists", {"GET", "POST", "OPTIONS"}),
        ("DELETE", "playlists", {"GET", "POST", "OPTIONS"}),
        ("GET", "marathons/preview", {"POST", "OPTIONS"}),
        ("POST", "queue", {"GET", "OPTIONS"}),
        ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/health", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/web/style.css", {"GET", "HEAD"}),
        ("HEAD", "playlists", {"GET", "POST", "OPTIONS"}),
        ("HEAD", "/api/v1/openapi.json", {"GET", "OPTIONS"}),
        ("HEAD", "/demo/channel", {"GET", "POST", "OPTIONS"}),
        ("GET", "auth/otp/verify", {"POST", "OPTIONS"}),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    house: House, method: str, path: str, allowed: set[str]
) -> None:
    answer = await house.call(method, path)
    if method == "HEAD":  # which has no body to read the code from
        assert (answer.status_code, answer.text) == (405, "")
    else:
        assert refusal(answer) == (405, "method_not_allowed", {})
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_the_page_is_at_the_root_and_asked_for_anew(house: House) -> None:
    answer = await house.call("GET", "/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text.lower().startswith("<!doctype html>")


@pytest.mark.parametrize(
    "path", ["/", "/web/style.css", "/web/icon.svg", "/health", "/health/live", "/health/ready"]
)
async def test_monitors_may_ask_with_head_and_get_all_but_the_body(house: House, path: str) -> None:
    whole = await house.call("GET", path)
    head = await house.call("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    of_each = {"x-request-id"}
    assert {**head.headers, **dict.fromkeys(of_each)} == {**whole.headers, **dict.fromkeys(of_each)}
    assert head.headers["content-length"] == str(len(whole.content))


async def test_head_tells_a_monitor_that_the_store_is_away(house: House) -> None:
    store = house.services.access.lists.store
    assert isinstance(store, MemoryKV)
    store.fail_with = Unavailable("The store is out for lunch.")
    for path, status in (("/health/ready", 503), ("/health", 200), ("/health/live", 200)):
        answer = await house.call("HEAD", path)
        assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize("path", ["/nowhere", "/web/none.js", "/web/", "/web/../server.py"])
async def test_head_finds_nothing_where_there_is_nothing(house: House, path: str) -> None:
    assert (await house.call("HEAD", path)).status_code == 404


async def test_a_bug_is_answered_with_a_name_for_it_and_told_only_to_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_house(services=with_a_bug) as house:
        with caplog.at_level(logging.ERROR, logger="kryten_playlist.http"):
            answer = await house.call("GET", "/health")
        request_id = answer.headers["x-request-id"]
        assert refusal(answer) == (500, "internal", {"request_id": request_id})
        assert "ZeroDivisionError" not in answer.text
        assert "K7M2" not in answer.text
        (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert request_id in record.getMessage()
        assert record.exc_info is not None
        assert record.exc_info[0] is ZeroDivisionError
        assert (await house.call("GET", "/health/live")).status_code == 200


async def test_the_log_has_methods_and_templates_and_no_secret(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="kryten_playlist"):
        cookies = await house.ask("bob")
        await house.enter("bob", "WRONG-ONE", cookies)
        verified = await house.enter("bob", house.code("bob"), cookies)
        token = verified.cookies["kryten_playlist_session"].value
        await house.call("GET", f"playlists/{token}", cookies={"kryten_playlist_session": token})
        await house.call("GET", "catalog/search", query=f"q={token}", by=ADMIN)
    log = caplog.text
    assert "POST /api/v1/auth/otp/verify 200" in log
    assert "GET /api/v1/playlists/{playlist_id} 404" in log
    for secret in (token, house.code("bob"), "WRONG-ONE", next(iter(cookies.values()))):
        assert secret not in log
