"""Whatever JSON is sent to whatever changes something, the answer is never the service's failure."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from attrs import define
from falcon.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.contract import OPERATIONS
from tests.http.house import ADMIN, NIGHT, House, open_house, refusal

CHANGING = sorted(each for each in OPERATIONS if each.startswith(("POST", "PUT")))

TEXTS = st.one_of(
    st.sampled_from(["bob", "dave", "Night", "night1968", "A2B1", "block", "join", "192.0.2.1", "", "\x00"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
NUMBERS = st.one_of(st.integers(), st.integers(-1, 5), st.floats(allow_nan=False, allow_infinity=False))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)


class Shapes:
    """Bodies near what a schema asks for: mostly right, here and there anything at all."""

    def __init__(self, document: dict[str, Any], ids: list[str]) -> None:
        self.document = document
        self.texts = st.one_of(st.sampled_from(ids), TEXTS)

    def of(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        right = self._right(schema)
        return st.one_of(right, right, right, right, ANYTHING)

    def _right(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        if "anyOf" in schema:
            return st.one_of([self.of(each) for each in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        match schema.get("type"):
            case "object":
                fields = {name: self.of(each) for name, each in schema["properties"].items()}
                needed = {name: fields.pop(name) for name in schema.get("required", ())}
                return st.fixed_dictionaries(needed, optional=fields)
            case "array":
                return st.lists(self.of(schema["items"]), max_size=4)
            case "string":
                return self.texts
            case "integer":
                return st.integers()
            case "boolean":
                return st.booleans()
            case _:
                return st.none()


@define
class Target:
    """A house on a loop of its own, because Hypothesis stops an example in ways no async test survives."""

    portal: BlockingPortal
    house: House
    shapes: Shapes

    def call(self, method: str, path: str, body: Any = None) -> Result:
        return self.portal.call(partial(self.house.call, method, path, body, by=ADMIN))


@pytest.fixture
def target() -> Iterator[Target]:
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(open_house()) as house,
    ):
        playlist_id = portal.call(house.save, "Night", NIGHT)
        document = portal.call(house.call, "GET", "/api/v1/openapi.json").json
        yield Target(portal, house, Shapes(document, [playlist_id]))


@pytest.mark.parametrize("operation", CHANGING)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_makes_the_service_fail(target: Target, operation: str, data: st.DataObject) -> None:
    method, _, path = operation.partition(" ")
    described = target.shapes.document["paths"][path][method.lower()]
    schema: dict[str, Any] = {}
    if "requestBody" in described:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
    body = data.draw(target.shapes.of(schema), label="body")
    for parameter in (each for each in described["parameters"] if each["in"] == "path"):
        value = data.draw(target.shapes.texts, label=parameter["name"])
        path = path.replace(f"{{{parameter['name']}}}", quote(value, safe=""))
    target.portal.call(target.house.fresh_token, ADMIN)
    target.house.channel.reconnect()
    answer = target.call(method, path, body)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        refusal(answer)
    target.house.heard.clear()
