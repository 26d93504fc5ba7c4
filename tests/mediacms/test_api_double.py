"""The double answers as the two real servers did whose answers were recorded: value by value, key by key."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.mediacms.double import doubled
from tests.mediacms.double_shapes import RECORDED, recorded
from tests.mediacms.double_site import EDITOR, VIEWER, Site, Version, Video

pytestmark = pytest.mark.anyio

VERSIONS = [version.value for version in Version]
TOKENS = {"token of admin": EDITOR.token, "token of editor": EDITOR.token, "token of viewer": VIEWER.token}
LISTS = [
    "list_page_1",
    "list_page_1_admin_token",
    "list_page_1_viewer_token",
    "list_page_middle",
    "list_page_last",
    "list_by_author",
    "manage_media_editor",
    "manage_media_not_encoded",
]
SEARCHES = [
    "search_by_uploader_asc",
    "search_category",
    "search_category_plus_escaped",
    "search_category_unicode",
]
DETAILS = ["detail_multi_category", "detail_private_editor_200"]
REFUSALS = sorted(
    path.stem
    for path in RECORDED.glob("*_40?.json")
    if "bad_token" not in path.stem and "cytube" not in path.stem
)


def _site(version: str) -> Site:
    """A site that holds every item that was recorded of that version."""
    details = [recorded(f"{version}__{name}") for name in DETAILS]
    searched = [row for name in SEARCHES for row in recorded(f"{version}__{name}")["body"]["results"]]
    listed = [row for name in LISTS for row in recorded(f"{version}__{name}")["body"]["results"]]
    rows: dict[str, dict[str, Any]] = {}
    for row in (*searched, *listed):
        rows.setdefault(row["friendly_token"], {}).update(row)
    for detail in details:
        rows[detail["request"]["path"].rpartition("/")[2]] = detail["body"]
    names = {_user(row): row["author_name"] for row in rows.values()}
    videos = [_video(token, row) for token, row in rows.items()]
    return Site(Version(version), videos, names=names, page_size=2)


def _user(row: Mapping[str, Any]) -> str:
    return row["author_profile"].split("/")[-2]


def _video(token: str, row: Mapping[str, Any]) -> Video:
    thumbnail = row["thumbnail_url"]
    return Video(
        token=token,
        title=row["title"],
        added=datetime.fromisoformat(row["add_date"]),
        user=_user(row),
        categories=tuple(category["title"] for category in row.get("categories_info", [])),
        duration=row["duration"],
        thumbnail=thumbnail and re.sub(r"^http://[^/]+", "", thumbnail),
        media_type=row["media_type"],
        state=row.get("state", "public"),
        encoding_status=row.get("encoding_status", "success"),
        is_reviewed=row.get("is_reviewed", True),
        views=row["views"],
        size=row.get("size", ""),
    )


async def _ask(site: Site, record: Mapping[str, Any], auth: str | None = None) -> tuple[int, str, Any]:
    """Status, content type and body of what the double answers to a recorded request, hosts made equal."""
    request = record["request"]
    token = auth or TOKENS.get(request["auth"])
    headers = {"Accept": request["accept"], **({"Authorization": f"Token {token}"} if token else {})}
    async with doubled() as double, aiohttp.ClientSession(headers=headers) as session:
        base = double.mount(site)
        async with session.get(URL(base + request["path"], encoded=True), allow_redirects=False) as response:
            text = (await response.text()).replace(base, "SITE").replace(str(response.url.origin()), "SITE")
            is_json = response.content_type == "application/json"
            body = json.loads(text) if is_json else text
            return response.status, response.content_type, body


def _shown(body: Any) -> Any:
    """A recorded body with its host made equal."""
    if isinstance(body, dict):
        return {name: _shown(value) for name, value in body.items()}
    if isinstance(body, list):
        return [_shown(value) for value in body]
    return re.sub(r"^http://127\.0\.0\.1:\d+", "SITE", body) if isinstance(body, str) else body


def _kind(value: Any) -> Any:
    """Names, order and types of JSON, without its values; what may be null is of no type."""
    if isinstance(value, dict):
        return {name: _kind(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_kind(value[0])] if value else []
    return type(value).__name__


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", LISTS + SEARCHES)
async def test_each_row_of_a_list_is_the_recorded_one(version: str, name: str) -> None:
    record = recorded(f"{version}__{name}")
    record["request"]["path"] = re.sub(r"([?&])page=\d+", r"\1page=1", record["request"]["path"])
    site = _site(version)
    site.page_size = 1000
    status, _, body = await _ask(site, record)
    rows = {row["friendly_token"]: row for row in body["results"]}
    for row in _shown(record["body"]["results"]):
        assert list(rows[row["friendly_token"]].items()) == list(row.items())
    assert (status, list(body)) == (200, list(record["body"]))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["list_page_1", "manage_media_editor", "search_by_uploader_asc"])
async def test_the_link_to_the_next_page_is_the_recorded_one(version: str, name: str) -> None:
    record = recorded(f"{version}__{name}")
    _, _, body = await _ask(_site(version), record)
    assert body["next"] == _shown(record["body"]["next"])
    assert _kind(body["count"]) == "int"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", DETAILS)
async def test_a_detail_has_the_recorded_fields(version: str, name: str) -> None:
    record = recorded(f"{version}__{name}")
    status, _, body = await _ask(_site(version), record)
    due = _shown(record["body"])
    related, _ = body.pop("related_media"), due.pop("related_media")
    ours = set(due) - {"encodings_info", "edit_date", "original_media_url"}
    assert (status, list(body)) == (200, list(due))
    assert {key: body[key] for key in ours} == {key: due[key] for key in ours}
    assert list(related[0]) == list(recorded(f"{version}__list_page_1")["body"]["results"][0])


@pytest.mark.parametrize("version", VERSIONS)
async def test_categories_have_the_recorded_fields(version: str) -> None:
    record = recorded(f"{version}__categories")
    status, _, body = await _ask(_site(version), record)
    assert (status, _kind(body)) == (200, _kind(record["body"]))
    assert [category["title"] for category in body] == sorted(category["title"] for category in body)


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_is_the_recorded_one(name: str) -> None:
    record = recorded(name)
    path = record["request"]["path"]
    record["request"]["path"] = re.sub(r"page=\d+", "page=999", path)
    answer = await _ask(_site(name.partition("__")[0]), record)
    assert answer == (record["status"], "application/json", record["body"])


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_token_that_does_not_exist_is_refused_even_where_visitors_may_look(version: str) -> None:
    record = recorded(f"{version}__list_bad_token_403")
    assert await _ask(_site(version), record, "0" * 40) == (
        403,
        "application/json",
        {"detail": "Invalid token."},
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["list_html_accept", "cytube_manifest_unpatched_404"])
async def test_a_page_for_browsers_is_answered_as_recorded(version: str, name: str) -> None:
    record = recorded(f"{version}__{name}")
    status, content_type, body = await _ask(_site(version), record)
    assert (status, content_type) == (record["status"], "text/html")
    assert body.lstrip().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_search_without_a_question_is_an_empty_object(version: str) -> None:
    record = recorded(f"{version}__search_without_terms_empty_object")
    assert await _ask(_site(version), record) == (200, "application/json", record["body"])


async def test_a_row_comes_once_for_each_category_on_the_old_server_and_once_on_the_new() -> None:
    counts = {}
    for version in VERSIONS:
        record = recorded(f"{version}__search_category")
        site = _site(version)
        site.page_size = 1000
        _, _, body = await _ask(site, record)
        counts[version] = [row["friendly_token"] for row in body["results"]].count("CAzmof0MP")
    assert counts == {"v1_9": 3, "v8_3_2": 1}
