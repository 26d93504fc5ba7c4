"""docs/http-api.md tells every route and every error code, and none that does not exist."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.http.contract import KNOWN, OPERATIONS, TO_COME
from tests.http.house import House

PAGE = Path(__file__).parents[2] / "docs" / "http-api.md"
TEXT = PAGE.read_text(encoding="utf-8")
TOLD = re.findall(r"^### `([A-Z]+ /[^`]*)`$", TEXT, re.MULTILINE)


def section(operation: str) -> str:
    """What the page says under the heading of an operation."""
    return TEXT.partition(f"### `{operation}`\n")[2].partition("\n#")[0]


def headers(described: dict[str, Any]) -> set[str]:
    """Those of any answer of an operation."""
    return {name for response in described["responses"].values() for name in response.get("headers", ())}


@pytest.mark.anyio
async def test_the_page_tells_every_route_of_the_document(house: House) -> None:
    paths = (await house.call("GET", "/api/v1/openapi.json")).json["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert routes - set(TOLD) == set(), "missing in docs/http-api.md"
    assert set(TOLD) - routes == set(), "told in docs/http-api.md, but not there"
    assert len(TOLD) == len(set(TOLD))


@pytest.mark.anyio
async def test_it_tells_the_fields_parameters_headers_and_errors_of_each_route(house: House) -> None:
    document = (await house.call("GET", "/api/v1/openapi.json")).json
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            told = section(f"{method.upper()} {path}")
            names = {each["name"] for each in described["parameters"] if each["in"] in ("query", "header")}
            names |= {name for name in ("ETag", "Location") if name in headers(described)}
            schema = described.get("requestBody", {}).get("content", {}).get("application/json", {})
            if schema:
                reference = schema["schema"]["$ref"].rpartition("/")[2]
                names |= document["components"]["schemas"][reference]["properties"].keys()
            codes = set(re.findall(r"`(\w+)`", described.get("description", ""))) - {"invalid"}
            if path.endswith("/ready"):
                codes = set()
            missing = {each for each in names | codes if not re.search(rf"\b{each}\b", told)}
            assert missing == set(), f"{method.upper()} {path}: not told in docs/http-api.md"


@pytest.mark.anyio
async def test_it_tells_every_field_of_every_answer(house: House) -> None:
    schemas = (await house.call("GET", "/api/v1/openapi.json")).json["components"]["schemas"]
    fields = {name for schema in schemas.values() for name in schema["properties"]}
    missing = {name for name in fields if not re.search(rf"\b{name}\b", TEXT)}
    assert missing == set(), "not told in docs/http-api.md"


def test_it_tells_every_error_code_with_its_status() -> None:
    table = TEXT.partition("## Errors")[2].partition("## Limits")[0]
    told: dict[str, int] = {}
    for status, codes in re.findall(r"^\| (\d{3}) \| ([^|]*) \|", table, re.MULTILINE):
        told |= dict.fromkeys(re.findall(r"`(\w+)`", codes), int(status))
    assert told == {code: status for code, status in KNOWN.items() if code not in TO_COME}


def test_its_examples_ask_for_what_there_is() -> None:
    calls = re.findall(r"^(?:kp|curl)( .*?\$KP(/[^\s\"'?]*).*)$", TEXT, re.MULTILINE)
    assert len(calls) > 12
    for line, path in calls:
        asked = re.search(r"-X (\w+)", line)
        sends = " -d '" in line
        method = asked[1] if asked else "POST" if sends and "-G" not in line else "GET"
        assert any(
            re.fullmatch(re.sub(r"{\w+}", "[^/]+", operation), f"{method} {path}") for operation in OPERATIONS
        ), line
