"""The OpenAPI document: valid, complete, and true to what the service answers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from falcon.inspect import inspect_app
from falcon.testing import Result
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from playlist_app.version import version
from tests.http.contract import BESIDES, BODIES, KNOWN, OPERATIONS, TO_COME
from tests.http.house import ADMIN, BLESSED, NIGHT, OUTPOST, SOULS, VIEWER, WRONG, House, refusal

pytestmark = pytest.mark.anyio

# What every answer may carry is told in docs/http-api.md, not at each operation.
EVERYWHERE = {
    "allow",
    "cache-control",
    "content-length",
    "content-security-policy",
    "content-type",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
}
METHODS = ("get", "post", "put", "delete")
Document = dict[str, Any]


async def document_of(house: House) -> Document:
    answer = await house.call("GET", "/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in document["paths"].items():
        assert methods.keys() <= set(METHODS)
        for method, described in methods.items():
            yield method.upper(), path, described


def declared(described: Document) -> set[str]:
    """The error codes that an operation says it has."""
    return set(re.findall(r"`(\w+)`", described.get("description", "")))


def template_of(document: Document, address: str) -> str | None:
    """Which path of the document an address is an example of; literal ones first."""
    if address in document["paths"]:
        return address
    for path in document["paths"]:
        if re.fullmatch(re.sub(r"{\w+}", "[^/]*", path), address):
            return path
    return None


def check(document: Document, method: str, address: str, answer: Result) -> None:
    """The answer is one that the document allows for this operation."""
    path = template_of(document, address)
    if path is None or method.lower() not in document["paths"][path]:
        pointer = "#/components/schemas/Error"
    else:
        responses = document["paths"][path][method.lower()]["responses"]
        response = responses.get(str(answer.status_code), responses["default"])
        check_headers(f"{method} {address}", response, answer)
        if "content" not in response:
            assert answer.text == "", f"{method} {address} promises no content"
            return
        assert response is not responses["default"] or answer.status_code >= 400, f"{method} {address}"
        keys = ("paths", path, method.lower(), "responses", str(answer.status_code))
        if str(answer.status_code) not in responses:
            keys = (*keys[:-1], "default")
        if answer.headers["content-type"] == "text/event-stream":
            assert response["content"] == {"text/event-stream": {"schema": {"type": "string"}}}
            return
        keys = (*keys, "content", "application/json", "schema")
        pointer = "#/" + "/".join(key.replace("~", "~0").replace("/", "~1") for key in keys)
    Draft202012Validator({"$ref": pointer, **document}).validate(answer.json)


def check_headers(operation: str, response: Document, answer: Result) -> None:
    """Those that the document promises are there, and no others."""
    told = {name.lower(): header for name, header in response.get("headers", {}).items()}
    given = {name.lower(): value for name, value in answer.headers.items()}
    assert {name for name, header in told.items() if header["required"]} <= given.keys(), operation
    assert given.keys() - EVERYWHERE <= told.keys(), operation
    for name, header in told.items():
        if name in given:
            Draft202012Validator(header["schema"]).validate(given[name])


async def walk(house: House) -> None:
    """Through every operation at least once with success, and through errors of many kinds."""
    house.channel.disconnect()
    await house.call("POST", "auth/otp/request", {"username": "bob"})
    await house.call("GET", "queue", by=VIEWER)
    await house.call("GET", "/health")
    house.channel.reconnect()
    cookies = await house.ask("bob")
    for code in (WRONG, house.code("bob"), house.code("bob")):
        await house.enter("bob", code, cookies)
    await house.enter("carol", WRONG)
    cookies = await house.ask("carol")
    for _ in range(3):
        await house.enter("carol", WRONG, cookies)
    await house.call("POST", "auth/otp/request", {"username": "carol"})
    await house.call("POST", "auth/ipblock", {"action": "block"}, peer="192.0.2.1")
    await house.call("POST", "auth/ipblock", {"action": "block", "ip": "192.0.2.9"}, by=ADMIN)
    for method, path in (
        ("GET", "auth/ipblocks"),
        ("DELETE", "auth/ipblocks/192.0.2.9"),
        ("GET", "auth/session"),
        ("PUT", "access/blessed/dave"),
        ("GET", "access/blessed"),
        ("DELETE", "access/blessed/dave"),
        ("PUT", "access/admins/dave"),
        ("GET", "access/admins"),
        ("DELETE", "access/admins/dave"),
        ("DELETE", "access/admins/alice"),
        ("DELETE", "access/lockouts/dave"),
        ("GET", "catalog/search"),
        ("GET", "catalog/categories"),
        ("GET", "catalog/items/night1968"),
        ("GET", "catalog/items/none"),
        ("POST", "catalog/refresh"),
        ("GET", "catalog/refresh"),
        ("POST", "catalog/refresh"),
        ("GET", "playlists"),
        ("GET", "playlists/none"),
        ("GET", "queue/runs/none"),
        ("GET", "events"),
        ("GET", "/health"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/demo/channel"),
        ("GET", "nowhere"),
        ("PATCH", "queue"),
    ):
        await house.call(method, path, by=ADMIN)
    await house.call("GET", "catalog/search", by=VIEWER, query="q=livng")
    await house.call("GET", "catalog/search", by=VIEWER, query="limit=x")
    await walk_playlists(house)
    await house.call("POST", "/demo/channel", {"action": "skip"})
    await house.call("POST", "/demo/channel", {"action": "dance"})
    await house.call("POST", "auth/logout", by=VIEWER)


async def walk_playlists(house: House) -> None:
    first = await house.save("First", NIGHT, SOULS)
    second = await house.save("Second", *OUTPOST)
    body = {"name": "First", "items": [{"video_id": "night1968"}, {"video_id": "gone"}]}
    one = f"playlists/{first}"
    await house.call("POST", "playlists", body, by=BLESSED)
    await house.call("PUT", one, body, by=BLESSED)
    await house.call("PUT", one, body, by=BLESSED, headers={"If-Match": '"1"'})
    for method, path, order in (
        ("GET", one, None),
        ("GET", f"{one}/versions", None),
        ("POST", f"{one}/restore", {"version": 1}),
        ("POST", f"{one}/restore", {"version": 9}),
        ("POST", "marathons/preview", {"sources": [{"type": "playlist", "playlist_id": first}]}),
        ("POST", "marathons/preview", {"sources": []}),
        ("POST", "queue/plan", {"playlist_id": first}),
        ("POST", "queue/apply", {"playlist_id": first}),
        ("POST", "queue/apply", {"playlist_id": first, "mode": "hard_replace"}),
        ("GET", "queue", None),
        ("POST", "queue/plan", {"playlist_id": second, "mode": "append"}),
    ):
        await house.call(method, path, order, by=BLESSED)
    order = {"playlist_id": second}
    run = await house.call("POST", "queue/apply", order, by=BLESSED, headers={"Prefer": "respond-async"})
    run_id = run.json["run_id"]
    await house.call("DELETE", f"queue/runs/{run_id}", by=BLESSED)
    await house.services.queue.finished(run_id)
    await house.call("GET", f"queue/runs/{run_id}", by=BLESSED)
    await house.call("POST", f"queue/runs/{run_id}/undo", by=BLESSED)
    undo = await house.call(
        "POST", f"queue/runs/{run_id}/undo", by=BLESSED, headers={"Prefer": "respond-async"}
    )
    await house.services.queue.finished(undo.json["run_id"])
    await house.call("DELETE", one, by=BLESSED)
    await house.call("GET", "playlists", by=VIEWER, query="deleted=true")


async def test_the_document_is_a_valid_one(house: House) -> None:
    document = await document_of(house)
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == version()


async def test_it_lists_exactly_the_routes_that_there_are(house: House) -> None:
    document = await document_of(house)
    listed = {f"{method} {path}" for method, path, _ in operations(document)}
    app = inspect_app(house.client.app)
    routed = {
        f"{method.method} {route.path}"
        for route in app.routes
        for method in route.methods
        if not method.internal and route.path not in BESIDES
    }
    static = {route.prefix.rstrip("/") for route in app.static_routes or ()}
    heads = {each for each in routed if each.startswith("HEAD ")}
    assert heads == {f"HEAD {path}" for path in ("/health", "/health/live", "/health/ready")}
    assert listed == routed - heads == OPERATIONS
    assert {route.path for route in app.routes if route.path in BESIDES} | static == BESIDES


async def test_every_answer_is_as_the_document_says(house: House) -> None:
    document = await document_of(house)
    house.heard.clear()
    await walk(house)
    went_well = set()
    for method, address, answer in house.heard:
        check(document, method, address, answer)
        if answer.status_code < 400:
            went_well.add(f"{method} {template_of(document, address)}")
    assert went_well == OPERATIONS
    begun = {(method, answer.status_code) for method, _, answer in house.heard}
    assert {("POST", 202), ("POST", 201), ("DELETE", 204)} <= begun


async def test_every_error_of_the_walk_is_a_known_code_with_its_status(house: House) -> None:
    document = await document_of(house)
    await walk(house)
    met = set()
    for method, address, answer in house.heard:
        if answer.status_code < 400:
            continue
        status, code, _ = refusal(answer)
        assert KNOWN[code] == status
        path = template_of(document, address)
        if path is not None and method.lower() in document["paths"][path]:
            met.add((code, f"{method} {path}"))
    # What any operation may answer needs no mention at each.
    general = {"invalid", "not_signed_in", "forbidden"}
    for code, operation in met:
        method, _, path = operation.partition(" ")
        described = document["paths"][path][method.lower()]
        assert code in general | declared(described), operation


async def test_the_error_codes_it_declares_are_those_of_the_contract(house: House) -> None:
    document = await document_of(house)
    codes = {code for _, _, described in operations(document) for code in declared(described)}
    assert codes - KNOWN.keys() == set()
    assert codes & TO_COME == set()


async def test_signing_in_is_asked_for_exactly_where_the_document_says_so(house: House) -> None:
    document = await document_of(house)
    for method, path, described in operations(document):
        assert described["security"] in ([], [{"session": []}])
        assert ("x-needs" in described) == bool(described["security"])
        address = re.sub(r"{\w+}", "none", path)
        answer = await house.call(method, address)
        assert (answer.status_code == 401) == bool(described["security"]), f"{method} {path}"
    scheme = document["components"]["securitySchemes"]["session"]
    assert scheme == {"type": "apiKey", "in": "cookie", "name": "kryten_playlist_session"}


async def test_bodies_are_described_as_strictly_as_they_are_read(house: House) -> None:
    document = await document_of(house)
    for name, schema in document["components"]["schemas"].items():
        assert schema["type"] == "object"
        if name != "Error":
            assert schema["additionalProperties"] is False
            assert schema["description"]
    for method, path, described in operations(document):
        assert described["summary"]
        asked = {each["name"] for each in described["parameters"] if each["in"] == "path"}
        assert asked == set(re.findall(r"{(\w+)}", path))
        body = described.get("requestBody")
        if body is None:
            continue
        empty = await house.call(method, re.sub(r"{\w+}", "none", path), b"", by=ADMIN)
        missing = empty.status_code == 422 and empty.json["error"]["details"]["problem"] == "is missing"
        assert body["required"] == missing, f"{method} {path}"


async def test_it_tells_the_headers_that_count(house: House) -> None:
    document = await document_of(house)
    taken, given = {}, {}
    for method, path, described in operations(document):
        operation = f"{method} {path.removeprefix('/api/v1')}"
        if names := [each["name"] for each in described["parameters"] if each["in"] == "header"]:
            taken[operation] = names
        for status, response in described["responses"].items():
            if "headers" in response:
                given[operation, status] = sorted(response["headers"])
    assert taken == {
        "GET /events": ["Last-Event-ID"],
        "PUT /playlists/{playlist_id}": ["If-Match"],
        "DELETE /playlists/{playlist_id}": ["If-Match"],
        "POST /queue/apply": ["Prefer"],
        "POST /queue/runs/{run_id}/undo": ["Prefer"],
    }
    assert given == {
        ("GET /events", "200"): ["X-Accel-Buffering"],
        ("GET /events", "429"): ["Retry-After"],
        ("POST /auth/otp/request", "200"): ["Set-Cookie"],
        ("POST /auth/otp/request", "429"): ["Retry-After"],
        ("POST /auth/otp/verify", "200"): ["Set-Cookie"],
        ("POST /auth/otp/verify", "429"): ["Retry-After"],
        ("POST /auth/logout", "204"): ["Set-Cookie"],
        ("POST /playlists", "201"): ["ETag", "Location"],
        ("GET /playlists/{playlist_id}", "200"): ["ETag"],
        ("PUT /playlists/{playlist_id}", "200"): ["ETag"],
        ("POST /playlists/{playlist_id}/restore", "200"): ["ETag"],
    }


@pytest.mark.parametrize(
    ("text", "status"),
    [
        *[(text, 404) for text in ("*", "3", '"3"', 'W/"3"', "W/3", "99999999999")],
        *[(text, 422) for text in ("", "x", '"', '3"', 'w/"3"', '"3", "4"', "-1", "\xb2", '"999999999999"')],
    ],
)
async def test_what_it_says_of_if_match_is_what_is_read(house: House, text: str, status: int) -> None:
    put = (await document_of(house))["paths"]["/api/v1/playlists/{playlist_id}"]["put"]
    (header,) = (each for each in put["parameters"] if each["in"] == "header")
    assert bool(re.search(header["schema"]["pattern"], text)) == (status == 404)
    body = {"name": "Mine", "items": []}
    answer = await house.call("PUT", "playlists/none", body, by=ADMIN, headers={"If-Match": text})
    assert answer.status_code == status


async def test_it_tells_the_parameters_of_a_search_with_bounds_and_defaults(house: House) -> None:
    search = (await document_of(house))["paths"]["/api/v1/catalog/search"]["get"]
    assert {each["name"]: each["schema"] for each in search["parameters"]} == {
        "q": {"type": "string", "maxLength": 500, "default": ""},
        "category": {"type": "array", "items": {"type": "string"}},
        "match": {"type": "string", "enum": ["any", "all"], "default": "any"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
        "offset": {"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0},
        "snapshot_id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    }


def edges(schema: Document) -> Iterator[tuple[Any, bool]]:
    """Values at the bounds of a schema and right behind them; whether they are within."""
    if "minimum" in schema:
        yield from ((schema["minimum"], True), (schema["minimum"] - 1, False))
        yield from ((schema["maximum"], True), (schema["maximum"] + 1, False))
    if "maxLength" in schema:
        yield from (("x" * schema["maxLength"], True), ("x" * (schema["maxLength"] + 1), False))
    if "maxItems" in schema:
        source = {"type": "items", "items": []}
        yield from (([source] * schema["maxItems"], True), ([source] * (schema["maxItems"] + 1), False))


async def test_bodies_and_parameters_have_the_bounds_that_it_tells(house: House) -> None:
    document = await document_of(house)
    found = set()

    async def ask(operation: str, name: str, *, within: bool, body: Any = None, query: str = "") -> None:
        method, _, path = operation.partition(" ")
        answer = await house.call(method, path, body, by=ADMIN, query=query)
        assert answer.status_code < 500
        refused = answer.status_code == 422 and answer.json["error"]["details"]["field"] == name
        assert refused is not within, f"{operation} {name}"
        found.add(name)

    for method, path, described in operations(document):
        operation = f"{method} {path}"
        for parameter in described["parameters"]:
            if parameter["in"] == "query":
                for value, within in edges(parameter["schema"]):
                    query = f"{parameter['name']}={value}"
                    await ask(operation, parameter["name"], within=within, query=query)
        if "requestBody" in described:
            reference = described["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            fields = document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
            for name, schema in fields.items():
                for value, within in edges(schema):
                    body = {**BODIES[operation], name: value}
                    await ask(operation, name, within=within, body=body)
    assert found == {"q", "limit", "offset", "otp", "hours", "sources", "shuffle_seed"}


async def test_every_schema_is_used(house: House) -> None:
    text = (await house.call("GET", "/api/v1/openapi.json")).text
    document = await document_of(house)
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text
