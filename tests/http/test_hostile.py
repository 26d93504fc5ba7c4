"""Hostile requests: each is refused in the one shape, by name, and leaves no trace."""

import pytest

from tests.http.attacks import ATTACKS, Attack
from tests.http.house import ADMIN, NIGHT, House, refusal

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.label for attack in ATTACKS])
async def test_a_hostile_request_is_refused_by_name_and_leaves_no_trace(house: House, attack: Attack) -> None:
    playlist = f"playlists/{await house.save('Mine', NIGHT)}"
    before = await house.stored()
    answer = await house.call(
        attack.method,
        attack.path.replace("{playlist}", playlist),
        attack.body,
        by=ADMIN,
        headers=attack.headers,
        query=attack.query,
        host=attack.host,
    )
    status, code, _ = refusal(answer)
    assert (status, code) == attack.answer
    assert attack.names in answer.json["error"]["message"]
    for leak in ("Traceback", 'File "', "playlist_core", "playlist_app", "sqlite", "NoneType object"):
        assert leak not in answer.text
    assert len(answer.text) < 2000
    assert await house.stored() == before
    assert house.queued() == []
    assert (await house.call("GET", "auth/session", by=ADMIN)).json["role"] == "admin"


HEADERS = {
    "cookies of rubbish": {"Cookie": "=;;;a=b;\xff\xfe=x; kryten_playlist_session"},
    "a huge cookie": {"Cookie": "kryten_playlist_session=" + "x" * 100_000},
    "two sessions": {"Cookie": "kryten_playlist_session=a; kryten_playlist_session=b"},
    "a quoted session": {"Cookie": 'kryten_playlist_session="a\\"b\\377"'},
    "a session with NUL": {"Cookie": "kryten_playlist_session=a%00b"},
    "an authorization": {"Authorization": "Basic YWxpY2U6YWxpY2U="},
    "a bearer": {"Authorization": "Bearer alice"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
async def test_no_header_but_a_session_signs_anybody_in(house: House, headers: dict[str, str]) -> None:
    answer = await house.call("GET", "playlists", headers=headers)
    assert refusal(answer) == (401, "not_signed_in", {})


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html;q=nonsense"},
        {"Accept": "application/xml"},
        {"Accept-Encoding": "rubbish"},
        {"Accept-Language": "x" * 10_000},
        {"Range": "bytes=5-2"},
        {"If-None-Match": '"1"'},
        {"If-Modified-Since": "yesterday"},
        {"Prefer": "\xff;;;,,"},
        {"Expect": "the-unexpected"},
        {"Forwarded": 'for=;;by="\\'},
        {"X-Forwarded-For": ",,\xff,999.999.999.999"},
        {"User-Agent": "() { :; }; echo"},
        {"X-Request-Id": "mine\x7f"},
        {"Date": "never"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_headers_that_do_not_concern_us_change_nothing(house: House, headers: dict[str, str]) -> None:
    plain = await house.call("GET", "playlists", by=ADMIN)
    answer = await house.call("GET", "playlists", by=ADMIN, headers=headers)
    assert (answer.status_code, answer.json) == (200, plain.json)


def test_there_are_enough_attacks_and_no_two_alike() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.label for attack in ATTACKS}) == len(ATTACKS)
