"""What an operation does not declare it does not take: unknown fields and parameters are named everywhere."""

import re

import pytest

from tests.http.contract import BODIES, OPERATIONS
from tests.http.house import ADMIN, NIGHT, House, refusal

pytestmark = pytest.mark.anyio

BODILESS = sorted(OPERATIONS - BODIES.keys())


def address(operation: str) -> tuple[str, str]:
    method, _, path = operation.partition(" ")
    return method, re.sub(r"{\w+}", "none", path.replace("{ip}", "192.0.2.1"))


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_an_unknown_field_is_named(house: House, operation: str) -> None:
    before = await house.stored()
    method, path = address(operation)
    body = {**BODIES.get(operation, {}), "foo": 1}
    answer = await house.call(method, path, body, by=ADMIN)
    assert refusal(answer) == (422, "invalid", {"field": "foo", "problem": "is an unknown field"})
    assert await house.stored() == before


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
async def test_an_unknown_parameter_is_named(house: House, operation: str) -> None:
    before = await house.stored()
    method, path = address(operation)
    for query in ("zzz=1", "zzz"):
        answer = await house.call(method, path, BODIES.get(operation), by=ADMIN, query=query)
        details = {"field": "zzz", "problem": "is no parameter here", "unknown": ["zzz"]}
        assert refusal(answer) == (422, "invalid", details)
    assert await house.stored() == before


@pytest.mark.parametrize("operation", BODILESS)
async def test_a_body_that_nobody_asked_for_must_still_be_an_object_in_json(
    house: House, operation: str
) -> None:
    method, path = address(operation)
    broken = await house.call(method, path, b'{"foo": ', by=ADMIN)
    assert refusal(broken) == (400, "bad_json", {})
    for other in (b"null", b"[]", b'"x"', b"0"):
        answer = await house.call(method, path, other, by=ADMIN)
        status, code, details = refusal(answer)
        assert (status, code, details["field"]) == (422, "invalid", "body")


@pytest.mark.parametrize("operation", BODILESS)
async def test_no_body_an_empty_one_and_an_empty_object_are_all_nothing(house: House, operation: str) -> None:
    method, path = address(operation)
    answers = []
    for body in (None, b"", b" \r\n", b"{}"):
        token = await house.fresh_token(ADMIN)  # one of these operations ends the session
        cookies = {"kryten_playlist_session": token}
        answers.append((await house.call(method, path, body, cookies=cookies)).status_code)
    assert len(set(answers)) == 1
    assert answers[0] in (200, 202, 204, 404)


async def test_what_is_refused_has_not_happened(house: House) -> None:
    playlist_id = await house.save("Night", NIGHT)
    run_id = (await house.apply(playlist_id)).json["run_id"]
    before = await house.stored()
    for method, path in (
        ("DELETE", f"playlists/{playlist_id}"),
        ("POST", f"queue/runs/{run_id}/undo"),
        ("POST", "auth/logout"),
    ):
        answer = await house.call(method, path, {"a": 1}, by=ADMIN)
        assert refusal(answer)[:2] == (422, "invalid")
    assert await house.stored() == before
    assert house.queued() == [NIGHT.title]
    assert (await house.call("GET", "auth/session", by=ADMIN)).status_code == 200


async def test_whoever_may_not_pass_learns_nothing_about_his_body(house: House) -> None:
    answer = await house.call("DELETE", "playlists/none", {"a": 1}, query="zzz=1")
    assert refusal(answer) == (401, "not_signed_in", {})


@pytest.mark.parametrize("path", ["/", "/web/style.css", "/api/v1/openapi.json"])
async def test_the_page_its_parts_and_the_document_take_no_notice_of_a_query(house: House, path: str) -> None:
    plain = await house.call("GET", path)
    asked = await house.call("GET", path, query="v=7&utm_source=x")
    assert (asked.status_code, asked.content) == (200, plain.content)
