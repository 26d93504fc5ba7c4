"""What every request passes: host, origin, content type, size, and whose address it is."""

from ipaddress import ip_network
from typing import Any

import pytest
from falcon.testing import Result

from playlist_app.config import Settings
from playlist_app.http.door import SESSION_COOKIE
from playlist_core.domain.identity import Username
from tests.http.house import ADMIN, BLESSED, VIEWER, House, open_house, refusal

pytestmark = pytest.mark.anyio

PUBLIC = "https://playlist.example"
LIMIT = 1024 * 1024
STRANGER = "198.51.100.9"

LOOPBACK_HOSTS = [
    "localhost",
    "LocalHost:8088",
    "localhost:1",
    "127.0.0.1",
    "127.0.0.1:65535",
    "127.8.9.1:80",
    "[::1]",
    "[::1]:8088",
    "[0:0:0:0:0:0:0:1]:8088",
]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8088",
    "localhost.evil.example",
    "localhost.",
    "127.0.0.1.evil.example",
    "evil.example@localhost",
    "localhost@evil.example",
    "localhost/evil.example",
    "localhost#evil.example",
    "localhost?evil.example",
    "localhost, evil.example",
    "evil.example[::1]",
    "[::1]evil.example",
    "[::1].evil.example",
    "[::1",
    "::1",
    "[]",
    "localhost:port",
    "localhost:-1",
    "localhost:123456",
    "0.0.0.0",
    "192.168.1.5:8088",
    "[::ffff:192.0.2.1]",
    "2130706433",
    "127.1",
    "loc\xe4lhost",
    "local host",
    "%6cocalhost",
    " ",
]


async def live(house: House, host: str, **other: Any) -> Result:
    return await house.call("GET", "/health/live", host=host, **other)


@pytest.mark.parametrize("host", LOOPBACK_HOSTS)
async def test_loopback_names_are_answered_at_any_port(house: House, host: str) -> None:
    assert (await live(house, host)).status_code == 200


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_other_host_names_are_refused_reading_included(house: House, host: str) -> None:
    expected = (403, "bad_host", {"setting": "public_url"})
    answer = await live(house, host)
    assert refusal(answer) == expected
    assert "public_url" in answer.json["error"]["message"]
    for method, path in (
        ("GET", "/"),
        ("GET", "/api/v1/openapi.json"),
        ("POST", "auth/logout"),
        ("GET", "/no"),
    ):
        assert refusal(await house.call(method, path, host=host)) == expected


async def test_a_request_without_a_host_is_refused(house: House) -> None:
    answer = await house.call("GET", "/health/live", http_version="1.0")
    assert refusal(answer) == (403, "bad_host", {"setting": "public_url"})


@pytest.mark.parametrize(
    ("public_url", "host", "admitted"),
    [
        (PUBLIC, "playlist.example", True),
        (PUBLIC, "PLAYLIST.example", True),
        (PUBLIC, "playlist.example:443", True),
        (PUBLIC, "localhost:8088", True),
        (PUBLIC, "playlist.example:80", False),
        (PUBLIC, "playlist.example:8443", False),
        (PUBLIC, "playlist.example.", False),
        (PUBLIC, "playlist.example.evil", False),
        (PUBLIC, "evil-playlist.example", False),
        (PUBLIC, "user@playlist.example", False),
        ("http://playlist.example", "playlist.example:80", True),
        ("http://playlist.example", "playlist.example:443", False),
        ("http://playlist.example:8088", "playlist.example:8088", True),
        ("http://playlist.example:8088", "playlist.example", False),
        ("https://[2001:db8::1]", "[2001:db8::1]", True),
        ("https://[2001:db8::1]", "[2001:db8::1]:443", True),
        ("https://[2001:db8::1]", "[2001:db8::2]", False),
    ],
)
async def test_the_host_of_the_public_url_is_answered_too(public_url: str, host: str, admitted: bool) -> None:
    async with open_house(Settings(public_url=public_url), with_catalog=False) as house:
        assert (await live(house, host)).status_code == (200 if admitted else 403)


OWN_ORIGINS = [
    ("localhost", "http://localhost"),
    ("localhost:8088", "http://localhost:8088"),
    ("LOCALHOST:8088", "http://localhost:8088"),
    ("127.0.0.1:8088", "http://127.0.0.1:8088"),
    ("[::1]:8088", "http://[::1]:8088"),
    ("localhost:8088", PUBLIC),
    ("playlist.example", PUBLIC),
    ("playlist.example", "HTTPS://Playlist.Example"),
]
FOREIGN_ORIGINS = [
    ("localhost", "null"),
    ("localhost", ""),
    ("localhost", "http://evil.example"),
    ("localhost", "http://localhost.evil"),
    ("localhost", "http://localhost@evil.example"),
    ("localhost", "http://evil.example#localhost"),
    ("localhost", "http://evil.example?localhost"),
    ("localhost", "http://evil.example/localhost"),
    ("localhost", "http://localhost/"),
    ("localhost", "http://localhost:8088"),
    ("localhost:8088", "http://localhost"),
    ("localhost:8088", "http://localhost:80880"),
    ("localhost:8088", "http://127.0.0.1:8088"),
    ("localhost", "file://localhost"),
    ("localhost", "ftp://localhost"),
    ("localhost", "javascript://localhost"),
    ("localhost", "//localhost"),
    ("localhost", "localhost"),
    ("localhost", "http:localhost"),
    ("localhost", "http:///localhost"),
    ("localhost", "http://localhost, http://localhost"),
    ("localhost", "http://["),
    ("localhost", "http://[::1"),
    ("localhost", "http://\xff"),
    ("playlist.example", "https://playlist.example.evil"),
    ("playlist.example", "https://playlist.example:8443"),
    ("playlist.example", "https://sub.playlist.example"),
    ("playlist.example", "https://playlist.example/"),
]


async def logout(host: str, origin: str | None) -> Result:
    async with open_house(Settings(public_url=PUBLIC), with_catalog=False) as house:
        headers = {} if origin is None else {"Origin": origin}
        return await house.call("POST", "auth/logout", host=host, headers=headers)


@pytest.mark.parametrize(("host", "origin"), [*OWN_ORIGINS, ("localhost", None)])
async def test_our_own_page_and_programs_may_change_things(host: str, origin: str | None) -> None:
    assert (await logout(host, origin)).status_code == 204


@pytest.mark.parametrize(("host", "origin"), FOREIGN_ORIGINS)
async def test_pages_of_others_may_not(host: str, origin: str) -> None:
    assert refusal(await logout(host, origin)) == (403, "bad_origin", {})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_every_changing_method_is_guarded_and_nothing_happens(house: House, method: str) -> None:
    playlist_id = await house.save("Night")
    before = await house.stored()
    path = "playlists" if method == "POST" else f"playlists/{playlist_id}"
    body = None if method == "DELETE" else {"name": "Evil", "items": []}
    answer = await house.call(method, path, body, by=ADMIN, headers={"Origin": "http://evil.example"})
    assert refusal(answer) == (403, "bad_origin", {})
    assert await house.stored() == before


async def test_reading_is_not_asked_for_its_origin_but_never_shared_with_another(house: House) -> None:
    answer = await house.call("GET", "playlists", by=VIEWER, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 200
    preflight = await house.call(
        "OPTIONS",
        "playlists",
        headers={"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"},
    )
    for each in (answer, preflight):
        assert not [name for name in each.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "is_stranger"),
    [
        ([], STRANGER, None, True),
        ([], "127.0.0.1", STRANGER, False),
        ([], STRANGER, "127.0.0.1", True),
        (["127.0.0.1/32"], "127.0.0.1", STRANGER, True),
        (["127.0.0.1/32"], "127.0.0.1", f"  {STRANGER} ", True),
        (["127.0.0.1/32"], "127.0.0.1", f"::ffff:{STRANGER}", True),
        (["127.0.0.1/32"], "127.0.0.1", f"203.0.113.5, {STRANGER}", True),
        (["127.0.0.1/32"], "127.0.0.1", f"{STRANGER}, 203.0.113.5", False),
        (["127.0.0.1/32", "10.0.0.0/8"], "127.0.0.1", f"{STRANGER}, 10.1.2.3", True),
        (["127.0.0.1/32", "10.0.0.0/8"], "127.0.0.1", f"{STRANGER}, 203.0.113.5, 10.1.2.3", False),
        (["127.0.0.1/32"], "127.0.0.1", None, False),
        (["127.0.0.1/32"], "127.0.0.1", ",,, ,", False),
        (["127.0.0.1/32"], "127.0.0.1", f"{STRANGER}, rubbish", False),
        (["127.0.0.1/32"], "10.0.0.1", STRANGER, False),
        (["127.0.0.1/32"], "::ffff:127.0.0.1", STRANGER, True),
    ],
)
async def test_an_address_is_taken_from_a_header_only_where_the_peer_is_trusted(
    trusted: list[str], peer: str, forwarded: str | None, is_stranger: bool
) -> None:
    settings = Settings(
        admins=(Username(ADMIN),), trusted_proxies=tuple(ip_network(network) for network in trusted)
    )
    async with open_house(settings, with_catalog=False) as house:
        await house.call("POST", "auth/ipblock", {"action": "block", "ip": STRANGER}, by=ADMIN)
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded, "Forwarded": f"for={forwarded}"}
        answer = await house.call(
            "POST", "auth/otp/request", {"username": "nobody"}, peer=peer, headers=headers
        )
        assert refusal(answer)[1] == ("ip_blocked" if is_stranger else "not_in_channel")


async def test_no_other_header_moves_an_address_or_a_host(house: House) -> None:
    await house.call("POST", "auth/ipblock", {"action": "block", "ip": "127.0.0.1"}, by=ADMIN)
    headers = {
        "X-Real-IP": STRANGER,
        "X-Forwarded-Host": "localhost",
        "X-Forwarded-Proto": "https",
        "X-HTTP-Method-Override": "GET",
        "CF-Connecting-IP": STRANGER,
    }
    answer = await house.call("POST", "auth/otp/request", {"username": "nobody"}, headers=headers)
    assert refusal(answer)[1] == "ip_blocked"
    foreign = await house.call("GET", "/health/live", host="evil.example", headers=headers)
    assert refusal(foreign)[1] == "bad_host"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        " application/json ;x=y",
    ],
)
async def test_a_body_is_taken_as_json_where_it_says_so(house: House, kind: str) -> None:
    body = b'{"name": "Night", "items": []}'
    answer = await house.call("POST", "playlists", body, by=BLESSED, headers={"Content-Type": kind})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "application/json-patch+json",
        "application/problem+json",
        "text/json",
        "application/xml",
        "application/json, text/plain",
        "\xff",
    ],
)
async def test_any_other_kind_of_body_is_refused_and_kept_out(house: House, kind: str) -> None:
    before = await house.stored()
    body = b'{"name": "Night", "items": []}'
    answer = await house.call("POST", "playlists", body, by=BLESSED, headers={"Content-Type": kind})
    assert refusal(answer) == (415, "unsupported_media_type", {})
    assert "application/json" in answer.json["error"]["message"]
    assert await house.stored() == before


async def test_a_request_without_a_body_needs_no_content_type(house: House) -> None:
    assert (await house.call("POST", "auth/logout")).status_code == 204
    assert (await house.call("POST", "catalog/refresh", by=ADMIN)).status_code == 202
    typed = await house.call("POST", "auth/logout", headers={"Content-Type": "application/json"})
    assert typed.status_code == 204
    form = await house.call("POST", "auth/logout", headers={"Content-Type": "text/plain"})
    assert refusal(form)[:2] == (415, "unsupported_media_type")


async def test_a_body_may_have_a_mebibyte_and_no_byte_more(house: House) -> None:
    body = b'{"name": "Night", "items": []}'
    over = await house.call("POST", "playlists", body + b" " * (LIMIT + 1 - len(body)), by=BLESSED)
    assert refusal(over) == (413, "too_large", {"limit": LIMIT})
    exact = await house.call("POST", "playlists", body + b" " * (LIMIT - len(body)), by=BLESSED)
    assert exact.status_code == 201


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "playlists"), ("GET", "/health"), ("POST", "/nowhere")]
)
async def test_a_body_announced_as_too_large_is_not_waited_for(house: House, method: str, path: str) -> None:
    headers = {"Content-Length": str(LIMIT + 1), "Content-Type": "application/json"}
    answer = await house.call(method, path, headers=headers)
    assert refusal(answer) == (413, "too_large", {"limit": LIMIT})


@pytest.mark.parametrize("length", ["-1", "five", "1e3", "1.5", "0x10"])
async def test_a_content_length_that_is_none_is_named(house: House, length: str) -> None:
    answer = await house.call("POST", "auth/logout", headers={"Content-Length": length})
    assert refusal(answer)[:2] == (400, "bad_json")
    assert "Content-Length" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "host"),
    [
        ("GET", "/", "localhost"),
        ("GET", "/health", "localhost"),
        ("GET", "playlists", "localhost"),
        ("GET", "/nowhere", "localhost"),
        ("PATCH", "playlists", "localhost"),
        ("GET", "/", "evil.example"),
        ("OPTIONS", "playlists", "localhost"),
    ],
)
async def test_every_answer_tells_browsers_to_be_careful_and_has_a_name_for_the_log(
    house: House, method: str, path: str, host: str
) -> None:
    first = await house.call(method, path, host=host)
    second = await house.call(method, path, host=host)
    for answer in (first, second):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_what_is_only_for_one_person_is_never_kept_by_a_cache(house: House) -> None:
    for path in ("auth/session", "playlists", "queue", "catalog/search"):
        for cookies in ({}, {SESSION_COOKIE: await house.token(VIEWER)}):
            answer = await house.call("GET", path, cookies=cookies)
            assert answer.headers["cache-control"] == "no-store"
